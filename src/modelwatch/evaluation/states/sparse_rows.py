"""Rows of Arrow that hold sparse vectors: merged by key, and cut so that no row is long."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.model.planning.cost import POSITIONS_A_ROW
from modelwatch.stats.arrays import AnyArray, Counts
from modelwatch.stats.states.moments import normalised
from modelwatch.stats.states.score_batch import LIMBED

_ENTRIES_A_BATCH = 1 << 17
_ENTRIES_MERGED = 1 << 20
"""Entries that are merged at a time; a state that has more is merged whole."""
_ROWS_MERGED = 1 << 16

Reduction = Callable[[pa.Table, AnyArray], pa.Array]
"""A column of merged rows, from the rows of a table and where each run of equal keys begins."""


@dataclass(frozen=True)
class Entries:
    """Entries of sparse vectors: row, due day (a number), position, count and sum; (m,) each."""

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
        """Entries in order, those of one row, due day and position added up, zeros left out."""
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
        """The same where sums of rows of a mask are limbs, carried over from one to the next."""
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
    """The entries of the rows of a table with the columns positions, counts and sums.

    ``never``: number of a due day that is null; None to leave due days out, all of them being 0.
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
    """Rows with their entries as lists, a row with many cut into several, told apart by ``part``.

    ``columns``: other columns, a value for each row of the entries. Without ``dues`` there is no
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


def bounded_batches(table: pa.Table) -> Iterator[pa.RecordBatch]:
    """The rows of a table in batches of a bounded number of entries."""
    if not table.num_rows:
        return
    ends = np.cumsum(pc.list_value_length(table.column("positions")).to_numpy() + 1)
    start = 0
    while start < table.num_rows:
        held = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, held + _ENTRIES_A_BATCH, side="right")))
        yield from table.slice(start, stop - start).combine_chunks().to_batches()
        start = stop


def merged_tables(
    records: Iterable[pa.RecordBatch],
    key: Sequence[str],
    reductions: Mapping[str, Reduction],
    limbed: Callable[[pa.Table], AnyArray],
    *,
    never: int | None = None,
) -> Iterator[pa.Table]:
    """Rows that come sorted by ``key``, those of one key as one sparse vector.

    ``reductions`` make the columns beside the key. ``limbed``: mask of the merged rows whose sums
    are limbs of ``moments``. ``never`` as in ``entries_of``: None adds all due days up. A bounded
    number of entries is held at a time.
    """
    held: list[pa.RecordBatch] = []
    rows = entries = 0
    most_rows, most_entries = _ROWS_MERGED, _ENTRIES_MERGED
    for record in records:
        if not record.num_rows:
            continue
        held.append(record)
        rows += record.num_rows
        entries += _entries([record])
        if rows > most_rows or entries > most_entries:
            table = pa.Table.from_batches(held).combine_chunks()
            starts = run_starts(table, key)
            last = int(starts[-1])
            if last:
                yield _merged(table.slice(0, last), starts[:-1], key, reductions, limbed, never)
            held = table.slice(last).to_batches()
            rows, entries = table.num_rows - last, _entries(held)
            # A state that exceeds the bounds alone is looked at again when it has doubled.
            most_rows, most_entries = max(_ROWS_MERGED, 2 * rows), max(_ENTRIES_MERGED, 2 * entries)
    if held:
        table = pa.Table.from_batches(held).combine_chunks()
        yield _merged(table, run_starts(table, key), key, reductions, limbed, never)


def _entries(records: Iterable[pa.RecordBatch]) -> int:
    return sum(len(pc.list_flatten(record.column("positions"))) for record in records)


def of_limbs(rows: pa.Table) -> AnyArray:
    """Mask of the rows whose kind has sums in the limbs of ``moments``."""
    kinds = pc.is_in(rows.column("kind"), pa.array(sorted(LIMBED)))
    return np.asarray(kinds.to_numpy(), dtype=bool)


def run_starts(table: pa.Table, key: Sequence[str]) -> AnyArray:
    """Where each run of rows of equal key begins."""
    changes = np.zeros(table.num_rows, dtype=bool)
    changes[0] = True
    for name in key:
        codes = pc.dictionary_encode(table.column(name), null_encoding="encode").combine_chunks()
        indices = codes.indices.to_numpy()
        changes[1:] |= indices[1:] != indices[:-1]
    return np.flatnonzero(changes)


def _merged(
    table: pa.Table,
    starts: AnyArray,
    key: Sequence[str],
    reductions: Mapping[str, Reduction],
    limbed: Callable[[pa.Table], AnyArray],
    never: int | None,
) -> pa.Table:
    runs = np.cumsum(np.bincount(starts, minlength=table.num_rows)) - 1
    firsts = table.select(list(key)).take(pa.array(starts))
    found = entries_of(table, never)
    by_run = replace(found, rows=runs[found.rows])
    entries = by_run.merged().with_normalised_sums(limbed(firsts))
    columns = {name: firsts.column(name).combine_chunks() for name in key}
    columns |= {name: of(table, starts) for name, of in reductions.items()}
    return sparse_table(columns, entries, dues=never is not None)


def first_of(name: str) -> Reduction:
    """The value of a column in the first row of each run."""
    return lambda table, starts: table.column(name).take(pa.array(starts)).combine_chunks()


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
    """Distinct values of a column in each run, in which they ascend."""

    def counted(table: pa.Table, starts: AnyArray) -> pa.Array:
        values = table.column(name).cast(pa.int32()).to_numpy()
        changes = np.diff(values, prepend=values[:1]) != 0
        changes[starts] = True
        return pa.array(np.add.reduceat(changes.astype(np.int32), starts), pa.int32())

    return counted
