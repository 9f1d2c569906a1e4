"""Text of dates and timestamps, which are profiled as numbers."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

from modelwatch.stats.day_numbers import EPOCH
from modelwatch.stats.numerals import numeral
from modelwatch.stats.profile.metric import Unit

_START = dt.datetime.combine(EPOCH, dt.time())
_ONE = {"day": dt.timedelta(days=1), "microsecond": dt.timedelta(microseconds=1)}


def text_of(value: Decimal | float, unit: Unit) -> str | None:
    """A number as readable text: a date, a timestamp in UTC, a number that does not fit a double
    with all of its digits; None for a plain number.

    None as well for NaN and for times outside of the years 1 to 9999.
    """
    if unit == "number" and isinstance(value, Decimal):
        return numeral(value)
    if unit == "number" or not math.isfinite(value):
        return None
    try:
        moment = _START + round(value) * _ONE[unit]
    except OverflowError:
        return None
    return moment.date().isoformat() if unit == "day" else moment.isoformat(sep=" ")
