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


def brief(value: float) -> str:
    """A number to three significant digits, without an exponent between 0.0001 and a million."""
    if value == 0 or not math.isfinite(value):
        return f"{value + 0.0:g}"
    size = abs(value)
    if size >= 999_500 or size < 1e-4:
        mantissa, _, power = f"{value:.2e}".partition("e")
        shown = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{shown}e{int(power)}"
    if size >= 1000:
        return f"{float(f'{value:.2e}'):,.0f}"
    digits = max(0, 2 - math.floor(math.log10(float(f"{size:.2e}"))))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def briefs(values: Sequence[float]) -> tuple[str, ...]:
    """Numbers as of ``brief``, with more digits where different ones would read the same."""
    texts = tuple(map(brief, values))
    return texts if len(set(texts)) == len(set(values)) else numerals(values, 3)


def percentage(share: float) -> str:
    """A share as a percentage of at most three digits: ``12.3%``."""
    points = abs(share) * 100
    return f"{percentage_points(share)}%" if points >= 0.01 or points == 0 else "<0.01%"


def percentage_points(share: float) -> str:
    """The size of a share in percentage points, to at most two decimals."""
    return brief(round(abs(share) * 100, 2)) if abs(share) >= 1e-4 else brief(abs(share) * 100)


def is_plain_number(value: object) -> bool:
    """Whether a value is an integer or a double, and no boolean."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
