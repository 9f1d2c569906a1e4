"""The command `modelwatch contract`: propose, diff, check, export and import."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from modelwatch.errors import present
from modelwatch.io.terminal import argument_of, complain, say
from modelwatch.io.text_files import text_of_file, write_text
from modelwatch.model.config.configuration import MonitorConfig, parse_config
from modelwatch.model.contracts.contract import Contract
from modelwatch.model.contracts.diff import review
from modelwatch.model.contracts.expectation_import import contract_of_suite
from modelwatch.model.contracts.expectations import Untranslated, suite_of
from modelwatch.model.contracts.reading import parse_contract
from modelwatch.model.contracts.text import contract_text
from modelwatch.model.days import DayRange, parse_day
from modelwatch.model.errors import ConfigurationError, Problem
from modelwatch.model.sources.tables import TableAddress
from modelwatch.stats.day_numbers import EPOCH

# Spark is imported by what needs it, so that a wrong argument is reported at once.
if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from modelwatch.deequ import ConstraintRow

Session = Callable[[str], AbstractContextManager["SparkSession"]]
_QUIET, _LOOK = 0, 1
_SHOWN = ("verdict", "clause", "days", "first", "observed", "lower", "upper", "reason")
_PREFIX = 2
"""Words at the front of a clause's name that are alike in one contract."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments behind ``modelwatch contract``."""
    commands = parser.add_subparsers(dest="what", metavar="WHAT", required=True)

    propose = commands.add_parser("propose", help="write a contract that a reference satisfies")
    propose.add_argument("config", metavar="CONFIG", nargs="?", help="a monitor's configuration")
    propose.add_argument("--table", help="or a Delta table that no monitor watches")
    propose.add_argument("--of", choices=("inputs", "predictions", "labels"), default="inputs")
    propose.add_argument("--reference", help="name of a reference (that of the bins)")
    propose.add_argument("--name", help="name of the contract (that of the monitor)")
    propose.add_argument("--version", type=int, default=1, help="version of the contract (1)")
    propose.add_argument(
        "--no-suggestions", action="store_true", help="skip the suggestions of Deequ"
    )
    _with_output(propose)

    diff = commands.add_parser("diff", help="compare a contract with its previous version")
    diff.add_argument("old", metavar="OLD", type=Path)
    diff.add_argument("new", metavar="NEW", type=Path)

    check = commands.add_parser("check", help="check a table against a contract")
    check.add_argument("--contract", metavar="FILE", type=Path, required=True)
    check.add_argument("--table", help="a Delta table, by path or name")
    check.add_argument("--config", metavar="FILE", help="or the table of a monitor's role")
    check.add_argument("--day", metavar="COLUMN", help="day by day, by a date or timestamp column")
    check.add_argument("--days", type=argument_of(DayRange.parse), metavar="FROM..TO")
    check.add_argument("--as-of", type=argument_of(parse_day), metavar="DAY", help="(today)")
    check.add_argument(
        "--time-zone", default="UTC", help="time zone in which days begin (default: UTC)"
    )
    check.add_argument("--all", action="store_true", help="also show clauses that hold")

    export = commands.add_parser("export", help="export a contract to another format")
    export.add_argument("contract", metavar="FILE", type=Path)
    export.add_argument("--to", choices=("great-expectations", "deequ"), required=True)
    _with_output(export)

    taken = commands.add_parser("import", help="convert a Great Expectations suite to a contract")
    taken.add_argument("suite", metavar="SUITE.json", type=Path)
    taken.add_argument("--of", choices=("inputs", "predictions", "labels"), default="inputs")
    taken.add_argument("--version", type=int, default=1, help="version of the contract (1)")
    _with_output(taken)


def _with_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="(the screen)")
    parser.add_argument("--force", action="store_true", help="replace the file if it exists")


def carry_out(arguments: argparse.Namespace, session: Session) -> int:
    """One of the commands; the exit code. ``session``: opens a Spark session of a name."""
    commands: dict[str, Callable[[argparse.Namespace, Session], int]] = {
        "propose": _propose,
        "diff": _diff,
        "check": _check,
        "export": _export,
        "import": _import,
    }
    return commands[arguments.what](arguments, session)


def _wrong(message: str) -> ConfigurationError:
    return ConfigurationError([Problem("", None, message)])


def _address(text: str) -> TableAddress:
    path = "/" in text or "\\" in text or Path(text).is_dir()
    return TableAddress(path=text) if path else TableAddress(name=text)


def _config(path: str) -> tuple[MonitorConfig, str]:
    text = text_of_file(Path(path))
    return parse_config(text, path), text


def _contract(path: Path) -> tuple[Contract, str]:
    text = text_of_file(path)
    return parse_contract(text, str(path)), text


def _written(arguments: argparse.Namespace, text: str, what: str) -> None:
    if arguments.output is None:
        say(text, end="")
        return
    write_text(arguments.output, text, force=arguments.force)
    say(f"Wrote {arguments.output}: {what}.")


def _propose(arguments: argparse.Namespace, session: Session) -> int:
    if (arguments.config is None) == (arguments.table is None):
        raise _wrong("name a configuration, or a table by --table")
    from modelwatch.pipelines.contracts.proposal import proposal, table_proposal

    keys = {
        "name": arguments.name,
        "version": arguments.version,
        "suggest": not arguments.no_suggestions,
    }
    if arguments.table is not None:
        with session("modelwatch contract propose") as spark:
            text = table_proposal(spark, _address(arguments.table), **keys)
    else:
        config, config_text = _config(arguments.config)
        with session(f"modelwatch contract propose {config.monitor}") as spark:
            text = proposal(
                spark, config, config_text, arguments.of, reference=arguments.reference, **keys
            )
    _written(arguments, text, "review it: it describes the reference")
    return _QUIET


