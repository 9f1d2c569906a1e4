"""Functions of Arrow batches, which run in Python workers of Spark or in the driver."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.sorted_rows import bounded_batches

BatchFunction = Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]
"""A function that a task applies to its batches."""


def in_turn(first: BatchFunction, second: BatchFunction) -> BatchFunction:
    """Compose two functions: the batches of the first are passed to the second."""

    def both(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        return second(first(batches))

    return both


def answers_of(
    rows: pa.Table, key: Sequence[str], function: BatchFunction, schema: pa.Schema
) -> pa.Table:
    """The result of a function for the rows of a table, sorted by a key, with the given schema."""
    order = [(name, "ascending") for name in key]
    # Overflow and differences of infinities need no warning: the rows say that they are undefined,
    # and why. Python workers of Spark show no warnings of them either.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        batches = function(bounded_batches(rows.sort_by(order)))
        found = [pa.Table.from_batches([batch]).select(schema.names) for batch in batches]
    return pa.concat_tables([schema.empty_table(), *(one.cast(schema) for one in found)])
