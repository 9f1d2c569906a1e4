"""The age of a run's tables, and their overdue days."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date

from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.planning.short_histories import short_history_lines
from modelwatch.model.planning.window_volumes import Volume, volume_of, window_lines
from modelwatch.model.sources.change import SourceChange
from modelwatch.model.sources.freshness import TableAge, age_summary, missing_days, table_age
from modelwatch.pipelines.contracts.check import late_days
from modelwatch.pipelines.runs.run import Request
from modelwatch.pipelines.sources.frames import Sources

TRAFFIC = ("inputs", "predictions")


def days_with_rows(change: SourceChange, published: Collection[date]) -> frozenset[date] | None:
    """The days of a table that have rows, as far as known; None if unknown.

    ``published``: days of inputs and predictions that runs have computed. They are used for a table
    that does not know its days, and for days that were removed from its beginning.
    """
    if change.present is None:
        return frozenset(published) if change.role in TRAFFIC else None
    if change.role != "inputs" or not change.present:
        return change.present
    first = min(change.present)
    return change.present.union(day for day in published if day < first)


def with_arrivals(
    request: Request, changes: Iterable[SourceChange], published: Collection[date]
) -> Request:
    """The request with the age and the overdue days of each table, and the volume of the inputs.

    ``published``: days of inputs and predictions that runs have computed.
    """
    config, as_of = request.config, request.plan.as_of
    missing: dict[str, tuple[date, ...]] = {}
    ages: list[TableAge] = []
    for change in changes:
        if change.role.startswith("reference:"):
            continue
        held = days_with_rows(change, published)
        late = late_days(request.contracts, config.verdicts.late_days, change.role)
        holidays = config.verdicts.holidays
        due = _due_days(config) if change.role == "labels" else 0
        ages.append(table_age(change.role, held, as_of, late, holidays=holidays, due_days=due))
        if held and change.role in TRAFFIC:
            missing[change.role] = missing_days(held, as_of, late, holidays)
    return replace(
        request,
        missing={role: days for role, days in missing.items() if days},
        ages=tuple(ages),
        volume=inputs_volume(request.sources, as_of),
    )


def with_ages(request: Request, text: str) -> str:
    """The output of a run, beginning with the age of its data."""
    return f"{age_summary(request.ages, request.plan.as_of)}\n{text}"


def judged_lines(request: Request) -> str:
    """The windows that can be judged, and what cannot be judged yet, as lines of a plan."""
    config, as_of = request.config, request.plan.as_of
    present = request.sources.opened["inputs"].present()
    lines = [
        *window_lines(config, request.volume),
        *(f"not yet: {line}" for line in short_history_lines(config, present, as_of)),
    ]
    return "".join(f"  {'judging':<10} {line}\n" for line in lines)


def inputs_volume(sources: Sources, as_of: date | None = None) -> Volume | None:
    """The usual number of rows of the inputs on days before a day; None if unknown."""
    rows = sources.opened["inputs"].rows_by_day()
    return volume_of({day: n for day, n in rows.items() if as_of is None or day < as_of})


def _due_days(config: MonitorConfig) -> int:
    return 0 if config.labels is None else config.labels.due.delay_days or 0
