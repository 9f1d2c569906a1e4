"""States of days added up to one state a month."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.states.count_vectors import COUNT_COLUMNS, count_vectors, packed_counts
from modelwatch.evaluation.states.sparse_rows import (
    bounded_batches,
    distinct_days,
    first_of,
    merged_tables,
    of_limbs,
)
from modelwatch.stats.arrays import known_number
from modelwatch.stats.states.state import State
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

FEATURES = TABLES["feature_states_monthly"]
PERFORMANCE = TABLES["performance_states_monthly"]
_ROWS_A_BATCH = 500


def feature_months(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """States of features with their day and month, sorted by scope, with one row per scope."""
    key = FEATURES.own_key
    rows: list[dict[str, Any]] = []
    for of, group in groupby(_days(records), key=lambda row: tuple(row[name] for name in key)):
        held = list(group)
        rows.append(
            {
                **dict(zip(key, of, strict=True)),
                "days": len({row["day"] for row in held}),
                **_feature_sum(held),
            }
        )
        if len(rows) >= _ROWS_A_BATCH:
            yield _months(rows)
            rows = []
    if rows:
        yield _months(rows)


def _days(records: Iterable[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    """The rows of feature_states, with the whole vector in place of its counts."""
    for record in records:
        vectors = count_vectors(*(record.column(name) for name in COUNT_COLUMNS))
        for row, vector in zip(record.to_pylist(), vectors, strict=True):
            yield {**row, "counts": vector}


def _months(rows: Sequence[dict[str, Any]]) -> pa.RecordBatch:
    schema = arrow_schema(FEATURES, *FEATURES.own_names)
    whole = [row["kind"] not in ("numeric", "categorical") for row in rows]
    packed = packed_counts([row["counts"] for row in rows], whole)
    arrays = [
        packed[field.name]
        if field.name in packed
        else pa.array([row[field.name] for row in rows], field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def performance_months(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """States of performance with their day and month, sorted by scope and day, added up by
    scope."""
    schema = arrow_schema(PERFORMANCE, *PERFORMANCE.own_names)
    key = [name for name in PERFORMANCE.own_key if name != "part"]
    reductions = {
        "days": distinct_days("day"),
        **{name: first_of(name) for name in ("counts_length", "sums_length")},
    }
    for table in merged_tables(records, key, reductions, of_limbs):
        yield from bounded_batches(table.select(schema.names).cast(schema))


def _feature_sum(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    state = reduce(State.merge, map(_state, rows))
    lengths, unseen = state.lengths or (None, None, None), state.unseen
    return {
        "rows": sum(row["rows"] for row in rows),
        "counts": state.counts,
        "sums": state.sums,
        "minimum": known_number(state.minimum),
        "maximum": known_number(state.maximum),
        "distinct_sketch": None if state.sketch is None else state.sketch.astype("<u8").tobytes(),
        "unseen": None
        if unseen is None
        else [{"value": value, "rows": count} for value, count in unseen.items()],
        "length_sum": lengths[0],
        "length_min": _whole(lengths[1]),
        "length_max": _whole(lengths[2]),
    }


def _state(row: dict[str, Any]) -> State:
    sketch, unseen, sums = row["distinct_sketch"], row["unseen"], row["sums"]
    length = row["length_sum"]
    return State(
        counts=row["counts"],
        sums=None if sums is None else np.array(sums, dtype=np.int64),
        minimum=_or_nan(row["minimum"]),
        maximum=_or_nan(row["maximum"]),
        sketch=None if sketch is None else np.frombuffer(sketch, dtype="<u8"),
        unseen=None if unseen is None else {one["value"]: one["rows"] for one in unseen},
        lengths=None
        if length is None
        else (length, _or_nan(row["length_min"]), _or_nan(row["length_max"])),
    )


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _whole(value: float | None) -> int | None:
    return None if value is None or np.isnan(value) else int(value)
