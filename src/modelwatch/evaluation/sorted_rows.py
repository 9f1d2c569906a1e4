"""Arrow rows sorted by a key: runs of equal keys, groups, and bounded batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.stats.arrays import AnyArray

BATCH_BYTES = 32 << 20
"""Maximum number of bytes of rows that are held or passed to a function at a time. A larger run is
held whole."""


def bounded_batches(rows: pa.Table, most_bytes: int = BATCH_BYTES) -> Iterator[pa.RecordBatch]:
    """The rows of a table in batches of a bounded number of bytes, assuming rows of similar
    size."""
    mean = max(1, rows.nbytes // max(1, rows.num_rows))
    yield from rows.combine_chunks().to_batches(max_chunksize=max(1, most_bytes // mean))


def groups_of(records: Iterable[pa.RecordBatch], key: Sequence[str]) -> Iterator[pa.Table]:
    """The rows of each key, from batches that are sorted by it. A key may span batches."""
    for table, starts in whole_runs(records, key):
        for start, stop in pairwise([*starts.tolist(), table.num_rows]):
            yield table.slice(start, stop - start)


def whole_runs(
    records: Iterable[pa.RecordBatch], key: Sequence[str]
) -> Iterator[tuple[pa.Table, AnyArray]]:
    """Tables of whole runs of equal keys, and the starts of the runs; bounded by
    ``BATCH_BYTES``."""
    held: list[pa.RecordBatch] = []
    size, most = 0, BATCH_BYTES
    for record in records:
        if not record.num_rows:
            continue
        held.append(record)
        size += record.nbytes
        if size > most:
            table = pa.Table.from_batches(held).combine_chunks()
            starts = run_starts(table, key)
            last = int(starts[-1])
            if last:
                yield table.slice(0, last), starts[:-1]
            held = table.slice(last).to_batches()
            size = sum(part.nbytes for part in held)
            # A run that exceeds the bound is examined again when it has doubled.
            most = max(BATCH_BYTES, 2 * size)
    if held:
        table = pa.Table.from_batches(held).combine_chunks()
        yield table, run_starts(table, key)


def run_starts(rows: pa.Table, key: Sequence[str]) -> AnyArray:
    """The start of each run of rows with equal keys."""
    changes = np.zeros(rows.num_rows, dtype=bool)
    changes[0] = True
    for name in key:
        codes = pc.dictionary_encode(rows.column(name), null_encoding="encode").combine_chunks()
        indices = codes.indices.to_numpy()
        changes[1:] |= indices[1:] != indices[:-1]
    return np.flatnonzero(changes)
