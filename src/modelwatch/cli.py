"""The command ``modelwatch``, by which everything is asked for."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from functools import partial
from pathlib import Path

from modelwatch.errors import ModelwatchError
from modelwatch.io.failures import typed
from modelwatch.io.session.packaged_files import PACKAGED, packaged_path
from modelwatch.io.session.spark_log import log_notice
from modelwatch.io.terminal import Parser, argument_of, complain, log_to_terminal, say
from modelwatch.io.text_files import text_of_file, write_text
from modelwatch.model.config.configuration import (
    ConfigurationError,
    MonitorConfig,
    Problem,
    parse_config,
)
from modelwatch.model.days import DayRange, parse_ascending_days, parse_day
from modelwatch.model.errors import ProblemsError, SourceError
from modelwatch.model.onboarding.guess import monitor_name
from modelwatch.model.runs.lost_runs import RunLostError
from modelwatch.model.sources.tables import TableAddress
from modelwatch.package import VERSION
from modelwatch.pipelines.contracts import command as contract_command
from modelwatch.pipelines.runs.command_session import command_session
from modelwatch.pipelines.runs.commands import RUN_COMMANDS, RunCommand

NOTHING_TO_LOOK_AT, DID_NOT_RUN = 0, 2
"""Exit codes."""

_EPILOG = """\
exit codes: 0 success, 1 an incident or retraining needs attention, 2 the command failed

from your tables to a first run:
  modelwatch init lake/payments/inputs lake/payments/predictions lake/payments/labels
  modelwatch run conf/payments.yaml
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command of the command line; the exit code."""
    arguments = _parser().parse_args(argv)
    log_to_terminal()
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        return command(arguments)
    except RunLostError as error:
        return _failed(f"{error}{log_notice()}", arguments.verbose)
    except ModelwatchError as error:
        return _failed(str(error), arguments.verbose)
    except KeyboardInterrupt:
        return _failed("modelwatch: interrupted", False)
    except BrokenPipeError:
        # The reader of our output has left, as `head` does; Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOTHING_TO_LOOK_AT
    except Exception as error:
        message = f"modelwatch: {typed(error)}"
        return _failed(message, arguments.verbose, " (--verbose for details)", log_notice())


def _failed(message: str, verbose: bool, hint: str = "", log: str = "") -> int:
    if verbose:
        complain(traceback.format_exc().rstrip("\n"))
        hint = ""
    complain(f"{message}{hint}{log}")
    return DID_NOT_RUN


def _parser() -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = Parser(
        prog="modelwatch",
        description="Monitor machine-learning models in production on Apache Spark.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"modelwatch {VERSION}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    init = _command(commands, "init", _init, "write a first configuration for your tables")
    meaning = "inputs of the model: path or name of a Delta table"
    init.add_argument("table", metavar="INPUTS", help=meaning)
    meaning = "predictions, if they have their own table"
    init.add_argument("predictions", metavar="PREDICTIONS", nargs="?", help=meaning)
    meaning = "labels, joined by id and day"
    init.add_argument("labels", metavar="LABELS", nargs="?", help=meaning)
    meaning = "predictions of a challenger for the same ids"
    init.add_argument("--challenger", metavar="TABLE", help=meaning)
    init.add_argument(
        "-o", "--output", type=Path, help="file to write (default: conf/<monitor>.yaml)"
    )
    init.add_argument("--id", help="comma-separated columns that identify a row")
    init.add_argument(
        "--time-zone", default="UTC", help="time zone in which days begin (default: UTC)"
    )
    init.add_argument("--force", action="store_true", help="replace the file if it exists")

    _with_config(_command(commands, "check", _check, "check a configuration against its tables"))
    plan = _command(commands, "plan", _plan, "print what a run would do")
    _with_days(plan, parse_day, "DAY")
    run = _command(commands, "run", _run, "compute new and changed days")
    _with_days(run, parse_ascending_days, "DAY[,DAY...]", "; several days are one run each")
    run.add_argument("--dry-run", action="store_true", help="print the plan without running it")

    sql = _command(commands, "sql", _sql, "query the results; opens a prompt without QUERY")
    sql.add_argument("words", metavar="[CONFIG] [QUERY]", nargs="*", help="with --config: QUERY")
    sql.add_argument("--config", metavar="FILE", help="the configuration")
    sql.add_argument("--rows", type=int, default=100, help="maximum number of rows to show (100)")

    meaning = "list open incidents, show one, or acknowledge, mute or reopen one"
    incidents = _command(commands, "incidents", _incidents, meaning)
    incidents.add_argument(
        "words",
        metavar="[CONFIG] [WHAT ID]",
        nargs="*",
        help="WHAT: list (default), show, acknowledge, mute, unmute, false-alarm, reopen",
    )
    incidents.add_argument("--config", metavar="FILE", help="the configuration")
    until = argument_of(parse_day)
    incidents.add_argument("--until", type=until, metavar="DAY", help="last day of the mute")
    incidents.add_argument("--all", action="store_true", help="also list closed incidents")
    incidents.add_argument("--by", default=_user(), help="your name (default: the current user)")
    incidents.add_argument("--note", help="reason, kept in the history")

    meaning = "list quarantined rows, explain them, or release them"
    quarantine = _command(commands, "quarantine", _quarantine, meaning)
    quarantine.add_argument(
        "words",
        metavar="[CONFIG] [WHAT [KEY ...]]",
        nargs="*",
        help="WHAT: list (default), explain, release, withdraw; KEY: of a row, or its id",
    )
    quarantine.add_argument("--config", metavar="FILE", help="the configuration")
    quarantine.add_argument(
        "--day", type=argument_of(DayRange.parse), metavar="DAY[..DAY]", help="rows of these days"
    )
    quarantine.add_argument("--rule", help="rows that fail this rule")
    quarantine.add_argument("--table", help="rows of inputs, predictions or labels")
    quarantine.add_argument("--by", default=_user(), help="your name (default: the current user)")
    quarantine.add_argument("--note", help="reason, kept in the history")

    contract = partial(contract_command.carry_out, session=command_session)
    meaning = "propose, compare, check, export or import a data contract"
    contract_command.add_arguments(_command(commands, "contract", contract, meaning))
    meaning = "print the paths of the packaged Spark properties, job, and schema of messages"
    conf_path = _command(commands, "conf-path", _conf_path, meaning)
    conf_path.add_argument("which", nargs="?", choices=PACKAGED, help="print only this path")
    for one in RUN_COMMANDS:
        one.add_arguments(
            _with_config(_command(commands, one.name, partial(_of_runs, one), one.wording))
        )
    return parser


def _user() -> str | None:
    """Who is at the keyboard; None where the machine doesn't know."""
    with suppress(Exception):
        return getpass.getuser()
    return None


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    function: Callable[[argparse.Namespace], int],
    meaning: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=meaning, description=f"{meaning[0].upper()}{meaning[1:]}."
    )
    parser.add_argument("--verbose", action="store_true", help="show the traceback of an error")
    parser.set_defaults(command=function)
    return parser


