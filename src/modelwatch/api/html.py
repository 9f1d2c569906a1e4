"""What notebooks display: tables, text, and the pages of a report. All text is escaped."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from modelwatch.stats.numerals import is_plain_number

_MOST_ROWS = 50
"""Maximum rows of a displayed table."""
_LEFT = "text-align:left;white-space:pre-wrap"
_RIGHT = "text-align:right;font-variant-numeric:tabular-nums"


def table_html(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with a title. Numbers are right-aligned; None is an empty cell."""
    listed = list(rows)
    numeric = [
        any(is_plain_number(row[at]) for row in listed)
        and all(row[at] is None or is_plain_number(row[at]) for row in listed)
        for at in range(len(columns))
    ]
    styles = [_RIGHT if right else _LEFT for right in numeric]
    head = "".join(
        f'<th style="{style}">{escape(name)}</th>'
        for name, style in zip(columns, styles, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="{style}">{escape(cell_text(value))}</td>'
            for value, style in zip(row, styles, strict=True)
        )
        + "</tr>"
        for row in listed[:_MOST_ROWS]
    )
    more = len(listed) - _MOST_ROWS
    note = f"<p>and {more:,} more rows</p>" if more > 0 else ""
    return (
        f"<div><p><b>{escape(title)}</b></p><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>{note}</div>"
    )


def text_html(text: str) -> str:
    """A text with its line breaks."""
    return f"<pre>{escape(text)}</pre>"


def cell_text(value: object) -> str:
    """A value in a cell: six significant digits; empty for None and NaN."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)


@dataclass(frozen=True)
class ReportPages(os.PathLike[str]):
    """The pages of a report in a folder.

    ``path``: the first page. ``size_bytes``: the size of all pages. A notebook shows the first page
    in a frame that may only run the script of the page; links work in a browser only.
    """

    path: Path
    size_bytes: int

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return str(self.path)

    def _repr_html_(self) -> str:
        page = escape(self.path.read_text(encoding="utf-8"))
        place = escape(str(self.path.absolute()))
        return (
            f'<iframe srcdoc="{page}" sandbox="allow-scripts" title="Report" width="100%" '
            f'height="700" style="border:1px solid #ccc"></iframe><p>{place}</p>'
        )
