"""How many rows came and what is wrong with the tables, from the rows of the results."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from modelwatch.report.calendars import Calendar, missing_days
from modelwatch.report.number_format import percent
from modelwatch.report.results import Results, Row


@dataclass(frozen=True)
class TableAgeRow:
    """The newest data of a table. ``verdict``: of its freshness; None where it is not judged."""

    role: str
    newest: date | None
    age_days: int | None
    verdict: str | None
    reason: str | None


def calendars_of(results: Results) -> tuple[Calendar, ...]:
    """Rows by day of each table, with what was found unusual."""
    rows: dict[str, dict[date, float]] = defaultdict(dict)
    for row in results.of("volume"):
        if row["row_count"]:
            rows[row["role"]][row["day"]] = row["row_count"]
    step = _step(results)
    found = []
    for role in sorted(rows):
        unusual = _unusual(results, role)
        plain = Calendar(
            f"Rows of the {role} by {results.span.short}",
            rows[role],
            results.span.first,
            results.span.last,
            {},
            step,
        )
        for day in missing_days(plain):
            unusual.setdefault(day, "no rows")
        found.append(
            Calendar(plain.title, plain.rows, plain.first, plain.last, unusual, plain.step)
        )
    return tuple(found)


def _step(results: Results) -> int:
    """Days of a window of the calendar."""
    for row in results.of("windows"):
        if row["window_name"] == results.span.short:
            return int((row["window_end"] - row["window_start"]).days) + 1
    return 1


def _unusual(results: Results, role: str) -> dict[date, str]:
    found: dict[date, str] = {}
    for row in results.of("volume_verdicts"):
        if row["role"] == role and row["window_start"] == row["window_end"]:
            found[row["window_start"]] = _words(row)
    for row in results.of("health"):
        if row["check_name"] == "freshness":
            continue
        if row["role"] == role and row["day"] is not None and row["verdict"] in ("warn", "fail"):
            found.setdefault(row["day"], row["reason"] or row["check_name"].replace("_", " "))
    return found


def _words(row: Row) -> str:
    if row["metric"] == "rows" and row["value"] is not None:
        more = "more" if row["value"] > 0 else "fewer"
        return f"{percent(abs(row['value']))} {more} rows than expected"
    return str(row["metric"]).replace("_", " ")


def table_ages(results: Results) -> tuple[TableAgeRow, ...]:
    """How old the newest data of each table are, on the newest as-of day."""
    newest: dict[str, date] = {}
    for row in results.of("volume"):
        end = row["day"] + timedelta(days=_step(results) - 1)
        if row["row_count"]:
            newest[row["role"]] = max(newest.get(row["role"], end), min(end, results.span.last))
    found = {
        role: TableAgeRow(role, day, (results.as_of - day).days, None, None)
        for role, day in newest.items()
    }
    for row in results.of("health"):
        if row["check_name"] == "freshness":
            day = row["day"] or newest.get(row["role"])
            age = None if day is None else (results.as_of - day).days
            found[row["role"]] = TableAgeRow(row["role"], day, age, row["verdict"], row["reason"])
    order = ("inputs", "predictions", "labels")
    return tuple(
        sorted(
            found.values(),
            key=lambda one: (order.index(one.role) if one.role in order else 9, one.role),
        )
    )