def _diff(arguments: argparse.Namespace, session: Session) -> int:
    (old, old_text), (new, new_text) = _contract(arguments.old), _contract(arguments.new)
    names = (str(arguments.old), str(arguments.new))
    say(review(old, new, (old_text, new_text), names), end="")
    return _QUIET if old.fingerprint == new.fingerprint else _LOOK


def _check(arguments: argparse.Namespace, session: Session) -> int:
    contract, _ = _contract(arguments.contract)
    if arguments.table is None and arguments.config is None:
        raise _wrong("name a table by --table, or a monitor by --config")
    config = _config(arguments.config)[0] if arguments.config is not None else None
    zone = config.time_zone if config is not None else arguments.time_zone
    as_of: date = arguments.as_of or datetime.now(ZoneInfo(zone)).date()
    from modelwatch.pipelines.contracts.tables import Checked, checked_table, table_of_role

    address, day = table_of_role(config, contract) if config is not None else (None, None)
    if arguments.table is not None:
        address, day = _address(arguments.table), None
    address = present(address, "address")
    with session(f"modelwatch contract check {contract.contract}") as spark:
        found: Checked = checked_table(
            spark, contract, address, arguments.day or day, arguments.days, as_of, zone
        )
    say(diff_text(contract, str(address), found.version, found.rows, every=arguments.all), end="")
    return _LOOK if any(row.verdict != "pass" for row in found.rows) else _QUIET


def diff_text(
    contract: Contract,
    table: str,
    version: int,
    rows: Sequence[ConstraintRow],
    *,
    every: bool = False,
) -> str:
    """What a check found, for a person: a sentence, and a line for each clause that is not kept."""
    from modelwatch.pipelines.runs.queries import table_text

    names = list(dict.fromkeys(row.constraint for row in rows))
    of_clause = {name: [row for row in rows if row.constraint == name] for name in names}
    worst = {name: _worst(held) for name, held in of_clause.items()}
    counts = {
        verdict: sum(row.verdict == verdict for row in worst.values())
        for verdict in ("fail", "warn", "unknown", "pass")
    }
    summary = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    head = (
        f"{table}, version {version}, against {contract.contract}, version {contract.version}: "
        f"{summary or 'no clause to check'}\n"
    )
    shown = [
        _line(worst[name], held)
        for name, held in of_clause.items()
        if every or worst[name].verdict != "pass"
    ]
    return head if not shown else f"{head}\n{table_text(_SHOWN, shown)}"


_RANK = {"fail": 0, "warn": 1, "unknown": 2, "pass": 3}


def _worst(rows: Sequence[ConstraintRow]) -> ConstraintRow:
    """Of one clause's days, the one that tells most: it fails, and by far."""

    def beyond(row: ConstraintRow) -> float:
        value = row.observed or 0.0
        below = 0.0 if row.lower is None else row.lower - value
        above = 0.0 if row.upper is None else value - row.upper
        return max(below, above)

    return min(rows, key=lambda row: (_RANK[row.verdict], -beyond(row), row.day))


def _line(worst: ConstraintRow, rows: Sequence[ConstraintRow]) -> tuple[object, ...]:
    not_well = [row for row in rows if row.verdict != "pass"]
    whole = worst.day == EPOCH
    first = None if whole or not not_well else min(row.day for row in not_well)
    return (
        worst.verdict,
        worst.constraint.split(".", _PREFIX)[-1],
        None if whole else len(not_well),
        first,
        worst.observed,
        worst.lower,
        worst.upper,
        worst.reason,
    )


def _export(arguments: argparse.Namespace, session: Session) -> int:
    contract, _ = _contract(arguments.contract)
    if arguments.to == "deequ":
        from modelwatch.deequ import checks_of

        text, left = checks_of(contract)
    else:
        suite, left = suite_of(contract)
        text = json.dumps(suite, indent=2, ensure_ascii=False) + "\n"
    _written(arguments, text, f"version {contract.version} of {contract.contract}")
    return _left(arguments, left, "what could not be expressed there")


def _import(arguments: argparse.Namespace, session: Session) -> int:
    origin = str(arguments.suite)
    contract, left = contract_of_suite(
        text_of_file(arguments.suite), origin, version=arguments.version, of=arguments.of
    )
    untold = list(_untold(left))
    head = [f"Imported by `modelwatch contract import` from {arguments.suite.name}.", *untold]
    _written(arguments, contract_text(contract, None, head), "review it")
    return _left(arguments, left, "what a contract cannot express")


def _untold(left: Sequence[Untranslated]) -> Iterator[str]:
    if left:
        yield "Not expressible in a contract, and left out:"
        yield from (f"  {one}" for one in left)


def _left(arguments: argparse.Namespace, left: Sequence[Untranslated], what: str) -> int:
    """List what was not translated, beside the file; on the screen, apart from the text."""
    if not left:
        return _QUIET
    tell = say if arguments.output is not None else complain
    tell(f"Not translated, {what}:")
    for one in left:
        tell(f"  {one}")
    return _LOOK
