"""Segments and bins of features in readable form: dates as dates, ranges in words."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta

from modelwatch.model.plain_text import one_line
from modelwatch.report.number_format import day_text, span_text
from modelwatch.report.results import Results, Row
from modelwatch.stats.day_numbers import EPOCH
from modelwatch.stats.instants import text_of
from modelwatch.stats.profile.metric import Unit

_BIN = re.compile(r"\[([^,]+), ([^)]+)\)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:.+")


def part_text(results: Results, row: Row) -> str:
    """The part of a split, such as `origin = EWR` or `day = Jan 1–6, 2013`.

    ``row`` has ``split``, ``split_name``, and ``part`` of ``change_attributions``.
    """
    name = row["split_name"]
    if results.is_sensitive(name):
        return one_line(f"{name} = (sensitive)")
    part = str(row["part"])
    if row["split"] == "feature":
        part = _bin_text(part, units_of(results).get(name))
    return one_line(f"{name} = {part}")


def units_of(results: Results) -> dict[str, Unit]:
    """The unit of each numeric feature."""
    rows = (row for row in results.of("profile_series") if row["metric"] == "q50")
    return {row["feature"]: unit_of(row["text"]) for row in rows}


def unit_of(median: str | None) -> Unit:
    """The unit of a feature by the text of its median, which numbers do not need."""
    if median is None:
        return "number"
    if _DATE.fullmatch(median):
        return "day"
    return "microsecond" if _TIMESTAMP.fullmatch(median) else "number"


def _bin_text(part: str, unit: Unit | None) -> str:
    """A bin of a numeric feature in words; any other part unchanged."""
    ends = _BIN.fullmatch(part)
    if unit is None or ends is None:
        return part
    low, high = float(ends[1]), float(ends[2])
    if unit == "day" and math.isfinite(low) and math.isfinite(high):
        return span_text(_first_day(low), _first_day(high) - timedelta(days=1))
    if math.isinf(low) and math.isinf(high):
        return "any value"
    if math.isinf(low):
        return (
            f"below {_end_text(ends[2], unit)}"
            if unit == "number"
            else (f"before {_end_text(ends[2], unit)}")
        )
    if math.isinf(high):
        return f"{_end_text(ends[1], unit)} or {'more' if unit == 'number' else 'later'}"
    return f"{_end_text(ends[1], unit)} to {_end_text(ends[2], unit)}"


def _first_day(edge: float) -> date:
    """The first day at or after an edge, a number of days since 1970-01-01."""
    return EPOCH + timedelta(days=math.ceil(edge))


def _end_text(edge: str, unit: Unit) -> str:
    if unit == "day":
        return day_text(_first_day(float(edge)))
    return edge if unit == "number" else text_of(float(edge), unit) or edge
