"""The sources page: what came, what was promised, what was set apart, and what the runs cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from modelwatch.model.plain_text import counted, one_line
from modelwatch.report.calendars import calendar_section
from modelwatch.report.heat_maps import HeatMap, HeatRow, heat_map_picture
from modelwatch.report.incidents import tag
from modelwatch.report.markup import Content, Markup, element
from modelwatch.report.number_format import (
    day_text,
    duration_text,
    percent,
    short_count,
    three_digits,
)
from modelwatch.report.page import section
from modelwatch.report.results import Results, Row
from modelwatch.report.tables_of_values import details_table, scrolled, table
from modelwatch.report.timelines import Line, Point, Timeline, timeline_picture
from modelwatch.report.volumes import calendars_of

_LOOKS = {"pass": "good", "warn": "warn", "fail": "bad", "undefined": "none"}
_MOST_LISTED = 40
_MOST_RUNS = 14


def sources_body(results: Results) -> list[Content]:
    """The sources page, below its head."""
    return [
        _tables(results),
        _calendars(results),
        _schemas(results),
        _constraints(results),
        _quarantine(results),
        _runs(results),
    ]


def verdict_tag(verdict: str) -> Markup:
    """A verdict in a frame."""
    return tag(verdict, _LOOKS.get(verdict, "none"))


def _tables(results: Results) -> Markup:
    """Checks of whole tables, and of days that are not as they should be."""
    health = [row for row in results.of("health") if row["check_name"] != "schema"]
    whole = [row for row in health if _is_of_table(row)]
    cells: list[list[Content]] = [
        [
            verdict_tag(row["verdict"]),
            row["role"].replace(":", " "),
            row["check_name"].replace("_", " "),
            day_text(row["as_of"]),
            one_line(row["expected"] or ""),
            one_line(row["observed"] or ""),
            day_text(row["onset"]) if row["onset"] else "",
            one_line(row["reason"] or ""),
        ]
        for row in sorted(whole, key=lambda row: (row["verdict"] == "pass", row["role"]))
    ]
    head = ["Verdict", "Table", "Check", "As of", "Expected", "Observed", "Since", "Reason"]
    return section(
        "Tables",
        scrolled(table(head, cells, numeric_columns=()), "Source health checks") if cells else None,
        _bad_days([row for row in health if not _is_of_table(row)]),
    )


def _is_of_table(row: Row) -> bool:
    """Whether a check is of a table as a whole; freshness has the newest day of it."""
    return row["day"] is None or row["check_name"] == "freshness"


def _bad_days(rows: Sequence[Row]) -> Markup | None:
    rows = sorted(rows, key=lambda row: row["day"], reverse=True)
    cells: list[list[Content]] = [
        [
            day_text(row["day"]),
            verdict_tag(row["verdict"]),
            row["role"].replace(":", " "),
            row["check_name"].replace("_", " "),
            one_line(row["reason"] or ""),
        ]
        for row in rows[:_MOST_LISTED]
    ]
    if not cells:
        return None
    more = len(rows) - len(cells)
    return details_table(
        f"Late, missing, or unusual days: {len(rows)}",
        ["Day", "Verdict", "Table", "Check", "Reason"],
        cells,
        f"{counted(more, 'earlier day')} not shown" if more else None,
        numeric_columns=(),
    )


def _calendars(results: Results) -> Markup:
    return calendar_section(calendars_of(results))


def _schemas(results: Results) -> Markup | None:
    rows = [row for row in results.of("health") if row["check_name"] == "schema"]
    changed = [row for row in rows if row["verdict"] != "pass"]
    cells: list[list[Content]] = [
        [
            verdict_tag(row["verdict"]),
            row["role"].replace(":", " "),
            one_line(row["subject"] or "all columns"),
            one_line(row["expected"] or ""),
            one_line(row["observed"] or ""),
            day_text(row["onset"] or row["as_of"]),
            one_line(row["reason"] or ""),
        ]
        for row in changed[:_MOST_LISTED]
    ]
    if not cells:
        return section("Schemas", element("p", "No schema changes.")) if rows else None
    head = ["Verdict", "Table", "Column", "Before", "Now", "Since", "Reason"]
    return section("Schemas", scrolled(table(head, cells, numeric_columns=()), "Schema changes"))


def _constraints(results: Results) -> Markup | None:
    rows = results.of("constraints")
    if not rows:
        return None
    failing = [row for row in rows if row["failing"]]
    days = sorted({day for row in failing for day in row["failing"]})
    shown = sorted(failing, key=lambda row: -len(row["failing"]))[:_MOST_LISTED]
    effects = [
        HeatRow(
            row["constraint_name"],
            None,
            dict.fromkeys(row["failing"], 3.0 if row["severity"] == "fail" else 1.5),
        )
        for row in shown
    ]
    every = _calendar_days(results, days)
    heat = HeatMap("Failed constraints by day", every, tuple(effects))
    cells: list[list[Content]] = [
        [
            verdict_tag(row["verdict"]),
            row["constraint_name"],
            one_line(f"{row['kind']} {row['column_name'] or ''}"),
            _bounds(row),
            three_digits(row["observed"]),
            f"{len(row['failing'])} of {row['days']}",
            day_text(row["failing"][-1]) if row["failing"] else "",
        ]
        for row in sorted(rows, key=lambda row: (-len(row["failing"]), row["constraint_name"]))[
            :200
        ]
    ]
    head = ["Latest", "Constraint", "Kind", "Bounds", "Observed", "Failing days", "Last failure"]
    passed = len(rows) - len(failing)
    return section(
        "Constraints and contracts",
        element("p", f"{passed} of {counted(len(rows), 'constraint')} passed on every day."),
        scrolled(heat_map_picture(heat), heat.title, newest=True) if effects else None,
        details_table("All constraints", head, cells, numeric_columns=(4, 5), sorts=True),
    )


def _calendar_days(results: Results, failing: Sequence[date]) -> tuple[date, ...]:
    """All days of the report, so that a failing day has its place on the axis."""
    if not failing:
        return ()
    first, last = results.span.first.toordinal(), results.span.last.toordinal()
    return tuple(date.fromordinal(day) for day in range(first, last + 1))


def _bounds(row: Row) -> str:
    lower, upper = row["lower"], row["upper"]
    if lower is not None and upper is not None:
        return f"{three_digits(lower)} to {three_digits(upper)}"
    if lower is not None:
        return f"at least {three_digits(lower)}"
    return f"at most {three_digits(upper)}" if upper is not None else ""


def _quarantine(results: Results) -> Markup | None:
    accounts, rules = results.of("accounts"), results.of("rules")
    if not accounts and not rules:
        return None
    total = {
        name: sum(row[name] or 0 for row in accounts)
        for name in ("rows_in", "passed", "quarantined", "excluded", "released", "warned")
    }
    cells: list[list[Content]] = [
        [
            row["rule_name"],
            row["role"].replace(":", " "),
            row["treatment"],
            short_count(row["failed"]),
            percent(row["failed"] / row["judged"] if row["judged"] else None),
            f"{row['days']:,}",
            day_text(row["last"]),
        ]
        for row in rules
    ]
    head = ["Rule", "Table", "Treatment", "Failing rows", "Share", "Days", "Last day"]
    return section(
        "Rules and quarantine",
        element(
            "p",
            f"Of {short_count(total['rows_in'])} rows, {short_count(total['quarantined'])} are in "
            f"quarantine, {short_count(total['excluded'])} were excluded, and "
            f"{short_count(total['warned'])} passed with a warning.",
        ),
        scrolled(table(head, cells, numeric_columns=(3, 4, 5)), "Rules") if cells else None,
    )


def _runs(results: Results) -> Markup | None:
    rows = list(results.of("runs"))
    if not rows:
        return None
    timed = [row for row in reversed(rows) if row["seconds"] is not None]
    picture: Content = None
    if len(timed) > 3:
        newest: dict[date, float] = {}
        for row in timed:
            newest[row["as_of"]] = newest.get(row["as_of"], 0.0) + row["seconds"]
        points = tuple(Point(day, seconds) for day, seconds in sorted(newest.items()) if day)
        shown = Timeline("Run time in seconds, by as-of day", (Line("Seconds", points),), zero=True)
        picture = [element("h3", shown.title), timeline_picture(shown, 110)]
    cells: list[list[Content]] = [
        [
            day_text(row["as_of"]),
            row["outcome"].replace("_", " "),
            f"{row['days'] or 0:,}",
            short_count(row["input_rows"]),
            duration_text(row["seconds"]),
            short_count(row["spark_jobs"]),
            _gigabytes(row["bytes_read"]),
        ]
        for row in rows[:_MOST_RUNS]
    ]
    head = ["As of", "Outcome", "Days", "Input rows", "Run time", "Spark jobs", "Source bytes"]
    return section(
        "Runs",
        picture,
        scrolled(table(head, cells, numeric_columns=(2, 3, 4, 5, 6)), "Runs"),
    )


def _gigabytes(size: float | None) -> str:
    if size is None:
        return ""
    for unit, of in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= of:
            return f"{three_digits(size / of)} {unit}"
    return f"{size:.0f} B"
