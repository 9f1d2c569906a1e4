"""Charts of curves over two axes, such as ROC and reliability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modelwatch.report.markup import Content, Markup, element, picture
from modelwatch.report.paths import dot_path, line_path, number
from modelwatch.report.scales import Scale, ticks
from modelwatch.report.timelines import tick

_SIDE = 220
"""Units of a square picture, about the pixels of its card: its text has the size of the page's."""
_LEFT, _RIGHT, _BOTTOM, _TOP = 38, 8, 36, 10


@dataclass(frozen=True)
class Curve:
    """A curve with its label. ``css_class``: its CSS class. ``dots``: whether points are marked."""

    label: str
    points: tuple[tuple[float, float], ...]
    css_class: str = "main"
    dots: bool = False


@dataclass(frozen=True)
class Curves:
    """Curves over the same axes. ``diagonal``: the line of chance, or of a perfect match."""

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]
    x_range: tuple[float, float] = (0.0, 1.0)
    y_range: tuple[float, float] = (0.0, 1.0)
    diagonal: bool = False
    share: bool = False


def curves_picture(given: Curves, width: int = _SIDE, height: int = _SIDE) -> Markup:
    """A chart of curves, with axes."""
    x = Scale(*given.x_range, _LEFT, width - _RIGHT)
    y = Scale(*given.y_range, height - _BOTTOM, _TOP)
    x_marks, y_marks = ticks(*given.x_range, 5), ticks(*given.y_range, 5)
    grid = "".join(f"M{_LEFT} {number(y(v))}H{width - _RIGHT}" for v in y_marks)
    low, high = max(given.x_range[0], given.y_range[0]), min(given.x_range[1], given.y_range[1])
    parts: list[Content] = [
        element("path", d=grid, class_="grid"),
        [
            element("text", tick(v, given.share), x=_LEFT - 6, y=number(y(v) + 3.5), class_="e")
            for v in y_marks
        ],
        [
            element("text", tick(v), x=number(x(v)), y=height - _BOTTOM + 15, class_="m")
            for v in x_marks
        ],
        element("text", given.x_label, x=number((_LEFT + width) / 2), y=height - 5, class_="m"),
        element("text", given.y_label, x=_LEFT + 4, y=_TOP + 12),
        element("path", d=line_path([(x(low), y(low)), (x(high), y(high))]), class_="diag")
        if given.diagonal
        else None,
    ]
    for curve in given.curves:
        places = [(x(a), y(b)) for a, b in curve.points]
        dots = dot_path(places) if curve.dots else None
        parts.append(
            element(
                "g",
                element("path", d=line_path(places), class_="ln"),
                element("path", d=dots, class_="dot") if dots else None,
                class_=curve.css_class,
            )
        )
    return picture(
        given.title,
        parts,
        width=width,
        height=height,
        css_class="curve",
    )


def curve_legend(curves: Sequence[Curve]) -> Markup | None:
    """The legend of the curves; empty for a single curve."""
    if len(curves) < 2:
        return None
    return element(
        "p",
        [[element("span", class_=f"key {one.css_class}"), one.label, " "] for one in curves],
        class_="legend",
    )
