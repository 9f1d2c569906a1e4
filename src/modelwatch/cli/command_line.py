"""The command line: all commands, and how they end."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.main import get_command

from modelwatch.cli import (
    contracts,
    incidents,
    maintenance,
    onboarding,
    past_runs,
    promotions,
    quarantine,
    results,
    runs,
)
from modelwatch.errors import ModelwatchError
from modelwatch.io.failures import typed_message
from modelwatch.io.session.spark_log import log_notice
from modelwatch.io.terminal import log_to_terminal, print_error, say
from modelwatch.model.runs.exit_codes import EXIT_FAILED, EXIT_SUCCESS
from modelwatch.model.runs.lost_runs import RunLostError
from modelwatch.package import VERSION

_VERBOSE = "--verbose"
_INTERRUPTED = 130
"""The exit code of click for a keyboard interrupt."""

APP = typer.Typer(
    name="modelwatch",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 success, 1 an incident or retraining needs attention, 2 the command"
    " failed, 3 undecided (gate). Every command takes --verbose, which shows the traceback of an"
    " error.",
)
for _commands in (
    runs,
    results,
    incidents,
    quarantine,
    onboarding,
    contracts,
    promotions,
    past_runs,
    maintenance,
):
    _commands.add_to(APP)


def _version(wanted: bool) -> None:
    if wanted:
        say(f"modelwatch {VERSION}")
        raise typer.Exit


@APP.callback()
def modelwatch(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Monitor machine-learning models in production on Apache Spark.

    From your tables to a first run:

        modelwatch init lake/payments/inputs lake/payments/predictions lake/payments/labels

        modelwatch run conf/payments.yaml
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command, and return its exit code.

    ``--verbose``, anywhere in a command, shows the traceback of an error.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    # Everything after -- is data.
    options = words[: words.index("--")] if "--" in words else words
    verbose = _VERBOSE in options
    if verbose:
        words.remove(_VERBOSE)
    log_to_terminal()
    try:
        code = get_command(APP)(args=words, prog_name="modelwatch", standalone_mode=False)
        if code == _INTERRUPTED:
            raise KeyboardInterrupt
        return code if isinstance(code, int) else EXIT_SUCCESS
    except typer.TyperException as error:
        return _usage(error)
    except RunLostError as error:
        return _failed(f"{error}{log_notice()}", verbose)
    except ModelwatchError as error:
        return _failed(str(error), verbose)
    except KeyboardInterrupt:
        return _failed("modelwatch: interrupted", False)
    except BrokenPipeError:
        # The reader of the output has exited, such as `head`; Python would print an error at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_SUCCESS
    except Exception as error:
        message = f"modelwatch: {typed_message(error)}"
        return _failed(message, verbose, " (--verbose for details)", log_notice())


def _usage(error: typer.TyperException) -> int:
    """Report wrong arguments in one line that names the command."""
    context = getattr(error, "ctx", None)
    command = "modelwatch" if context is None else context.command_path
    wording = getattr(error, "format_message", lambda: str(error))()
    print_error(f"{command}: {wording.rstrip('.')}; see {command} --help")
    return EXIT_FAILED


def _failed(message: str, verbose: bool, hint: str = "", log: str = "") -> int:
    if verbose:
        print_error(traceback.format_exc().rstrip("\n"))
        hint = ""
    print_error(f"{message}{hint}{log}")
    return EXIT_FAILED
