"""Types of Arrow columns, by their names in Spark."""

from __future__ import annotations

import pyarrow as pa

_NAMES: dict[pa.DataType, str] = {
    pa.bool_(): "boolean",
    pa.int8(): "tinyint",
    pa.int16(): "smallint",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.uint8(): "smallint",
    pa.uint16(): "int",
    pa.uint32(): "bigint",
    pa.uint64(): "decimal(20,0)",
    pa.float16(): "float",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.date32(): "date",
    pa.date64(): "date",
}


def spark_type(kind: pa.DataType) -> str:
    """Spark's name for the type of the same values; Arrow's name if Spark has none."""
    if pa.types.is_dictionary(kind):
        return spark_type(kind.value_type)
    if is_text(kind):
        return "string"
    if pa.types.is_decimal(kind):
        digits = max(0, kind.scale)
        return f"decimal({kind.precision - min(0, kind.scale)},{digits})"
    if pa.types.is_timestamp(kind):
        return "timestamp" if kind.tz else "timestamp_ntz"
    return _NAMES.get(kind, str(kind))


def is_text(kind: pa.DataType) -> bool:
    """Whether a type is a string."""
    types = pa.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or str(kind) == "string_view")
