"""Names of values in results: codes for no value, the rest and all have a space of their own."""

from __future__ import annotations

from collections.abc import Sequence

NULL, NAN, OTHER, UNSEEN, REST = "(null)", "(NaN)", "(other)", "(unseen)", "(rest)"
"""No value; not a number; known values without a bin; unknown values; bars beyond those shown."""
NO_VERSION = "(none)"
"""No model version."""
ALL = "all"
"""All traffic, as a segmentation and as its one segment."""
EVERY = "*"
"""All model versions, or all features, together."""
ALL_VERSIONS = EVERY
"""Model version of rows of all versions together."""
CODES = frozenset({NULL, NAN, OTHER, UNSEEN, REST, NO_VERSION, ALL, EVERY})
"""Names that stand for no value of the data."""
CROSSED = "×"
SEPARATOR = f" {CROSSED} "
"""Between the values of a segment that crosses columns."""
QUOTE = '"'


def value_name(value: str) -> str:
    """The name of a value: itself, or in double quotes where it could be taken for a code.

    So is a value that begins with a double quote, and quotes inside are doubled: two values never
    have one name, and none has that of a code.
    """
    return _quoted(value) if value in CODES or value.startswith(QUOTE) else value


def crossing_name(values: Sequence[str | None]) -> str:
    """The name of values of several columns together; a value that holds the sign between them is
    in double quotes, so that two crossings never have one name."""
    return SEPARATOR.join(map(part_name, values))


def part_name(value: str | None) -> str:
    """The name of a value, or of none, in a crossing."""
    if value is None:
        return NULL
    return _quoted(value) if CROSSED in value else value_name(value)


def _quoted(value: str) -> str:
    return f"{QUOTE}{value.replace(QUOTE, 2 * QUOTE)}{QUOTE}"
