"""A contract proposed from a reference: clauses that its rows satisfy, each with a reason, and
constraints to choose from."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from modelwatch.errors import present
from modelwatch.model.config.column_types import INTEGER_TYPES, NUMERIC_TYPES, STRING_TYPES
from modelwatch.model.config.document import Path
from modelwatch.model.config.yaml_text import list_text, quoted_text
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
from modelwatch.model.plain_text import counted
from modelwatch.stats.numerals import numerals
from modelwatch.stats.shares import seen_share, wilson_interval

_LEVEL = 0.998
"""Two-sided level of the bounds: one day in a thousand is below by chance."""
MAX_DOMAIN = 200
"""Maximum number of values of a column with a domain."""
FEWEST_REPEATS = 5
"""Minimum number of rows per value, on average, of a column with a domain."""
_MARGIN = 0.1
_SPREADS = 3.3
"""Standard deviations of the volume of a day that are allowed in either direction."""
_HEAD = (
    "Proposed by `modelwatch contract propose`, from",
    "{wording}.",
    "It describes these rows: remove what is not intended, widen what is too narrow,",
    "and increase the version with every change. `modelwatch contract diff` shows a change.",
)
FREQUENT_SHARE = 0.9
"""Minimum share of the rows that frequent values of a column have."""
MOST_FREQUENT = 0.4
"""Maximum share of the values of a column that are frequent."""
_FORMS = {
    "integral": re.compile(r"\s*[-+]?[0-9]+\s*"),
    "fractional": re.compile(r"\s*[-+]?([0-9]+\.[0-9]*|\.[0-9]+)\s*"),
    "boolean": re.compile(r"\s*(?:true|false)\s*", re.IGNORECASE),
}


def proposed(table: ReferenceTable, name: str, version: int = 1) -> tuple[Contract, str]:
    """The contract that the rows of a reference satisfy, and its text with reasons as comments."""
    comments: dict[Path, tuple[str, ...]] = {}
    columns = {}
    for column in table.columns:
        keys, reasons = _clauses(column, table)
        columns[column.name] = ColumnClauses.model_validate(keys)
        comments |= {("columns", column.name, key): (wording,) for key, wording in reasons.items()}
        suggested = table.suggestions.get(column.name, ())
        if suggested:
            comments["columns", column.name] = suggested
    rows = _row_clauses(table)
    if rows.volume is not None:
        comments["rows", "volume"] = (f"{len(table.rows_by_day)} days, by weekday",)
    relations = [
        Relation(name=one.name, predicate=one.predicate, severity="warn") for one in table.relations
    ]
    for at, one in enumerate(table.relations):
        comments["relations", at] = (f"no exception in {one.rows:,} rows",)
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
    return contract, contract_text(contract, comments, head)


def _clauses(
    column: ReferenceColumn, table: ReferenceTable
) -> tuple[dict[str, Any], dict[str, str]]:
    keys: dict[str, Any] = {"type": column.spark_type}
    comments: dict[str, str] = {}
    if not column.rows:
        return keys, comments
    _missing(column, keys, comments)
    if column.unique and (column.name,) != table.id:
        keys["unique"] = True
        comments["unique"] = f"{column.rows - column.missing:,} values, each once a day"
    if column.sensitive:
        comments["type"] = "sensitive: no other clause about its values"
        return keys, comments
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
            comments["sentinels"] = "it seems to be a code rather than a quantity"
    if _is_domain(column):
        _domain(column, keys, comments)
    elif column.plain_type in STRING_TYPES:
        _text(column, keys, comments)
    else:
        _range(column, found, keys, comments)
    return keys, comments


def _missing(column: ReferenceColumn, keys: dict[str, Any], comments: dict[str, str]) -> None:
    if not column.missing:
        most = wilson_interval(0, column.rows, _LEVEL)[1]
        keys["nullable"] = False
        comments["nullable"] = f"none of {column.rows:,} rows lacks it; at most {most:.2%} do"
        return
    bounds = [wilson_interval(n - missing, n, _LEVEL)[0] for n, missing in column.by_day if n]
    least = math.floor(min(bounds) * 1000) / 1000
    if least > 0:
        keys["completeness"] = least
        worst = min((n - missing) / n for n, missing in column.by_day if n)
        share = 1 - column.missing / column.rows
        comments["completeness"] = f"{share:.2%} have a value, on the worst day {worst:.2%}"


def _is_domain(column: ReferenceColumn) -> bool:
    values = column.values
    if values is None or column.plain_type == "boolean" or not 0 < len(values) <= MAX_DOMAIN:
        return False
    return sum(values.values()) >= FEWEST_REPEATS * len(values)


def _domain(column: ReferenceColumn, keys: dict[str, Any], comments: dict[str, str]) -> None:
    rows_by_value = present(column.values, "values")
    whole = column.plain_type in INTEGER_TYPES
    values = sorted(int(v) if whole else v for v in rows_by_value)
    counts = list(rows_by_value.values())
    keys["domain"] = tuple(values)
    wording = counted(len(values), "value")
    singletons, share = sum(count == 1 for count in counts), seen_share(counts)
    if singletons:
        # For a day with the median number of rows: the smallest plausible share of known values.
        rows = float(statistics.median(n - missing for n, missing in column.by_day))
        keys["share"] = math.floor(wilson_interval(share * rows, rows, _LEVEL)[0] * 1000) / 1000
        wording += (
            f", {singletons} of them once: about {1 - share:.1g} of new rows have another value"
        )
    comments["domain"] = wording


def _text(column: ReferenceColumn, keys: dict[str, Any], comments: dict[str, str]) -> None:
    pattern = pattern_of(column.texts) if column.texts is not None else None
    if pattern is not None and column.texts is not None:
        keys["pattern"] = pattern
        comments["pattern"] = counted(len(column.texts.shapes), "form")
    elif column.length is not None:
        low, high = column.length
        keys["length"] = (low, high) if low == high else (min(low, 1), max(2 * high, high + 10))
        comments["length"] = f"from {low} to {high} characters"


def _range(
    column: ReferenceColumn,
    found: Iterable[float],
    keys: dict[str, Any],
    comments: dict[str, str],
) -> None:
    codes = set(found)
    low = column.second_lowest if column.lowest in codes else column.lowest
    high = column.second_highest if column.highest in codes else column.highest
    numeric = column.plain_type in NUMERIC_TYPES
    if not numeric or low is None or high is None or low > high:
        return
    if column.plain_type in INTEGER_TYPES:
        low, high = int(low), int(high)
    ends = widened(low, high)
    keys["range"] = tuple(_number(end, column) for end in ends)
    least, most = numerals([Decimal(end) if isinstance(end, int) else end for end in (low, high)])
    comments["range"] = f"from {least} to {most}"


def widened(low: float, high: float) -> tuple[float, float]:
    """A range with a margin at both ends, in round numbers. Non-negative ranges stay non-negative.

    A share stays within 0 and 1, and a percentage within 0 and 100.
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
    """As ``widened``, for integers of any size."""
    step, margin = 10 ** max(len(str(width)) - 2, 0), math.ceil(_MARGIN * width)
    below, above = (low - margin) // step * step, -((-high - margin) // step) * step
    return (0 if low >= 0 > below else below), (0 if high <= 0 < above else above)


