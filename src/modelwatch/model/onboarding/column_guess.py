"""Classify input columns: quantities, codes, calendar columns, and columns that are not
features."""

from __future__ import annotations

from modelwatch.model.config.column_types import (
    INTEGER_TYPES,
    NUMERIC_TYPES,
    STRING_TYPES,
    TIMESTAMP_TYPES,
)
from modelwatch.model.onboarding.column_names import (
    is_code_name,
    is_id_name,
    is_index_name,
    is_segment_name,
    is_sure_code_name,
)
from modelwatch.model.onboarding.id_guess import can_identify
from modelwatch.model.onboarding.table_facts import ColumnFacts, TableFacts
from modelwatch.model.profile.features import natural_kind

_SENTINELS = frozenset(
    sign * value for value in (99, 999, 9999, 99999, 999999, 9999999) for sign in (1.0, -1.0)
) | {-1.0, -9.0}
MAX_CODES = 100
"""Maximum number of distinct values of a number that counts as a code by its name."""
_MOST_CODES = 2000
_ROWS_OF_A_CODE = 5
"""Minimum rows per value of a code: quantities have more values the more rows there are."""
_ROUGH = 0.4
"""Roughness above which the frequencies of neighboring integers are unrelated."""
_GAPS = 0.5
"""Density below which most integers of a range do not occur."""
_NEARLY_UNIQUE = 0.9
_FEWEST_ROWS = 50
"""Minimum rows for which all-distinct values are informative."""
MOST_SEGMENTS = 20
MOST_SEGMENTATIONS = 3


def sentinels(column: ColumnFacts) -> tuple[float, ...]:
    """Return extreme values that look like codes: -999 below, 9999 far above."""
    low, second_low = column.lowest, column.second_lowest
    high, second_high = column.highest, column.second_highest
    if column.plain_type not in NUMERIC_TYPES:
        return ()
    found = []
    if low is not None and second_low is not None and low in _SENTINELS and low < 0:
        apart = low <= -99 and second_high is not None and second_low > low / 2
        far = apart and second_low - low > float(second_high or 0) - second_low
        # A column of -1, 0, and 1 is a sign, not a quantity with a code.
        if (second_low >= 0 and (low != -1 or column.distinct > 3)) or far:
            found.append(low)
    if high is not None and second_high is not None and high in _SENTINELS:
        found += [high] if 0 <= second_high < high / 2 else []
    return tuple(found)


def code_reason(column: ColumnFacts, rows: int) -> str | None:
    """Return why a number is a code rather than a quantity, or None."""
    # Integers with nulls often come as fractions.
    whole = column.plain_type in INTEGER_TYPES or column.integral
    if not whole or column.distinct <= 0 or column.plain_type not in NUMERIC_TYPES:
        return None
    if is_code_name(column.name) and column.distinct <= MAX_CODES:
        return "an integer with the name of a code"
    known = rows - column.nulls
    density, roughness = column.density, column.roughness
    repeats = known >= _ROWS_OF_A_CODE * column.distinct and column.distinct <= _MOST_CODES
    if repeats and is_sure_code_name(column.name):
        return "an integer with the name of a code"
    if density is None or roughness is None or not repeats or roughness < _ROUGH:
        return None
    if is_code_name(column.name):
        return "an integer with the name of a code, whose neighbors are unrelated"
    least = column.lowest
    if density < _GAPS and least is not None and least >= 100 and not sentinels(column):
        return f"integers from {least:.0f} with gaps and many repeats"
    return None


def exclusion_reason(column: ColumnFacts, table: TableFacts) -> str | None:
    """Return why an input column is not a feature, or None."""
    if is_index_name(column.name):
        return "the index of a pandas frame"
    if column.plain_type in TIMESTAMP_TYPES | {"date"} or column.spells_days:
        return "changes with the calendar"
    if column.calendar is not None and "week" not in column.calendar:
        return f"changes with the calendar: it is the {column.calendar}"
    if column.calendar == "ISO week":
        return "changes with the calendar: it is the ISO week"
    if table.rows <= _FEWEST_ROWS:
        return None
    is_unique = column.name in table.unique
    named_so = can_identify(column) and is_id_name(column.name)
    if is_unique and (column.plain_type == "string" or named_so):
        return "every row has a different value"
    if is_unique and column.counts_up:
        return "every row has a different value: it is a row counter"
    nearly = column.distinct >= _NEARLY_UNIQUE * (table.rows - column.nulls) > _FEWEST_ROWS
    if nearly and (column.plain_type in STRING_TYPES or named_so):
        return "nearly every row has a different value"
    return None


def note_of(column: ColumnFacts, rows: int) -> str | None:
    """Return what is unusual about a feature: it is constant, or has no values."""
    if rows and column.nulls == rows:
        return "no row has a value"
    if rows > _FEWEST_ROWS and column.distinct == 1 and not column.nulls:
        return "every row has the same value"
    return None


def segmentations(
    columns: tuple[ColumnFacts, ...], rows: int, rows_of_a_window: float, least: int
) -> tuple[str, ...]:
    """Return the categories to split results by: few values, most of them with enough rows each.

    ``rows_of_a_window`` are the rows of a judged window, ``least`` the rows that a segment needs in
    it.
    """
    found = []
    for column in columns:
        kind = natural_kind(column.spark_type)
        if kind != "categorical" or not 2 <= column.distinct <= MOST_SEGMENTS or not rows:
            continue
        shares = [held / rows for _, held in column.values]
        enough = [share for share in shares if share * rows_of_a_window >= least]
        if len(enough) >= 2 and sum(enough) >= 0.8 * (1.0 - column.nulls / rows):
            found.append(column)
    ordered = sorted(found, key=lambda c: (not is_segment_name(c.name), c.distinct))
    return tuple(column.name for column in ordered[:MOST_SEGMENTATIONS])
