"""The kinds of constraint: what each observes, and the Deequ analyzer that observes it.

A new kind is one builder here, beside its keys in ``modelwatch.model.contracts.constraint``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    BooleanType,
    DataType,
    DecimalType,
    IntegralType,
    NumericType,
    StringType,
)

from modelwatch.deequ.source import (
    FLOATING,
    NUMERIC,
    ConstrainedTable,
    Misfit,
    among,
    at_least,
    at_most,
)
from modelwatch.model.contracts import constraint as model
from modelwatch.model.contracts.constraint import Constraint
from modelwatch.model.sources.tables import TableAddress

Sets: TypeAlias = Mapping[TableAddress, DataFrame]


@dataclass(frozen=True)
class Size:
    """Rows, counted: Deequ's Size."""


@dataclass(frozen=True)
class Share:
    """The share of true among what is not null in ``flag``: Deequ's Compliance."""

    flag: Column


@dataclass(frozen=True)
class Moment:
    """Deequ's Mean or StandardDeviation of one column of doubles, Correlation of two."""

    analyzer: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class FrequencyShare:
    """The share of rows whose keys pass, by how often the keys occur: two Sums of Deequ's.

    The keys are counted by day first, so a scan shuffles distinct keys and not rows. Rows all of
    whose keys are null don't count. ``passes`` gets the counted keys ``k0``.. with their count
    ``n``, and returns them with a boolean ``hit``.
    """

    keys: tuple[Column, ...]
    passes: Callable[[DataFrame], DataFrame]


Measure: TypeAlias = Size | Share | Moment | FrequencyShare
Builder: TypeAlias = Callable[..., Measure]


@dataclass(frozen=True)
class Kind:
    """A kind of constraint: its key, what it observes, of which columns, and its builder."""

    key: str
    observes: str
    columns: str
    missing: str
    build: Builder


KINDS: dict[str, Kind] = {}
"""Every kind by its key."""
_Build = TypeVar("_Build", bound=Builder)


def _kind(key: str, observes: str, columns: str, missing: str) -> Callable[[_Build], _Build]:
    def register(build: _Build) -> _Build:
        KINDS[key] = Kind(key, observes, columns, missing, build)
        return build

    return register


def measure_of(constraint: Constraint, source: ConstrainedTable, sets: Sets) -> Measure:
    """What a constraint measures on a table; Misfit if it does not fit the table."""
    return KINDS[constraint.kind].build(constraint, source, sets)


def kinds_table() -> str:
    """The kinds of constraint as a Markdown table, for the reference."""
    lines = ["| kind | observes | columns | null and NaN |", "|---|---|---|---|"]
    lines += [f"| `{k.key}` | {k.observes} | {k.columns} | {k.missing} |" for k in KINDS.values()]
    return "\n".join(lines) + "\n"


@_kind("rows", "number of rows", "none", "count")
def _rows(constraint: model.Rows, source: ConstrainedTable, sets: Sets) -> Measure:
    return Size()


@_kind("completeness", "share of rows with a value", "one of any type", "are missing")
def _completeness(constraint: model.Completeness, source: ConstrainedTable, sets: Sets) -> Measure:
    return Share(source.value(constraint.column).isNotNull())


@_kind(
    "uniqueness",
    "share of rows whose values together occur exactly once that day",
    "one or several of any type but map",
    "rows with no value in any of the columns are left out",
)
def _uniqueness(constraint: model.Uniqueness, source: ConstrainedTable, sets: Sets) -> Measure:
    keys = tuple(source.value(name, "columns") for name in constraint.columns)
    for name in constraint.columns:
        if source.type_of(name, "columns").typeName() == "map":
            raise Misfit("columns", f"{name!r} is a map, and maps can't be compared")
    return FrequencyShare(keys, lambda counted: counted.withColumn("hit", F.col("n") == 1))


@_kind(
    "range",
    "share of values within `lower` and `upper`, ends included; held to `share`",
    "one numeric; integers and decimals are compared exactly",
    "are left out",
)
def _range(constraint: model.Range, source: ConstrainedTable, sets: Sets) -> Measure:
    of_type = source.expect(constraint.column, NUMERIC, "a numeric")
    value = source.value(constraint.column)
    within = value.isNotNull()
    if constraint.lower is not None:
        within &= at_least(value, of_type, constraint.lower)
    if constraint.upper is not None:
        within &= at_most(value, of_type, constraint.upper)
    return Share(_of_values(value, within))


@_kind(
    "domain",
    "share of values that are among `values`",
    "one numeric, boolean, string, date or timestamp, of the type of `values`",
    "are left out",
)
def _domain(constraint: model.Domain, source: ConstrainedTable, sets: Sets) -> Measure:
    value = source.value(constraint.column)
    allowed = among(value, source.type_of(constraint.column), constraint.values)
    return Share(_of_values(value, allowed))


