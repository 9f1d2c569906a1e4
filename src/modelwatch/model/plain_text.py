"""Arbitrary text made suitable for output: on one line, without control characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

MOST_NAMES = 8
"""Maximum number of names of a list that are shown; the rest is counted."""
LONGEST_NAME = 200
"""Maximum length of a name or value of data in a sentence."""
LONGEST_WARNING = 500
"""Maximum length of the reason of an error in a warning."""


def one_line(text: str) -> str:
    """A text on one line without control characters."""
    printable = (" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return " ".join("".join(printable).split())


def plain_text(text: str) -> str:
    """A text without control characters except line breaks."""
    lines = text.replace("\r\n", "\n").replace("\t", "    ").split("\n")
    return "\n".join(
        "".join(" " if unicodedata.category(c)[0] == "C" else c for c in line) for line in lines
    )


def code_point_escape(character: str) -> str:
    r"""A character as ``\uXXXX`` or ``\UXXXXXXXX``, as JSON, YAML, and Python read it."""
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shortened(text: str, length: int) -> str:
    """A text cut to a maximum length, with an ellipsis if it was cut."""
    return text if len(text) <= length else text[: length - 1] + "…"


def named(text: str) -> str:
    """A name or value of data in a sentence."""
    return one_line(shortened(text, LONGEST_NAME))


def counted(count: int, noun: str) -> str:
    """A count and its noun, which is plural unless the count is 1."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed_names(names: Sequence[str]) -> str:
    """The first names of a list, and the number of the others."""
    shown = ", ".join(names[:MOST_NAMES])
    return shown if len(names) <= MOST_NAMES else f"{shown} and {len(names) - MOST_NAMES} more"
