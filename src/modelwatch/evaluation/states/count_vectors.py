"""Count vectors as Arrow columns, which contain nonzero positions only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.stats.arrays import AnyArray, Counts

COUNT_COLUMNS = ("counts_length", "positions", "counts")
"""Names of the columns of a packed vector."""
_LONG = pa.int64()
_POSITION_LONGS = 0.5
"""The size of a position relative to that of a count: positions are ints, counts are longs."""


def packed_counts(vectors: Sequence[Counts], whole: Sequence[bool]) -> dict[str, pa.Array]:
    """Vectors as the columns counts_length, positions, and counts, one row each.

    Positions are null if all counts are listed: with ``whole``, and where that is shorter.
    """
    positions: list[AnyArray | None] = []
    counts: list[Counts] = []
    for vector, listed in zip(vectors, whole, strict=True):
        held = None if listed else np.flatnonzero(vector)
        if held is not None and len(held) * (1 + _POSITION_LONGS) >= len(vector):
            held = None
        positions.append(held)
        counts.append(vector if held is None else vector[held])
    return {
        "counts_length": pa.array([len(vector) for vector in vectors], pa.int32()),
        "positions": list_array(positions, pa.int32()),
        "counts": list_array(counts),
    }


def count_vectors(
    lengths: pa.Array | pa.ChunkedArray,
    positions: pa.Array | pa.ChunkedArray,
    counts: pa.Array | pa.ChunkedArray,
) -> list[Counts]:
    """The vectors of ``packed_counts``, with zeros."""
    sizes = lengths.to_numpy().astype(np.int64)
    ends = np.cumsum(sizes)
    flat = _flat_counts(sizes, ends, positions, counts)
    return [flat[end - size : end] for end, size in zip(ends, sizes, strict=True)]


def count_matrix(
    lengths: pa.Array | pa.ChunkedArray,
    positions: pa.Array | pa.ChunkedArray,
    counts: pa.Array | pa.ChunkedArray,
    width: int,
) -> Counts:
    """The vectors of ``packed_counts`` as a matrix (n, width); ValueError for other lengths."""
    sizes = lengths.to_numpy().astype(np.int64)
    if (sizes != width).any():
        raise ValueError(f"vectors of other lengths than {width}")
    return _flat_counts(sizes, np.cumsum(sizes), positions, counts).reshape(len(sizes), width)


def _flat_counts(
    sizes: AnyArray,
    ends: AnyArray,
    positions: pa.Array | pa.ChunkedArray,
    counts: pa.Array | pa.ChunkedArray,
) -> Counts:
    listed = pc.fill_null(pc.list_value_length(counts), -1).to_numpy()
    sparse = pc.is_valid(positions).to_numpy(zero_copy_only=False)
    found = pc.fill_null(pc.list_value_length(positions), 0).to_numpy()
    if (listed != np.where(sparse, found, sizes)).any():
        raise ValueError("a vector does not have as many counts as positions")
    values = np.asarray(pc.list_flatten(counts).to_numpy(), dtype=np.int64)
    if not sparse.any():
        return values
    starts = np.repeat(ends - sizes, listed)
    within = np.arange(len(values)) - np.repeat(np.cumsum(listed) - listed, listed)
    of_sparse = np.repeat(sparse, listed)
    held = np.asarray(pc.list_flatten(positions).to_numpy(), dtype=np.int64)
    if len(held) and (held.min() < 0 or (held >= np.repeat(sizes, found)).any()):
        raise ValueError("a position outside its vector")
    within[of_sparse] = held
    flat = np.zeros(int(ends[-1]) if len(ends) else 0, dtype=np.int64)
    flat[starts + within] = values
    return flat


def list_array(lists: Sequence[AnyArray | None], kind: pa.DataType = _LONG) -> pa.ListArray:
    """Arrays of integers as an Arrow list column; None is null."""
    sizes = [0 if values is None else len(values) for values in lists]
    offsets = np.zeros(len(lists) + 1, dtype=np.int32)
    np.cumsum(sizes, out=offsets[1:])
    held = [values for values in lists if values is not None]
    flat = np.concatenate(held) if held else np.empty(0, dtype=np.int64)
    nulls = pa.array([values is None for values in lists], pa.bool_())
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat, kind), mask=nulls)


def long_lists(column: pa.ListArray) -> list[AnyArray | None]:
    """An Arrow list column as arrays of longs."""
    flat = column.values.to_numpy(zero_copy_only=False)
    offsets = column.offsets.to_numpy()
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    return [flat[offsets[i] : offsets[i + 1]] if valid[i] else None for i in range(len(column))]


def list_totals(column: pa.ListArray) -> Counts:
    """The sum of each list of an Arrow list column without nulls."""
    ends = np.append(0, np.cumsum(column.values.to_numpy(zero_copy_only=False)))
    found: Counts = np.diff(ends[column.offsets.to_numpy()])
    return found
