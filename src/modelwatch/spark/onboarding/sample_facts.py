"""Facts about each column in some rows of a table, computed by one Python task."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.model.config.column_types import (
    FLOATING_TYPES,
    INTEGER_TYPES,
    STRING_TYPES,
    TIMESTAMP_TYPES,
    outer_type,
)
from modelwatch.model.onboarding.column_names import plain_name
from modelwatch.model.onboarding.table_facts import ColumnFacts
from modelwatch.spark.days import DAY, named
from modelwatch.spark.python_tasks import in_python
from modelwatch.stats.arrays import Floats
from modelwatch.stats.day_numbers import day_number, numbered_day

MOST_VALUES = 100
"""Maximum number of distinct values that are all listed."""
_LONGEST_VALUE = 200
"""Maximum length of a listed string."""
_MOST_INTEGERS = 2000
"""Maximum number of distinct integers whose frequencies are compared."""
_READ = INTEGER_TYPES | FLOATING_TYPES | TIMESTAMP_TYPES
_READ |= STRING_TYPES | {"decimal", "boolean", "date"}
"""Types of columns that are examined. Vectors and intervals do not reach Python."""
_NEARLY_ALL = 0.99
_SAME_BY_NAME = 0.7
"""Minimum share of rows on which a column named after a part of the date equals that part."""
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_RISING_DAYS = 7
"""Minimum number of days, on each of which a number increases, for it to represent the day."""
_SPELLED = r"^(\d{4}-\d{2}-\d{2}([T ].*)?|(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01]))$"
_OTHERWISE_SPELLED = r"^\d{1,2}([./-])\d{1,2}[./-]\d{4}([T ].*)?$"
"""Days and months in any order before the year."""
_SCHEMA = pa.schema([("column", pa.string()), ("facts", pa.string())])


def sample_facts(rows: DataFrame) -> tuple[int, tuple[ColumnFacts, ...], frozenset[str]]:
    """The number of rows, facts about each column, and the columns whose values are all different.

    ``rows`` may have the day as ``DAY``. One task holds all of them, so they must be few.
    """
    types = {f.name: f.dataType.simpleString() for f in rows.schema.fields if f.name != DAY}
    read = [name for name, kind in types.items() if outer_type(kind) in _READ]
    shown = rows.select(*(named(name) for name in (*read, DAY) if name in rows.columns))
    found = in_python(shown.coalesce(1), facts_of_batches(read), _SCHEMA).collect()
    facts = {row["column"]: json.loads(row["facts"]) for row in found}
    count = int(facts.pop(DAY, {"rows": 0})["rows"])
    return _sample_facts(count, types, facts)


def facts_of_table(
    rows: pa.Table, types: Mapping[str, str]
) -> tuple[int, tuple[ColumnFacts, ...], frozenset[str]]:
    """The same for rows in this process; ``types``: Spark types of the columns."""
    read = [name for name, kind in types.items() if outer_type(kind) in _READ]
    facts = {name: column_facts(rows, name) for name in read}
    return _sample_facts(rows.num_rows, types, facts)


def _sample_facts(
    count: int, types: Mapping[str, str], facts: Mapping[str, Mapping[str, Any]]
) -> tuple[int, tuple[ColumnFacts, ...], frozenset[str]]:
    columns = tuple(_read(name, kind, facts.get(name, {})) for name, kind in types.items())
    unique = frozenset(c.name for c in columns if c.nulls == 0 and c.distinct == count > 0)
    return count, columns, unique


def _read(name: str, spark_type: str, facts: Mapping[str, Any]) -> ColumnFacts:
    values = tuple((value, rows) for value, rows in facts.get("values", ()))
    lists = {"values": values, "unique_with": tuple(facts.get("unique_with", ()))}
    return ColumnFacts(name, spark_type, **{**facts, **lists})


def facts_of_batches(names: Sequence[str]) -> BatchFunction:
    """The facts about each column as JSON, and the number of rows, from the batches of a task."""

    def counted(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        held = list(batches)
        if not held:
            return
        table = pa.Table.from_batches(held)
        found = {DAY: {"rows": table.num_rows}}
        found |= {name: column_facts(table, name) for name in names}
        columns = [pa.array(list(found)), pa.array([json.dumps(one) for one in found.values()])]
        yield pa.RecordBatch.from_arrays(columns, schema=_SCHEMA)

    return counted


def column_facts(table: pa.Table, name: str) -> dict[str, Any]:
    """Facts about a column of an Arrow table, as the fields of ``ColumnFacts``."""
    column = table.column(name).combine_chunks()
    facts: dict[str, Any] = {"nulls": column.null_count}
    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_null(kind):
        return facts
    if pa.types.is_decimal(kind):
        column = column.cast(pa.float64())
    known = column.drop_null()
    counted = pc.value_counts(known)
    values, counts = counted.field("values"), counted.field("counts").to_numpy()
    facts["distinct"] = len(values)
    plain = pa.types.is_boolean(kind) or pa.types.is_string(kind) or _is_number(column.type)
    if plain and 0 < len(values) <= MOST_VALUES:
        listed = sorted(zip(values.to_pylist(), counts.tolist(), strict=True), key=_by_rows)
        facts["values"] = [[v, n] for v, n in listed if _is_listable(v)]
    if (pa.types.is_string(kind) or pa.types.is_integer(kind)) and len(values) < len(column):
        facts |= {"unique_with": times} if (times := _unique_with(table, name)) else {}
    days = table.column(DAY).combine_chunks() if DAY in table.column_names else None
    if _is_number(column.type):
        numbers = known.cast(pa.float64(), safe=False).to_numpy()
        facts |= _number_facts(numbers)
        if days is not None:
            part = _calendar(name, column, days) if facts.get("integral") else None
            facts["calendar"] = part or _rising(column, days)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        facts["spells_days"] = _all_match(values, _SPELLED)
        if _all_match(values, _OTHERWISE_SPELLED):
            facts["calendar"] = "date as text"
        elif days is not None and 0 < len(values) <= len(_MONTHS):
            facts |= {"calendar": part} if (part := _named_month(column, days)) else {}
    return facts


def _unique_with(table: pa.Table, name: str) -> list[str]:
    """The dates and timestamps together with which a column has different values in all rows."""
    if table.column(name).null_count:
        return []
    times = [
        field.name
        for field in table.schema
        if field.name not in (DAY, name)
        and (pa.types.is_timestamp(field.type) or pa.types.is_date(field.type))
    ]
    return [
        time
        for time in times
        if table.group_by([name, time], use_threads=False).aggregate([]).num_rows == len(table)
    ]


def _all_match(values: pa.Array, pattern: str) -> bool:
    return len(values) > 1 and bool(pc.all(pc.match_substring_regex(values, pattern)).as_py())


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _by_rows(pair: tuple[Any, int]) -> tuple[int, str]:
    return -pair[1], str(pair[0])


def _is_listable(value: Any) -> bool:
    if isinstance(value, float):
        return bool(np.isfinite(value))
    return not isinstance(value, str) or len(value) <= _LONGEST_VALUE


def _number_facts(known: Floats) -> dict[str, Any]:
    finite = known[np.isfinite(known)]
    if not len(finite):
        return {}
    values, counts = np.unique(finite, return_counts=True)
    facts: dict[str, Any] = {
        "lowest": float(values[0]),
        "highest": float(values[-1]),
        "second_lowest": float(values[1]) if len(values) > 1 else None,
        "second_highest": float(values[-2]) if len(values) > 1 else None,
        "integral": bool(np.all(values == np.floor(values)) and np.abs(values).max() < 2.0**53),
    }
    if not facts["integral"]:
        return facts
    facts["spells_days"] = len(values) > 1 and _spell_days(values)
    facts["counts_up"] = _counts_up(finite, values)
    if 2 < len(values) <= _MOST_INTEGERS:
        facts |= _order_facts(finite, values, counts.astype(np.float64))
    return facts


def _spell_days(values: Floats) -> bool:
    year, month, day = values // 10_000, values // 100 % 100, values % 100
    return bool(
        np.all((year >= 1900) & (year <= 2100) & (month >= 1) & (month <= 12))
        and np.all((day >= 1) & (day <= 31))
    )


def _counts_up(finite: Floats, values: Floats) -> bool:
    """Whether integers are row numbers: all different, with few gaps."""
    return bool(len(values) == len(finite) > 50 and values[-1] - values[0] < 1e4 * len(values))


def _order_facts(finite: Floats, values: Floats, counts: Floats) -> dict[str, Any]:
    low, high = np.quantile(finite, (0.05, 0.95), method="nearest")
    within = (values >= low) & (values <= high)
    step = float(np.gcd.reduce(np.diff(values).astype(np.int64)))
    places = (high - low) / step + 1.0
    # The frequencies of independent draws vary by chance, which is not roughness.
    expected_difference = np.sqrt(counts[1:] + counts[:-1]) * np.sqrt(2.0 / np.pi)
    apart = np.maximum(np.abs(np.diff(counts)) - expected_difference, 0.0).sum() / counts.sum()
    return {"density": float(within.sum() / places), "roughness": float(apart)}


def _calendar(name: str, column: pa.Array, days: pa.Array) -> str | None:
    """The part of the date that the column contains, on nearly all rows of several days.

    A part with the same value on all rows counts only if the column is named after it.
    """
    both = pc.and_(pc.is_valid(column), pc.is_valid(days))
    numbers = column.filter(both).cast(pa.float64(), safe=False).to_numpy()
    present_days = days.filter(both).cast(pa.int32()).to_numpy()
    distinct, at = np.unique(present_days, return_inverse=True)
    if len(distinct) < 3:
        return None
    called = set(plain_name(name).split("_"))
    for what, part in _date_parts([numbered_day(n) for n in distinct]).items():
        if len(np.unique(part)) < 2 and what not in called:
            continue
        # In another time zone, some hours of a day belong to an adjacent day.
        least = _SAME_BY_NAME if called & set(what.split()) else _NEARLY_ALL
        if np.mean(part[at] == numbers) >= least:
            return what
    return None


def _named_month(column: pa.Array, days: pa.Array) -> str | None:
    """Whether a string is the English name of the month of the day, in full or as three letters."""
    both = pc.and_(pc.is_valid(column), pc.is_valid(days))
    words = pc.utf8_lower(column.filter(both)).to_pylist()
    months = [_MONTHS[day.month - 1] for day in days.filter(both).to_pylist()]
    pairs = zip(words, months, strict=True)
    same = sum(word in (month, month[:3]) for word, month in pairs)
    return "month" if words and same >= _NEARLY_ALL * len(words) else None


def _rising(column: pa.Array, days: pa.Array) -> str | None:
    """Whether a column represents the day by other numbers: constant within a day, and increasing
    from day to day.

    Days with one row cannot show that.
    """
    both = pc.and_(pc.is_valid(column), pc.is_valid(days))
    numbers = column.filter(both).cast(pa.float64(), safe=False).to_numpy()
    day_numbers = days.filter(both).cast(pa.int32()).to_numpy()
    distinct, first, rows = np.unique(day_numbers, return_index=True, return_counts=True)
    if len(distinct) < _RISING_DAYS or rows.min() < 2:
        return None
    each = numbers[first][np.searchsorted(distinct, day_numbers)]
    rises = bool(np.all(each == numbers) and np.all(np.diff(numbers[first]) > 0))
    return "day as a number" if rises else None


def _date_parts(days: list[date]) -> dict[str, Floats]:
    parts = {
        "year": [day.year for day in days],
        "month": [day.month for day in days],
        "day of the month": [day.day for day in days],
        "day of the year": [day.timetuple().tm_yday for day in days],
        "ISO week": [day.isocalendar().week for day in days],
        "quarter": [(day.month + 2) // 3 for day in days],
        "ISO weekday": [day.isoweekday() for day in days],
        "weekday from 0": [day.weekday() for day in days],
        "weekday from Sunday": [day.isoweekday() % 7 for day in days],
        "weekday from Sunday as 1": [day.isoweekday() % 7 + 1 for day in days],
        "weekend": [int(day.weekday() >= 5) for day in days],
        "day since 1970": [day_number(day) for day in days],
        "year and month": [day.year * 100 + day.month for day in days],
    }
    return {name: np.array(part, dtype=np.float64) for name, part in parts.items()}
