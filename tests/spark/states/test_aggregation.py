"""States by the values of other columns are those of the rows, however many columns there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from tests.conftest import CountJobs

from modelwatch.evaluation.states.rolled import TwoSpans
from modelwatch.model.profile.features import Feature
from modelwatch.spark.days import DAY
from modelwatch.spark.states.aggregation import SplitBy, states_by_value
from modelwatch.spark.states.rolled import states_by_side
from monitored import ONE_TABLE, monitor
from samples import numeric_binning, numeric_state

FIRST = date(2013, 2, 1)
NUMBER = (FIRST - date(1970, 1, 1)).days
ROWS = 120
CONFIG = monitor({**ONE_TABLE, "references": [{"name": "start", "days": f"{FIRST}..{FIRST}"}]})
Made = tuple[date, float | None, str | None, float | None]


def made_rows() -> list[Made]:
    """Two days; on the second, no amounts in DE."""
    random = np.random.default_rng(3)
    rows: list[Made] = []
    for n in range(2):
        for i in range(ROWS):
            country = [None, "DE", "FR", "IT"][int(random.integers(4))]
            age = None if i % 11 == 0 else float(random.integers(100))
            amount = None if n == 1 and country == "DE" else float(random.normal(10.0, 2.0))
            rows.append((FIRST + timedelta(days=n), amount, country, age))
    return rows


ROWS_MADE = made_rows()
AMOUNT, AGE = (
    Feature(name, "inputs", name, "numeric", "double", bins=10) for name in ("amount", "age")
)
COUNTRY = Feature("country", "inputs", "country", "categorical", "string")
BINNING = numeric_binning([amount for _, amount, _, _ in ROWS_MADE if amount is not None], 10)
SPLITS = (SplitBy(COUNTRY, values=("DE", "FR")), SplitBy(AGE, edges=(25.0, 75.0)))
GROUPS = {"below 25": (-1, 25), "25 to 75": (25, 75), "75 and more": (75, 101)}


@pytest.fixture(scope="module")
def inputs(spark: SparkSession) -> DataFrame:
    frame = spark.createDataFrame(ROWS_MADE, "day date, amount double, country string, age double")
    return frame.withColumn(DAY, frame["day"]).repartition(3)


def found(inputs: DataFrame, splits: Sequence[SplitBy]) -> dict[tuple[str, str], Any]:
    """The sides of the amount, the first day and the second, by column and value."""
    frame = states_by_value(CONFIG, inputs, [(AMOUNT, BINNING)], splits)
    asked = [
        TwoSpans(split.segmentation.name, value, (NUMBER, NUMBER), (NUMBER + 1, NUMBER + 1))
        for split in splits
        for value in split.segmentation.segments
    ]
    sides = states_by_side(frame, {("inputs", "amount"): BINNING}, asked)
    return {
        (one.segmentation, one.segment): of["inputs", "amount"]
        for one, of in zip(asked, sides, strict=True)
        if of
    }


@pytest.mark.parametrize("side", [0, 1])
def test_states_by_value_are_those_of_the_rows(inputs: DataFrame, side: int) -> None:
    states = found(inputs, SPLITS)
    held = [row for row in ROWS_MADE if row[0] == FIRST + timedelta(days=side)]
    of_value = {
        **{("country", c): [r for r in held if r[2] == c] for c in ("DE", "FR")},
        ("country", "(other)"): [r for r in held if r[2] == "IT"],
        ("country", "(null)"): [r for r in held if r[2] is None],
        ("age", "(null)"): [r for r in held if r[3] is None],
    }
    for label, (low, high) in GROUPS.items():
        of_value["age", label] = [r for r in held if r[3] is not None and low <= r[3] < high]
    assert set(states) == set(of_value)
    for key, rows in of_value.items():
        expected = numeric_state(BINNING, [amount for _, amount, _, _ in rows])
        assert states[key][side].counts.tolist() == expected.counts.tolist(), key


def test_the_rows_are_read_by_jobs_that_do_not_grow_with_the_columns(
    inputs: DataFrame, count_jobs: CountJobs
) -> None:
    counts = []
    for splits in (SPLITS[:1], SPLITS):
        with count_jobs() as counted:
            found(inputs, splits)
        counts.append(counted.jobs)
    assert counts[0] == counts[1] <= 4
