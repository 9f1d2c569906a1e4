"""Rows in the driver as Arrow, in the columns of an output table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.spark.finite_values import NOT_FINITE
from modelwatch.stats.arrays import LARGEST_DOUBLE
from modelwatch.tables import Table
from modelwatch.tables.arrow import arrow_schema, arrow_type


def rows_of(spec: Table, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Rows of values in the order of some columns of a table."""
    found = table_of_values(arrow_schema(spec, *names), rows)
    return pa.Table.from_arrays(found.columns, names=found.column_names)


def table_of_values(schema: pa.Schema, rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Rows of values in the order of the fields of a schema."""
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    arrays = [
        pa.array(list(values), field.type) for values, field in zip(columns, schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def fitted_table(spec: Table, rows: pa.Table, run_id: str) -> pa.Table:
    """The rows in the columns of a table, as ``fitted_rows`` does it for a frame.

    ``run_id`` is added. Missing nullable columns become null, and so do numbers that are not
    finite. ValueError if columns do not fit, or if a non-nullable column has nulls.
    """
    wrong = [f"no column {name}" for name in rows.column_names if name not in spec.names]
    schema = arrow_schema(spec)
    columns = []
    for field in schema:
        name = field.name
        if name == "run_id":
            columns.append(pa.chunked_array([pa.repeat(pa.scalar(run_id), rows.num_rows)]))
            continue
        if name not in rows.column_names:
            wrong += [] if field.nullable else [f"{name} is missing"]
            columns.append(pa.chunked_array([pa.nulls(rows.num_rows, field.type)]))
        else:
            column = rows.column(name)
            if column.type != field.type and not pa.types.is_null(column.type):
                wrong.append(f"{name} is {column.type}, not {field.type}")
                columns.append(column)
                continue
            columns.append(_finite(column.cast(field.type), nullable=field.nullable))
        if name == "reason" and "value" in rows.column_names:
            columns[-1] = _reasons(columns[-1], rows.column("value"))
        if not field.nullable and columns[-1].null_count:
            wrong.append(f"{name} is null in {columns[-1].null_count} rows")
    if wrong:
        raise ValueError(f"rows do not fit table {spec.name}: {'; '.join(wrong)}")
    return pa.Table.from_arrays(columns, schema=schema)


def _finite(column: pa.ChunkedArray, *, nullable: bool) -> pa.ChunkedArray:
    """The column with null instead of NaN and infinities, in doubles and in arrays of structs."""
    if pa.types.is_float64(column.type):
        if pc.all(pc.is_finite(column)).as_py() is not False:
            return column
        if nullable:
            return pc.if_else(pc.is_finite(column), column, pa.scalar(None, pa.float64()))
        at_most = pc.if_else(pc.is_nan(column), LARGEST_DOUBLE, column)
        return pc.max_element_wise(pc.min_element_wise(at_most, LARGEST_DOUBLE), -LARGEST_DOUBLE)
    if pa.types.is_list(column.type) and pa.types.is_struct(column.type.value_type):
        kinds = column.type.value_type
        if any(pa.types.is_float64(one.type) for one in kinds):
            held = [
                None if entries is None else [_finite_fields(entry) for entry in entries]
                for entries in column.to_pylist()
            ]
            return pa.chunked_array([pa.array(held, column.type)])
    return column


def _finite_fields(entry: dict[str, Any] | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    return {
        name: None if isinstance(value, float) and not np.isfinite(value) else value
        for name, value in entry.items()
    }


def _reasons(reasons: pa.ChunkedArray, values: pa.ChunkedArray) -> pa.ChunkedArray:
    """The reasons, and ``NOT_FINITE`` if the value is not finite and has no reason."""
    infinite = pc.fill_null(pc.invert(pc.is_finite(values)), False)
    not_finite = pc.if_else(infinite, pa.scalar(NOT_FINITE), pa.scalar(None, pa.string()))
    return pc.coalesce(reasons, not_finite)


def table_of(spec: Table, names: Sequence[str], rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Rows by column name, as collected by Spark, in some columns of a table."""
    schema = pa.schema(
        [pa.field(name, arrow_type(spec.column(name).type), nullable=True) for name in names]
    )
    return pa.Table.from_pylist([_with_zone(row) for row in rows], schema=schema)


def _with_zone(value: Any) -> Any:
    """A value with timestamps in UTC, because Spark returns local time without saying so."""
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc)
    if isinstance(value, dict):
        return {name: _with_zone(held) for name, held in value.items()}
    return [_with_zone(held) for held in value] if isinstance(value, list) else value
