"""Arrow schemas of the output tables, for rows that numpy code hands to Spark."""

from __future__ import annotations

import pyarrow as pa

from modelwatch.tables.table import Table

_ATOMS: dict[str, pa.DataType] = {
    "string": pa.string(),
    "binary": pa.binary(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


def arrow_schema(table: Table, *names: str) -> pa.Schema:
    """Arrow schema of some columns of a table, in the order given; of all if none is named."""
    return pa.schema(
        [
            pa.field(name, arrow_type(table.column(name).type), table.column(name).nullable)
            for name in names or table.names
        ]
    )


def arrow_type(ddl: str) -> pa.DataType:
    """Arrow type of a Spark type; ValueError for a type that no output table has."""
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
