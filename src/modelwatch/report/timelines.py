"""Pictures over days: lines with intervals, a threshold, a band of chance and marked days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from modelwatch.report.markup import Content, Markup, element, picture
from modelwatch.report.number_format import day_text, three_digits, value_text
from modelwatch.report.paths import Position, area_path, dot_path, line_path, number
from modelwatch.report.scales import Scale, day_ticks, fitted, ticks
from modelwatch.report.tables_of_values import details_table
from modelwatch.stats.profile.metric import STEPS_PER_DAY, Unit

SPARK_WIDTH, SPARK_HEIGHT = 220, 44
"""Of a picture on a card."""
WIDTH = 640
"""Units of a picture's width; the page scales it to its column."""
_LEFT, _RIGHT, _BOTTOM, _TOP = 46, 8, 20, 8
_PANEL = 78
_MOST_DAYS = 300
"""Range of an axis of dates beyond which months stand beside it instead of days."""
_MOST_DOTS = 26
"""Maximum points of a line on which each is also a dot."""


@dataclass(frozen=True)
class Point:
    """A value of a day, or of the window that begins on it, with an interval if there is one."""

    day: date
    value: float | None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Line:
    """A line of a picture.

    ``css_class``: its class in the style: 'main', 'other' or 'faint'. ``unit``: of its values.
    """

    label: str
    points: tuple[Point, ...]
    css_class: str = "main"
    unit: Unit = "number"


@dataclass(frozen=True)
class Timeline:
    """Lines over days, and what stands behind them.

    ``threshold`` is drawn at the value, and at its negative too if a value is below zero.
    ``chance``: sizes that the reference's own days show. ``marked``: ranges of days with a shade,
    such as an incident. ``bounds``: ends of what is allowed.
    """

    title: str
    lines: tuple[Line, ...]
    threshold: float | None = None
    chance: float | None = None
    bounds: tuple[float | None, float | None] = (None, None)
    marked: tuple[tuple[date, date], ...] = ()
    share: bool = False
    zero: bool = False
    first: date | None = None
    last: date | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def days(self) -> tuple[date, date] | None:
        """First and last day of the picture; None without a point."""
        found = [point.day for line in self.lines for point in line.points]
        if not found:
            return None
        return self.first or min(found), self.last or max(found)


def timeline_picture(given: Timeline, height: int = 150) -> Markup:
    """The picture of a timeline, with axes."""
    days = given.days
    if days is None:
        return Markup("")
    x = Scale(days[0].toordinal(), days[1].toordinal(), _LEFT, WIDTH - _RIGHT, 0)
    y = _value_scale(given, height - _BOTTOM, _TOP)
    return picture(
        given.title,
        _marked(given, x, height - _BOTTOM),
        _value_axis(y, given, 4),
        _day_axis(days, x, height),
        _chance_band(given, y),
        [_threshold(at, y) for at in _thresholds(given)],
        [_drawn(line, x, y) for line in given.lines],
        width=WIDTH,
        height=height,
        css_class="pic",
    )


def panels_picture(title: str, panels: Sequence[Timeline]) -> Markup:
    """Timelines over the same days, one below the other, in whole units and with few ticks.

    The days are those of the first. Each panel bears its title.
    """
    days = panels[0].days if panels else None
    if days is None:
        return Markup("")
    x = Scale(days[0].toordinal(), days[1].toordinal(), _LEFT, WIDTH - _RIGHT, 0)
    parts: list[Content] = []
    for at, panel in enumerate(panels):
        top = at * _PANEL
        y = _value_scale(panel, top + _PANEL - 4, top + 20, 0)
        parts += [
            element("text", panel.title, x=_LEFT, y=top + 11),
            _value_axis(y, panel, 2),
            _chance_band(panel, y),
            [_threshold(value, y) for value in _thresholds(panel)],
            [_drawn(line, x, y, dots=False) for line in panel.lines],
        ]
    height = _PANEL * len(panels) + 18
    return picture(
        title,
        parts,
        _day_axis(days, x, height),
        width=WIDTH,
        height=height,
        css_class="pic",
    )


