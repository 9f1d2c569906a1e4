"""SVG paths in few characters: relative steps, rounded to a tenth of a unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from modelwatch.report.markup import Markup

Position = tuple[float, float]
"""x to the right and y downward."""


def number(value: float) -> str:
    """A coordinate rounded to a tenth, without redundant zeros."""
    text = f"{value:.1f}".rstrip("0").rstrip(".")
    if text in ("-0", ""):
        return "0"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def _pair(x: float, y: float) -> str:
    second = number(y)
    return f"{number(x)}{second}" if second.startswith("-") else f"{number(x)} {second}"


def _step(x: float, y: float) -> str:
    if number(y) == "0":
        return f"h{number(x)}"
    return f"v{number(y)}" if number(x) == "0" else f"l{_pair(x, y)}"


def line_path(places: Iterable[Position | None]) -> Markup:
    """A line through points, interrupted at None; a dot for a single point."""
    parts: list[str] = []
    last: Position | None = None
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
            parts.append(_step(x - last[0], y - last[1]))
        last, run = (x, y), run + 1
    parts += ["h0"] if run == 1 else []
    return Markup("".join(parts))


def dot_path(places: Iterable[Position]) -> Markup:
    """A dot at each point, as wide as the line."""
    return Markup("".join(f"M{_pair(x, y)}h0" for x, y in places))


def area_path(upper: Sequence[Position], lower: Sequence[Position]) -> Markup:
    """The area between two lines over the same x."""
    if not upper:
        return Markup("")
    return Markup(f"{line_path([*upper, *reversed(lower)])}z")


def bar_path(bars: Iterable[tuple[float, float, float, float]]) -> Markup:
    """Rectangles as left, top, width, and height."""
    return Markup(
        "".join(
            f"M{_pair(left, top)}h{number(width)}v{number(height)}h{number(-width)}z"
            for left, top, width, height in bars
            if width > 0 and height > 0
        )
    )


def step_path(edges: Sequence[float], heights: Sequence[float], floor: float) -> Markup:
    """The outline of a histogram: one more edge than heights, closed at the bottom."""
    if not heights:
        return Markup("")
    parts = [f"M{_pair(edges[0], floor)}"]
    y, x = round(floor, 1), round(edges[0], 1)
    for at, height in enumerate([*heights, floor]):
        next_y = round(height, 1)
        if next_y == y:
            continue
        left = round(edges[at], 1)
        parts += [f"h{number(left - x)}"] if left != x else []
        parts.append(f"v{number(next_y - y)}")
        x, y = left, next_y
    return Markup("".join(parts))
