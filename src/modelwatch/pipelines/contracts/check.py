"""Data checked against a contract: days of a monitor, or a table of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.deequ import ConstraintRow, constraint_results
from modelwatch.deequ.kinds import Sets
from modelwatch.model.contracts.clauses import (
    Table,
    clause_name,
    constraints_of,
    misfit_summary,
    schema_misfits,
)
from modelwatch.model.contracts.constraint import Constraint, Severity
from modelwatch.model.contracts.contract import Contract, ContractFile
from modelwatch.model.profile.features import Schema
from modelwatch.model.sources.change import SourceChange
from modelwatch.model.verdicts.bounds import judge
from modelwatch.pipelines.config.validation import schemas_of
from modelwatch.pipelines.sources.frames import Sources
from modelwatch.spark.days import DAY
from modelwatch.stats.day_numbers import EPOCH

WHOLE = EPOCH
"""The day of all rows of a table that is checked as a whole."""


def checked_rows(
    sources: Sources,
    days: Sequence[date],
    contracts: Sequence[ContractFile] = (),
    changes: Iterable[SourceChange] = (),
    as_of: date | None = None,
) -> list[ConstraintRow]:
    """The constraints of a monitor and the clauses of its contracts, on some days.

    Contracts are checked against rows as they came; where no rule sets rows apart, one scan serves
    both. ``changes`` tell which days have rows, for freshness as of a day.
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
        table: Table = "predictions" if contract.of == "predictions" else "inputs"
        clauses += constraints_of(contract, schemas[home], table)
        as_stored = schemas_of({home: sources.opened[home].stored()})[home]
        outcome += schema_rows(contract, held_schema(contract, schemas[home], as_stored), days)
        outcome += freshness_rows(contract, newest.get(home), as_of, days)
    apart = any(rule.sets_apart for rule in config.rules)
    rows = _results(sources, given if apart else [*given, *clauses], days, arrived=False)
    if apart:
        rows += _results(sources, clauses, days, arrived=True)
    return [*held_to_volumes(rows, [file.contract for file in contracts]), *outcome]


def _results(
    sources: Sources, constraints: Sequence[Constraint], days: Sequence[date], *, arrived: bool
) -> list[ConstraintRow]:
    frames: dict[str, DataFrame] = {}
    for role in {constraint.table for constraint in constraints}:
        home = role if role in sources.opened else "inputs"
        frames[role] = sources.arrived(home, days) if arrived else sources.rows(home, days)
    sets: Sets = {} if arrived else sources.sets
    return constraint_results(frames, constraints, days, sets) if constraints else []


def contract_results(
    contract: Contract,
    frame: DataFrame,
    days: Sequence[date] | None,
    as_of: date | None = None,
    present: Iterable[date] = (),
    stored: Schema | None = None,
) -> list[ConstraintRow]:
    """A table checked against a contract, day by day, or as a whole (``days`` None).

    ``frame`` has its ``DAY`` where days are given. Volume and freshness are asked of days only.
    ``stored``: the columns as the table stores them, where the frame has others.
    """
    if days is None:
        frame = frame.withColumn(DAY, F.lit(WHOLE))
    # The day that tells the rows apart is ours, and no column of the table.
    schema = schemas_of({"table": frame.drop(DAY)})["table"]
    asked = [WHOLE] if days is None else days
    clauses = constraints_of(contract, schema, "inputs")
    rows = constraint_results({"inputs": frame}, clauses, asked)
    rows = held_to_volumes(rows, [contract], whole=days is None)
    held = held_schema(contract, schema, schema if stored is None else stored)
    rows += schema_rows(contract, held, asked[-1:])
    if days is not None and as_of is not None:
        past = [day for day in present if day < as_of]
        rows += freshness_rows(contract, max(past, default=None), as_of, days)
    return [replace(row, role=contract.of) for row in rows]


def held_to_volumes(
    rows: Sequence[ConstraintRow], contracts: Sequence[Contract], *, whole: bool = False
) -> list[ConstraintRow]:
    """The rows, those that count a day's rows compared with the weekday's promise, if there is one.

    ``whole``: the rows are of no day, and no weekday's promise is about them.
    """
    promised = {
        clause_name(contract, "volume"): contract.rows.volume
        for contract in contracts
        if contract.rows.volume is not None
    }
    found = []
    for row in rows:
        volume = promised.get(row.constraint)
        if volume is None:
            found.append(row)
            continue
        ends = None if whole else volume.of(row.day.weekday())
        if ends is not None:
            low, high = (None if end is None else float(end) for end in ends)
            severity: Severity = "warn" if row.severity == "warn" else "fail"
            verdict = judge(row.observed, low, high, severity)
            found.append(replace(row, kind="volume", lower=low, upper=high, verdict=verdict))
    return found


def held_schema(contract: Contract, schema: Schema, stored: Schema) -> dict[str, str]:
    """The columns that a contract is about: as stored, and paths into them that it names itself."""
    named = {column.lower() for column in contract.columns}
    return {**{c: kind for c, kind in schema.items() if c.lower() in named}, **stored}


def schema_rows(contract: Contract, schema: Schema, days: Sequence[date]) -> list[ConstraintRow]:
    """For each day, how many columns are not as the contract says, and which."""
    misfits = schema_misfits(contract, schema)
    failing = not misfits or any(misfit.severity == "fail" for misfit in misfits)
    severity: Severity = "fail" if failing else "warn"
    row = ConstraintRow(
        day=WHOLE,
        constraint=clause_name(contract, "schema"),
        kind="schema",
        column=", ".join(misfit.column for misfit in misfits[:10]) or None,
        where=None,
        severity=severity,
        lower=None,
        upper=0.0,
        observed=float(len(misfits)),
        verdict=severity if misfits else "pass",
        reason=misfit_summary(misfits) or None,
        rows=None,
        role=contract.of,
    )
    return [replace(row, day=day) for day in days]


def freshness_rows(
    contract: Contract, newest: date | None, as_of: date | None, days: Sequence[date]
) -> list[ConstraintRow]:
    """How many days the newest day with rows is behind the as-of day's eve; on that day.

    Empty where nothing is promised, or where that day is not among ``days``.
    """
    allowed = contract.rows.freshness_days
    if allowed is None or as_of is None or newest is None or newest not in days:
        return []
    behind = float((as_of - timedelta(days=1) - newest).days)
    severity = contract.rows.severity
    verdict = judge(behind, None, float(allowed), severity)
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
    """Days that a table may be late: the least that configuration and contracts say."""
    promised = [
        file.contract.rows.freshness_days
        for file in contracts
        if file.contract.of == of and file.contract.rows.freshness_days is not None
    ]
    return min([configured, *promised])
