"""Rows of an output table, collected column by column, and handed on in batches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from modelwatch.stats.arrays import AnyArray

_ROWS_A_BATCH = 50_000


class CollectedRows:
    """Collects columns of rows, and hands them on in batches."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._parts: list[pa.RecordBatch] = []
        self._count = 0

    def add(self, count: int, **columns: object) -> None:
        """Some rows: a column is an array, or one value for all of them, or missing for null."""
        arrays = []
        for field in self._schema:
            value = columns.get(field.name)
            if isinstance(value, np.ndarray):
                arrays.append(_column(value, field.type))
            elif value is None:
                arrays.append(pa.nulls(count, field.type))
            else:
                arrays.append(pa.repeat(pa.scalar(value, field.type), count))
        self._parts.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._count += count

    def full(self) -> Iterator[pa.RecordBatch]:
        """The rows so far, if they fill a batch."""
        if self._count >= _ROWS_A_BATCH:
            yield from self.rest()

    def rest(self) -> Iterator[pa.RecordBatch]:
        """The rows so far."""
        if self._parts:
            yield from pa.Table.from_batches(self._parts).combine_chunks().to_batches()
        self._parts, self._count = [], 0


def _column(values: AnyArray, kind: pa.DataType) -> pa.Array:
    if kind == pa.float64():
        return pa.array(values, type=kind, from_pandas=True)  # NaN is null in a table
    return pa.array(values, type=kind)
