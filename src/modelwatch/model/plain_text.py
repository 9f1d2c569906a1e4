"""Texts that may hold anything, made fit to be told: on one line, without control characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

MOST_NAMES = 8
"""Names of a list that are shown; the rest is counted."""
LONGEST_NAME = 200
"""Characters of a name or value of data that a sentence shows."""


def one_line(text: str) -> str:
    """A text as one line without control characters, whatever the data put into it."""
    kept = (" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return " ".join("".join(kept).split())


def plain_text(text: str) -> str:
    """A text without control characters other than the ends of its lines."""
    lines = text.replace("\r\n", "\n").replace("\t", "    ").split("\n")
    return "\n".join(
        "".join(" " if unicodedata.category(c)[0] == "C" else c for c in line) for line in lines
    )


def code_point_escape(character: str) -> str:
    r"""A character as ``\uXXXX`` or ``\UXXXXXXXX``, as JSON, YAML, and Python read it."""
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shortened(text: str, length: int) -> str:
    """At most so many characters of a text, and dots where it was cut."""
    return text if len(text) <= length else text[: length - 1] + "…"


def named(text: str) -> str:
    """A name or value of data as a sentence shows it."""
    return one_line(shortened(text, LONGEST_NAME))


def listed_names(names: Sequence[str]) -> str:
    """The first names of a list, and how many more there are."""
    shown = ", ".join(names[:MOST_NAMES])
    return shown if len(names) <= MOST_NAMES else f"{shown} and {len(names) - MOST_NAMES} more"
