"""Paths of SVG in few characters: relative steps, rounded to a tenth of a unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from modelwatch.report.markup import Markup

Place = tuple[float, float]
"""x to the right and y downward."""


def number(value: float) -> str:
    """A coordinate to a tenth, without zeros that say nothing."""
    text = f"{value:.1f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _pair(x: float, y: float) -> str:
    second = number(y)
    return f"{number(x)}{second}" if second.startswith("-") else f"{number(x)} {second}"


def line_path(places: Iterable[Place | None]) -> Markup:
    """A line through some places, interrupted where one is None; a dot for a place alone."""
    parts: list[str] = []
    last: Place | None = None
    run = 0
    for place in places:
        if place is None:
            parts += ["h0"] if run == 1 else []
            last, run = None, 0
            continue
        x, y = round(place[0], 1), round(place[1], 1)
        if last is None:
            parts.append(f"M{_pair(x, y)}")
        else:
            parts.append(f"l{_pair(x - last[0], y - last[1])}")
        last, run = (x, y), run + 1
    parts += ["h0"] if run == 1 else []
    return Markup("".join(parts))


def dot_path(places: Iterable[Place]) -> Markup:
    """A dot at each place, as wide as the line is."""
    return Markup("".join(f"M{_pair(x, y)}h0" for x, y in places))


def area_path(upper: Sequence[Place], lower: Sequence[Place]) -> Markup:
    """The area between two lines over the same x."""
    if not upper:
        return Markup("")
    return Markup(f"{line_path([*upper, *reversed(lower)])}z")


def bar_path(bars: Iterable[tuple[float, float, float, float]]) -> Markup:
    """Rectangles given as left, top, width and height."""
    return Markup(
        "".join(
            f"M{_pair(left, top)}h{number(width)}v{number(height)}h{number(-width)}z"
            for left, top, width, height in bars
            if width > 0 and height > 0
        )
    )


def step_path(edges: Sequence[float], heights: Sequence[float], floor: float) -> Markup:
    """The outline of a histogram: edges one more than heights, all downward from the top."""
    if not heights:
        return Markup("")
    parts = [f"M{_pair(edges[0], floor)}"]
    y = round(floor, 1)
    for at, height in enumerate(heights):
        following = round(height, 1)
        if following != y:
            parts.append(f"v{number(following - y)}")
        parts.append(f"h{number(round(edges[at + 1], 1) - round(edges[at], 1))}")
        y = following
    if y != round(floor, 1):
        parts.append(f"v{number(round(floor, 1) - y)}")
    return Markup("".join(parts))
