"""Rows in which tasks hand on their states of performance, before these are merged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.states.sparse_rows import Entries, bounded_batches, sparse_table
from modelwatch.stats.states.score_batch import ScopeVectors
from modelwatch.stats.states.value_account import SPELLING
from modelwatch.stats.value_names import ALL_VERSIONS

LABELS = "labels"
"""Kind of the account of labels; it has no model version, no bins, and is due at once."""
KEY = ("day", "model_version", "segmentation", "segment", "kind", "name")
_ARROW = pa.schema(
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
PARTIAL_SCHEMA = (
    "day int, model_version string, segmentation string, segment string, kind string, name string,"
    " counts_length int, sums_length int, last_known int, next_known int, part int,"
    " positions array<int>, counts array<bigint>, sums array<bigint>, due_days array<int>,"
    " bucket int"
)


def vector_records(vectors: ScopeVectors, buckets: int) -> Iterator[pa.RecordBatch]:
    """States of one kind and name in the columns of ``PARTIAL_SCHEMA``."""
    days, dues, versions, segments = zip(*vectors.scopes, strict=True)
    if vectors.kind == LABELS:
        dues, versions = days, (ALL_VERSIONS,) * len(days)
    # A row is of a day, version and segment: the due days stand side by side in it.
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
    """Rows of days, versions and segments with their entries, in the columns of
    ``PARTIAL_SCHEMA``.

    ``of``: segmentation, kind and name of all of them. ``lengths``: of their vectors of counts and
    of sums. ``known``: when their labels became known, null if left out.
    """
    n = len(keys)
    # Values of one subject meet in one task, which knows the first of them.
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
        **{key: pa.repeat(pa.scalar(v, _ARROW.field(key).type), n) for key, v in alike.items()},
        **{
            key: pa.array(known[key] if known else [None] * n, pa.int32())
            for key in ("last_known", "next_known")
        },
        "bucket": pa.array([_bucket((of[0], s, name), buckets) for s in segments], pa.int32()),
    }
    table = sparse_table(columns, entries)
    yield from bounded_batches(table.select(_ARROW.names).cast(_ARROW))


def _bucket(key: tuple[str, ...], buckets: int) -> int:
    # Not hash(): it differs from process to process.
    return sum(" ".join(key).encode()) % buckets
