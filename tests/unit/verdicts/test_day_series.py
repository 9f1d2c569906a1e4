"""Daily metrics that are compared with their own history."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from modelwatch.evaluation.verdicts.metric_values import METRIC_VALUE_COLUMNS
from modelwatch.pipelines.verdicts.day_series import DailySeries

FIRST = date(2024, 1, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(40)]
LAST = DAYS[-1]


def judged(values: Any, *, days: list[date] = DAYS, **more: Any) -> dict[str, Any]:
    """The metric of the last day."""
    series = DailySeries(
        **{
            "source": "volume",
            "role": "inputs",
            "subject": "inputs",
            "metric": "rows",
            "days": days,
            "values": np.asarray(values, dtype=np.float64),
            "rows": [1000] * len(days),
            "judged": frozenset({days[-1]}),
            "threshold": 0.3,
            **more,
        }
    )
    (row,) = series.metric_values()
    return dict(zip(METRIC_VALUE_COLUMNS, row, strict=True))


def steady(last: float) -> np.ndarray[Any, Any]:
    """A thousand rows a day, a little more or less, and the last day."""
    return np.append(1000 + 10 * np.sin(np.arange(39.0)), last)


def test_half_of_the_rows_is_half_less_than_expected() -> None:
    found = judged(steady(500), relative=True)
    assert found["value"] == pytest.approx(-0.5, abs=0.02)
    assert found["expected"] == pytest.approx(1000, abs=15)
    assert found["p_value"] < 0.001


def test_a_day_as_before_is_chance() -> None:
    assert judged(steady(1004), relative=True)["p_value"] > 0.05


def test_quiet_weekends_are_expected() -> None:
    weekly = np.array([200.0 if day.weekday() >= 5 else 1000.0 for day in DAYS])
    assert LAST.weekday() == 4
    weekend = judged(weekly[:-5], days=DAYS[:-5], relative=True)
    assert DAYS[-6].weekday() == 6
    assert abs(weekend["value"]) < 0.01


def test_a_share_is_compared_in_its_own_units() -> None:
    found = judged(np.append(np.full(39, 0.98), 0.6), metric="coverage", worse=-1)
    assert found["value"] == pytest.approx(-0.38)
    assert found["worse"] == -1


def test_a_watched_metric_is_compared_in_robust_standard_deviations() -> None:
    assert judged(steady(1200), in_sd=True)["value"] > 10


def test_a_series_that_has_just_begun_says_why_nothing_is_expected() -> None:
    found = judged(np.full(5, 1000.0), days=DAYS[:5], relative=True)
    assert (found["value"], found["p_value"]) == (None, None)
    assert "days before" in found["reason"]


def test_only_judged_days_have_a_metric() -> None:
    series = DailySeries(
        "volume",
        "inputs",
        "inputs",
        "rows",
        DAYS,
        steady(1000),
        [1000] * 40,
        frozenset(DAYS[-3:]),
        0.3,
        relative=True,
    )
    at = METRIC_VALUE_COLUMNS.index("window_start")
    assert [row[at] for row in series.metric_values()] == DAYS[-3:]
