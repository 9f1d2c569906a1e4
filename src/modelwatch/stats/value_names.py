"""Names of values in results: codes for no value, the rest, and all cannot collide with values."""

from __future__ import annotations

NULL, NAN, OTHER, UNSEEN, REST = "(null)", "(NaN)", "(other)", "(unseen)", "(rest)"
"""No value; not a number; known values without a bin; unknown values; bars beyond those shown."""
NO_VERSION = "(none)"
"""No model version."""
ALL = "all"
"""All traffic, as a segmentation and as its only segment."""
EVERY = "*"
"""All model versions, or all features, together."""
ALL_VERSIONS = EVERY
"""Model version of rows of all versions together."""
CODES = frozenset({NULL, NAN, OTHER, UNSEEN, REST, NO_VERSION, ALL, EVERY})
"""Names that do not represent a data value."""
CROSSED = "×"
SEPARATOR = f" {CROSSED} "
"""Separates the values of a segment that crosses columns."""
QUOTE = '"'


def value_name(value: str) -> str:
    """The name of a value: itself, or in double quotes if it could be confused with a code.

    Values that begin with a double quote are quoted as well, and quotes inside are doubled, so two
    values never have the same name, and none has that of a code.
    """
    return _quoted(value) if value in CODES or value.startswith(QUOTE) else value


def part_name(value: str | None) -> str:
    """The name of a value, or of null, in a combination."""
    if value is None:
        return NULL
    return _quoted(value) if CROSSED in value else value_name(value)


def _quoted(value: str) -> str:
    return f"{QUOTE}{value.replace(QUOTE, 2 * QUOTE)}{QUOTE}"
