"""Values of data as quoted in messages, so that readers can see differences between them."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

from modelwatch.model.plain_text import code_point_escape, one_line, shortened
from modelwatch.stats.states.categorical import example_of

_LIKE_LATIN = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеѕіјорсухԁһΑΒΕΖΗΙΚΜΝΟΡΤΥΧο",
    "ABESIJKMHOPCTYXaesijopcyxdhABEZHIKMNOPTYXo",
)
"""Cyrillic and Greek letters that look like Latin ones. Source: the confusables of Unicode
Technical Standard 39."""
LONGEST_CODE = 80
"""Maximum length of a name or value in backquotes."""
_NULL = "null"
"""How lists of values represent a missing value."""
_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted_value(value: str, beside: Iterable[str] = ()) -> str:
    """A value in quotes on one line. ``beside``: other values that are easily confused with it."""
    return quoted_values([value, *beside])[0]


def quoted_values(values: Sequence[str]) -> list[str]:
    """Values in quotes on one line.

    Control characters, invisible characters, and unusual spaces are always escaped as in Python. If
    two values look alike, letters beyond ASCII, and leading, trailing, and repeated spaces, are
    escaped as well.
    """
    shown = [example_of(value) for value in values]
    drawn: dict[str, set[str]] = defaultdict(set)
    for value in shown:
        drawn[_drawn(value)].add(value)
    return [_quoted(value, len(drawn[_drawn(value)]) > 1) for value in shown]


def distinguishable_value(value: str, beside: Iterable[str] = ()) -> str:
    """A value without quotes if it is unambiguous, otherwise as in ``quoted_value``."""
    quoted = quoted_value(value, beside)
    plain = one_line(value) == value and value not in ("", _NULL)
    as_it_is = quoted[1:-1].replace("\\'", "'").replace("\\\\", "\\") == value
    return value if plain and as_it_is else quoted


def code(text: str) -> str:
    """A name of data in backquotes, on one line and of bounded length."""
    return f"`{_in_code(text)}`"


def code_equal(column: str, value: str) -> str:
    """A column and one of its values in backquotes: ```country = DE```."""
    return f"`{_in_code(column)} = {_in_code(distinguishable_value(value))}`"


def _in_code(text: str) -> str:
    """A text without characters that would end the surrounding backquotes; these and hidden
    characters are escaped."""
    escaped = (
        _escape(c) if c == "`" or (_is_space(c) and c != " ") else c
        for c in shortened(text, LONGEST_CODE)
    )
    return "".join(escaped)


def _drawn(value: str) -> str:
    """A key that is equal for values that look alike: normalized, and without invisible
    characters."""
    text = unicodedata.normalize("NFKC", value).translate(_LIKE_LATIN)
    seen = (" " if _is_space(c) else c for c in text if unicodedata.category(c) != "Cf")
    return " ".join("".join(seen).split())


def _is_space(character: str) -> bool:
    return character.isspace() or unicodedata.category(character)[0] in "CZ"


def _quoted(value: str, plain: bool) -> str:
    """A value in quotes. ``plain``: in ASCII, with every space that a reader may miss escaped."""
    found = []
    for at, character in enumerate(value):
        missed = character == " " and (at in (0, len(value) - 1) or value[at - 1] == " ")
        hidden = _is_space(character) and character != " "
        if character in _ESCAPES:
            found.append(_ESCAPES[character])
        elif hidden or (plain and (missed or not character.isascii())):
            found.append(_escape(character))
        else:
            found.append(character)
    return f"'{''.join(found)}'"


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else code_point_escape(character)
