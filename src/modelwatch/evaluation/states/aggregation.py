"""States of every feature by day, model version and segment, in one pass over the rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.evaluation.states.batches import BatchLayout, batch_of
from modelwatch.evaluation.states.count_vectors import (
    count_vectors,
    list_array,
    long_lists,
    packed_counts,
)
from modelwatch.stats.states.batch import PAIRS, ROWS, Block, TallyPlan
from modelwatch.stats.states.binning import NumericBinning
from modelwatch.stats.states.state import State, StateKey
from modelwatch.stats.states.tally import Tally
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

_ARROW = pa.schema(
    [
        ("day", pa.int32()),
        ("model_version", pa.string()),
        ("role", pa.int32()),
        ("segmentation", pa.string()),
        ("segment", pa.string()),
        ("feature", pa.string()),
        ("counts_length", pa.int32()),
        ("positions", pa.list_(pa.int32())),
        ("counts", pa.list_(pa.int64())),
        ("sums", pa.list_(pa.int64())),
        ("minimum", pa.float64()),
        ("maximum", pa.float64()),
        ("distinct_sketch", pa.binary()),
        ("unseen", pa.map_(pa.string(), pa.int64())),
        ("length_sum", pa.int64()),
        ("length_min", pa.float64()),
        ("length_max", pa.float64()),
        ("bucket", pa.int32()),
    ]
)
TABLE = TABLES["feature_states"]
STATE_COLUMNS = TABLE.own_names
_STORED = arrow_schema(TABLE, *STATE_COLUMNS)
KEY = ("day", "model_version", "role", "segmentation", "segment", "feature")
_LONGS_HELD = 1 << 25
"""Longs in counts (256 MB) beyond which a task hands on what it has and starts anew."""

_LONGS_A_BATCH = 1 << 20
"""Longs of states in one batch (8 MB), unless a single state has more."""


def partial_state_tally(layout: BatchLayout, plan: TallyPlan, buckets: int) -> BatchFunction:
    """A function of batches that yields the states of its rows."""
    bucket_of = {column.name: at % buckets for at, column in enumerate(plan.columns)}

    def partial_states(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        tally = Tally(plan)
        for record in records:
            tally.add(batch_of(record, layout, plan))
            if tally.longs > _LONGS_HELD:
                yield from state_batches(tally.states(), bucket_of)
                tally = Tally(plan)
        yield from state_batches(tally.states(), bucket_of)

    return partial_states


def state_merging(plan: TallyPlan, roles: Sequence[str], by_day: bool) -> BatchFunction:
    """A function of sorted partial states that yields their sums."""
    fingerprints = {
        (column.role, column.name): column.binning.fingerprint for column in plan.columns
    }
    numeric = {
        (column.role, column.name)
        for column in plan.columns
        if isinstance(column.binning, NumericBinning)
    }
    for block in plan.blocks:
        fingerprints[block.role, PAIRS] = block_fingerprint(plan, block)

    def kind_of(role: int, feature: str) -> str:
        if feature in (PAIRS, ROWS):
            return feature.strip("()")
        return "numeric" if (role, feature) in numeric else "categorical"

    def stored(record: pa.RecordBatch) -> pa.RecordBatch:
        """A record of ``PARTIAL_SCHEMA`` in the columns of feature_states."""
        column = {name: record.column(name) for name in _ARROW.names}
        scopes = list(zip(column["role"].to_pylist(), column["feature"].to_pylist(), strict=True))
        unseen = column["unseen"].to_pylist()
        columns = {
            **column,
            "day": column["day"].cast(pa.date32()) if by_day else None,
            "role": [roles[role] for role, _ in scopes],
            "feature": ["*" if name in (PAIRS, ROWS) else name for _, name in scopes],
            "kind": [kind_of(*scope) for scope in scopes],
            "binning": [fingerprints.get(scope) for scope in scopes],
            "rows": [
                int(listed[0]) if name in (PAIRS, ROWS) else int(listed.sum())
                for listed, (_, name) in zip(
                    map(_present, long_lists(column["counts"])), scopes, strict=True
                )
            ],
            "unseen": [
                None if u is None else [{"value": v, "rows": n} for v, n in u] for u in unseen
            ],
        }
        return pa.RecordBatch.from_arrays(
            [_arrow_column(columns[f.name], f.type, record.num_rows) for f in _STORED],
            schema=_STORED,
        )

    def merge_sorted(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for record in state_batches(merged_neighbors(records), {}):
            yield stored(record)

    return merge_sorted


def _arrow_column(values: Any, kind: pa.DataType, rows: int) -> pa.Array:
    if values is None:
        return pa.nulls(rows, kind)
    if not isinstance(values, pa.Array):
        return pa.array(values, type=kind)
    if pa.types.is_floating(values.type):
        # A state without values has NaN, a row of the table null.
        values = pa.array(values.to_numpy(zero_copy_only=False), pa.float64(), from_pandas=True)
    return values if values.type == kind else values.cast(kind)


def block_fingerprint(plan: TallyPlan, block: Block) -> str:
    """Fingerprint of a numeric block: of its features, in order, and their bins."""
    digest = hashlib.sha256()
    for index in block.columns:
        column = plan.columns[index]
        digest.update(f"{column.name!r} {column.binning.fingerprint} ".encode())
    return digest.hexdigest()[:16]


def merged_neighbors(records: Iterable[pa.RecordBatch]) -> Iterator[tuple[StateKey, State]]:
    """The states of Arrow batches of ``PARTIAL_SCHEMA``, sorted by ``KEY``, one for each key."""
    held: tuple[StateKey, State] | None = None
    for record in records:
        for key, state in states_of(record):
            if held is not None and held[0] == key:
                held = (key, held[1].merge(state))
            else:
                if held is not None:
                    yield held
                held = (key, state)
    if held is not None:
        yield held


def states_of(record: pa.RecordBatch) -> Iterator[tuple[StateKey, State]]:
    """The states of an Arrow batch of ``PARTIAL_SCHEMA``, one a row."""
    keys = zip(*(record.column(name).to_pylist() for name in KEY), strict=True)
    column = {name: record.column(name) for name in _ARROW.names}
    counts = count_vectors(column["counts_length"], column["positions"], column["counts"])
    sums = long_lists(column["sums"])
    sketches, unseen = column["distinct_sketch"].to_pylist(), column["unseen"].to_pylist()
    extremes = [column[name].to_pylist() for name in ("minimum", "maximum")]
    lengths = [column[name].to_pylist() for name in ("length_sum", "length_min", "length_max")]
    for i, key in enumerate(keys):
        yield (
            key,
            State(
                counts=counts[i],
                sums=sums[i],
                minimum=extremes[0][i],
                maximum=extremes[1][i],
                sketch=None if sketches[i] is None else np.frombuffer(sketches[i], dtype="<u8"),
                unseen=None if unseen[i] is None else dict(unseen[i]),
                lengths=None
                if lengths[0][i] is None
                else (lengths[0][i], lengths[1][i], lengths[2][i]),
            ),
        )


def state_batches(
    states: Iterator[tuple[StateKey, State]], bucket_of: Mapping[str, int]
) -> Iterator[pa.RecordBatch]:
    """Arrow batches of ``PARTIAL_SCHEMA``."""
    rows: list[tuple[StateKey, State]] = []
    longs = 0
    for row in states:
        rows.append(row)
        longs += row[1].longs
        if longs >= _LONGS_A_BATCH:
            yield _record(rows, bucket_of)
            rows, longs = [], 0
    if rows:
        yield _record(rows, bucket_of)


def _record(rows: Sequence[tuple[StateKey, State]], bucket_of: Mapping[str, int]) -> pa.RecordBatch:
    keys = list(zip(*(key for key, _ in rows), strict=True))
    states = [state for _, state in rows]
    lengths = [state.lengths or (None, None, None) for state in states]
    columns = {
        **{name: list(values) for name, values in zip(KEY, keys, strict=True)},
        **packed_counts(
            [state.counts for state in states], [key[-1] in (PAIRS, ROWS) for key, _ in rows]
        ),
        "sums": list_array([state.sums for state in states]),
        "minimum": [state.minimum for state in states],
        "maximum": [state.maximum for state in states],
        "distinct_sketch": [
            None if s.sketch is None else s.sketch.astype("<u8").tobytes() for s in states
        ],
        "unseen": [None if s.unseen is None else list(s.unseen.items()) for s in states],
        **{
            name: [length[i] for length in lengths]
            for i, name in enumerate(("length_sum", "length_min", "length_max"))
        },
        "bucket": [bucket_of.get(key[-1], 0) for key, _ in rows],
    }
    arrays = [
        values if isinstance(values, pa.Array) else pa.array(values, type=_ARROW.field(name).type)
        for name, values in ((name, columns[name]) for name in _ARROW.names)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=_ARROW)


def _present(counts: np.ndarray | None) -> np.ndarray:
    if counts is None:
        raise ValueError("a state without counts")
    return counts
