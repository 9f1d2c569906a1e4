"""Rows by day as a bar chart, with missing and unusual days marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from modelwatch.report.markup import Content, Markup, element, picture
from modelwatch.report.number_format import day_text, short_count
from modelwatch.report.page import section
from modelwatch.report.paths import bar_path, number, step_path
from modelwatch.report.scales import Scale, day_ticks
from modelwatch.report.tables_of_values import details_table, scrolled

_WIDTH = 900
_HEIGHT = 74
_LEFT = 46
_NARROW = 12.0
"""Units of width up to which bars are drawn as one outline."""
_MOST_ROWS = 62


@dataclass(frozen=True)
class Calendar:
    """Rows of a table by day. ``unusual``: days with a verdict, and its text.

    ``step``: number of days per bar. ``shaded``: first and last day of a shaded range.
    """

    title: str
    rows: Mapping[date, float]
    first: date
    last: date
    unusual: Mapping[date, str] = field(default_factory=dict)
    step: int = 1
    shaded: tuple[date, date] | None = None


def calendar_picture(given: Calendar) -> Markup:
    """A bar per day. Unusual days have another color; missing days have a mark below the axis."""
    days = (given.last - given.first).days + 1
    wide = (_WIDTH - _LEFT) / days
    top = max(given.rows.values(), default=0) or 1.0
    floor = _HEIGHT - 22
    y = Scale(0.0, top, floor, 4)

    def bar(day: date, rows: float) -> tuple[float, float, float, float]:
        left = _LEFT + (day - given.first).days * wide
        width = max(wide * given.step - (1.0 if wide * given.step > 4 else 0.0), 0.6)
        return left, y(rows), width, floor - y(rows)

    usual = sorted(bar(day, rows) for day, rows in given.rows.items() if day not in given.unusual)
    drawn = bar_path(usual) if wide * given.step > _NARROW else _outline(usual, floor)
    odd = [bar(day, given.rows[day]) for day in given.unusual if day in given.rows]
    marks = [
        (_LEFT + (day - given.first).days * wide, floor + 2, max(wide, 2.0), 4)
        for day in given.unusual
        if given.first <= day <= given.last
    ]
    parts: list[Content] = [
        element("path", d=f"M{_LEFT} {number(y(top))}H{_WIDTH}", class_="grid"),
        element("text", short_count(top), x=_LEFT - 6, y=number(y(top) + 8), class_="e"),
        element("text", "0", x=_LEFT - 6, y=floor, class_="e"),
        element("path", d=drawn, class_="vol"),
        element("path", d=bar_path([*odd, *marks]), class_="vol gone"),
        _shade(given, wide, floor),
    ]
    parts += [
        element(
            "text",
            text,
            x=number(_LEFT + (day - given.first).days * wide),
            y=_HEIGHT - 3,
        )
        for day, text in day_ticks(given.first, given.last, 12)
    ]
    return picture(
        given.title,
        parts,
        width=_WIDTH,
        height=_HEIGHT,
        css_class="heat",
    )


def _shade(given: Calendar, wide: float, floor: float) -> Content:
    """A range of days: a tint of its bars, and a line below them."""
    if given.shaded is None:
        return None
    start, end = given.shaded
    left = _LEFT + (start - given.first).days * wide
    width = ((end - start).days + 1) * wide
    return [
        element("path", d=bar_path([(left, 0, width, floor)]), class_="iv"),
        element("path", d=bar_path([(left, floor + 1, width, 3)]), class_="curbar"),
    ]


def _outline(bars: Sequence[tuple[float, float, float, float]], floor: float) -> Markup:
    """Narrow bars, drawn as one outline per stretch of neighboring days."""
    stretches: list[list[tuple[float, float, float, float]]] = []
    for one in bars:
        before = stretches[-1][-1] if stretches else None
        if before is None or one[0] - (before[0] + before[2]) > 0.1:
            stretches.append([])
        stretches[-1].append(one)
    return Markup(
        "".join(
            step_path(
                [*(one[0] for one in held), held[-1][0] + held[-1][2]],
                [float(round(one[1])) for one in held],
                floor,
            )
            for held in stretches
        )
    )


def missing_days(given: Calendar) -> list[date]:
    """Days without rows between the first and the last day with rows."""
    if given.step != 1 or not given.rows:
        return []
    first, last = min(given.rows), max(given.rows)
    return [
        day
        for day in (first + timedelta(days=n) for n in range((last - first).days + 1))
        if not given.rows.get(day)
    ]


def calendar_table(given: Calendar) -> Markup:
    """A table of the unusual and the latest days."""
    newest = sorted(given.rows, reverse=True)[:14]
    days = sorted({*newest, *given.unusual}, reverse=True)[:_MOST_ROWS]
    rows: list[list[Content]] = [
        [day_text(day), f"{given.rows.get(day, 0):,.0f}", given.unusual.get(day, "")]
        for day in days
    ]
    head = ["Day", "Rows", "Unusual days"]
    return details_table("Latest and unusual days", head, rows, numeric_columns=(1,))


def calendar_section(calendars: Iterable[Calendar]) -> Markup:
    """A section of a page with calendars, each with its table."""
    drawn: list[Content] = [
        [
            element("h3", one.title),
            scrolled(calendar_picture(one), one.title, newest=True),
            calendar_table(one),
        ]
        for one in calendars
    ]
    return section("Rows", drawn)
