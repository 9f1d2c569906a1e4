"""The kinds of constraint: what each observes, on which columns, and the metric it computes.

A new kind is one entry here, and its keys in ``modelwatch.model.contracts.constraint``. The metric
of an entry defines the computation for both engines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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

from modelwatch.constraints.analyzer_metrics import (
    CORRELATION,
    MEAN,
    ROWS,
    SD,
    SHARE,
    SUM,
    MetricDefinition,
)
from modelwatch.constraints.source import (
    FLOATING,
    NUMERIC,
    ColumnMismatch,
    ConstrainedTable,
    among,
    at_least,
    at_most,
)
from modelwatch.model.contracts import constraint as model
from modelwatch.model.contracts.constraint import Constraint
from modelwatch.model.errors import Problem
from modelwatch.model.sources.tables import TableAddress

Sets: TypeAlias = Mapping[TableAddress, DataFrame]


@dataclass(frozen=True)
class ByRow:
    """The columns of the table, row by row, from which a metric is computed."""

    columns: tuple[Column, ...] = ()


@dataclass(frozen=True)
class ByKey:
    """The keys of the rows, and which of them pass by their number of occurrences on a day.

    The keys are counted by day first, so a scan shuffles distinct keys instead of rows; the metric
    is computed from the counts. Rows whose keys are all null are not counted. ``passes`` receives
    the counted keys ``k0``.. with their count ``n``, and returns them with a boolean ``hit``.
    """

    keys: tuple[Column, ...]
    passes: Callable[[DataFrame], DataFrame]


Basis: TypeAlias = ByRow | ByKey
Builder: TypeAlias = Callable[..., Basis]


@dataclass(frozen=True)
class ConstraintKind:
    """A kind of constraint: its key, what it observes, on which columns, and how.

    ``definition`` is computed from what ``build`` selects from a table, by both engines.
    """

    key: str
    observes: str
    columns: str
    missing: str
    definition: MetricDefinition
    build: Builder


KINDS: dict[str, ConstraintKind] = {}
"""Every kind by its key."""
_Build = TypeVar("_Build", bound=Builder)


def register(kind: ConstraintKind) -> None:
    """Add a kind; raises ValueError if it is incomplete or its key is taken."""
    if kind.key in KINDS:
        raise ValueError(f"there are two kinds of constraint {kind.key!r}")
    if not isinstance(kind.definition, MetricDefinition):
        raise ValueError(f"{kind.key!r} does not say how the engines compute it")
    if kind.key not in model.CONSTRAINT_TYPES:
        raise ValueError(f"the configuration has no kind of constraint {kind.key!r}")
    KINDS[kind.key] = kind


def _kind(
    key: str, observes: str, columns: str, missing: str, definition: MetricDefinition
) -> Callable[[_Build], _Build]:
    def registered(build: _Build) -> _Build:
        register(ConstraintKind(key, observes, columns, missing, definition, build))
        return build

    return registered


def basis_of(constraint: Constraint, source: ConstrainedTable, sets: Sets) -> Basis:
    """Return the input of a constraint on a table; raise ColumnMismatch if it does not fit."""
    return KINDS[constraint.kind].build(constraint, source, sets)


def kinds_table() -> str:
    """Return the kinds of constraint as a Markdown table for the reference."""
    lines = ["| kind | observes | columns | null and NaN |", "|---|---|---|---|"]
    lines += [f"| `{k.key}` | {k.observes} | {k.columns} | {k.missing} |" for k in KINDS.values()]
    return "\n".join(lines) + "\n"


@_kind("rows", "number of rows", "none", "count", ROWS)
def _rows(constraint: model.Rows, source: ConstrainedTable, sets: Sets) -> Basis:
    return ByRow()


@_kind("completeness", "share of rows with a value", "one of any type", "are missing", SHARE)
def _completeness(constraint: model.Completeness, source: ConstrainedTable, sets: Sets) -> Basis:
    return ByRow((source.value(constraint.column).isNotNull(),))


@_kind(
    "uniqueness",
    "share of rows whose values together occur exactly once that day",
    "one or several of any type but map",
    "rows with no value in any of the columns are left out",
    SUM,
)
def _uniqueness(constraint: model.Uniqueness, source: ConstrainedTable, sets: Sets) -> Basis:
    keys = tuple(source.value(name, "columns") for name in constraint.columns)
    for name in constraint.columns:
        if source.type_of(name, "columns").typeName() == "map":
            raise ColumnMismatch("columns", f"{name!r} is a map, and maps can't be compared")
    return ByKey(keys, lambda counted: counted.withColumn("hit", F.col("n") == 1))


@_kind(
    "range",
    "share of values within `lower` and `upper`, ends included; held to `share`",
    "one numeric; integers and decimals are compared exactly",
    "are left out",
    SHARE,
)
def _range(constraint: model.Range, source: ConstrainedTable, sets: Sets) -> Basis:
    of_type = source.expect(constraint.column, NUMERIC, "a numeric")
    value = source.value(constraint.column)
    within = value.isNotNull()
    if constraint.lower is not None:
        within &= at_least(value, of_type, constraint.lower)
    if constraint.upper is not None:
        within &= at_most(value, of_type, constraint.upper)
    return ByRow((_of_values(value, within),))


@_kind(
    "domain",
    "share of values that are among `values`",
    "one numeric, boolean, string, date or timestamp, of the type of `values`",
    "are left out",
    SHARE,
)
def _domain(constraint: model.Domain, source: ConstrainedTable, sets: Sets) -> Basis:
    value = source.value(constraint.column)
    allowed = among(value, source.type_of(constraint.column), constraint.values)
    return ByRow((_of_values(value, allowed),))


@_kind(
    "pattern",
    "share of values in which Java's `regex` is found; anchor it with ^ and $ for whole values",
    "one string",
    "are left out",
    SHARE,
)
def _pattern(constraint: model.Pattern, source: ConstrainedTable, sets: Sets) -> Basis:
    source.expect(constraint.column, (StringType,), "a string")
    value = source.value(constraint.column)
    found = value.rlike(source.regex(constraint.regex, "regex"))
    return ByRow((_of_values(value, found),))


@_kind(
    "data_type",
    "share of values that read as `type`: text by its form, numbers and booleans by their type, "
    "an integral double by its value",
    "one of any type",
    "are left out",
    SHARE,
)
def _data_type(constraint: model.OfDataType, source: ConstrainedTable, sets: Sets) -> Basis:
    value = source.value(constraint.column)
    reads = _reads_as(constraint.type, value, source.type_of(constraint.column))
    return ByRow((_of_values(value, reads),))


@_kind("mean", "mean", "one numeric", "are left out; an infinity makes it infinite", MEAN)
def _mean(constraint: model.Mean, source: ConstrainedTable, sets: Sets) -> Basis:
    return ByRow((source.number(constraint.column),))


@_kind(
    "sd",
    "standard deviation of the population (divided by n)",
    "one numeric",
    "are left out; an infinity, or an integer beyond 2^53, makes it unknown",
    SD,
)
def _sd(constraint: model.Sd, source: ConstrainedTable, sets: Sets) -> Basis:
    return ByRow((source.differences(constraint.column),))


@_kind(
    "correlation",
    "Pearson's correlation",
    "two numeric",
    "rows without a value in both are left out; unknown where a column is constant, or has an "
    "infinity or an integer beyond 2^53",
    CORRELATION,
)
def _correlation(constraint: model.Correlation, source: ConstrainedTable, sets: Sets) -> Basis:
    a, b = (source.differences(name, "columns") for name in constraint.columns)
    both = a.isNotNull() & b.isNotNull()
    return ByRow((F.when(both, a), F.when(both, b)))


@_kind(
    "predicate",
    "share of rows of which `sql` is true",
    "any, in `sql`",
    "as in SQL; a null condition is not true",
    SHARE,
)
def _predicate(constraint: model.Predicate, source: ConstrainedTable, sets: Sets) -> Basis:
    return ByRow((F.coalesce(source.condition(constraint.sql, "sql"), F.lit(False)),))


@_kind(
    "foreign_set",
    "share of values that occur in a column of another table",
    "one, comparable with the other table's",
    "are left out, and allow nothing in the other table",
    SUM,
)
def _foreign_set(constraint: model.ForeignSet, source: ConstrainedTable, sets: Sets) -> Basis:
    value, of_type = source.value(constraint.column), source.type_of(constraint.column)
    if constraint.set.table not in sets:
        raise ColumnMismatch("set.table", f"the table {constraint.set.table} was not read")
    foreign = ConstrainedTable(sets[constraint.set.table])
    other = foreign.type_of(constraint.set.column, "set.column")
    if not _comparable(of_type, other):
        raise ColumnMismatch(
            "set.column",
            f"{constraint.column!r} is {of_type.simpleString()} and can't be compared with "
            f"{constraint.set.column!r}, which is {other.simpleString()}",
        )
    listed = foreign.value(constraint.set.column, "set.column")
    known = foreign.frame.select(listed.alias("f")).where("f is not null").distinct()

    def passes(counted: DataFrame) -> DataFrame:
        marked = counted.join(known, _equal("k0", of_type, "f", other), "left")
        return marked.withColumn("hit", F.col("f").isNotNull())

    return ByKey((value,), passes)


def _of_values(value: Column, holds: Column) -> Column:
    return F.when(value.isNotNull(), holds)


def _equal(name: str, of_type: DataType, other_name: str, other: DataType) -> Column:
    """Return whether two columns are equal. Decimals of different scales have no common type for
    all of their values, so one value must be representable in the other's type, and equal."""
    if of_type == other or {type(of_type), type(other)} != {DecimalType}:
        return F.col(name) == F.col(other_name)
    there = f"try_cast({name} AS {other.simpleString()})"
    back = F.expr(f"try_cast({there} AS {of_type.simpleString()})")
    return (F.expr(there) == F.col(other_name)) & (back == F.col(name))


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
        return value % F.lit(1) == F.lit(0)
    types: dict[str, bool] = {
        "integral": isinstance(of_type, IntegralType),
        "fractional": isinstance(of_type, NumericType) and not isinstance(of_type, IntegralType),
        "numeric": isinstance(of_type, NumericType),
        "boolean": isinstance(of_type, BooleanType),
    }
    return F.lit(types.get(wanted, False))


