"""Output tables in Delta: the statement that creates one, and the check of an existing one."""

from __future__ import annotations

from functools import lru_cache

from pyspark.sql import SparkSession
from pyspark.sql.types import ArrayType, DataType, StructType

from modelwatch.errors import ModelwatchError
from modelwatch.io.delta.addresses import Place, quoted
from modelwatch.model.config.literals import string_literal
from modelwatch.tables import Table

VERSION_PROPERTY = "modelwatch.schema_version"
PROPERTIES = {
    # Rows are never changed, and Delta itself rejects changes. Compaction is still possible. To
    # delete old generations, unset this property.
    "delta.appendOnly": "true",
}
"""Properties of every output table."""


class OutputError(ModelwatchError):
    """An output table cannot be used: which one, where it is, and why."""


def create_statement(spec: Table, place: Place) -> str:
    """SQL that creates the table unless it exists."""
    columns = ",\n  ".join(
        f"{quoted(column.name)} {column.type}{'' if column.nullable else ' NOT NULL'} "
        f"COMMENT {string_literal(column.comment)}"
        for column in spec.columns
    )
    partitions = ", ".join(quoted(name) for name in spec.partitioning)
    properties = {**PROPERTIES, VERSION_PROPERTY: str(spec.version)}
    skipping_columns = [
        name
        for name in spec.key
        if name not in spec.partitioning and (name == "run_id" or spec.column(name).type == "date")
    ]
    if skipping_columns:
        # A file contains all features and metrics of some days of one run. Statistics of other
        # columns cannot skip a file, and cost time in every write and query.
        properties["delta.dataSkippingStatsColumns"] = ",".join(skipping_columns)
    listed = ", ".join(
        f"{string_literal(key)} = {string_literal(value)}" for key, value in properties.items()
    )
    return (
        f"CREATE TABLE IF NOT EXISTS {place.identifier} (\n  {columns}\n)\nUSING DELTA\n"
        + (f"PARTITIONED BY ({partitions})\n" if partitions else "")
        + f"COMMENT {string_literal(spec.comment)}\nTBLPROPERTIES ({listed})"
    )


# All tables at once: every run of a session needs them, and parsing each one takes a frame.
@lru_cache(maxsize=64)
def expected_schema(spec: Table, session: SparkSession) -> StructType:
    """The table's schema in Spark's types, parsed by Spark; no Spark job."""
    return session.createDataFrame([], spec.ddl()).schema


def check_schema(
    spec: Table, expected: StructType, schema: StructType, place: Place
) -> tuple[str, ...]:
    """Columns that an existing table lacks, with dots for nested ones.

    OutputError if a common column has another type. Additional columns, which a newer version of
    the code may have added, are accepted.
    """
    missing: list[str] = []
    wrong: list[str] = []
    _compare(expected, schema, "", missing, wrong)
    if wrong:
        raise altered(spec.name, place, "; ".join(wrong))
    return tuple(missing)


def altered(table: str, place: Place, how: str) -> OutputError:
    """An error that says how a table was altered, and how to fix it."""
    return OutputError(
        f"output table {table} at {place} was altered: {how}. Restore it (DESCRIBE HISTORY lists "
        "its versions, RESTORE TABLE ... TO VERSION AS OF restores one), or write to another place"
    )


def gone(table: str, place: Place) -> OutputError:
    """An error that says that a table with results was removed, and how to fix it."""
    return OutputError(
        f"output table {table} at {place} is missing, although runs wrote it. Restore it from a "
        "copy, or compute its days again: modelwatch run CONFIG --days FIRST..LAST"
    )


def _compare(
    expected: DataType, found: DataType, name: str, missing: list[str], wrong: list[str]
) -> None:
    if isinstance(expected, StructType) and isinstance(found, StructType):
        fields = {field.name: field.dataType for field in found.fields}
        for field in expected.fields:
            inner = f"{name}.{field.name}" if name else field.name
            if field.name in fields:
                _compare(field.dataType, fields[field.name], inner, missing, wrong)
            else:
                missing.append(inner)
    elif isinstance(expected, ArrayType) and isinstance(found, ArrayType):
        _compare(expected.elementType, found.elementType, name, missing, wrong)
    elif expected.simpleString() != found.simpleString():
        wrong.append(f"column {name} is {found.simpleString()}, not {expected.simpleString()}")
