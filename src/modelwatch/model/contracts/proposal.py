"""A contract proposed from a reference: clauses that its rows keep, each with its reason."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from modelwatch.errors import present
from modelwatch.model.config.column_types import NUMBERS, TEXTS, WHOLE_NUMBERS
from modelwatch.model.config.document import Path
from modelwatch.model.contracts.contract import (
    WEEKDAYS,
    ColumnClauses,
    Contract,
    Relation,
    RowClauses,
)
from modelwatch.model.contracts.facts import ReferenceColumn, ReferenceTable
from modelwatch.model.contracts.text import contract_text
from modelwatch.model.onboarding.column_guess import sentinels
from modelwatch.model.onboarding.table_facts import ColumnFacts
from modelwatch.model.onboarding.text_shape import pattern_of
from modelwatch.stats.numerals import numerals
from modelwatch.stats.shares import seen_share, wilson_interval

LEVEL = 0.998
"""Two-sided level of the bounds: one day in a thousand is below by chance."""
MAX_DOMAIN = 200
"""Values up to which a column has a domain."""
FEWEST_REPEATS = 5
"""Rows a value, on average, from which a column's values are a domain."""
_MARGIN = 0.1
_SPREADS = 3.3
"""Standard deviations of a day's volume that are allowed to either side."""
_HEAD = (
    "Proposed by `modelwatch contract propose`, from",
    "{wording}.",
    "It describes these rows: remove what is not intended, widen what is too narrow,",
    "and increase the version with every change. `modelwatch contract diff` shows a change.",
)


def proposed(table: ReferenceTable, name: str, version: int = 1) -> tuple[Contract, str]:
    """The contract that a reference's rows keep, and its text with the reasons as comments."""
    said: dict[Path, tuple[str, ...]] = {}
    columns = {}
    for column in table.columns:
        keys, reasons = _clauses(column, table)
        columns[column.name] = ColumnClauses.model_validate(keys)
        said |= {("columns", column.name, key): (wording,) for key, wording in reasons.items()}
        suggested = table.suggestions.get(column.name, ())
        if suggested:
            said["columns", column.name] = tuple(f"Deequ: {one}" for one in suggested)
    rows = _row_clauses(table)
    if rows.volume is not None:
        said["rows", "volume"] = (f"{len(table.rows_by_day)} days, by weekday",)
    relations = [
        Relation(name=one.name, predicate=one.predicate, severity="warn") for one in table.relations
    ]
    for at, one in enumerate(table.relations):
        said["relations", at] = (f"no exception in {one.rows:,} rows",)
    contract = Contract.model_validate(
        {
            "contract": name,
            "version": version,
            "of": table.role,
            "columns": columns,
            "rows": rows,
            "relations": tuple(relations),
        }
    )
    head = [line.format(wording=table.wording) for line in _HEAD]
    return contract, contract_text(contract, said, head)


def _clauses(
    column: ReferenceColumn, table: ReferenceTable
) -> tuple[dict[str, Any], dict[str, str]]:
    keys: dict[str, Any] = {"type": column.spark_type}
    said: dict[str, str] = {}
    if not column.rows:
        return keys, said
    _missing(column, keys, said)
    if column.unique and (column.name,) != table.id:
        keys["unique"] = True
        said["unique"] = f"{column.rows - column.missing:,} values, each once a day"
    if column.sensitive:
        said["type"] = "sensitive: no other clause about its values"
        return keys, said
    found = sentinels(
        ColumnFacts(
            name=column.name,
            spark_type=column.spark_type,
            distinct=int(column.distinct or 0),
            lowest=column.lowest,
            highest=column.highest,
            second_lowest=column.second_lowest,
            second_highest=column.second_highest,
        )
    )
    codes = tuple(dict.fromkeys((*column.special_values, *found)))
    if codes:
        keys["sentinels"] = tuple(_number(value, column) for value in codes)
        if found:
            said["sentinels"] = "it seems to be a code rather than a quantity"
    if _is_domain(column):
        _domain(column, keys, said)
    elif column.plain_type in TEXTS:
        _text(column, keys, said)
    else:
        _range(column, found, keys, said)
    return keys, said


def _missing(column: ReferenceColumn, keys: dict[str, Any], said: dict[str, str]) -> None:
    if not column.missing:
        most = wilson_interval(0, column.rows, LEVEL)[1]
        keys["nullable"] = False
        said["nullable"] = f"none of {column.rows:,} rows lacks it; at most {most:.2%} do"
        return
    bounds = [wilson_interval(n - missing, n, LEVEL)[0] for n, missing in column.by_day if n]
    least = math.floor(min(bounds) * 1000) / 1000
    if least > 0:
        keys["completeness"] = least
        worst = min((n - missing) / n for n, missing in column.by_day if n)
        share = 1 - column.missing / column.rows
        said["completeness"] = f"{share:.2%} have a value, on the worst day {worst:.2%}"


def _is_domain(column: ReferenceColumn) -> bool:
    values = column.values
    if values is None or column.plain_type == "boolean" or not 0 < len(values) <= MAX_DOMAIN:
        return False
    return sum(values.values()) >= FEWEST_REPEATS * len(values)


