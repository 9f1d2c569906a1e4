"""Facts about a reference for a contract, computed from its states and with bounded aggregations of
its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from modelwatch.evaluation.contracts.facts import CONTRACT_FACTS, fact_reading
from modelwatch.model.config.column_types import (
    FLOATING_TYPES,
    INTEGER_TYPES,
    NUMERIC_TYPES,
    STRING_TYPES,
    TIMESTAMP_TYPES,
    outer_type,
)
from modelwatch.model.contracts.clauses import quoted_column
from modelwatch.model.contracts.facts import ObservedRelation
from modelwatch.model.onboarding.text_shape import DIGIT, LOWER, MAX_SHAPES, UPPER, TextShapes
from modelwatch.spark.days import DAY, named
from modelwatch.spark.persisted import persisted
from modelwatch.spark.python_tasks import in_python
from modelwatch.spark.states.groups import grouped
from modelwatch.stats.states.binning import Binning
from modelwatch.stats.value_names import ALL

_SAMPLE_ROWS = 200_000
"""Approximate number of rows, chosen by a hash, in which relations are searched."""
MAX_COMPARED = 40
"""Maximum number of columns of one kind that are compared with each other."""
FEWEST = 100
"""Minimum number of rows with a value in both columns for a relation that is not due to chance."""
_COLUMNS_PER_QUERY = 100


@dataclass(frozen=True)
class Typed:
    """A column and its Spark type."""

    name: str
    spark_type: str

    @property
    def plain(self) -> str:
        """The type without its parameters."""
        return outer_type(self.spark_type)


def state_facts(states: DataFrame, bins: Mapping[tuple[str, str], Binning]) -> DataFrame:
    """One row per feature, with its facts as JSON: ``CONTRACT_FACTS``, of bounded size.

    ``states`` has the columns of feature_states and ``source``; ``bins`` by role and feature.
    """
    of_features = states.where(
        (F.col("segmentation") == ALL) & F.col("kind").isin("numeric", "categorical")
    )
    return in_python(grouped(of_features), fact_reading(bins), CONTRACT_FACTS)


def column_facts(
    rows: DataFrame, columns: Sequence[Typed], max_values: int
) -> tuple[dict[date, int], dict[str, dict[str, Any]]]:
    """Rows by day, and by column the arguments of ``column_from``; two passes over the rows.

    ``rows`` have their ``DAY``. Values are listed for string columns with few values.
    """
    by_day: list[Column] = [F.count(F.lit(1)).alias("n")]
    whole: list[Column] = []
    for i, column in enumerate(columns):
        value = present(column)
        by_day.append(F.count(F.when(value.isNull(), 1)).alias(f"m{i}"))
        if column.plain in NUMERIC_TYPES:
            finite = value
            if column.plain not in INTEGER_TYPES:
                finite = F.when(F.abs(value.cast("double")) < float("inf"), value.cast("double"))
            whole += [F.min(finite).alias(f"l{i}"), F.max(finite).alias(f"h{i}")]
        if column.plain in STRING_TYPES:
            size = F.length(value)
            whole += [F.min(size).alias(f"l{i}"), F.max(size).alias(f"h{i}")]
        if column.plain in STRING_TYPES | INTEGER_TYPES:
            whole.append(F.approx_count_distinct(value).alias(f"d{i}"))
    days = rows.groupBy(DAY).agg(*by_day).orderBy(DAY).collect()
    found = rows.agg(*whole).collect()[0].asDict() if whole else {}
    facts: dict[str, dict[str, Any]] = {}
    for i, column in enumerate(columns):
        observed: dict[str, Any] = {"by_day": [(row["n"], row[f"m{i}"]) for row in days]}
        if found.get(f"d{i}") is not None:
            observed["distinct"] = float(found[f"d{i}"])
        low, high = found.get(f"l{i}"), found.get(f"h{i}")
        if low is not None and column.plain in STRING_TYPES:
            observed["length"] = (low, high)
        elif low is not None:
            observed |= {"lowest": low, "highest": high}
        facts[column.name] = observed
    few = [c for c in columns if c.plain in STRING_TYPES and _few(facts[c.name], max_values)]
    for name, values in _values(rows, few).items():
        facts[name]["values"] = values
    return {row[DAY]: row["n"] for row in days}, facts


def present(column: Typed) -> Column:
    """The values of a column, with null for NaN."""
    value = named(column.name)
    return F.when(~F.isnan(value), value) if column.plain in FLOATING_TYPES else value


def _few(facts: Mapping[str, Any], max_values: int) -> bool:
    # The count is an estimate that can be a few percent off.
    return bool(0 < facts.get("distinct", 0) <= max_values)


def _values(rows: DataFrame, columns: Sequence[Typed]) -> dict[str, dict[str, int]]:
    if not columns:
        return {}
    cells = F.explode(
        F.array(
            *(
                F.struct(F.lit(i).alias("i"), named(c.name).alias("value"))
                for i, c in enumerate(columns)
            )
        )
    ).alias("cell")
    counted = rows.select(cells).where("cell.value is not null").groupBy("cell").count().collect()
    found: dict[str, dict[str, int]] = {column.name: {} for column in columns}
    for row in counted:
        found[columns[row["cell"]["i"]].name][row["cell"]["value"]] = row["count"]
    return found


def text_shapes(rows: DataFrame, columns: Sequence[Typed]) -> dict[str, TextShapes]:
    """The shapes of string columns, at most ``MAX_SHAPES`` each; one pass."""
    if not columns:
        return {}
    cells = F.explode(
        F.array(
            *(
                F.struct(F.lit(i).alias("i"), named(c.name).alias("value"))
                for i, c in enumerate(columns)
            )
        )
    )
    values = rows.select(cells.alias("cell")).where("cell.value is not null")
    shape = F.substring(F.col("cell.value"), 1, 200)
    for characters, kind in (("[0-9]", DIGIT), ("[A-Z]", UPPER), ("[a-z]", LOWER)):
        # Digits first, because the placeholder for small letters is one of them.
        shape = F.regexp_replace(shape, characters, kind)
    shapes = (
        values.select(F.col("cell.i").alias("i"), shape.alias("shape"), F.col("cell.value"))
        .groupBy("i", "shape")
        .agg(F.min("value").alias("first"), F.max("value").alias("last"))
    )
    of_column = Window.partitionBy("i").orderBy("shape")
    bounded = shapes.withColumn("place", F.row_number().over(of_column)).where(
        F.col("place") <= MAX_SHAPES + 1
    )
    held: dict[int, list[Any]] = {}
    for row in bounded.collect():
        held.setdefault(row["i"], []).append(row)
    return {
        columns[i].name: TextShapes(
            frozenset(row["shape"] for row in found),
            min(row["first"] for row in found),
            max(row["last"] for row in found),
            len(found) <= MAX_SHAPES,
        )
        for i, found in held.items()
    }


def is_unique(rows: DataFrame, columns: Iterable[str]) -> bool:
    """Whether no combination of values of some columns occurs twice on a day; one shuffle."""
    names = list(columns)
    keyed = rows.where(reduce(and_, (named(n).isNotNull() for n in names)))
    repeated = keyed.groupBy(DAY, *(named(n) for n in names)).count().where("count > 1")
    return repeated.isEmpty()


def observed_relations(
    rows: DataFrame, columns: Sequence[Typed], count: int
) -> tuple[ObservedRelation, ...]:
    """Conditions on two columns that no row of a sample violates: order, and being missing
    together.

    Numbers, days, and moments are compared with their own kind only, if their ranges overlap enough
    that the order is informative. ``count``: approximate number of rows.
    """
    kinds = (NUMERIC_TYPES, frozenset({"date"}), TIMESTAMP_TYPES)
    compared = [[c for c in columns if c.plain in kind][:MAX_COMPARED] for kind in kinds]
    asked = [column for group in compared for column in group]
    values = (present(column).alias(f"c{i}") for i, column in enumerate(asked))
    with persisted(_sampled(rows, count).select(*values)) as sample:
        at = {column.name: i for i, column in enumerate(asked)}
        total = sample.count()
        ends = _ends(sample, asked)
        pairs = [
            (at[a.name], at[b.name])
            for group in compared
            for j, a in enumerate(group)
            for b in group[j + 1 :]
        ]
        counts = _counts(sample, pairs)
    return (
        *_orders(asked, pairs, counts, ends),
        *_together(asked, pairs, counts, ends, total),
    )


def _sampled(rows: DataFrame, count: int) -> DataFrame:
    """About ``_SAMPLE_ROWS`` of the rows, the same ones each time."""
    one_in = -(-count // _SAMPLE_ROWS)
    if one_in <= 1:
        return rows
    columns = [named(name) for name, kind in rows.dtypes if "map<" not in kind]
    return rows.where(F.pmod(F.xxhash64(*columns), F.lit(one_in)) == 0)


def _ends(sample: DataFrame, asked: Sequence[Typed]) -> list[tuple[float, float, int]]:
    """Smallest and largest value as numbers, and the number of rows with a value, of each
    column."""
    aggregates: list[Column] = []
    for i, column in enumerate(asked):
        value = F.col(f"c{i}")
        if column.plain == "date":
            value = F.unix_date(value)
        elif column.plain in TIMESTAMP_TYPES:
            value = F.unix_micros(value.cast("timestamp"))
        aggregates += [F.min(value).cast("double"), F.max(value).cast("double"), F.count(value)]
    found = _aggregated(sample, aggregates)
    return [(found[k], found[k + 1], found[k + 2]) for k in range(0, len(found), 3)]


def _counts(sample: DataFrame, pairs: Sequence[tuple[int, int]]) -> list[tuple[int, ...]]:
    """For each pair: rows with both values, with the first above and below the second, and with one
    only."""
    aggregates: list[Column] = []
    for i, j in pairs:
        a, b = F.col(f"c{i}"), F.col(f"c{j}")
        aggregates += [
            F.count(F.when(a.isNotNull() & b.isNotNull(), 1)),
            F.count(F.when(a > b, 1)),
            F.count(F.when(a < b, 1)),
            F.count(F.when(a.isNull() != b.isNull(), 1)),
        ]
    found = _aggregated(sample, aggregates)
    return [tuple(found[k : k + 4]) for k in range(0, len(found), 4)]


def _aggregated(sample: DataFrame, aggregates: Sequence[Column]) -> list[Any]:
    found: list[Any] = []
    for start in range(0, len(aggregates), _COLUMNS_PER_QUERY * 4):
        batch = aggregates[start : start + _COLUMNS_PER_QUERY * 4]
        found += list(sample.agg(*(f.alias(f"f{k}") for k, f in enumerate(batch))).collect()[0])
    return found


def _orders(
    asked: Sequence[Typed],
    pairs: Sequence[tuple[int, int]],
    counts: Sequence[tuple[int, ...]],
    ends: Sequence[tuple[float, float, int]],
) -> Iterable[ObservedRelation]:
    for (i, j), (both, above, below, _) in zip(pairs, counts, strict=True):
        if both < FEWEST or not _overlap(ends[i], ends[j]) or (above and below):
            continue
        if above or below:
            low, high = (i, j) if below else (j, i)
            name = f"{_plain(asked[low].name)} at most {_plain(asked[high].name)}"
            a, b = quoted_column(asked[low].name), quoted_column(asked[high].name)
            yield ObservedRelation(name, f"{a} IS NULL OR {b} IS NULL OR {a} <= {b}", both)


def _overlap(one: tuple[float, float, int], other: tuple[float, float, int]) -> bool:
    """Whether two ranges are of similar size and share most of it."""
    if None in one or None in other:
        return False
    widths = (one[1] - one[0], other[1] - other[0])
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return min(widths) > 0 and shared >= 0.5 * max(widths)


def _together(
    asked: Sequence[Typed],
    pairs: Sequence[tuple[int, int]],
    counts: Sequence[tuple[int, ...]],
    ends: Sequence[tuple[float, float, int]],
    total: int,
) -> Iterable[ObservedRelation]:
    """Columns that are missing in the same rows, each with the first of its group."""
    observed: set[int] = set()
    for (i, j), (_, _, _, apart) in zip(pairs, counts, strict=True):
        held = ends[i][2]
        if apart or j in observed or not FEWEST <= held <= total - FEWEST:
            continue
        observed.add(j)
        name = f"{_plain(asked[i].name)} and {_plain(asked[j].name)} together"
        a, b = quoted_column(asked[i].name), quoted_column(asked[j].name)
        yield ObservedRelation(name, f"({a} IS NULL) = ({b} IS NULL)", total)


def _plain(name: str) -> str:
    """The name of a column as part of the name of a relation."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "_" for c in name)
    return plain[:40]
