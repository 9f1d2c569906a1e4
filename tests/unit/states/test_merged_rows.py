"""Columns of merged rows beside their states."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.states.merged_rows import distinct_days, first_day_of, last_day_of


def test_days_of_a_run_are_its_ends_and_their_number() -> None:
    table = pa.table(
        {
            "known": pa.array([None, 3, 7, None], pa.int32()),
            "day": pa.array([1, 1, 2, 2], pa.int32()),
        }
    )
    starts = np.array([0, 3])
    assert last_day_of("known")(table, starts).to_pylist() == [7, None]
    assert first_day_of("known")(table, starts).to_pylist() == [3, None]
    assert distinct_days("day")(table, starts).to_pylist() == [2, 1]