def _domain(column: ReferenceColumn, keys: dict[str, Any], said: dict[str, str]) -> None:
    counted = present(column.values, "values")
    whole = column.plain_type in WHOLE_NUMBERS
    values = sorted(int(v) if whole else v for v in counted)
    counts = list(counted.values())
    keys["domain"] = tuple(values)
    wording = f"{len(values)} value{'s' * (len(values) != 1)}"
    once, share = sum(count == 1 for count in counts), seen_share(counts)
    if once:
        # As of a day of ordinary size: how few of its rows may have a value seen before.
        rows = float(statistics.median(n - missing for n, missing in column.by_day))
        keys["share"] = math.floor(wilson_interval(share * rows, rows, LEVEL)[0] * 1000) / 1000
        wording += f", {once} of them once: {1 - share:.1g} of new rows will have another one"
    said["domain"] = wording


def _text(column: ReferenceColumn, keys: dict[str, Any], said: dict[str, str]) -> None:
    pattern = pattern_of(column.texts) if column.texts is not None else None
    if pattern is not None and column.texts is not None:
        keys["pattern"] = pattern
        said["pattern"] = f"{len(column.texts.shapes)} forms"
    elif column.length is not None:
        low, high = column.length
        keys["length"] = (low, high) if low == high else (min(low, 1), max(2 * high, high + 10))
        said["length"] = f"from {low} to {high} characters"


def _range(
    column: ReferenceColumn,
    found: Iterable[float],
    keys: dict[str, Any],
    said: dict[str, str],
) -> None:
    codes = set(found)
    low = column.second_lowest if column.lowest in codes else column.lowest
    high = column.second_highest if column.highest in codes else column.highest
    numeric = column.plain_type in NUMBERS
    if not numeric or low is None or high is None or low > high:
        return
    if column.plain_type in WHOLE_NUMBERS:
        low, high = int(low), int(high)
    ends = widened(low, high)
    keys["range"] = tuple(_number(end, column) for end in ends)
    least, most = numerals([Decimal(end) if isinstance(end, int) else end for end in (low, high)])
    said["range"] = f"from {least} to {most}"


def widened(low: float, high: float) -> tuple[float, float]:
    """A range with room at both ends, in round numbers; what is not negative stays so.

    A share stays within 0 and 1, a percentage within 0 and 100.
    """
    for top in (1.0, 100.0):
        if low >= 0 and 0.9 * top <= high <= top:
            return 0.0, top
    width = (high - low) or abs(high) or 1.0
    if isinstance(low, int) and isinstance(high, int):
        return _widened_integers(low, high, int(width))
    digits = 1 - math.floor(math.log10(width))
    step = 10.0**-digits
    below = math.floor((low - _MARGIN * width) / step) * step
    above = math.ceil((high + _MARGIN * width) / step) * step
    below, above = round(below, max(digits, 0)), round(above, max(digits, 0))
    return (0.0 if low >= 0 > below else below), (0.0 if high <= 0 < above else above)


def _widened_integers(low: int, high: int, width: int) -> tuple[int, int]:
    """As of ``widened``, of integers of any size."""
    step, margin = 10 ** max(len(str(width)) - 2, 0), math.ceil(_MARGIN * width)
    below, above = (low - margin) // step * step, -((-high - margin) // step) * step
    return (0 if low >= 0 > below else below), (0 if high <= 0 < above else above)


def _number(value: float, column: ReferenceColumn) -> float:
    return int(value) if column.plain_type in WHOLE_NUMBERS and value == int(value) else value


def _row_clauses(table: ReferenceTable) -> RowClauses:
    keys: dict[str, Any] = {"unique": table.id}
    if table.freshness_days is not None:
        keys["freshness_days"] = table.freshness_days
    volume = volume_of(table.rows_by_day)
    if volume:
        keys["volume"] = volume
    return RowClauses.model_validate(keys)


def volume_of(rows_by_day: Mapping[date, int]) -> dict[str, tuple[int, int]]:
    """Fewest and most rows of each weekday that has days with rows.

    About the weekday's median, as far as days stray from the medians of their weekdays; no nearer
    than rows that come one by one would, and all the days that there are lie within.
    """
    of_weekday: dict[int, list[int]] = {}
    for day, rows in rows_by_day.items():
        if rows > 0:
            of_weekday.setdefault(day.weekday(), []).append(rows)
    usual: dict[int, float] = {
        weekday: float(statistics.median(rows)) for weekday, rows in of_weekday.items()
    }
    strays = [
        math.log(n / usual[weekday]) ** 2 for weekday, rows in of_weekday.items() for n in rows
    ]
    # Medians of few days lie too near to them.
    free = max(1, len(strays) - len(usual))
    spread = math.sqrt(sum(strays) / free)
    bounds = {}
    for weekday, counts in sorted(of_weekday.items()):
        sd = max(spread, 1.0 / math.sqrt(usual[weekday])) * math.sqrt(1.0 + 1.0 / len(counts))
        low = min(min(counts), math.floor(usual[weekday] * math.exp(-_SPREADS * sd)))
        high = max(max(counts), math.ceil(usual[weekday] * math.exp(_SPREADS * sd)))
        bounds[WEEKDAYS[weekday]] = (low, high)
    return bounds