def _number(value: float, column: ReferenceColumn) -> float:
    return int(value) if column.plain_type in INTEGER_TYPES and value == int(value) else value


def _row_clauses(table: ReferenceTable) -> RowClauses:
    keys: dict[str, Any] = {"unique": table.id}
    if table.freshness_days is not None:
        keys["freshness_days"] = table.freshness_days
    volume = volume_of(table.rows_by_day)
    if volume:
        keys["volume"] = volume
    return RowClauses.model_validate(keys)


def volume_of(rows_by_day: Mapping[date, int]) -> dict[str, tuple[int, int]]:
    """Minimum and maximum number of rows of each weekday with rows.

    Around the median of the weekday, by the variation of days around these medians; no closer than
    independent rows would vary, and all existing days are within.
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
    # The median of few days is too close to each of them.
    free = max(1, len(strays) - len(usual))
    spread = math.sqrt(sum(strays) / free)
    bounds = {}
    for weekday, counts in sorted(of_weekday.items()):
        sd = max(spread, 1.0 / math.sqrt(usual[weekday])) * math.sqrt(1.0 + 1.0 / len(counts))
        low = min(min(counts), math.floor(usual[weekday] * math.exp(-_SPREADS * sd)))
        high = max(max(counts), math.ceil(usual[weekday] * math.exp(_SPREADS * sd)))
        bounds[WEEKDAYS[weekday]] = (low, high)
    return bounds


def suggested_constraints(column: ReferenceColumn) -> tuple[str, ...]:
    """Constraints of a column in the syntax of the configuration, each with a comment.

    None for sensitive columns, and for columns that are not strings.
    """
    if column.sensitive or column.plain_type not in STRING_TYPES:
        return ()
    return (*_of_type(column), *_of_frequent_values(column))


def _of_type(column: ReferenceColumn) -> Iterable[str]:
    if column.values is not None:
        texts = frozenset(column.values)
    elif column.texts is not None and column.texts.complete:
        # A shape has a 9 for each digit, and contains no words.
        texts = column.texts.shapes
    else:
        return
    if not texts:
        return
    kinds = {next((k for k, f in _FORMS.items() if f.fullmatch(text)), None) for text in texts}
    named = "numeric" if kinds == {"integral", "fractional"} else None
    if len(kinds) == 1:
        (named,) = kinds
    if named is not None:
        keys = f"kind: data_type, column: {quoted_text(column.name)}, type: {named}"
        yield f"{{{keys}}}  # all values parse as {named}"


def _of_frequent_values(column: ReferenceColumn) -> Iterable[str]:
    if not column.values:
        return
    counted = sorted(column.values.items(), key=lambda item: (-item[1], item[0]))
    total, covered, frequent = sum(column.values.values()), 0, []
    for value, count in counted:
        if covered >= FREQUENT_SHARE * total:
            break
        frequent.append(value)
        covered += count
    if len(frequent) > MOST_FREQUENT * len(counted):
        return
    # For a day with the median number of rows.
    rows = float(statistics.median(n - missing for n, missing in column.by_day))
    lower = int(wilson_interval(covered / total * rows, rows, _LEVEL)[0] * 1000) / 1000
    keys = f"kind: domain, column: {quoted_text(column.name)}, values: {list_text(frequent)}"
    yield (
        f"{{{keys}, lower: {lower:g}}}  # {len(frequent)} of {len(counted)} values have "
        f"{covered / total:.1%} of the rows"
    )