def sparkline(given: Timeline, width: int = SPARK_WIDTH, height: int = SPARK_HEIGHT) -> Markup:
    """The picture without axes, for a card."""
    days = given.days
    if days is None:
        return Markup("")
    x = Scale(days[0].toordinal(), days[1].toordinal(), 2, width - 4, 0)
    y = _value_scale(given, height - 3, 3, 0)
    main = given.lines[0]
    known = [p for p in main.points if p.value is not None]
    last = known[-1] if known else None
    return picture(
        given.title,
        _marked(given, x, height),
        _chance_band(given, y, 0, width),
        [_threshold(at, y, 0, width) for at in _thresholds(given)],
        [_drawn(line, x, y, dots=False) for line in given.lines],
        element("circle", cx=number(x(last.day.toordinal())), cy=number(y(last.value)), r="2.4")
        if last is not None and last.value is not None
        else None,
        width=width,
        height=height,
        css_class="spark",
    )


def timeline_table(given: Timeline, most: int = 60, *, counted: bool = True) -> Markup:
    """The values of a timeline as a table that opens, the newest first.

    ``counted``: whether it says how many earlier rows it leaves out.
    """
    days = sorted({point.day for line in given.lines for point in line.points}, reverse=True)
    held = [{point.day: point for point in line.points} for line in given.lines]
    head: list[str] = ["Day"]
    for line, points in zip(given.lines, held, strict=True):
        head += [line.label]
        head += ["95% interval"] if any(p.lower is not None for p in points.values()) else []
    rows: list[list[Content]] = []
    for day in days[:most]:
        row: list[Content] = [day.isoformat()]
        for line, points in zip(given.lines, held, strict=True):
            point = points.get(day)
            row.append(value_text(point.value, line.unit) if point else "")
            if any(p.lower is not None for p in points.values()):
                row.append(_interval(point, line.unit))
        rows.append(row)
    left = len(days) - len(rows) if counted else 0
    return details_table("Table", head, rows, f"{left} earlier rows not shown" if left else None)


def _interval(point: Point | None, unit: Unit) -> str:
    if point is None or point.lower is None or point.upper is None:
        return ""
    return f"{value_text(point.lower, unit)} to {value_text(point.upper, unit)}"


def _thresholds(given: Timeline) -> list[float]:
    found = [bound for bound in given.bounds if bound is not None]
    if given.threshold is not None:
        found.append(given.threshold)
        if any(p.value is not None and p.value < 0 for line in given.lines for p in line.points):
            found.append(-given.threshold)
    return found


def _value_scale(given: Timeline, bottom: float, top: float, digits: int = 1) -> Scale:
    values: list[float | None] = [p.value for line in given.lines for p in line.points]
    values += [end for line in given.lines for p in line.points for end in (p.lower, p.upper)]
    values += _thresholds(given)
    within = (0.0, 1.0) if given.share else None
    return fitted(values, bottom, top, zero=given.zero, within=within, digits=digits)


def _drawn(line: Line, x: Scale, y: Scale, dots: bool = True) -> Markup:
    points = [p for p in line.points if p.value is not None]
    places: list[Position | None] = [
        None if p.value is None else (x(p.day.toordinal()), y(p.value)) for p in line.points
    ]
    ends = [p for p in points if p.lower is not None and p.upper is not None]
    band = area_path(
        [(x(p.day.toordinal()), y(p.upper)) for p in ends if p.upper is not None],
        [(x(p.day.toordinal()), y(p.lower)) for p in ends if p.lower is not None],
    )
    few = dots and 0 < len(points) <= _MOST_DOTS
    dotted = dot_path((x(p.day.toordinal()), y(p.value)) for p in points if p.value is not None)
    path = element("path", d=line_path(places), class_="ln")
    if line.css_class == "main" and not band and not few:
        return path
    return element(
        "g",
        element("path", d=band, class_="iv") if band else None,
        path,
        element("path", d=dotted, class_="dot") if few else None,
        class_=line.css_class,
    )