@_kind(
    "pattern",
    "share of values in which Java's `regex` is found; anchor it with ^ and $ for whole values",
    "one string",
    "are left out",
)
def _pattern(constraint: model.Pattern, source: ConstrainedTable, sets: Sets) -> Measure:
    source.expect(constraint.column, (StringType,), "a string")
    value = source.value(constraint.column)
    found = value.rlike(source.regex(constraint.regex, "regex"))
    return Share(_of_values(value, found))


@_kind(
    "data_type",
    "share of values that read as `type`: text by its form, numbers and booleans by their type, "
    "an integral double by its value",
    "one of any type",
    "are left out",
)
def _data_type(constraint: model.OfDataType, source: ConstrainedTable, sets: Sets) -> Measure:
    value = source.value(constraint.column)
    reads = _reads_as(constraint.type, value, source.type_of(constraint.column))
    return Share(_of_values(value, reads))


@_kind("mean", "mean", "one numeric", "are left out; an infinity makes it infinite")
def _mean(constraint: model.Mean, source: ConstrainedTable, sets: Sets) -> Measure:
    return Moment("Mean", (source.number(constraint.column),))


@_kind(
    "sd",
    "standard deviation of the population (divided by n)",
    "one numeric",
    "are left out; an infinity, or an integer beyond 2^53, makes it unknown",
)
def _sd(constraint: model.Sd, source: ConstrainedTable, sets: Sets) -> Measure:
    return Moment("StandardDeviation", (source.differences(constraint.column),))


@_kind(
    "correlation",
    "Pearson's correlation",
    "two numeric",
    "rows without a value in both are left out; unknown where a column is constant, or has an "
    "infinity or an integer beyond 2^53",
)
def _correlation(constraint: model.Correlation, source: ConstrainedTable, sets: Sets) -> Measure:
    a, b = (source.differences(name, "columns") for name in constraint.columns)
    both = a.isNotNull() & b.isNotNull()
    return Moment("Correlation", (F.when(both, a), F.when(both, b)))


@_kind(
    "predicate",
    "share of rows of which `sql` is true",
    "any, in `sql`",
    "as in SQL; a null condition is not true",
)
def _predicate(constraint: model.Predicate, source: ConstrainedTable, sets: Sets) -> Measure:
    return Share(F.coalesce(source.condition(constraint.sql, "sql"), F.lit(False)))


@_kind(
    "foreign_set",
    "share of values that occur in a column of another table",
    "one, comparable with the other table's",
    "are left out, and allow nothing in the other table",
)
def _foreign_set(constraint: model.ForeignSet, source: ConstrainedTable, sets: Sets) -> Measure:
    value, of_type = source.value(constraint.column), source.type_of(constraint.column)
    if constraint.set.table not in sets:
        raise Misfit("set.table", f"the table {constraint.set.table} was not read")
    foreign = ConstrainedTable(sets[constraint.set.table])
    other = foreign.type_of(constraint.set.column, "set.column")
    if not _comparable(of_type, other):
        raise Misfit(
            "set.column",
            f"{constraint.column!r} is {of_type.simpleString()} and can't be compared with "
            f"{constraint.set.column!r}, which is {other.simpleString()}",
        )
    listed = foreign.value(constraint.set.column, "set.column")
    known = foreign.frame.select(listed.alias("f")).where("f is not null").distinct()

    def passes(counted: DataFrame) -> DataFrame:
        marked = counted.join(known, F.col("k0") == F.col("f"), "left")
        return marked.withColumn("hit", F.col("f").isNotNull())

    return FrequencyShare((value,), passes)


def _of_values(value: Column, holds: Column) -> Column:
    return F.when(value.isNotNull(), holds)


def _comparable(one: DataType, other: DataType) -> bool:
    return one == other or (isinstance(one, NUMERIC) and isinstance(other, NUMERIC))


_INTEGRAL = r"^\s*[-+]?\d+\s*$"
_FRACTIONAL = r"^\s*[-+]?(\d+\.\d*|\.\d+)([eE][-+]?\d+)?\s*$|^\s*[-+]?\d+[eE][-+]?\d+\s*$"
_BOOLEAN = r"^\s*(?i:true|false)\s*$"


def _reads_as(wanted: model.DataType, value: Column, of_type: DataType) -> Column:
    if isinstance(of_type, StringType):
        integral, fractional = value.rlike(_INTEGRAL), value.rlike(_FRACTIONAL)
        forms = {
            "integral": integral,
            "fractional": fractional,
            "numeric": integral | fractional,
            "boolean": value.rlike(_BOOLEAN),
            "string": F.lit(True),
        }
        return forms[wanted]
    if wanted == "integral" and isinstance(of_type, FLOATING):
        return (F.abs(value) < float("inf")) & (value == F.rint(value))
    if wanted == "integral" and isinstance(of_type, DecimalType):
        return value == F.floor(value)
    types: dict[str, bool] = {
        "integral": isinstance(of_type, IntegralType),
        "fractional": isinstance(of_type, NumericType) and not isinstance(of_type, IntegralType),
        "numeric": isinstance(of_type, NumericType),
        "boolean": isinstance(of_type, BooleanType),
    }
    return F.lit(types.get(wanted, False))
