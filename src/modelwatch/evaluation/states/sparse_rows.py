"""Arrow rows with sparse vectors: merged by key, and split so that no row is long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.evaluation.states.merged_rows import Merge
from modelwatch.model.planning.cost import POSITIONS_A_ROW
from modelwatch.stats.arrays import AnyArray, Counts
from modelwatch.stats.states.moments import normalised
from modelwatch.stats.states.score_batch import LIMBED

SPARSE_BATCH_BYTES = 4 << 20
"""Number of bytes of rows per batch."""


@dataclass(frozen=True)
class Entries:
    """Entries of sparse vectors: row, due day (a number), position, count, and sum; (m,) each."""

    rows: AnyArray
    dues: AnyArray
    positions: AnyArray
    counts: Counts
    sums: Counts

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, chosen: AnyArray) -> Entries:
        """The entries at some indices, or of a mask."""
        return Entries(
            self.rows[chosen],
            self.dues[chosen],
            self.positions[chosen],
            self.counts[chosen],
            self.sums[chosen],
        )

    def merged(self) -> Entries:
        """Sorted entries, with those of the same row, due day, and position added up, and without
        zeros."""
        order = np.lexsort((self.positions, self.dues, self.rows))
        ordered = self.take(order)
        changes = np.ones(len(order), dtype=bool)
        for values in (ordered.rows, ordered.dues, ordered.positions):
            changes[1:] &= values[1:] == values[:-1]
        changes[1:] = ~changes[1:]
        starts = np.flatnonzero(changes)
        if len(starts) == len(order):
            found = ordered
        else:
            first = ordered.take(starts)
            counts, sums = (np.add.reduceat(v, starts) for v in (ordered.counts, ordered.sums))
            found = Entries(first.rows, first.dues, first.positions, counts, sums)
        return found.take((found.counts != 0) | (found.sums != 0))

    def with_normalised_sums(self, limbed: AnyArray) -> Entries:
        """The same, with carries between limbs where the sums of a row are limbs (mask)."""
        mine = limbed[self.rows] & (self.sums != 0)
        if not mine.any():
            return self
        limbs = self.take(mine)
        # One dense vector of limbs for each row and due day.
        vectors, owners = np.unique(np.stack((limbs.rows, limbs.dues)), axis=1, return_inverse=True)
        width = int(limbs.positions.max()) + 4
        dense = np.zeros((vectors.shape[1], width - width % 4), dtype=np.int64)
        dense[owners.reshape(-1), limbs.positions] = limbs.sums
        dense = normalised(dense)
        at, positions = np.nonzero(dense)
        zeros = np.zeros(len(at), dtype=np.int64)
        carried = Entries(vectors[0][at], vectors[1][at], positions, zeros, dense[at, positions])
        counted = replace(self, sums=np.where(limbed[self.rows], 0, self.sums))
        return _joined((counted, carried)).merged()


def _joined(parts: Sequence[Entries]) -> Entries:
    return Entries(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("rows", "dues", "positions", "counts", "sums")
        )
    )


def entries_of(table: pa.Table, never: int | None = None) -> Entries:
    """The entries of the rows of a table with the columns positions, counts, and sums.

    ``never``: number of a null due day; None to ignore due days, which are then all 0.
    """
    sizes = pc.list_value_length(table.column("positions")).to_numpy()
    rows = np.repeat(np.arange(table.num_rows), sizes)
    positions, counts, sums = (
        _flat(table.column(name)) for name in ("positions", "counts", "sums")
    )
    if never is None:
        dues = np.zeros(len(rows), dtype=np.int64)
    else:
        dues = _flat(table.column("due_days"), never)
    return Entries(rows, dues, positions, counts, sums)


def _flat(column: pa.ChunkedArray, missing: int = 0) -> Counts:
    flat = pc.list_flatten(column).cast(pa.int32() if _of_days(column) else column.type.value_type)
    filled = pc.fill_null(flat, missing) if flat.null_count else flat
    return np.asarray(filled.to_numpy(), dtype=np.int64)


def _of_days(column: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_date32(column.type.value_type))


def sparse_table(
    columns: Mapping[str, pa.Array], entries: Entries, *, dues: bool = True
) -> pa.Table:
    """Rows with their entries as lists; a row with many entries is split into several, numbered by
    ``part``.

    ``columns``: other columns, one value per row of the entries. Without ``dues`` there is no
    column of due days.
    """
    rows = len(next(iter(columns.values())))
    sizes = np.bincount(entries.rows, minlength=rows)
    parts = np.maximum(1, -(-sizes // POSITIONS_A_ROW))
    owner = np.repeat(np.arange(rows), parts)
    part = np.arange(len(owner)) - np.repeat(np.cumsum(parts) - parts, parts)
    starts = np.cumsum(sizes) - sizes
    offsets = np.append(starts[owner] + part * POSITIONS_A_ROW, len(entries)).astype(np.int32)
    taken = pa.array(owner)
    lists = {
        "positions": (entries.positions, pa.int32()),
        "counts": (entries.counts, pa.int64()),
        "sums": (entries.sums, pa.int64()),
        **({"due_days": (entries.dues, pa.int32())} if dues else {}),
    }
    return pa.table(
        {
            **{name: values.take(taken) for name, values in columns.items()},
            "part": pa.array(part, pa.int32()),
            **{
                name: pa.ListArray.from_arrays(pa.array(offsets), pa.array(values, kind))
                for name, (values, kind) in lists.items()
            },
        }
    )


def merged_vectors(never: int | None = None) -> Merge:
    """The vectors of each run added up; carries between limbs are applied where a kind has limbs.

    ``never`` as in ``entries_of``: None adds up all due days.
    """

    def merged(rows: pa.Table, starts: AnyArray, columns: Mapping[str, pa.Array]) -> pa.Table:
        runs = np.cumsum(np.bincount(starts, minlength=rows.num_rows)) - 1
        found = entries_of(rows, never)
        limbed = pc.is_in(columns["kind"], pa.array(sorted(LIMBED))).to_numpy(zero_copy_only=False)
        entries = replace(found, rows=runs[found.rows]).merged().with_normalised_sums(limbed)
        return sparse_table(columns, entries, dues=never is not None)

    return merged
