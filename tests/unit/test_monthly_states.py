"""States of days added up to a state a month."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from modelwatch.spark.monthly_states import MONTHLY_COLUMNS, added_up
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

HELD = tuple(name for name in MONTHLY_COLUMNS if name != "days")
SCHEMA = arrow_schema(TABLES["feature_states_monthly"], *HELD)
NUMERIC: dict[str, Any] = {
    "month": date(2013, 2, 1),
    "role": "inputs",
    "model_version": "v1",
    "segmentation": "all",
    "segment": "all",
    "feature": "amount",
    "kind": "numeric",
    "binning": "bins",
    "rows": 5,
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
    "counts": [0, 0, 2, 3],
    "sums": None,
    "minimum": None,
    "maximum": None,
    "unseen": [{"value": "zz", "rows": 2}],
    "length_sum": 10,
    "length_min": 2,
    "length_max": 3,
}


def months(*rows: dict[str, Any], batches: int = 1) -> list[dict[str, Any]]:
    whole = [{**dict.fromkeys(HELD), **row} for row in rows]
    size = -(-len(whole) // batches)
    parts = [whole[i : i + size] for i in range(0, len(whole), size)]
    records = [pa.RecordBatch.from_pylist(part, schema=SCHEMA) for part in parts]
    return [row for record in added_up(records) for row in record.to_pylist()]


def test_counts_add_up_and_ends_are_the_furthest() -> None:
    later = {**NUMERIC, "rows": 1, "counts": [0, 1, 0], "minimum": -3.0, "maximum": None}
    (month,) = months(NUMERIC, later)
    assert (month["days"], month["rows"], month["counts"]) == (2, 6, [1, 1, 4])
    assert (month["minimum"], month["maximum"]) == (-3.0, 2.0)
    assert month["distinct_sketch"] == NUMERIC["distinct_sketch"]


def test_unseen_values_and_lengths_add_up() -> None:
    later = {**TEXT, "unseen": [{"value": "zz", "rows": 1}, {"value": "qq", "rows": 1}]}
    (month,) = months(TEXT, {**later, "length_min": 1})
    assert {one["value"]: one["rows"] for one in month["unseen"]} == {"zz": 3, "qq": 1}
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
    rows = [NUMERIC] * 5 + [TEXT] * 3
    assert months(*rows, batches=4) == months(*rows)
    assert [row["days"] for row in months(*rows)] == [5, 3]


def test_one_day_is_its_month() -> None:
    (month,) = months(NUMERIC)
    assert {name: month[name] for name in NUMERIC} == NUMERIC
