"""Health of the source tables: what was expected, what was observed, and since when."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pydantic import Field

from modelwatch.model.config.section import Section
from modelwatch.model.days import day_ranges
from modelwatch.model.sources.freshness import missing_days
from modelwatch.model.verdicts.options import Share
from modelwatch.model.verdicts.row import Verdict

Check = Literal[
    "freshness",
    "missing_partition",
    "late_partition",
    "volume",
    "duplicates",
    "join_coverage",
    "label_coverage",
    "unmapped_values",
    "schema",
    "missing_time",
    "partition_mismatch",
    "future_time",
]
_WIDENINGS = {
    "tinyint": {"smallint", "int", "bigint", "float", "double"},
    "smallint": {"int", "bigint", "float", "double"},
    "int": {"bigint", "double"},
    "float": {"double"},
    "date": {"timestamp", "timestamp_ntz"},
}
"""Types that can contain every value of a narrower one."""


class SourceHealth(Section):
    """Thresholds for the health of source tables."""

    unmatched: Share | None = Field(
        default=0.05,
        description="Share of a day's inputs without predictions, or of its predictions without "
        "inputs, that matters. `null` disables it.",
    )
    unmapped: Share | None = Field(
        default=0.01,
        description="Share of a day's labels or decisions that matters if they are neither "
        "positive nor negative, or belong to no class. `null` disables it.",
    )
    outside_windows: Share | None = Field(
        default=0.01,
        description="Share of newly arrived rows that matters if they belong to no window, by "
        "cause: no valid day, a day after the as-of day, or a partition more than one "
        "day from the time. `null` disables it.",
    )


@dataclass(frozen=True)
class ColumnOf:
    """A column of a table: name, Spark's simple type, and whether it is nullable."""

    name: str
    type: str
    nullable: bool = True


@dataclass(frozen=True)
class HealthRow:
    """One check of a table or of one of its days.

    ``subject``: the column of a schema check, otherwise the role of the table. ``value``: what was
    judged, such as days late or a share of rows. ``onset``: first day of the problem; None if there
    is none. ``threshold``: value that matters; None if none applies. ``examples`` of what was
    counted.
    """

    role: str
    check: Check
    verdict: Verdict
    day: date | None = None
    subject: str | None = None
    expected: str | None = None
    observed: str | None = None
    value: float | None = None
    onset: date | None = None
    reason: str | None = None
    threshold: float | None = None
    examples: tuple[str, ...] = ()


def arrival_rows(
    role: str,
    present: Collection[date],
    as_of: date,
    late_days: int,
    holidays: Collection[date] = (),
) -> Iterator[HealthRow]:
    """Freshness of a table, and each day that should have arrived by now but has not."""
    if not present:
        yield HealthRow(role, "freshness", "undefined", reason="the table has no day with rows")
        return
    newest = max(present)
    missing = missing_days(present, as_of, late_days, holidays)
    stale = [day for day in missing if day > newest]
    expected = max(stale, default=newest)
    yield HealthRow(
        role,
        "freshness",
        "fail" if stale else "pass",
        day=newest,
        subject=role,
        expected=str(expected),
        observed=str(newest),
        value=float((expected - newest).days),
        onset=min(stale, default=None),
        reason=f"no day has arrived since {newest}" if stale else None,
    )
    first = {day: days.first for days in day_ranges(missing) for day in days}
    for day in missing:
        yield HealthRow(
            role,
            "missing_partition",
            "fail",
            day=day,
            subject=role,
            expected="rows",
            observed="none",
            onset=first[day],
            reason=f"rows were expected by {day + timedelta(days=1 + late_days)}",
        )


def newest_row(role: str, present: Collection[date], reason: str) -> HealthRow:
    """The newest day of a table of which no day is expected; ``reason`` says why."""
    newest = max(present, default=None)
    return HealthRow(
        role,
        "freshness",
        "undefined",
        day=newest,
        subject=role,
        observed=None if newest is None else str(newest),
        reason=reason,
    )


