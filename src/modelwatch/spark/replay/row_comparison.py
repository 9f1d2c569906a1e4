"""Compare two versions of the same rows by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from modelwatch.spark.days import named

MOST_EXAMPLES = 20
"""Maximum number of differing rows that are shown per table."""


@dataclass(frozen=True)
class Example:
    """A row that differs: its key, and the old and new value of each differing column.

    ``values`` is empty for a row that one side lacks or has several times; ``before`` and ``now``
    are the numbers of rows of the key on each side.
    """

    key: Mapping[str, str | None]
    before: int
    now: int
    values: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class RowComparison:
    """The comparison of the rows of one table.

    ``changed``: rows with a different value, by column; ``farthest``: the largest relative
    difference of columns of type double. ``missing``: rows that only the old side has; ``more``:
    rows that only the new side has; ``repeated``: keys that a side has several times, whose rows
    are not compared further.
    """

    rows: int
    same: int
    missing: int = 0
    more: int = 0
    repeated: int = 0
    changed: Mapping[str, int] = field(default_factory=dict)
    farthest: Mapping[str, float] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()

    @property
    def identical(self) -> bool:
        """Whether each row has an equal one on the other side."""
        return not (self.missing or self.more or self.repeated or self.changed)


def compared(
    before: DataFrame, now: DataFrame, key: Sequence[str], values: Sequence[str]
) -> RowComparison:
    """Compare rows by key, with null equal to null and NaN to NaN. At most two aggregations.

    Both frames have at least the columns ``key`` and ``values``, with the same types.
    """
    kinds = {f.name: f.dataType.simpleString() for f in now.schema.fields}
    sides = [
        side.select(
            *(named(name) for name in key),
            F.struct(*(named(name) for name in values), F.lit(0).alias("__held")).alias("__row"),
            F.lit(mark).alias("__now"),
        )
        for mark, side in ((False, before), (True, now))
    ]
    is_now = F.col("__now")
    rows = (
        sides[0]
        .unionByName(sides[1])
        .groupBy(*(named(name) for name in key))
        .agg(
            F.count(F.when(~is_now, 1)).alias("__before_rows"),
            F.count(F.when(is_now, 1)).alias("__now_rows"),
            F.max(F.when(~is_now, F.col("__row"))).alias("__was"),
            F.max(F.when(is_now, F.col("__row"))).alias("__is"),
        )
    )
    alone = (F.col("__before_rows") == 1) & (F.col("__now_rows") == 1)
    differs = {name: alone & ~_was(name).eqNullSafe(_is(name)) for name in values}
    doubles = [name for name in values if kinds[name] == "double"]
    only_before, only_now = F.col("__now_rows") == 0, F.col("__before_rows") == 0
    several = ~(alone | only_before | only_now)
    any_differs = F.lit(False)
    for one in differs.values():
        any_differs = any_differs | one
    tallied = rows.agg(
        F.sum("__before_rows").alias("rows"),
        F.count(F.when(alone & ~any_differs, 1)).alias("same"),
        F.sum(F.when(only_before, F.col("__before_rows"))).alias("missing"),
        F.sum(F.when(only_now, F.col("__now_rows"))).alias("more"),
        F.count(F.when(several, 1)).alias("repeated"),
        *(F.count(F.when(one, 1)).alias(f"d{i}") for i, one in enumerate(differs.values())),
        *(
            F.max(F.when(differs[name], _distance(name))).alias(f"f{i}")
            for i, name in enumerate(doubles)
        ),
    ).collect()[0]
    found = RowComparison(
        rows=tallied["rows"] or 0,
        same=tallied["same"],
        missing=tallied["missing"] or 0,
        more=tallied["more"] or 0,
        repeated=tallied["repeated"],
        changed={name: tallied[f"d{i}"] for i, name in enumerate(values) if tallied[f"d{i}"]},
        farthest={
            name: tallied[f"f{i}"] for i, name in enumerate(doubles) if tallied[f"f{i}"] is not None
        },
    )
    if found.identical:
        return found
    shown = rows.where(~alone | any_differs).orderBy(*(named(name) for name in key))
    return _with_examples(found, shown.limit(MOST_EXAMPLES), key, differs)


def _with_examples(
    found: RowComparison, rows: DataFrame, key: Sequence[str], differs: Mapping[str, Column]
) -> RowComparison:
    asked = rows.select(
        *(named(name).cast("string").alias(f"k{i}") for i, name in enumerate(key)),
        "__before_rows",
        "__now_rows",
        *(
            F.when(one, F.array(_text(_was(name)), _text(_is(name)))).alias(f"v{i}")
            for i, (name, one) in enumerate(differs.items())
        ),
    )
    examples = tuple(
        Example(
            {name: row[f"k{i}"] for i, name in enumerate(key)},
            row["__before_rows"],
            row["__now_rows"],
            {
                name: (row[f"v{i}"][0], row[f"v{i}"][1])
                for i, name in enumerate(differs)
                if row[f"v{i}"] is not None
            },
        )
        for row in asked.collect()
    )
    return RowComparison(**{**vars(found), "examples": examples})


def _was(name: str) -> Column:
    return F.col("__was").getField(name)


def _is(name: str) -> Column:
    return F.col("__is").getField(name)


def _distance(name: str) -> Column:
    """The difference of two numbers as a share of the larger one."""
    was, now = _was(name), _is(name)
    return F.try_divide(F.abs(was - now), F.greatest(F.abs(was), F.abs(now)))


def _text(value: Column) -> Column:
    """A value as text for people; a struct or a list as JSON."""
    wrapped = F.to_json(F.struct(value.alias("v")))
    return F.when(value.isNotNull(), F.regexp_extract(wrapped, r"(?s)^\{\"v\":(.*)\}$", 1))