def _chance_band(
    given: Timeline, y: Scale, left: float = _LEFT, right: float = WIDTH - _RIGHT
) -> Markup | None:
    if given.chance is None or given.chance <= 0:
        return None
    top, bottom = y(given.chance), y(-given.chance if y.low < 0 else 0.0)
    return element(
        "rect",
        x=number(left),
        y=number(top),
        width=number(right - left),
        height=number(max(bottom - top, 0.5)),
        class_="chance",
    )


def _threshold(
    value: float, y: Scale, left: float = _LEFT, right: float = WIDTH - _RIGHT
) -> Markup:
    return element("path", d=f"M{number(left)} {number(y(value))}H{number(right)}", class_="thr")


def _marked(given: Timeline, x: Scale, height: float) -> list[Markup]:
    return [
        element(
            "rect",
            x=number(x(first.toordinal()) - 1),
            y=0,
            width=number(x(last.toordinal()) - x(first.toordinal()) + 2),
            height=number(height),
            class_="mark",
        )
        for first, last in given.marked
        if last.toordinal() >= x.low and first.toordinal() <= x.high
    ]


def _value_axis(y: Scale, given: Timeline, most: int) -> Markup:
    unit = given.lines[0].unit
    if unit == "number":
        marks = [(v, tick(v, given.share)) for v in ticks(y.low, y.high, most)]
    else:
        marks = _time_marks(y, unit, most)
    lines = "".join(f"M{_LEFT} {number(y(v))}H{WIDTH - _RIGHT}" for v, _ in marks)
    return element(
        "g",
        element("path", d=lines, class_="grid"),
        [element("text", text, x=_LEFT - 6, y=round(y(v) + 4)) for v, text in marks],
        class_="e",
    )


def _time_marks(y: Scale, unit: Unit, most: int) -> list[tuple[float, str]]:
    """Whole days with their month or day, or hours of a range that is shorter than two days."""
    day = STEPS_PER_DAY[unit]
    days = (y.high - y.low) / day
    step = day / 24 if days < 2 and unit == "microsecond" else day
    marks = [v * step for v in ticks(y.low / step, y.high / step, most) if v.is_integer()]
    shown = (
        slice(-len("00:00"), None)
        if step < day
        else slice(len("2013-02"))
        if days > _MOST_DAYS
        else slice(len("2013-"), len("2013-02-07"))
    )
    return [(v, value_text(v, unit)[shown]) for v in marks]


def tick(value: float, share: bool = False, unit: Unit = "number") -> str:
    """What stands at a tick."""
    if unit != "number":
        return value_text(value, unit)
    if share:
        return f"{three_digits(round(value * 100, 6))}%"
    if abs(value) >= 10_000:
        short = [(1e9, "B"), (1e6, "M"), (1e3, "k")]
        size, letter = next(s for s in short if abs(value) >= s[0])
        return f"{three_digits(value / size)}{letter}" if abs(value) < 1e13 else three_digits(value)
    # Four digits are often a year, and need no separator.
    return three_digits(value).replace(",", "")


def _day_axis(days: tuple[date, date], x: Scale, height: int) -> Markup:
    return element(
        "g",
        [
            element("text", text, x=number(x(day.toordinal())), y=height - 5)
            for day, text in day_ticks(*days)
        ],
        class_="m",
    )


def described(points: Sequence[Point]) -> str:
    """The newest value of some points in words, for those who don't see the picture."""
    known = [p for p in points if p.value is not None]
    if not known:
        return "no value"
    return f"{three_digits(known[-1].value)} on {day_text(known[-1].day)}"
