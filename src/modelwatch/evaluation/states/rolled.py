"""States of days added up: those on each side of a change, and those of each month."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.evaluation.sorted_rows import bounded_batches
from modelwatch.evaluation.states.feature_rows import merged_states
from modelwatch.evaluation.states.groups import requested_groups
from modelwatch.evaluation.states.merged_rows import (
    Merge,
    Reduction,
    distinct_days,
    first_of,
    merged_rows,
    total_of,
)
from modelwatch.evaluation.states.sparse_rows import merged_vectors
from modelwatch.stats.arrays import day_spans
from modelwatch.stats.states.binning import Binning
from modelwatch.stats.states.leave_out import FeatureStates
from modelwatch.stats.states.numeric import NumericStates
from modelwatch.tables import TABLES, Table
from modelwatch.tables.arrow import arrow_schema

ROLLED_SCHEMA = pa.schema(
    [
        ("asked", pa.int32()),
        ("side", pa.int32()),
        ("role", pa.string()),
        ("feature", pa.string()),
        ("counts", pa.list_(pa.int64())),
        ("sums", pa.list_(pa.int64())),
        ("minimum", pa.float64()),
        ("maximum", pa.float64()),
        ("unseen", pa.map_(pa.string(), pa.int64())),
    ]
)
MONTHLY_FEATURES = TABLES["feature_states_monthly"]
MONTHLY_PERFORMANCE = TABLES["performance_states_monthly"]


@dataclass(frozen=True)
class TwoSpans:
    """Inclusive first and last day numbers before and after a change in one segment."""

    segmentation: str
    segment: str
    before: tuple[int, int]
    now: tuple[int, int]


def rolled_rows(
    records: Iterable[pa.RecordBatch],
    binnings: Mapping[tuple[str, str], Binning],
    asked: Sequence[TwoSpans],
) -> Iterator[pa.RecordBatch]:
    """The states of both sides of each change, as records."""
    for group, binning, here in requested_groups(records, binnings, asked):
        sides = np.array([side for _, one in here for side in (one.before, one.now)])
        spans = day_spans(group.days, sides[:, 0], sides[:, 1])
        held = group.stack(binning).roll_up(spans)
        rows = [
            _packed(held, i, here[i // 2][0], i % 2, group.role, group.feature)
            for i in map(int, np.flatnonzero(held.rows > 0))
        ]
        if rows:
            yield pa.RecordBatch.from_pylist(rows, schema=ROLLED_SCHEMA)


def _packed(
    held: FeatureStates, i: int, asked: int, side: int, role: str, feature: str
) -> dict[str, Any]:
    packed: dict[str, Any] = {"asked": asked, "side": side, "role": role, "feature": feature}
    packed["counts"] = held.counts[i]
    if isinstance(held, NumericStates):
        packed |= {"sums": held.sums[i], "minimum": held.minimum[i], "maximum": held.maximum[i]}
    else:
        packed["unseen"] = list(held.unseen[i].items())
    return packed


def _months(table: Table, reductions: Mapping[str, Reduction], merge: Merge) -> BatchFunction:
    """A function of states with their day and month, sorted by scope and day, that yields one state
    per month and scope."""
    schema = arrow_schema(table, *table.own_names)
    key = [name for name in table.own_key if name != "part"]
    of_month = {"days": distinct_days("day"), **reductions}

    def months(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for found in merged_rows(records, key, of_month, merge):
            yield from bounded_batches(found.select(schema.names).cast(schema))

    return months


feature_months = _months(MONTHLY_FEATURES, {"row_count": total_of("row_count")}, merged_states)
performance_months = _months(
    MONTHLY_PERFORMANCE,
    {name: first_of(name) for name in ("counts_length", "sums_length")},
    merged_vectors(),
)
