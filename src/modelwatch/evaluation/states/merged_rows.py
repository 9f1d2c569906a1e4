"""Merge the states of each key, from rows that are sorted by the key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.evaluation.sorted_rows import whole_runs
from modelwatch.stats.arrays import AnyArray

Reduction = Callable[[pa.Table, AnyArray], pa.Array]
"""A column of merged rows, computed from the rows of a table and the start of each run of equal
keys."""
Merge = Callable[[pa.Table, AnyArray, Mapping[str, pa.Array]], pa.Table]
"""How states are merged: the merged rows, computed from the rows of a table, the starts of the
runs, and the other columns of each run."""


def merged_rows(
    records: Iterable[pa.RecordBatch],
    key: Sequence[str],
    reductions: Mapping[str, Reduction],
    merge: Merge,
) -> Iterator[pa.Table]:
    """Rows sorted by ``key``, with the states of each key merged, in a bounded number of bytes.

    ``reductions`` compute the columns other than the key and the state.
    """
    for table, starts in whole_runs(records, key):
        firsts = table.select(list(key)).take(pa.array(starts))
        columns = {name: firsts.column(name).combine_chunks() for name in key}
        columns |= {name: of(table, starts) for name, of in reductions.items()}
        yield merge(table, starts, columns)


def first_of(name: str) -> Reduction:
    """The value of a column in the first row of each run."""
    return lambda table, starts: table.column(name).take(pa.array(starts)).combine_chunks()


def total_of(name: str) -> Reduction:
    """The sum of a column of longs in each run."""
    return lambda table, starts: pa.array(np.add.reduceat(table.column(name).to_numpy(), starts))


def last_day_of(name: str) -> Reduction:
    """The latest day of a column of day numbers in each run; null for none."""
    return lambda table, starts: _extreme(table.column(name), starts, np.maximum, -(2**31))


def first_day_of(name: str) -> Reduction:
    """The earliest day of a column of day numbers in each run; null for none."""
    return lambda table, starts: _extreme(table.column(name), starts, np.minimum, 2**31 - 1)


def _extreme(column: pa.ChunkedArray, starts: AnyArray, of: np.ufunc, none: int) -> pa.Array:
    values = pc.fill_null(column.cast(pa.int32()), none).to_numpy()
    found = of.reduceat(values, starts)
    return pa.array(found, pa.int32(), mask=found == none)


def distinct_days(name: str) -> Reduction:
    """Distinct values of a column in each run, in which they are sorted."""

    def counted(table: pa.Table, starts: AnyArray) -> pa.Array:
        values = table.column(name).cast(pa.int32()).to_numpy()
        changes = np.diff(values, prepend=values[:1]) != 0
        changes[starts] = True
        return pa.array(np.add.reduceat(changes.astype(np.int32), starts), pa.int32())

    return counted
