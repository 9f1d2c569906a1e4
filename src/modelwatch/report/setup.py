"""The setup page: what `init` saw in the tables, and what it took each column for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from modelwatch.model.days import DayRange
from modelwatch.model.onboarding.readings import Reading
from modelwatch.model.plain_text import counted
from modelwatch.report.calendars import Calendar, calendar_picture, calendar_table
from modelwatch.report.markup import Content, Markup, element, markup_of
from modelwatch.report.number_format import capital, span_text
from modelwatch.report.page import Frame, page, section
from modelwatch.report.tables_of_values import scrolled, table


@dataclass(frozen=True)
class Setup:
    """What a first configuration was made from.

    ``rows``: of each table by day, by role. ``changes``: days on which a metric of the inputs
    changed, and which. ``reference``: the days to compare with, and ``why`` these.
    """

    monitor: str
    file: str
    rows: Mapping[str, Mapping[date, int]]
    readings: Sequence[Reading]
    reference: DayRange | None
    why: str
    changes: Sequence[tuple[date, str]] = ()
    notes: Sequence[str] = ()
    made: str = ""


def setup_page(setup: Setup) -> str:
    """The page as HTML: rows per day with the reference, and the role of each column."""
    frame = Frame(
        setup.monitor,
        "",
        f"What modelwatch init found in the tables and wrote to {setup.file}.",
        setup.made,
        pages=(),
    )
    return page(
        frame,
        "index.html",
        "Setup",
        section("Next steps", _next(setup)),
        section("Rows per day", _calendars(setup), note=_reference(setup)),
        section("Columns", _columns(setup.readings)),
    )


def _next(setup: Setup) -> Content:
    commands = f"modelwatch check {setup.file}\nmodelwatch run {setup.file}"
    return (
        element("p", "Review the configuration, then run:"),
        element("pre", element("code", commands)),
        element("ul", [element("li", note) for note in setup.notes]) if setup.notes else None,
    )


def _reference(setup: Setup) -> Content:
    if setup.reference is None:
        return setup.why or "The reference is the first days with data."
    days = span_text(setup.reference.first, setup.reference.last)
    marks = " Red: days on which the number of rows or a metric changed." if setup.changes else ""
    return f"Windows are compared with {days} (shaded). {setup.why}{marks}"


def _calendars(setup: Setup) -> Markup:
    known = [day for rows in setup.rows.values() for day in rows]
    if not known:
        return markup_of(element("p", "The tables have no rows yet."))
    first, last = min(known), max(known)
    parts: list[Content] = []
    for role, rows in setup.rows.items():
        unusual = dict(setup.changes) if role == "inputs" else {}
        marked = {day: f"{what} changed" for day, what in unusual.items() if first <= day <= last}
        shaded = setup.reference if role == "inputs" else None
        given = Calendar(
            f"Rows of the {role} by day",
            rows,
            first,
            last,
            marked,
            shaded=None if shaded is None else (shaded.first, shaded.last),
        )
        parts += [
            element("h3", f"{capital(role)}: {counted(sum(rows.values()), 'row')}"),
            scrolled(calendar_picture(given), given.title, newest=True),
            calendar_table(given),
        ]
    return markup_of(parts)


def _columns(readings: Sequence[Reading]) -> Markup:
    rows = [[one.table, one.column, one.taken_for, capital(one.why)] for one in readings]
    if not rows:
        return Markup("")
    head = ["Table", "Column", "Role", "Reason"]
    return scrolled(table(head, rows, numeric_columns=()), "Role of each column")
