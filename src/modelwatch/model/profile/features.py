"""Features: the columns that are profiled, and how."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from modelwatch.model.config.column_types import (
    FLOATING_TYPES,
    INTEGER_TYPES,
    STRING_TYPES,
    TIMESTAMP_TYPES,
    outer_type,
)
from modelwatch.model.config.literals import special_value
from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.profile.options import ColumnOptions, Kind
from modelwatch.stats.states.exact_numbers import ExactNumber

Schema = Mapping[str, str]
"""Column -> Spark's simple type string, in the order of the table."""

_NO_OPTIONS = ColumnOptions()


@dataclass(frozen=True)
class Feature:
    """A column that is profiled.

    ``role`` is ``inputs`` or ``predictions``. ``column`` is spelled as in the table. A numeric
    feature has ``bins``, and ``special_values`` in the type of its column. A categorical one has
    ``max_values``, and is counted by its values as strings if its type is neither string nor
    boolean. Dates are days, and timestamps are microseconds, since 1970. A sensitive feature is
    counted by hashes of its values under ``key``, which appears in queries only.
    """

    name: str
    role: str
    column: str
    kind: Kind
    spark_type: str
    special_values: tuple[ExactNumber, ...] = ()
    bins: int = 200
    max_values: int = 500
    sensitive: bool = False
    key: str | None = field(default=None, repr=False)

    @property
    def unit(self) -> str | None:
        """The unit of a date or timestamp as a number; None for other columns."""
        if self.kind == "categorical":
            return None
        if self.spark_type == "date":
            return "days since 1970-01-01"
        return "microseconds since 1970-01-01" if self.spark_type in TIMESTAMP_TYPES else None


@dataclass(frozen=True)
class NotProfiled:
    """A column that would be a feature, and why it is not."""

    role: str
    column: str
    spark_type: str
    reason: str


def natural_kind(spark_type: str) -> Kind | None:
    """The kind of a type; None if it is not profiled."""
    plain = outer_type(spark_type)
    if plain in INTEGER_TYPES | FLOATING_TYPES | TIMESTAMP_TYPES | {"decimal", "date"}:
        return "numeric"
    return "categorical" if plain in STRING_TYPES | {"boolean"} else None


def find_column(schema: Schema, name: str) -> str | None:
    """The column of that name, as the table spells it.

    Names are not case-sensitive, as in Spark. None if there is none, or several that Spark could
    not distinguish.
    """
    alike = [column for column in schema if column.lower() == name.lower()]
    return alike[0] if len(alike) == 1 else None


def columns_of_role(config: MonitorConfig, schemas: Mapping[str, Schema], role: str) -> Schema:
    """The columns of the rows of a role: predictions in the same table have those of the inputs."""
    if role == "predictions" and not config.two_tables:
        role = "inputs"
    return schemas.get(role, {})


def other_meanings(config: MonitorConfig) -> frozenset[str]:
    """The columns of the inputs that are not features because of another role, in lower case."""
    taken = [*config.inputs.id, *config.inputs.day.columns]
    predictions = config.predictions
    if predictions is not None and predictions.table is None:
        taken += predictions.names
        if predictions.model_version and predictions.model_version.column:
            taken.append(predictions.model_version.column)
    return frozenset(name.lower() for name in taken)


def columns_that_fit(patterns: Iterable[str], schema: Schema) -> frozenset[str]:
    """The columns that have one of the names, or match one of the patterns.

    Matching is not case-sensitive. The name of an existing column stands for that column only, even
    if it could be a pattern; ``*`` always means all columns.
    """
    columns = {column: column.lower() for column in schema}
    fitting: set[str] = set()
    for pattern in patterns:
        lower = pattern.lower()
        named = {column for column, name in columns.items() if name == lower != "*"}
        fitting |= named or {c for c, name in columns.items() if fnmatchcase(name, lower)}
    return frozenset(fitting)


def features_of(
    config: MonitorConfig, schemas: Mapping[str, Schema]
) -> tuple[tuple[Feature, ...], tuple[NotProfiled, ...]]:
    """The features of inputs and predictions, in the order of the tables, and what is not profiled.

    ``schemas`` by role. Missing columns are skipped; ``check_columns`` reports them.
    """
    taken = other_meanings(config)
    options = {name.lower(): given for name, given in config.features.columns.items()}
    found: list[Feature | NotProfiled] = []
    schema = schemas.get("inputs", {})
    chosen = columns_that_fit(config.features.include, schema)
    left_out = columns_that_fit(config.features.exclude, schema)
    for column, spark_type in schema.items():
        if column in chosen and column not in left_out and column.lower() not in taken:
            given = options.get(column.lower(), _NO_OPTIONS)
            found.append(_feature(config, "inputs", column, spark_type, given))
    found += _answers(config, columns_of_role(config, schemas, "predictions"))
    return (
        tuple(one for one in found if isinstance(one, Feature)),
        tuple(one for one in found if isinstance(one, NotProfiled)),
    )


def _answers(config: MonitorConfig, schema: Schema) -> list[Feature | NotProfiled]:
    predictions = config.predictions
    if predictions is None:
        return []
    options = {name.lower(): given for name, given in predictions.columns.items()}
    found: list[Feature | NotProfiled] = []
    for name in predictions.names:
        column = find_column(schema, name)
        if column is None:
            continue
        given = options.get(name.lower(), _NO_OPTIONS)
        if given.type is None and name in predictions.decision:
            given = given.model_copy(update={"type": "categorical"})
        found.append(_feature(config, "predictions", column, schema[column], given))
    return found


def _feature(
    config: MonitorConfig, role: str, column: str, spark_type: str, options: ColumnOptions
) -> Feature | NotProfiled:
    natural = natural_kind(spark_type)
    if natural is None:
        return NotProfiled(role, column, spark_type, _why_not(column, spark_type))
    return Feature(
        name=column,
        role=role,
        column=column,
        kind="categorical" if options.sensitive else options.type or natural,
        spark_type=spark_type,
        special_values=tuple(special_value(spark_type, v) for v in options.special_values),
        bins=options.bins or config.binning.bins,
        max_values=options.max_values or config.binning.max_values,
        sensitive=options.sensitive,
    )


def path_into(column: str, spark_type: str) -> str | None:
    """How to name a value in a nested column, with an example; None for other columns."""
    kind = outer_type(spark_type)
    if kind == "struct":
        field_name = spark_type.strip()[len("struct<") :].partition(":")[0]
        return f"name its fields, as {column}.{field_name}"
    if kind in ("array", "vector"):
        return f"name values in it, as {column}[0]"
    return f"name values in it, as {column}['key']" if kind == "map" else None


def _why_not(column: str, spark_type: str) -> str:
    path = path_into(column, spark_type)
    return f"type {outer_type(spark_type)}" + ("" if path is None else f"; {path}")
