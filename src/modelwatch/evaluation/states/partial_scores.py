"""The rows in which tasks return their performance states before these are merged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.sorted_rows import bounded_batches
from modelwatch.evaluation.states.sparse_rows import SPARSE_BATCH_BYTES, Entries, sparse_table
from modelwatch.stats.states.score_batch import ScopeVectors
from modelwatch.stats.states.value_account import SPELLING
from modelwatch.stats.value_names import ALL_VERSIONS

LABEL_ROLE = "labels"
"""Kind of the account of labels. It has no model version and no bins, and is due at once."""
SCORE_KEY = ("day", "model_version", "segmentation", "segment", "kind", "name")
PARTIAL_SCORES = pa.schema(
    [
        ("day", pa.int32()),
        ("model_version", pa.string()),
        ("segmentation", pa.string()),
        ("segment", pa.string()),
        ("kind", pa.string()),
        ("name", pa.string()),
        ("counts_length", pa.int32()),
        ("sums_length", pa.int32()),
        ("last_known", pa.int32()),
        ("next_known", pa.int32()),
        ("part", pa.int32()),
        ("positions", pa.list_(pa.int32())),
        ("counts", pa.list_(pa.int64())),
        ("sums", pa.list_(pa.int64())),
        ("due_days", pa.list_(pa.int32())),
        ("bucket", pa.int32()),
    ]
)


def vector_records(vectors: ScopeVectors, buckets: int) -> Iterator[pa.RecordBatch]:
    """States of one kind and name in the columns of ``PARTIAL_SCORES``."""
    days, dues, versions, segments = zip(*vectors.scopes, strict=True)
    if vectors.kind == LABEL_ROLE:
        dues, versions = days, (ALL_VERSIONS,) * len(days)
    # A row belongs to a day, version, and segment, and contains all due days.
    rows: dict[tuple[int, str, str], int] = {}
    scopes = zip(days, versions, segments, strict=True)
    row_of = np.array([rows.setdefault(key, len(rows)) for key in scopes], dtype=np.int64)
    entries = Entries(
        row_of[vectors.owners],
        np.array(dues, dtype=np.int64)[vectors.owners],
        vectors.positions,
        vectors.counts,
        vectors.sums,
    ).merged()
    held, row = np.unique(entries.rows, return_inverse=True)
    keys = list(rows)
    yield from partial_records(
        [keys[at] for at in held.tolist()],
        (vectors.segmentation, vectors.kind, vectors.name),
        (vectors.counts_length, vectors.sums_length),
        replace(entries, rows=row),
        buckets,
    )


def partial_records(
    keys: Sequence[tuple[int, str, str]],
    of: tuple[str, str, str],
    lengths: tuple[int, int],
    entries: Entries,
    buckets: int,
    known: Mapping[str, Sequence[int | None]] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Rows of days, versions, and segments with their entries, in the columns of
    ``PARTIAL_SCORES``.

    ``of``: segmentation, kind, and name of all of them. ``lengths``: of their vectors of counts and
    of sums. ``known``: when their labels became known, null if left out.
    """
    n = len(keys)
    # All values of one subject are merged by one task, which determines the first of them.
    name = of[1] if of[1].startswith(SPELLING) else of[2]
    days, versions, segments = zip(*keys, strict=True)
    alike = {
        **dict(zip(("segmentation", "kind", "name"), of, strict=True)),
        **dict(zip(("counts_length", "sums_length"), lengths, strict=True)),
    }
    columns = {
        "day": pa.array(days, pa.int32()),
        "model_version": pa.array(versions, pa.string()),
        "segment": pa.array(segments, pa.string()),
        **{
            key: pa.repeat(pa.scalar(v, PARTIAL_SCORES.field(key).type), n)
            for key, v in alike.items()
        },
        **{
            key: pa.array(known[key] if known else [None] * n, pa.int32())
            for key in ("last_known", "next_known")
        },
        "bucket": pa.array([_bucket((of[0], s, name), buckets) for s in segments], pa.int32()),
    }
    table = sparse_table(columns, entries)
    yield from bounded_batches(
        table.select(PARTIAL_SCORES.names).cast(PARTIAL_SCORES), SPARSE_BATCH_BYTES
    )


def _bucket(key: tuple[str, ...], buckets: int) -> int:
    # Not hash(), which differs between processes.
    return sum(" ".join(key).encode()) % buckets
