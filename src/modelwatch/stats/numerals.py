"""Numbers in sentences and labels, with as many digits as it takes to tell them apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

_MOST = 17
"""Digits that tell any two doubles apart."""


def numeral(value: Decimal | float, digits: int = 6) -> str:
    """A number with ``digits`` significant digits; integers and decimals with all of theirs."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if abs(value) < 2.0**53 and float(value).is_integer():
        return f"{value + 0.0:.0f}"
    return f"{value:.{digits}g}"


def apart(value: float, digits: int = 6) -> str:
    """A number with so many digits that it does not read as the integer next to it."""
    whole = float(round(value)) if math.isfinite(value) else value
    return numerals((value, whole), digits)[0]


def numerals(values: Sequence[Decimal | float], digits: int = 6) -> tuple[str, ...]:
    """Numbers as of ``numeral``, with so many more digits that different ones read differently."""
    different = len(set(values))
    texts: tuple[str, ...] = ()
    for enough in range(digits, _MOST + 1):
        texts = tuple(numeral(value, enough) for value in values)
        if len(set(texts)) == different:
            break
    return texts


def is_plain_number(value: object) -> bool:
    """Whether a value is an integer or a double, and no boolean."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
