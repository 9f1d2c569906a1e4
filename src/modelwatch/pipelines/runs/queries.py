"""SQL statements as entered, and their results as text."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from modelwatch.stats.numerals import is_plain_number

_TOKEN = re.compile(
    r"""--[^\n]*|/\*.*?(?:\*/|\Z)|'(?:\\.|[^'\\])*'?|"(?:\\.|[^"\\])*"?|`[^`]*`?|;|.""", re.S
)
MAX_WIDTH = 60
"""Maximum length of a cell; longer ones are cut."""


def statements(text: str) -> tuple[tuple[str, ...], str]:
    """The statements of a text that end with ``;``, and what follows the last of them.

    A ``;`` in quotes or in a comment does not end a statement. Comments are removed.
    """
    complete: list[str] = []
    current = ""
    for token in _TOKEN.findall(text):
        if token == ";":
            complete.append(current.strip())
            current = ""
        elif token.startswith(("--", "/*")):
            current += " "
        else:
            current += token
    return tuple(statement for statement in complete if statement), current.strip()


def table_text(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Rows as a table of fixed width: numbers right-aligned, null as an empty cell."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [
        max([len(_cut(name)), *(len(row[i]) for row in cells)]) for i, name in enumerate(columns)
    ]
    numeric = [
        any(row[i] is not None for row in rows)
        and all(row[i] is None or is_plain_number(row[i]) for row in rows)
        for i in range(len(columns))
    ]

    def line(texts: Sequence[str]) -> str:
        parts = zip(texts, widths, numeric, strict=True)
        return "  ".join(t.rjust(w) if right else t.ljust(w) for t, w, right in parts).rstrip()

    lines = [line([_cut(name) for name in columns]), "  ".join("-" * width for width in widths)]
    return "\n".join([*lines, *(line(row) for row in cells)]) + "\n"


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(value) if not math.isfinite(value) else f"{value:.6g}"
    return _cut(str(value))


def _cut(text: str) -> str:
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= MAX_WIDTH else line[: MAX_WIDTH - 3] + "..."
