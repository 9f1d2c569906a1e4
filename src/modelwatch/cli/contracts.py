"""The commands of `contract`: propose, diff, check, export and import."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from modelwatch.cli.arguments import (
    Force,
    configuration,
    day_option,
    days_option,
    problem,
    table_address,
)
from modelwatch.errors import present
from modelwatch.io.terminal import print_error, say
from modelwatch.model.days import DayRange
from modelwatch.model.runs.exit_codes import EXIT_ATTENTION, EXIT_SUCCESS
from modelwatch.pipelines.runs.command_session import command_session
from modelwatch.stats.day_numbers import EPOCH

# Spark and the models of contracts are imported where they are needed, so that a wrong argument is
# reported immediately.
if TYPE_CHECKING:
    from modelwatch.constraints import ConstraintRow
    from modelwatch.model.contracts.contract import Contract
    from modelwatch.model.contracts.expectations import Untranslated

_SHOWN = ("verdict", "clause", "days", "first", "observed", "lower", "upper", "reason")
_PREFIX = 2
"""Leading words of a clause name that are the same in one contract."""

CONTRACT = typer.Typer(help="Propose, compare, check, export or import a data contract.")


class Role(str, Enum):
    """The role of the table that a contract describes."""

    INPUTS = "inputs"
    PREDICTIONS = "predictions"
    LABELS = "labels"


class Target(str, Enum):
    """A format to which a contract is exported."""

    GREAT_EXPECTATIONS = "great-expectations"
    DEEQU = "deequ"


Of = Annotated[Role, typer.Option("--of", help="The table that the contract describes.")]
Version = Annotated[int, typer.Option("--version", help="Version of the contract.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="File to write. Default: the screen."),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(CONTRACT, name="contract")


@CONTRACT.command()
def propose(
    config: Annotated[
        str | None, typer.Argument(metavar="CONFIG", help="A monitor's configuration.")
    ] = None,
    table: Annotated[
        str | None,
        typer.Option("--table", help="A table without a monitor, instead of CONFIG."),
    ] = None,
    of: Of = Role.INPUTS,
    reference: Annotated[
        str | None,
        typer.Option("--reference", help="Name of a reference. Default: that of the bins."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", help="Name of the contract. Default: that of the monitor."),
    ] = None,
    version: Version = 1,
    no_suggestions: Annotated[
        bool, typer.Option("--no-suggestions", help="Skip suggested constraints.")
    ] = False,
    output: Output = None,
    force: Force = False,
) -> None:
    """Write a contract that a reference satisfies.

    Example: modelwatch contract propose conf/payments.yaml -o conf/contracts/payments.yaml
    """
    if (config is None) == (table is None):
        raise problem("name a configuration, or a table by --table")
    from modelwatch.pipelines.contracts.proposal import proposal, table_proposal

    suggest = not no_suggestions
    if table is not None:
        with command_session("modelwatch contract propose") as spark:
            address = table_address(table)
            text = table_proposal(spark, address, name=name, version=version, suggest=suggest)
    else:
        parsed, config_text = configuration(present(config, "config"))
        with command_session(f"modelwatch contract propose {parsed.monitor}") as spark:
            text = proposal(
                spark,
                parsed,
                config_text,
                of.value,
                reference=reference,
                name=name,
                version=version,
                suggest=suggest,
            )
    _write(text, output, "review it: it only describes the reference", force=force)


@CONTRACT.command()
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The previous version.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The new version.")],
) -> int:
    """Compare a contract with its previous version. Exits with 1 if they differ."""
    from modelwatch.model.contracts.diff import review

    (before, before_text), (after, after_text) = _contract(old), _contract(new)
    say(review(before, after, (before_text, after_text), (str(old), str(new))), end="")
    return EXIT_SUCCESS if before.fingerprint == after.fingerprint else EXIT_ATTENTION


@CONTRACT.command()
def check(
    contract: Annotated[Path, typer.Option("--contract", metavar="FILE", help="The contract.")],
    table: Annotated[
        str | None, typer.Option("--table", help="A Delta table, by path or name.")
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="A monitor whose table is checked.",
        ),
    ] = None,
    day: Annotated[
        str | None,
        typer.Option(
            "--day",
            metavar="COLUMN",
            help="Check each day of this date or timestamp column.",
        ),
    ] = None,
    days: Annotated[DayRange | None, days_option("--days", "Check these days.")] = None,
    as_of: Annotated[
        date | None, day_option("--as-of", "Check the days before this one. Default: today.")
    ] = None,
    time_zone: Annotated[
        str, typer.Option("--time-zone", help="Time zone in which days begin.")
    ] = "UTC",
    every: Annotated[bool, typer.Option("--all", help="Show clauses that pass as well.")] = False,
) -> int:
    """Check a table against a contract. Exits with 1 if a clause is broken or undefined."""
    parsed_contract, _ = _contract(contract)
    if table is None and config is None:
        raise problem("name a table by --table, or a monitor by --config")
    parsed = configuration(config)[0] if config is not None else None
    zone = parsed.time_zone if parsed is not None else time_zone
    engine = parsed.constraint_engine if parsed is not None else "auto"
    until = as_of or datetime.now(ZoneInfo(zone)).date()
    from modelwatch.pipelines.contracts.check import checked_table, table_of_role

    address, own_day = (
        table_of_role(parsed, parsed_contract) if parsed is not None else (None, None)
    )
    if table is not None:
        address, own_day = table_address(table), None
    address = present(address, "address")
    with command_session(f"modelwatch contract check {parsed_contract.contract}") as spark:
        found = checked_table(
            spark, parsed_contract, address, day or own_day, days, until, zone, engine
        )
    text = diff_text(parsed_contract, str(address), found.version, found.rows, every=every)
    say(text, end="")
    failed = any(row.verdict != "pass" for row in found.rows)
    return EXIT_ATTENTION if failed else EXIT_SUCCESS


@CONTRACT.command()
def export(
    contract: Annotated[Path, typer.Argument(metavar="FILE", help="The contract.")],
    to: Annotated[Target, typer.Option("--to", help="The other format.")],
    output: Output = None,
    force: Force = False,
) -> int:
    """Export a contract to another format. Exits with 1 if a clause cannot be expressed there."""
    parsed, _ = _contract(contract)
    if to is Target.DEEQU:
        from modelwatch.constraints import checks_of

        text, left = checks_of(parsed)
    else:
        from modelwatch.model.contracts.expectations import suite_of

        suite, left = suite_of(parsed)
        text = json.dumps(suite, indent=2, ensure_ascii=False) + "\n"
    _write(text, output, f"version {parsed.version} of {parsed.contract}", force=force)
    return _report_left(left, output, "what could not be expressed there")


@CONTRACT.command("import")
def import_suite(
    suite: Annotated[
        Path, typer.Argument(metavar="SUITE.json", help="A Great Expectations suite.")
    ],
    of: Of = Role.INPUTS,
    version: Version = 1,
    output: Output = None,
    force: Force = False,
) -> int:
    """Convert a Great Expectations suite to a contract.

    Exits with 1 if an expectation cannot be expressed.
    """
    from modelwatch.io.text_files import text_of_file
    from modelwatch.model.contracts.expectation_import import contract_of_suite
    from modelwatch.model.contracts.text import contract_text

    contract, left = contract_of_suite(
        text_of_file(suite), str(suite), version=version, of=of.value
    )
    head = [f"Imported by `modelwatch contract import` from {suite.name}.", *_left_lines(left)]
    _write(contract_text(contract, None, head), output, "review it", force=force)
    return _report_left(left, output, "what a contract cannot express")


def _contract(path: Path) -> tuple[Contract, str]:
    from modelwatch.io.text_files import text_of_file
    from modelwatch.model.contracts.reading import parse_contract

    text = text_of_file(path)
    return parse_contract(text, str(path)), text


def _write(text: str, output: Path | None, what: str, *, force: bool) -> None:
    from modelwatch.io.text_files import write_text

    if output is None:
        say(text, end="")
        return
    write_text(output, text, force=force)
    say(f"Wrote {output}: {what}.")


def diff_text(
    contract: Contract,
    table: str,
    version: int,
    rows: Sequence[ConstraintRow],
    *,
    every: bool = False,
) -> str:
    """The result of a check for people: a summary, and one line per clause that is not kept."""
    from modelwatch.pipelines.runs.queries import table_text

    names = list(dict.fromkeys(row.constraint for row in rows))
    of_clause = {name: [row for row in rows if row.constraint == name] for name in names}
    worst = {name: _worst(held) for name, held in of_clause.items()}
    counts = {
        verdict: sum(row.verdict == verdict for row in worst.values())
        for verdict in ("fail", "warn", "undefined", "pass")
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


_RANK = {"fail": 0, "warn": 1, "undefined": 2, "pass": 3}


def _worst(rows: Sequence[ConstraintRow]) -> ConstraintRow:
    """The day of a clause that says most: the largest failure."""

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


def _left_lines(left: Sequence[Untranslated]) -> Iterator[str]:
    if left:
        yield "Not expressible in a contract, and left out:"
        yield from (f"  {one}" for one in left)


def _report_left(left: Sequence[Untranslated], output: Path | None, what: str) -> int:
    """List what was not translated on stderr, apart from the answer; the exit code."""
    if not left:
        return EXIT_SUCCESS
    write = say if output is not None else print_error
    write(f"Not translated, {what}:")
    for one in left:
        write(f"  {one}")
    return EXIT_ATTENTION
