"""Tables, plain and behind a line that opens them."""

from __future__ import annotations

from collections.abc import Sequence

from modelwatch.report.markup import Content, Markup, element

SORTED = 8
"""Rows from which a reader with JavaScript can sort a table."""


def table(
    head: Sequence[Content],
    rows: Sequence[Sequence[Content]],
    *,
    caption: Content = None,
    numeric_columns: Sequence[int] | None = None,
    css_class: str | None = None,
    sorts: bool = True,
) -> Markup:
    """A table with a head.

    ``numeric_columns``: columns that are right-aligned; all but the first if left out. ``sorts``:
    whether a reader with JavaScript can sort it, if it has ``SORTED`` rows.
    """
    right = set(range(1, len(head)) if numeric_columns is None else numeric_columns)
    # The alignment of a column is one CSS rule instead of a class on each cell.
    aligned = "".join("r" if at in right else "l" for at in range(len(head)))
    return element(
        "table",
        element("caption", caption) if caption else None,
        element("thead", element("tr", [element("th", cell) for cell in head])),
        element("tbody", [element("tr", [element("td", cell) for cell in row]) for row in rows]),
        class_=" ".join(
            filter(
                None,
                (
                    f"t{_alignment(aligned)}",
                    css_class,
                    "sorts" if sorts and len(rows) >= SORTED else None,
                ),
            )
        ),
    )


def _alignment(aligned: str) -> str:
    """The class of a table by its aligned columns: its left ones, all others to the right."""
    left = [at + 1 for at, side in enumerate(aligned) if side == "l"]
    return "".join(f" c{at}" for at in left if at <= MOST_LEFT)


MOST_LEFT = 9
"""Columns that may be left-aligned; the style sheet has a rule for each."""


def scrolled(content: Content, label: str, *, newest: bool = False) -> Markup:
    """Content that scrolls sideways by itself where the page is narrow, by keyboard too.

    ``newest``: whether to begin at its right end, where a picture has its newest days.
    """
    css_class = "wide late" if newest else "wide"
    return element("div", content, class_=css_class, tabindex=0, role="region", aria_label=label)


def details_table(
    summary: Content,
    head: Sequence[Content],
    rows: Sequence[Sequence[Content]],
    note: str | None = None,
    numeric_columns: Sequence[int] | None = None,
    css_class: str | None = None,
    sorts: bool = False,
) -> Markup:
    """A table that stands behind a line which opens it."""
    if not rows:
        return Markup("")
    return element(
        "details",
        element("summary", summary),
        table(head, rows, numeric_columns=numeric_columns, css_class=css_class, sorts=sorts),
        element("p", note, class_="note") if note else None,
    )
