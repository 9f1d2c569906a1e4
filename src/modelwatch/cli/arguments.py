"""Arguments that several commands share."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from modelwatch.model.days import DayRange, parse_ascending_days, parse_day
from modelwatch.model.errors import ConfigurationError, Problem, ProblemsError

# Importing the models of the configuration takes a second, so wrong arguments are reported first.
if TYPE_CHECKING:
    from modelwatch.model.config.configuration import MonitorConfig
    from modelwatch.model.sources.tables import TableAddress

T = TypeVar("T")


def argument_of(parse: Callable[[str], T]) -> Callable[[str], T]:
    """A function that parses an argument. The message of its ValueError is shown with the usage."""

    def parsed(text: str) -> T:
        try:
            return parse(text)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    return parsed


def day_option(flag: str, help: str) -> Any:
    """An option that takes a day."""
    return typer.Option(flag, metavar="DAY", parser=argument_of(parse_day), help=help)


def days_option(flag: str, help: str, form: str = "FROM..TO") -> Any:
    """An option that takes a range of days, with its metavar."""
    return typer.Option(flag, metavar=form, parser=argument_of(DayRange.parse), help=help)


ConfigPath = Annotated[
    str | None, typer.Argument(metavar="CONFIG", help="The configuration.", show_default=False)
]
ConfigOption = Annotated[
    str | None, typer.Option("--config", metavar="FILE", help="The same as CONFIG.")
]
AsOf = Annotated[
    date | None,
    day_option(
        "--as-of", "Evaluate the days before this one. Default: today in the monitor's time zone."
    ),
]
AsOfs = Annotated[
    object | None,
    typer.Option(
        "--as-of",
        metavar="DAY[,DAY...]",
        parser=argument_of(parse_ascending_days),
        help="Evaluate the days before this one; several days are one run each."
        " Default: today in the monitor's time zone.",
    ),
]
DaysOption = Annotated[
    DayRange | None, days_option("--days", "Compute exactly these days, changed or not.")
]
By = Annotated[str | None, typer.Option("--by", help="Your name. Default: the current user.")]
Note = Annotated[str | None, typer.Option("--note", help="A reason, kept in the history.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")]


def problem(message: str) -> ConfigurationError:
    """An error in the arguments."""
    return ConfigurationError([Problem("", None, message)])


def user_name() -> str | None:
    """The current user; None if unknown."""
    with suppress(Exception):
        return getpass.getuser()
    return None


def config_path(argument: str | None, option: str | None) -> str:
    """The path of the configuration, given as an argument or an option."""
    path = option or argument
    if path is None:
        raise problem("no configuration given: use CONFIG or --config")
    return path


def config_and_words(words: list[str], option: str | None) -> tuple[str, list[str]]:
    """The path of the configuration, and the words that follow it."""
    if option is not None:
        return option, words
    return config_path(words[0] if words else None, None), words[1:]


def configuration(path: str) -> tuple[MonitorConfig, str]:
    """The configuration of a file, and its text."""
    from modelwatch.io.text_files import text_of_file
    from modelwatch.model.config.configuration import parse_config

    text = text_of_file(Path(path))
    return parse_config(text, path, folder=Path(path).parent), text


@contextmanager
def problems_of(path: str) -> Iterator[None]:
    """Reports problems of tables with the configuration file that names them."""
    try:
        yield
    except ProblemsError as error:
        error.origin = error.origin or path
        raise


def table_address(text: str) -> TableAddress:
    """The table of a word: a path if it looks like one, otherwise a name."""
    from modelwatch.model.sources.tables import TableAddress

    if "/" in text or "\\" in text or Path(text).is_dir():
        return TableAddress(path=text)
    return TableAddress(name=text)
