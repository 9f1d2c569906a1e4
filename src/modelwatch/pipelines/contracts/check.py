"""Data checked against a contract: days of a monitor, or any table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.constraints import ConstraintRow, constraint_results
from modelwatch.constraints.kinds import Sets
from modelwatch.io.delta.sources import Source, open_source
from modelwatch.model.config.column_types import TIMESTAMP_TYPES
from modelwatch.model.config.configuration import DaySource, MonitorConfig, TableAddress
from modelwatch.model.contracts.clauses import (
    ScannedRole,
    clause_name,
    constraints_of,
    mismatch_summary,
    schema_mismatches,
)
from modelwatch.model.contracts.constraint import Constraint, EngineChoice, Severity
from modelwatch.model.contracts.contract import Contract, ContractFile
from modelwatch.model.days import DayRange
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.profile.features import Schema, find_column
from modelwatch.model.sources.change import SourceChange
from modelwatch.model.verdicts.bounds import bound_verdict
from modelwatch.pipelines.config.validation import schemas_of
from modelwatch.pipelines.sources.frames import Sources
from modelwatch.spark.days import DAY, with_day
from modelwatch.stats.day_numbers import EPOCH

_WHOLE = EPOCH
"""The day of all rows of a table that is checked as a whole."""


def checked_rows(
    sources: Sources,
    days: Sequence[date],
    contracts: Sequence[ContractFile] = (),
    changes: Iterable[SourceChange] = (),
    as_of: date | None = None,
) -> list[ConstraintRow]:
    """The results of a monitor's constraints and contract clauses on some days.

    Contracts are checked on all rows. If no rule keeps rows out, one scan serves both. ``changes``
    provide the days with rows, for freshness as of a day.
    """
    config, given = sources.config, list(sources.config.constraints)
    if not days or not (given or contracts):
        return []
    schemas = schemas_of(sources.frames)
    clauses: list[Constraint] = []
    outcome: list[ConstraintRow] = []
    newest = {change.role: _newest(change, as_of) for change in changes}
    for file in contracts:
        contract = file.contract
        home = config.table_role(contract.of)
        table: ScannedRole = "predictions" if contract.of == "predictions" else "inputs"
        clauses += constraints_of(contract, schemas[home], table)
        as_stored = schemas_of({home: sources.opened[home].stored()})[home]
        outcome += schema_rows(contract, covered_schema(contract, schemas[home], as_stored), days)
        outcome += freshness_rows(contract, newest.get(home), as_of, days)
    apart = any(rule.sets_apart for rule in config.rules)
    rows = _results(sources, given if apart else [*given, *clauses], days, arrived=False)
    if apart:
        rows += _results(sources, clauses, days, arrived=True)
    return [*with_volume_verdicts(rows, [file.contract for file in contracts]), *outcome]


def _results(
    sources: Sources, constraints: Sequence[Constraint], days: Sequence[date], *, arrived: bool
) -> list[ConstraintRow]:
    frames: dict[str, DataFrame] = {}
    for role in {constraint.table for constraint in constraints}:
        home = role if role in sources.opened else "inputs"
        frames[role] = sources.arrived(home, days) if arrived else sources.rows(home, days)
    sets: Sets = {} if arrived else sources.sets
    engine = sources.config.constraint_engine
    return constraint_results(frames, constraints, days, sets, engine=engine) if constraints else []


def contract_results(
    contract: Contract,
    frame: DataFrame,
    days: Sequence[date] | None,
    as_of: date | None = None,
    present: Iterable[date] = (),
    stored: Schema | None = None,
    engine: EngineChoice = "auto",
) -> list[ConstraintRow]:
    """The results of a table and a contract, day by day, or as a whole (``days`` None).

    ``frame`` has its ``DAY`` if days are given. Volume and freshness apply to days only.
    ``stored``: the columns as the table stores them, if the frame has others.
    """
    if days is None:
        frame = frame.withColumn(DAY, F.lit(_WHOLE))
    # The day column was added here, and is not a column of the table.
    schema = schemas_of({"table": frame.drop(DAY)})["table"]
    asked = [_WHOLE] if days is None else days
    clauses = constraints_of(contract, schema, "inputs")
    rows = constraint_results({"inputs": frame}, clauses, asked, engine=engine)
    rows = with_volume_verdicts(rows, [contract], whole=days is None)
    held = covered_schema(contract, schema, schema if stored is None else stored)
    rows += schema_rows(contract, held, asked[-1:])
    if days is not None and as_of is not None:
        past = [day for day in present if day < as_of]
        rows += freshness_rows(contract, max(past, default=None), as_of, days)
    return [replace(row, role=contract.of) for row in rows]


def with_volume_verdicts(
    rows: Sequence[ConstraintRow], contracts: Sequence[Contract], *, whole: bool = False
) -> list[ConstraintRow]:
    """The results, with the row counts of days compared with the contract's bounds of the weekday.

    ``whole``: the rows belong to no day, so no bounds of a weekday apply.
    """
    agreed = {
        clause_name(contract, "volume"): contract.rows.volume
        for contract in contracts
        if contract.rows.volume is not None
    }
    found = []
    for row in rows:
        volume = agreed.get(row.constraint)
        if volume is None:
            found.append(row)
            continue
        ends = None if whole else volume.of(row.day.weekday())
        if ends is not None:
            low, high = (None if end is None else float(end) for end in ends)
            severity: Severity = "warn" if row.severity == "warn" else "fail"
            verdict = bound_verdict(row.observed, low, high, severity)
            found.append(replace(row, kind="volume", lower=low, upper=high, verdict=verdict))
    return found


def covered_schema(contract: Contract, schema: Schema, stored: Schema) -> dict[str, str]:
    """The columns that a contract covers: as stored, and paths into them that it names."""
    named = {column.lower() for column in contract.columns}
    return {**{c: kind for c, kind in schema.items() if c.lower() in named}, **stored}


def schema_rows(contract: Contract, schema: Schema, days: Sequence[date]) -> list[ConstraintRow]:
    """For each day, how many columns differ from the contract, and which."""
    misfits = schema_mismatches(contract, schema)
    failing = not misfits or any(misfit.severity == "fail" for misfit in misfits)
    severity: Severity = "fail" if failing else "warn"
    row = ConstraintRow(
        day=_WHOLE,
        constraint=clause_name(contract, "schema"),
        kind="schema",
        column=", ".join(misfit.column for misfit in misfits[:10]) or None,
        where=None,
        severity=severity,
        lower=None,
        upper=0.0,
        observed=float(len(misfits)),
        verdict=severity if misfits else "pass",
        reason=mismatch_summary(misfits) or None,
        rows=None,
        role=contract.of,
    )
    return [replace(row, day=day) for day in days]


def freshness_rows(
    contract: Contract, newest: date | None, as_of: date | None, days: Sequence[date]
) -> list[ConstraintRow]:
    """The number of days between the newest day with rows and the day before the as-of day.

    Empty if the contract has no freshness clause, or if that day is not among ``days``.
    """
    allowed = contract.rows.freshness_days
    if allowed is None or as_of is None or newest is None or newest not in days:
        return []
    behind = float((as_of - timedelta(days=1) - newest).days)
    severity = contract.rows.severity
    verdict = bound_verdict(behind, None, float(allowed), severity)
    outcome = None if verdict == "pass" else f"the newest day with rows is {newest}"
    return [
        ConstraintRow(
            day=newest,
            constraint=clause_name(contract, "freshness"),
            kind="freshness",
            column=None,
            where=None,
            severity=severity,
            lower=None,
            upper=float(allowed),
            observed=behind,
            verdict=verdict,
            reason=outcome,
            rows=None,
            role=contract.of,
        )
    ]


def _newest(change: SourceChange, as_of: date | None) -> date | None:
    days = change.present or frozenset()
    return max((day for day in days if as_of is None or day < as_of), default=None)


def late_days(contracts: Sequence[ContractFile], configured: int, of: str = "inputs") -> int:
    """The number of days by which a table may be late: the smallest in configuration and
    contracts."""
    agreed = [
        file.contract.rows.freshness_days
        for file in contracts
        if file.contract.of == of and file.contract.rows.freshness_days is not None
    ]
    return min([configured, *agreed])


@dataclass(frozen=True)
class Checked:
    """The results of a check, and the version of the table that it read."""

    version: int
    rows: tuple[ConstraintRow, ...]


def table_of_role(
    config: MonitorConfig, contract: Contract
) -> tuple[TableAddress, DaySource | None]:
    """The table of a monitor that a contract describes, and the source of its day."""
    home = config.table_role(contract.of)
    if home == "labels" and config.labels is not None:
        return config.labels.table, config.labels.day
    if home == "predictions" and config.predictions is not None and config.predictions.table:
        return config.predictions.table, config.predictions.day
    if home == "inputs" and not (contract.of == "predictions" and config.predictions is None):
        return config.inputs.table, config.inputs.day
    given = f"the contract is of {contract.of}, and monitor {config.monitor} has no such section"
    raise SourceError([Problem("of", None, given)])


def checked_table(
    spark: SparkSession,
    contract: Contract,
    address: TableAddress,
    day: DaySource | str | None,
    days: DayRange | None,
    as_of: date,
    time_zone: str,
    engine: EngineChoice = "auto",
) -> Checked:
    """The newest version of a table checked against a contract.

    ``day``: a column, or how a monitor determines days; None: all rows together, without volume and
    freshness. ``days``: those before ``as_of`` to check. SourceError if the table or the column is
    missing, or no day has rows.
    """
    source = open_source(spark, contract.of, address, None, time_zone)
    if day is None and days is not None:
        raise source.error("--days needs the day column: name it with --day")
    if day is None:
        found = contract_results(contract, source.frame(), None, engine=engine)
        return Checked(source.version, tuple(found))
    given = _day_source(source, day) if isinstance(day, str) else day
    source = open_source(spark, contract.of, address, given, time_zone, source.version)
    present = source.present(as_of)
    asked = sorted(one for one in present if days is None or one in days)
    if not asked:
        when = f"on {days}" if days is not None else f"before {as_of}"
        raise source.error(f"has no rows {when}")
    rows = _rows(source, given, asked, time_zone)
    stored = schemas_of({"table": source.stored()})["table"]
    found = contract_results(contract, rows, asked, as_of, present, stored, engine)
    return Checked(source.version, tuple(found))


def _rows(source: Source, day: DaySource, days: Iterable[date], time_zone: str) -> DataFrame:
    return with_day(source.frame(), day, time_zone, list(days))


def _day_source(source: Source, name: str) -> DaySource:
    schema = schemas_of({"table": source.frame()})["table"]
    column = find_column(schema, name)
    if column is None:
        raise source.error(f"has no column {name!r}")
    if schema[column] in TIMESTAMP_TYPES:
        return DaySource(time_column=column)
    if schema[column] not in ("date", "string", "int", "bigint"):
        raise source.error(f"column {column!r} is {schema[column]}, not a day")
    return DaySource(column=column)