def late_rows(
    role: str,
    came: Collection[date],
    last_as_of: date | None,
    as_of: date,
    late_days: int,
) -> Iterator[HealthRow]:
    """Days that arrived with this run and should have been available to the previous one.

    ``came``: days of the table that no run had computed. ``last_as_of``: day of the last run; None
    for the first run, which cannot tell.
    """
    if last_as_of is None:
        return
    for day in sorted(came):
        due = day + timedelta(days=1 + late_days)
        if due < last_as_of:
            yield HealthRow(
                role,
                "late_partition",
                "warn",
                day=day,
                subject=role,
                expected=str(due),
                observed=str(as_of),
                value=float((as_of - due).days),
                onset=due,
                reason=f"it was missing on {last_as_of}",
            )


@dataclass(frozen=True)
class Joined:
    """Rows of a day: of each table, and of ids that are in both."""

    inputs: int
    predictions: int
    both: int


def join_rows(days: Mapping[date, Joined], threshold: float | None) -> Iterator[HealthRow]:
    """Shares of a day's rows that have no counterpart in the other table."""
    for day, held in sorted(days.items()):
        for role, rows, other in (
            ("inputs", held.inputs, "predictions"),
            ("predictions", held.predictions, "inputs"),
        ):
            alone = rows - held.both
            share = alone / rows if rows else None
            beyond = share is not None and threshold is not None and share >= threshold
            yield HealthRow(
                role,
                "join_coverage",
                "undefined" if share is None else "warn" if beyond else "pass",
                day=day,
                subject=other,
                expected=str(rows),
                observed=str(held.both),
                value=share,
                threshold=threshold,
                onset=day if beyond else None,
                reason=f"{alone} of {rows} {role} have no {other}"
                if beyond
                else "no rows"
                if share is None
                else None,
            )


def schema_rows(
    role: str, before: Sequence[ColumnOf] | None, now: Sequence[ColumnOf], as_of: date
) -> Iterator[HealthRow]:
    """Removed, new, retyped, reordered columns, and changed nullability; one passing row if there
    are none.

    ``before``: the columns that the last run saw; None if unknown. Names are not case-sensitive, as
    in Spark.
    """
    if before is None:
        wording = "the columns of the previous run are unknown"
        yield HealthRow(role, "schema", "undefined", reason=wording)
        return
    found = [*_columns(role, before, now, as_of), *_moved(role, before, now, as_of)]
    yield from found or [
        HealthRow(role, "schema", "pass", expected=f"{len(before)} columns", observed="the same")
    ]


def _columns(
    role: str, before: Sequence[ColumnOf], now: Sequence[ColumnOf], as_of: date
) -> Iterator[HealthRow]:
    was, held = _by_name(before), _by_name(now)

    def row(verdict: Verdict, name: str, expected: str, observed: str, reason: str) -> HealthRow:
        return HealthRow(
            role,
            "schema",
            verdict,
            subject=name,
            expected=expected,
            observed=observed,
            onset=as_of,
            reason=reason,
        )

    for key, one in was.items():
        other = held.get(key)
        if other is None:
            yield row("fail", one.name, one.type, "none", "the column is missing")
        elif one.type != other.type:
            wider = other.type in _WIDENINGS.get(one.type, ())
            wording = "the column type was widened" if wider else "the column type changed"
            yield row("warn" if wider else "fail", other.name, one.type, other.type, wording)
        elif one.nullable != other.nullable:
            words = {True: "may be null", False: "never null"}
            wording = f"the column {words[other.nullable]} now"
            verdict: Verdict = "warn" if other.nullable else "pass"
            yield row(verdict, other.name, words[one.nullable], words[other.nullable], wording)
    for key, other in held.items():
        if key not in was:
            yield row("warn", other.name, "none", other.type, "the column is new")


def _moved(
    role: str, before: Sequence[ColumnOf], now: Sequence[ColumnOf], as_of: date
) -> Iterator[HealthRow]:
    was, held = _by_name(before), _by_name(now)
    earlier = [key for key in was if key in held]
    later = [key for key in held if key in was]
    if earlier != later:
        at = next(i for i, key in enumerate(earlier) if later[i] != key)
        yield HealthRow(
            role,
            "schema",
            "warn",
            subject="*",
            expected=was[earlier[at]].name,
            observed=held[later[at]].name,
            value=float(at),
            onset=as_of,
            reason=f"columns were reordered, starting with common column {at + 1}",
        )


def _by_name(columns: Sequence[ColumnOf]) -> dict[str, ColumnOf]:
    return {column.name.lower(): column for column in columns}
