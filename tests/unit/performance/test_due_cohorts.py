"""Performance while rows are due only in part: what their selection explains is no change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from modelwatch.evaluation.performance.evaluated_windows import answering
from modelwatch.evaluation.performance.question import ScoreQuestion
from modelwatch.evaluation.planning.windows import WindowReference
from modelwatch.evaluation.states import score_aggregation
from modelwatch.evaluation.states.label_layout import LabelledLayout
from modelwatch.evaluation.states.partial_scores import SCORE_KEY
from modelwatch.model.planning.windows import Window
from modelwatch.stats.states.score_tally import ScorePlan
from samples import numeric_binning

FIRST = date(2016, 1, 1)
REFERENCE, WINDOW = range(56), range(112, 140)
AS_OF = FIRST + timedelta(days=WINDOW[-1] + 1)
ROWS_PER_DAY = 120
PLAN = ScorePlan("binary", numeric_binning([k / 20 for k in range(20)]))
LAYOUT = LabelledLayout((13,), (), (), (), (), (), due_by_row=True)
Outcome = Callable[[np.ndarray], np.ndarray]


def bookings(of_window: Outcome) -> pa.RecordBatch:
    """Rows that are due the later, the higher their score; labels as the score says in the
    reference, and as ``of_window`` says later."""
    random = np.random.default_rng(3)
    days = np.repeat([*REFERENCE, *WINDOW], ROWS_PER_DAY)
    lead_days = random.integers(0, 40, len(days))
    score = np.clip(lead_days / 45 + random.normal(0, 0.05, len(days)), 0.01, 0.99)
    chance = np.where(days < WINDOW[0], score, of_window(score))
    label = random.random(len(days)) < chance
    day = [FIRST + timedelta(days=int(n)) for n in days]
    due = [one + timedelta(days=int(n)) for one, n in zip(day, lead_days, strict=True)]
    zeros = pa.array([0] * len(days), pa.int32())
    columns = [
        pa.array(day, pa.date32()),
        pa.array(due, pa.date32()),
        pa.array(["v1"] * len(days)),
        pa.array([True] * len(days)),
        pa.array((score > 0.5).astype(float)),
        pa.array(label.astype(float)),
        *[zeros] * 4,
        pa.array([0] * len(days), pa.int64()),
        *[pa.nulls(len(days), pa.date32())] * 2,
        pa.array(score),
    ]
    return pa.RecordBatch.from_arrays(columns, names=[f"c{i}" for i in range(len(columns))])


def changes(of_window: Outcome, as_of: date = AS_OF) -> dict[str, dict[str, Any]]:
    """The changes of the window's metrics against the reference, by metric."""
    tally = score_aggregation.partial_score_tally(LAYOUT, (PLAN,), True, as_of, 1)
    table = pa.Table.from_batches(tally([bookings(of_window)]))
    table = table.sort_by([(name, "ascending") for name in SCORE_KEY])
    stored = score_aggregation.score_sums(PLAN.binning, as_of)(table.to_batches())
    start, end = (FIRST + timedelta(days=n) for n in (WINDOW[0], WINDOW[-1]))
    fitted = (FIRST, FIRST + timedelta(days=REFERENCE[-1]))
    question = ScoreQuestion(
        as_of=as_of,
        task="binary",
        binning=PLAN.binning,
        windows=(Window("month", start, end),),
        references=(WindowReference("winter", (fitted,), fixed=True),),
        fitted=fitted,
        known=False,
    )
    rows = [row for batch in answering(question)(stored) for row in batch.to_pylist()]
    return {
        row["metric"]: row
        for row in rows
        if row["table"] == "performance_metrics" and row["reference"] and row["cohort"] == "due"
    }


@pytest.mark.parametrize("metric", ["roc_auc", "accuracy", "base_rate", "calibration_bias"])
def test_rows_that_are_due_early_are_no_change_of_the_model(metric: str) -> None:
    found = changes(lambda score: score)[metric]
    assert found["due_rows"] < 0.8 * ROWS_PER_DAY * len(WINDOW)
    assert found["p_value"] > 0.01
    assert found["lower"] < 0 < found["upper"]


def test_their_selection_would_be_taken_for_a_change() -> None:
    found = changes(lambda score: score)["roc_auc"]
    assert found["cohort_change"] < -0.02
    assert found["value"] + found["cohort_change"] < -0.02


@pytest.mark.parametrize("metric", ["roc_auc", "accuracy", "base_rate"])
def test_a_change_of_the_model_is_seen_in_rows_that_are_due_early(metric: str) -> None:
    found = changes(lambda score: 0.8 - score * 0.6)[metric]
    assert found["p_value"] < 1e-6


def test_when_all_rows_are_due_the_reference_is_as_it_is() -> None:
    found = changes(lambda score: score, AS_OF + timedelta(days=60))
    assert {row["cohort_change"] for row in found.values()} == {None}
