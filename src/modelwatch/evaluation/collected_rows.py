"""Rows of an output table, collected column by column, and returned in batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from modelwatch.stats.arrays import AnyArray

_ROWS_A_BATCH = 50_000


class CollectedRows:
    """Collects columns of rows, and returns them in batches."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._parts: list[pa.RecordBatch] = []
        self._count = 0

    def add(self, count: int, **columns: object) -> None:
        """Add rows. A column is an array, a single value for all rows, or missing for null.

        ValueError for a column that the schema lacks.
        """
        unknown = sorted(set(columns) - set(self._schema.names))
        if unknown:
            raise ValueError(f"there is no column {', '.join(unknown)}")
        arrays = [_array(columns.get(field.name), field.type, count) for field in self._schema]
        self._parts.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._count += count

    def add_metrics(
        self,
        alike: Mapping[str, object],
        windows: Mapping[str, object],
        values: Mapping[str, Sequence[object]],
        cells: Mapping[str, AnyArray],
    ) -> None:
        """Add one row per metric (S) and window (W), sorted by metric.

        ``alike``: columns with one value for all rows. The other arguments have one value per
        window, per metric, or per metric and window, (S, W).
        """
        shape = next(iter(cells.values())).shape
        of_metric = np.repeat(np.arange(shape[0]), shape[1])
        of_window = np.tile(np.arange(shape[1]), shape[0])
        columns: dict[str, object] = dict(alike)
        for name, value in windows.items():
            columns[name] = _array(value, self._schema.field(name).type, shape[1]).take(of_window)
        for name, held in values.items():
            columns[name] = pa.array(held, self._schema.field(name).type).take(of_metric)
        columns |= {name: value.ravel() for name, value in cells.items()}
        self.add(len(of_metric), **columns)

    def full(self) -> Iterator[pa.RecordBatch]:
        """The collected rows if they fill a batch."""
        if self._count >= _ROWS_A_BATCH:
            yield from self.rest()

    def rest(self) -> Iterator[pa.RecordBatch]:
        """The remaining rows."""
        if self._parts:
            yield from pa.Table.from_batches(self._parts).combine_chunks().to_batches()
        self._parts, self._count = [], 0


def _array(value: object, kind: pa.DataType, count: int) -> pa.Array:
    if isinstance(value, pa.Array):
        return value
    if value is None:
        return pa.nulls(count, kind)
    if not isinstance(value, np.ndarray):
        return pa.repeat(pa.scalar(value, kind), count)
    # NaN is stored as null.
    return pa.array(value, type=kind, from_pandas=kind == pa.float64())
