"""Verdicts on estimates: neither their own error nor the days of the reference explain them."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from modelwatch.evaluation.verdicts.judgement import Strictness, comparison_judgement, p_values
from modelwatch.evaluation.verdicts.metric_values import estimate_values, reference_values
from modelwatch.model.performance.thresholds import PerformanceThreshold

SCOPE = {"model_version": "*", "segmentation": "all", "segment": "all", "metric": "accuracy"}
THRESHOLDS = {"accuracy": PerformanceThreshold("accuracy", 0.05, "higher")}


def estimates_of(p_value: float | None, half_width: float = 0.02) -> pa.Table:
    """Those of a week whose estimated accuracy is 0.1 below the reference's 0.9."""
    week = {
        "window_name": "week",
        "window_start": date(2024, 1, 8),
        "window_end": date(2024, 1, 14),
    }
    estimate = {
        "value": 0.8,
        "lower": 0.8 - half_width,
        "upper": 0.8 + half_width,
        "row_count": 700,
    }
    estimates = pa.table(
        {
            **{name: [value] for name, value in {**SCOPE, **week, **estimate}.items()},
            "p_value": pa.array([p_value], pa.float64()),
            "reason": pa.array([None], pa.string()),
            "partial": [False],
        }
    )
    metrics = pa.table(
        {
            **{name: [value] for name, value in SCOPE.items()},
            "cohort": ["due"],
            "reference": ["before"],
            "reference_value": [0.9],
        }
    )
    return estimate_values(estimates, reference_values(metrics, ["before"]), THRESHOLDS)


@pytest.mark.parametrize(
    ("p_value", "half_width", "verdict"),
    [
        (1e-6, 0.02, "fail"),
        (0.3, 0.02, "pass"),
        (1e-6, 0.3, "pass"),
        (None, 0.02, "fail"),
    ],
    ids=["neither is chance", "weeks differ as much", "estimates err as much", "no reference days"],
)
def test_an_estimate_fails_if_neither_its_error_nor_the_weeks_explain_it(
    p_value: float | None, half_width: float, verdict: str
) -> None:
    estimated = estimates_of(p_value, half_width)
    strictness = Strictness(0.05, 100, "benjamini_hochberg")
    assert comparison_judgement(estimated, strictness).verdict.tolist() == [verdict]


def test_the_larger_p_value_counts() -> None:
    assert p_values(estimates_of(0.3))[0] == 0.3
    assert p_values(estimates_of(1e-30))[0] == pytest.approx(p_values(estimates_of(None))[0])
