"""Arrow schemas of rows that numpy code passes to Spark, and the Spark types of their columns."""

from __future__ import annotations

import pyarrow as pa

from modelwatch.tables.table import Table

_ATOMS: dict[str, pa.DataType] = {
    "string": pa.string(),
    "binary": pa.binary(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


def arrow_schema(table: Table, *names: str) -> pa.Schema:
    """The Arrow schema of columns of a table, in the given order; of all columns by default."""
    return pa.schema(
        [
            pa.field(name, arrow_type(table.column(name).type), table.column(name).nullable)
            for name in names or table.names
        ]
    )


def arrow_type(ddl: str) -> pa.DataType:
    """The Arrow type of a Spark type; ValueError for a type that no output table has."""
    text = ddl.strip()
    if text in _ATOMS:
        return _ATOMS[text]
    if text.startswith("array<") and text.endswith(">"):
        return pa.list_(arrow_type(text[len("array<") : -1]))
    if text.startswith("struct<") and text.endswith(">"):
        fields = (part.split(":", 1) for part in _parts(text[len("struct<") : -1]))
        return pa.struct([pa.field(name.strip(), arrow_type(kind)) for name, kind in fields])
    if text.startswith("decimal(") and text.endswith(")"):
        precision, scale = (int(digits) for digits in text[len("decimal(") : -1].split(","))
        return pa.decimal128(precision, scale)
    raise ValueError(f"no Arrow type for {ddl!r}")


def spark_ddl(schema: pa.Schema) -> str:
    """The columns of an Arrow schema as Spark DDL, each of which may be null."""
    return ", ".join(f"`{field.name}` {_spark_type(field.type)}" for field in schema)


def _spark_type(kind: pa.DataType) -> str:
    """Spark type of an Arrow type; ValueError for a type that no row here has."""
    if pa.types.is_list(kind):
        return f"array<{_spark_type(kind.value_type)}>"
    if pa.types.is_map(kind):
        return f"map<{_spark_type(kind.key_type)},{_spark_type(kind.item_type)}>"
    if pa.types.is_struct(kind):
        return f"struct<{','.join(f'{one.name}:{_spark_type(one.type)}' for one in kind)}>"
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    for name, atom in _ATOMS.items():
        if kind == atom:
            return name
    raise ValueError(f"no Spark type for {kind}")


def _parts(text: str) -> list[str]:
    """The fields of a struct, split at its own commas only."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "<(") - (character in ">)")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return parts
