"""Checks of a column: it exists, its name is unambiguous, and its type is suitable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from modelwatch.model.config.column_types import (
    FLOATING_TYPES,
    INTEGER_TYPES,
    STRING_TYPES,
    TIMESTAMP_TYPES,
    outer_type,
)
from modelwatch.model.config.document import Path
from modelwatch.model.config.section import did_you_mean
from modelwatch.model.profile.features import Schema, find_column, natural_kind, path_into
from modelwatch.model.sources.tables import DaySource

Wrong = tuple[Path, str]
Fits = Callable[[str], bool]
"""Whether a type is suitable."""


def column_problems(
    path: Path, schema: Schema, table: str, name: str, fits: Fits | None = None, needed: str = ""
) -> Iterator[Wrong]:
    """Yields nothing if the column exists and its type fits, otherwise the problem."""
    if not schema:
        return  # the missing table is reported elsewhere
    column = find_column(schema, name)
    if column is None:
        alike = [other for other in schema if other.lower() == name.lower()]
        if alike:
            yield path, f"column {name!r} is ambiguous in {table}: it has {_listed(alike)}"
        else:
            yield path, f"{table} has no column {name!r}{did_you_mean(name, schema)}"
    elif fits is not None and not fits(schema[column]):
        into = path_into(column, schema[column])
        hint = "" if into is None else f"; {into}"
        yield path, f"column {column!r} of {table} is {schema[column]}, and must be {needed}{hint}"


def _listed(names: Iterable[str]) -> str:
    return " and ".join(repr(name) for name in names)


def day_problems(path: Path, schema: Schema, table: str, day: DaySource) -> Iterator[Wrong]:
    """The columns that contain a day, each with its type."""
    for key, types in (
        ("column", {"date"}),
        ("time_column", TIMESTAMP_TYPES),
        ("partition_column", {"date"}),
    ):
        name = getattr(day, key)
        if name is not None:
            column = find_column(schema, name)
            needed = "a date, or spell one (yyyymmdd)" if "date" in types else "a timestamp"
            if "date" not in types and column is not None:
                needed += _conversion(schema[column], name)
            yield from column_problems(
                (*path, key), schema, table, name, types.__contains__, needed
            )


def _conversion(spark_type: str, name: str) -> str:
    """How a view converts a number or string, whose unit or format is unknown, to a timestamp."""
    plain = outer_type(spark_type)
    if plain in INTEGER_TYPES:
        return (
            f": a number has no unit; read a view with timestamp_seconds({name}), "
            f"timestamp_millis({name}) or timestamp_micros({name}), for nanoseconds "
            f"timestamp_micros({name} div 1000)"
        )
    if plain in STRING_TYPES:
        return f": read a view with to_timestamp({name}, ...) and its format"
    return ""


ATOMIC = "a number, a string, a boolean, a date or a timestamp"


def can_identify(spark_type: str) -> bool:
    """Whether values of a type can be distinguished, as those of an id must be."""
    return natural_kind(spark_type) is not None


def joinable(path: Path, left: str, inputs: Schema, right: str, schema: Schema) -> Iterator[Wrong]:
    """Yields nothing if two columns of an id can be compared, otherwise the problem."""
    one, other = find_column(inputs, left), find_column(schema, right)
    if one is None or other is None:
        return
    if type_group(inputs[one]) != type_group(schema[other]):
        yield (
            path,
            f"is {schema[other]} and cannot be joined with {one!r} of the inputs, which is "
            f"{inputs[one]}",
        )


def type_group(spark_type: str) -> str:
    """Groups of types that are compared with each other: integers, fractions, strings, other
    types."""
    plain = outer_type(spark_type)
    if plain in INTEGER_TYPES:
        return "integer"
    if plain in FLOATING_TYPES:
        return "fraction"
    return "text" if plain in STRING_TYPES else plain
