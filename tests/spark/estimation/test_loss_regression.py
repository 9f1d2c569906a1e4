"""What a regressor of the loss is fitted on, and what it says of rows that it has never seen."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from modelwatch.evaluation.states.label_layout import NEVER, LabelledLayout
from modelwatch.spark.estimation import loss_regression
from modelwatch.spark.estimation.loss_regression import (
    LossInput,
    LossModel,
    any_not_due,
    content,
    fitted,
    fitting_rows,
)
from modelwatch.spark.states.labelled_rows import LabelledRows
from modelwatch.stats.estimation.expected_loss import LossRegressor

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

DAY = date(2013, 2, 1)
AS_OF = date(2013, 2, 20)
SCALE = 2.0
INPUTS = (LossInput("score"), LossInput("size"), LossInput("kind", ("fine", "rough")))
SCHEMA = (
    "c0 date, c1 date, c2 string, c3 boolean, c4 double, c5 double, c6 int, c7 int, c8 int, c9 int,"
    " c10 bigint, c11 date, c12 date, c13 double, c14 double, c15 string"
)
LAYOUT = LabelledLayout((13,), (), (), (), (), (), features=(14, 15))


def rows_of(frame: DataFrame) -> LabelledRows:
    return LabelledRows(frame, LAYOUT)


def frame_of(spark: SparkSession, rows: list[tuple[object, ...]]) -> DataFrame:
    """Rows of (due, label, score, size, kind)."""
    whole = [
        (DAY, due, "v1", True, None, label, 0, 1, 0, 0, 0, None, None, score, size, kind)
        for due, label, score, size, kind in rows
    ]
    return spark.createDataFrame(whole, SCHEMA)


def drawn(count: int) -> list[tuple[object, ...]]:
    """Labels that are missed by 1 where the kind is fine, by 3 where it is rough."""
    random = np.random.default_rng(1)
    rows = []
    for i in range(count):
        kind = ("fine", "rough")[i % 2]
        miss = {"fine": 1.0, "rough": 3.0}[kind] * (-1) ** (i // 2)
        score = float(random.uniform(0, 100))
        rows.append((DAY, score + miss, score, float(random.uniform()), kind))
    return rows


def test_only_the_due_cohort_with_labels_is_fitted_on(spark: SparkSession) -> None:
    later, nan = AS_OF + timedelta(days=1), float("nan")
    rows = frame_of(
        spark,
        [
            (AS_OF, 7.0, 4.0, 1.0, "fine"),
            (later, 9.0, 4.0, 1.0, "fine"),
            (NEVER, 9.0, 4.0, 1.0, "fine"),
            (AS_OF, None, 4.0, 1.0, "fine"),
            (AS_OF, 9.0, None, 1.0, "fine"),
            (AS_OF, 9.0, nan, 1.0, "fine"),
            (AS_OF, float("inf"), 4.0, 1.0, "fine"),
        ],
    )
    (found,) = fitting_rows(rows_of(rows), INPUTS, SCALE, AS_OF).collect()
    assert (found["absolute"], found["squared"]) == (1.5, 2.25)


def test_which_rows_are_fitted_on_does_not_depend_on_their_order(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loss_regression, "_MOST_ROWS", 60)
    frame = frame_of(spark, drawn(200))
    other = frame.orderBy(frame["c13"].desc()).repartition(5)
    one, two = (fitting_rows(rows_of(f), INPUTS, SCALE, AS_OF) for f in (frame, other))
    assert content(one) == content(two)
    assert content(one)[0] == 60
    orders = [[list(map(tuple, part)) for part in f.rdd.glom().collect()] for f in (one, two)]
    assert orders[0] == orders[1]


def test_a_row_unlike_any_other_has_an_expected_loss(spark: SparkSession) -> None:
    held = fitting_rows(rows_of(frame_of(spark, drawn(1000))), INPUTS, SCALE, AS_OF)
    model, dispersion = fitted(held, INPUTS)
    assert max(dispersion) < 0.01
    losses = LossModel(LossRegressor("forest", (0.0, 0.0)), (), INPUTS, model)
    nan, infinite = float("nan"), float("inf")
    asked = [
        (DAY, None, 50.0, 0.5, "fine"),
        (DAY, None, 50.0, 0.5, "rough"),
        (DAY, None, 50.0, None, None),
        (DAY, None, nan, nan, "never seen"),
        (DAY, None, infinite, -infinite, ""),
        (DAY, None, None, None, "fine"),
    ]
    expected = losses.expected(rows_of(frame_of(spark, asked).coalesce(1)))
    assert expected.layout.expected == (14, 15)
    assert expected.frame.columns == [f"c{at}" for at in range(16)]
    found = np.array([(row["c14"], row["c15"]) for row in expected.frame.collect()])
    assert np.isfinite(found).all()
    # In scales of 2.
    assert found[:2, 0] == pytest.approx([0.5, 1.5], abs=0.05)
    assert found[:2, 1] == pytest.approx([0.25, 2.25], abs=0.1)


@pytest.mark.parametrize(
    ("due", "open_labels"), [(AS_OF, False), (AS_OF + timedelta(days=1), True), (NEVER, False)]
)
def test_labels_that_are_due_later_are_waited_for_unless_they_never_are(
    spark: SparkSession, due: date, open_labels: bool
) -> None:
    rows = frame_of(spark, [(AS_OF, 1.0, 1.0, 1.0, "fine"), (due, None, 1.0, 1.0, "fine")])
    assert any_not_due(rows_of(rows), AS_OF) is open_labels
