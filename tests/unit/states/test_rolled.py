"""States of days added up to a state a month."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.states.rolled import feature_months, performance_months
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

NOT_HELD = ("monitor", "run_id", "days")
NUMERIC: dict[str, Any] = {
    "day": date(2013, 2, 5),
    "month": date(2013, 2, 1),
    "role": "inputs",
    "model_version": "v1",
    "segmentation": "all",
    "segment": "all",
    "feature": "amount",
    "kind": "numeric",
    "binning": "bins",
    "row_count": 5,
    "counts_length": 3,
    "counts": [1, 0, 4],
    "sums": [1, 2, 3, 0] * 3,
    "minimum": -1.5,
    "maximum": 2.0,
    "distinct_sketch": np.array([3, 7], dtype="<u8").tobytes(),
}
TEXT = {
    **NUMERIC,
    "feature": "country",
    "kind": "categorical",
    "counts_length": 4,
    "counts": [0, 0, 2, 3],
    "sums": None,
    "minimum": None,
    "maximum": None,
    "unseen": [{"value": "zz", "row_count": 2}],
    "length_sum": 10,
    "length_min": 2,
    "length_max": 3,
}


BINARY: dict[str, Any] = {
    "day": date(2013, 2, 5),
    "month": date(2013, 2, 1),
    "model_version": "v1",
    "segmentation": "all",
    "segment": "all",
    "kind": "binary",
    "name": "*",
    "binning": "bins",
    "counts_length": 3,
    "sums_length": 2,
    "positions": [0, 2],
    "counts": [1, 2**60],
    "sums": [0, 0],
}


def months(*rows: dict[str, Any], batches: int = 1) -> list[dict[str, Any]]:
    """Months of rows of feature_states, which come in some batches."""
    return added_up(feature_months, "feature_states_monthly", rows, batches)


def performance(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Months of rows of performance_states."""
    return added_up(performance_months, "performance_states_monthly", rows)


def added_up(
    function: Any, table: str, rows: tuple[dict[str, Any], ...], batches: int = 1
) -> list[dict[str, Any]]:
    held = [name for name in TABLES[table].names if name not in NOT_HELD]
    schema = arrow_schema(TABLES[table], *held).insert(0, pa.field("day", pa.date32()))
    whole = [{**dict.fromkeys(schema.names), **row} for row in rows]
    size = -(-len(whole) // batches)
    parts = [whole[i : i + size] for i in range(0, len(whole), size)]
    records = [pa.RecordBatch.from_pylist(part, schema=schema) for part in parts]
    return [row for record in function(records) for row in record.to_pylist()]


def on(row: dict[str, Any], number: int, **changed: Any) -> dict[str, Any]:
    """The row of a day of February."""
    return {**row, "day": date(2013, 2, number), **changed}


def test_counts_add_up_and_ends_are_the_furthest() -> None:
    later = on(NUMERIC, 6, row_count=1, counts=[0, 1, 0], minimum=-3.0, maximum=None)
    (month,) = months(NUMERIC, later)
    assert (month["days"], month["row_count"], month["counts"]) == (2, 6, [1, 1, 4])
    assert (month["minimum"], month["maximum"]) == (-3.0, 2.0)
    assert month["distinct_sketch"] == NUMERIC["distinct_sketch"]


def test_unseen_values_and_lengths_add_up() -> None:
    unseen = [{"value": "zz", "row_count": 1}, {"value": "qq", "row_count": 1}]
    (month,) = months(TEXT, on(TEXT, 6, unseen=unseen, length_min=1))
    assert {one["value"]: one["row_count"] for one in month["unseen"]} == {"zz": 3, "qq": 1}
    assert (month["length_sum"], month["length_min"], month["length_max"]) == (20, 1, 3)
    assert (month["minimum"], month["sums"]) == (None, None)


def test_states_of_other_bins_months_and_features_stay_apart() -> None:
    rows = (
        NUMERIC,
        {**NUMERIC, "binning": "others"},
        {**NUMERIC, "month": date(2013, 3, 1)},
        TEXT,
    )
    assert [row["days"] for row in months(*rows)] == [1, 1, 1, 1]


def test_it_is_the_same_however_rows_come_in_batches() -> None:
    rows = [on(NUMERIC, n) for n in range(1, 6)] + [on(TEXT, n) for n in range(1, 4)]
    assert months(*rows, batches=4) == months(*rows)
    assert [row["days"] for row in months(*rows)] == [5, 3]


def test_one_day_is_its_month() -> None:
    (month,) = months(NUMERIC)
    assert {name: month[name] for name in NUMERIC if name != "day"} == {
        name: value for name, value in NUMERIC.items() if name != "day"
    }


def test_parts_of_a_day_count_as_one_day() -> None:
    (month,) = performance(BINARY, on(BINARY, 5, positions=[1, 2], counts=[3, 1]), on(BINARY, 6))
    assert (month["days"], month["part"]) == (2, 0)
    assert month["positions"] == [0, 1, 2]
    assert month["counts"] == [2, 3, 2**61 + 1]


def test_sums_of_performance_add_up_by_position() -> None:
    more = on(BINARY, 6, positions=[1, 2], sums=[2, 5])
    (month,) = performance(on(BINARY, 5, sums=[1, -7]), more)
    assert dict(zip(month["positions"], month["sums"], strict=True)) == {0: 1, 1: 2, 2: -2}
    assert (month["counts_length"], month["sums_length"]) == (3, 2)


def test_performance_by_other_bins_of_the_score_stays_apart() -> None:
    rows = (BINARY, {**BINARY, "binning": "others"}, {**BINARY, "kind": "labels", "binning": None})
    assert [row["days"] for row in performance(*rows)] == [1, 1, 1]
