"""Charts of two distributions: the reference as an area, current rows as an outline."""

from __future__ import annotations

from modelwatch.report.histograms import Categories, Histogram
from modelwatch.report.markup import Content, Markup, element, picture
from modelwatch.report.number_format import percent, value_text
from modelwatch.report.paths import bar_path, number, step_path
from modelwatch.report.scales import Scale
from modelwatch.report.tables_of_values import details_table
from modelwatch.report.timelines import tick

_WIDTH = 320
_FLOOR, _TOP = 112, 6
_ROW = 17
_NAME = 104
_LONGEST_NAME = 14
_BARS_OF_A_ROW = 4
"""Bars of the picture per row of its table."""


def distribution_picture(
    given: Histogram | Categories, names: tuple[str, str], title: str
) -> Markup:
    """A chart of a distribution, with its table.

    ``names``: of the two sides.
    """
    if isinstance(given, Categories):
        return Markup(_bars(given, title) + _category_table(given, names))
    return Markup(_outline(given, title) + _bar_table(given, names))


def _outline(given: Histogram, title: str) -> Markup:
    top = max(*given.reference, *given.current, 1e-12)
    y = Scale(0.0, top, _FLOOR, _TOP)
    x = Scale(0, len(given.reference), 4, _WIDTH - 4)
    edges = [x(at) for at in range(len(given.edges))]
    parts: list[Content] = [
        element("path", d=step_path(edges, [round(y(v)) for v in side], _FLOOR), class_=css_class)
        for side, css_class in ((given.reference, "ref"), (given.current, "cur"))
    ]
    parts.append(element("path", d=f"M4 {_FLOOR}H{_WIDTH - 4}", class_="axis"))
    marks = (0, len(given.reference) // 2, len(given.reference))
    for at, side in zip(marks, (None, "m", "e"), strict=True):
        text = tick(given.edges[at], unit=given.unit)
        parts.append(element("text", text, x=number(edges[at]), y=_FLOOR + 14, class_=side))
    return picture(
        title,
        parts,
        width=_WIDTH,
        height=_FLOOR + 18,
        css_class="hist",
    )


def _bars(given: Categories, title: str) -> Markup:
    top = max(*given.reference, *given.current, 1e-12)
    x = Scale(0.0, top, 0, _WIDTH - _NAME - 48)
    height = _ROW * len(given.labels) + 2
    rows: list[Content] = [
        element(
            "path",
            d=bar_path(
                (_NAME, at * _ROW + top_of, x(share), thick)
                for at, share in enumerate(side)
                if x(share) >= 0.3
            ),
            class_=css_class,
        )
        for side, css_class, top_of, thick in (
            (given.reference, "refbar", 2, 6),
            (given.current, "curbar", 8, 6),
        )
    ]
    for at, label in enumerate(given.labels):
        short = label if len(label) <= _LONGEST_NAME else label[: _LONGEST_NAME - 1] + "…"
        y = at * _ROW + 11
        end = _NAME + max(x(given.current[at]), x(given.reference[at])) + 5
        rows.append(element("text", short, x=_NAME - 6, y=y, class_="e"))
        rows.append(element("text", percent(given.current[at]), x=number(end), y=y))
    return picture(
        title,
        rows,
        width=_WIDTH,
        height=height,
        css_class="hist",
    )


def _category_table(given: Categories, names: tuple[str, str]) -> Markup:
    rows: list[list[Content]] = [
        [label, percent(before), percent(after)]
        for label, before, after in zip(given.labels, given.reference, given.current, strict=True)
    ]
    return details_table("Table", ["Value", *names], rows)


def _bar_table(given: Histogram, names: tuple[str, str]) -> Markup:
    every = range(0, len(given.reference), _BARS_OF_A_ROW)
    parts = [slice(at, at + _BARS_OF_A_ROW) for at in every]
    rows: list[list[Content]] = [
        [
            value_text(given.edges[part.start], given.unit),
            percent(sum(given.reference[part])),
            percent(sum(given.current[part])),
        ]
        for part in parts
    ]
    rows += [[name, percent(before), percent(after)] for name, before, after in given.missing]
    return details_table("Table", ["From", *names], rows)