def problems(
    frames: Mapping[str, DataFrame],
    constraints: Sequence[Constraint],
    sets: Sets | None = None,
) -> tuple[Problem, ...]:
    """Return what does not fit: columns, types, SQL, and regular expressions; empty if nothing.

    The frames are only analyzed: no Spark job runs, and empty ones suffice. Places are those of the
    configuration, such as ``constraints[2].where``; their lines are not known here.
    """
    found: list[Problem] = []
    for i, constraint in enumerate(constraints):
        found += [
            Problem(f"constraints[{i}].{misfit.key}", None, f"{constraint.name}: {misfit}")
            for misfit in _misfits(frames, constraint, sets or {})
        ]
    return tuple(found)


def _misfits(
    frames: Mapping[str, DataFrame], constraint: Constraint, sets: Sets
) -> list[ColumnMismatch]:
    if constraint.table not in frames:
        return [ColumnMismatch("table", f"there is no table of {constraint.table}")]
    source = ConstrainedTable(frames[constraint.table])
    found: list[ColumnMismatch] = []
    try:
        if constraint.where is not None:
            source.condition(constraint.where, "where")
    except ColumnMismatch as misfit:
        found.append(misfit)
    try:
        basis_of(constraint, source, sets)
    except ColumnMismatch as misfit:
        found.append(misfit)
    return found
