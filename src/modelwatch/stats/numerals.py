"""Numbers in sentences and labels, with enough digits to distinguish them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

_MOST = 17
"""Digits that distinguish any two doubles."""


def numeral(value: Decimal | float, digits: int = 6) -> str:
    """A number with ``digits`` significant digits; integers and decimals with all of theirs."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if abs(value) < 2.0**53 and float(value).is_integer():
        return f"{value + 0.0:.0f}"
    return f"{value:.{digits}g}"


def apart(value: float, digits: int = 6) -> str:
    """A number with enough digits not to read as a nearby integer."""
    whole = float(round(value)) if math.isfinite(value) else value
    return numerals((value, whole), digits)[0]


def numerals(values: Sequence[Decimal | float], digits: int = 6) -> tuple[str, ...]:
    """Numbers as in ``numeral``, with enough digits for different ones to read differently."""
    different = len(set(values))
    texts: tuple[str, ...] = ()
    for enough in range(digits, _MOST + 1):
        texts = tuple(numeral(value, enough) for value in values)
        if len(set(texts)) == different:
            break
    return texts


def brief(value: float) -> str:
    """A number with three significant digits, without an exponent between 0.0001 and a million."""
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
    """Numbers as in ``brief``, with more digits if different ones would read the same."""
    texts = tuple(map(brief, values))
    return texts if len(set(texts)) == len(set(values)) else numerals(values, 3)


def percentage(share: float) -> str:
    """A share as a percentage with at most three digits: ``12.3%``."""
    points = abs(share) * 100
    return f"{percentage_points(share)}%" if points >= 0.01 or points == 0 else "<0.01%"


def percentage_points(share: float) -> str:
    """The absolute value of a share in percentage points, with at most two decimals."""
    return brief(round(abs(share) * 100, 2)) if abs(share) >= 1e-4 else brief(abs(share) * 100)


def is_plain_number(value: object) -> bool:
    """Whether a value is an integer or a double, but not a boolean."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def java_text(value: float) -> str:
    """A finite number as Java and Spark write it: with a decimal point, and with an exponent from
    10^7 and below 10^-3."""
    size = abs(value)
    if size == 0.0 or 1e-3 <= size < 1e7:
        return np.format_float_positional(value, trim="0")
    digits, exponent = np.format_float_scientific(value, trim="0").split("e")
    return f"{digits}E{int(exponent)}"
