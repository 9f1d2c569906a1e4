"""Functions of Arrow batches, called by the driver."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.batch_functions import answers_of

SCHEMA = pa.schema([("key", pa.int64()), ("value", pa.float64())])


def test_rows_are_handed_over_in_the_order_of_their_key() -> None:
    rows = pa.table([[3, 1, 2], [0.3, 0.1, 0.2]], schema=SCHEMA)
    found = answers_of(rows, ["key"], lambda batches: batches, SCHEMA)
    assert found.column("value").to_pylist() == [0.1, 0.2, 0.3]


def test_a_value_beyond_the_doubles_raises_no_warning() -> None:
    def squares(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            value = batch.column("value").to_numpy() ** 2
            yield pa.record_batch([batch.column("key"), value - value * np.inf], schema=SCHEMA)

    rows = pa.table([[1], [1e300]], schema=SCHEMA)
    (value,) = answers_of(rows, ["key"], squares, SCHEMA).column("value").to_pylist()
    assert np.isnan(value)