def _with_config(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("config_word", metavar="CONFIG", nargs="?", help="the configuration")
    parser.add_argument("--config", metavar="FILE", help="the same")
    return parser


def _with_days(
    parser: argparse.ArgumentParser, parse: Callable[[str], object], form: str, more: str = ""
) -> None:
    _with_config(parser)
    parser.add_argument(
        "--as-of",
        type=argument_of(parse),
        metavar=form,
        help=f"evaluate the days before this one (default: today in the monitor's time zone){more}",
    )
    parser.add_argument(
        "--days",
        type=argument_of(DayRange.parse),
        metavar="FROM..TO",
        help="compute exactly these days, changed or not",
    )


def _read(path: str | None) -> tuple[MonitorConfig, str]:
    """The configuration of a file, and its text."""
    if path is None:
        raise ConfigurationError(
            [Problem("", None, "no configuration given: use CONFIG or --config")]
        )
    text = text_of_file(Path(path))
    return parse_config(text, path), text


def _init(arguments: argparse.Namespace) -> int:
    inputs = _address(arguments.table)
    others = (arguments.predictions, arguments.labels, arguments.challenger)
    predictions, labels, challenger = (_address(word) if word else None for word in others)
    path: Path = arguments.output or Path("conf") / f"{monitor_name(inputs)}.yaml"
    if path.exists() and not arguments.force:
        raise ConfigurationError([Problem("", None, "exists; --force replaces it")], str(path))
    from modelwatch.pipelines.onboarding import first_configuration as setup

    columns = [name.strip() for name in (arguments.id or "").split(",") if name.strip()]
    with command_session("modelwatch init") as spark:
        found = setup.first_configuration(
            spark,
            inputs,
            predictions,
            labels,
            challenger=challenger,
            id_columns=columns,
            time_zone=arguments.time_zone,
            tell=partial(complain, flush=True),
        )
    write_text(path, found.text, force=arguments.force)
    page = path.with_suffix(".setup.html")
    write_text(page, setup.setup_text(found, str(path)), force=True)
    say(setup.decisions_told(found))
    say(f"{page} shows the rows per day and what each column was taken for.")
    say(f"Wrote {path}. Review it, then run:\n\n  modelwatch check {path}\n  modelwatch run {path}")
    return NOTHING_TO_LOOK_AT


def _address(text: str) -> TableAddress:
    """The table that a word means: a path if it looks like one, otherwise a name."""
    if "/" in text or "\\" in text or Path(text).is_dir():
        return TableAddress(path=text)
    return TableAddress(name=text)


def _check(arguments: argparse.Namespace) -> int:
    path = arguments.config or arguments.config_word
    config, text = _read(path)
    from modelwatch.pipelines.onboarding.configuration_check import check

    with command_session(f"modelwatch check {config.monitor}") as spark, _problems_of(path):
        say(check(spark, config, text, Path(path).parent), end="")
    return NOTHING_TO_LOOK_AT


@contextmanager
def _problems_of(path: str) -> Iterator[None]:
    """Reports problems found in tables with the configuration file that names them."""
    try:
        yield
    except ProblemsError as error:
        error.origin = error.origin or path
        raise


def _plan(arguments: argparse.Namespace) -> int:
    return _run_monitor(arguments, (arguments.as_of,), dry_run=True)


def _run(arguments: argparse.Namespace) -> int:
    as_ofs: tuple[date, ...] | None = arguments.as_of
    if as_ofs and len(as_ofs) > 1 and (arguments.days or arguments.dry_run):
        alone = "--days" if arguments.days else "--dry-run"
        problem = f"--as-of: several days cannot be combined with {alone}"
        raise ConfigurationError([Problem("", None, problem)])
    return _run_monitor(arguments, as_ofs or (None,), dry_run=arguments.dry_run)


def _run_monitor(
    arguments: argparse.Namespace, as_ofs: Sequence[date | None], dry_run: bool
) -> int:
    """A run for each day, in order; the exit code of the last, which sees what still stands."""
    path = arguments.config or arguments.config_word
    config, text = _read(path)
    days: DayRange | None = arguments.days
    from modelwatch.pipelines.runs.monitor import run_monitor

    exit_code = NOTHING_TO_LOOK_AT
    with command_session(f"modelwatch {config.monitor}") as spark, _problems_of(path):
        for as_of in as_ofs:
            if len(as_ofs) > 1:
                say(f"\n== as of {as_of}", flush=True)
            report = run_monitor(
                spark,
                config,
                config_text=text,
                as_of=as_of,
                days=days,
                dry_run=dry_run,
                folder=Path(path).parent,
                config_path=path,
            )
            say(report.text.rstrip(), flush=True)
            exit_code = report.exit_code
    return exit_code


def _sql(arguments: argparse.Namespace) -> int:
    words: list[str] = list(arguments.words)
    path = arguments.config or (words.pop(0) if words else None)
    config, _ = _read(path)
    from modelwatch.io.store.output_tables import Store
    from modelwatch.io.store.views import ResultViews
    from modelwatch.pipelines.runs.sql_prompt import answer, prompt

    with command_session(f"modelwatch sql {config.monitor}", brief=True) as spark:
        if not Store(spark, config.output).exists("runs"):
            message = f"there are no results yet: modelwatch run {path}"
            raise SourceError([Problem("", None, message)], str(config.output))
        query = ResultViews(spark, config.output).query
        if not words:
            prompt(query, arguments.rows)
        for statements in words:
            answer(query, statements, arguments.rows)
    return NOTHING_TO_LOOK_AT


def _incidents(arguments: argparse.Namespace) -> int:
    words: list[str] = list(arguments.words)
    path = arguments.config or (words.pop(0) if words else None)
    config, _ = _read(path)
    from modelwatch.pipelines.incidents.actions import Response, listed, problem_of, said, shown

    what, *named = words or ["list"]
    problem = problem_of(what, named, arguments.until)
    if problem:
        raise ConfigurationError([Problem("", None, problem)])
    with command_session(f"modelwatch incidents {config.monitor}", brief=True) as spark:
        if what == "list":
            text = listed(spark, config, every=arguments.all)
        elif what == "show":
            text = shown(spark, config, named[0])
        else:
            of = (what, named[0], arguments.by, arguments.until, arguments.note)
            text = said(spark, config, Response(*of))
    say(text, end="")
    return NOTHING_TO_LOOK_AT


def _quarantine(arguments: argparse.Namespace) -> int:
    words: list[str] = list(arguments.words)
    config, _ = _read(arguments.config or (words.pop(0) if words else None))
    from modelwatch.pipelines.quarantine.actions import ACTIONS, Chosen, explained, listed, said

    what, *keys = words or ["list"]
    known = ("list", "explain", *ACTIONS)
    if what not in known:
        message = f"{what!r} is not one of {', '.join(known)}"
        raise ConfigurationError([Problem("", None, message)])
    chosen = Chosen(tuple(keys), arguments.day, arguments.rule, arguments.table)
    name = f"modelwatch quarantine {config.monitor}"
    with command_session(name, limits=config.progress) as spark:
        if what in ACTIONS:
            text = said(spark, config, what, chosen, arguments.by, arguments.note)
        else:
            text = (listed if what == "list" else explained)(spark, config, chosen)
    say(text, end="")
    return NOTHING_TO_LOOK_AT


def _conf_path(arguments: argparse.Namespace) -> int:
    if arguments.which:
        say(packaged_path(arguments.which))
    else:
        say("\n".join(f"{name:<10}  {packaged_path(name)}" for name in PACKAGED))
    return NOTHING_TO_LOOK_AT


def _of_runs(command: RunCommand, arguments: argparse.Namespace) -> int:
    config, _ = _read(arguments.config or arguments.config_word)
    name = f"modelwatch {command.name} {config.monitor}"
    with command_session(name, limits=config.progress) as spark:
        text, exit_code = command.carry_out(spark, config, arguments)
    say(text, end="")
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
