"""States of days added up to one state per month."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa

from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.evaluation.sorted_rows import bounded_batches
from modelwatch.evaluation.states.feature_rows import merged_states
from modelwatch.evaluation.states.merged_rows import (
    Merge,
    Reduction,
    distinct_days,
    first_of,
    merged_rows,
    total_of,
)
from modelwatch.evaluation.states.sparse_rows import merged_vectors
from modelwatch.tables import TABLES, Table
from modelwatch.tables.arrow import arrow_schema

FEATURES = TABLES["feature_states_monthly"]
MONTHLY_PERFORMANCE = TABLES["performance_states_monthly"]


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


feature_months = _months(FEATURES, {"row_count": total_of("row_count")}, merged_states)
performance_months = _months(
    MONTHLY_PERFORMANCE,
    {name: first_of(name) for name in ("counts_length", "sums_length")},
    merged_vectors(),
)
