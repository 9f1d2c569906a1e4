"""What verdicts rest on agrees with statsmodels, scipy and plain loops.

Values in judgement.json come from scripts/golden/judgement.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from modelwatch.stats.diagnosis.piecewise_fits import (
    best_cuts,
    level_costs,
    ramps,
    with_levels,
    with_ramps,
)
from modelwatch.stats.outliers.mahalanobis import Center, distances, threshold
from modelwatch.stats.special import f_tail
from modelwatch.stats.verdicts.adaptive_window import adaptive_windows
from modelwatch.stats.verdicts.day_series import DaySeries
from modelwatch.stats.verdicts.multiplicity import CORRECTIONS, adjusted

GOLDEN = json.loads((Path(__file__).parent / "judgement.json").read_text())
SHAPES = {case["name"]: case for case in GOLDEN["shapes"]}
FAR = {key: np.array(value) for key, value in GOLDEN["far_rows"].items()}


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_corrections_are_those_of_statsmodels(correction) -> None:
    for case in GOLDEN["corrections"]:
        found = adjusted(np.array(case["p"]), correction)
        np.testing.assert_allclose(found, case[correction], rtol=1e-12)


def test_the_tail_of_f_is_that_of_scipy() -> None:
    ratio, first, second, expected = np.array(GOLDEN["tails_of_f"]).T
    np.testing.assert_allclose(f_tail(ratio, first, second), expected, rtol=1e-8)


def test_thresholds_of_distances_are_those_of_scipy() -> None:
    for features, expected in GOLDEN["thresholds"]:
        assert threshold(int(features)) == pytest.approx(expected, rel=1e-9)


def series(case) -> DaySeries:
    return DaySeries.of(np.array(case["values"]), np.array(case["days"]), np.array(case["weights"]))


@pytest.mark.parametrize("name", SHAPES)
def test_levels_are_the_best_of_all_there_are(name) -> None:
    case = SHAPES[name]
    found = best_cuts(level_costs(series(case)), 3)
    assert [list(cuts) for cuts in found] == [level["cuts"] for level in case["levels"]]


@pytest.mark.parametrize("name", SHAPES)
def test_the_ramp_is_the_best_of_all_there_are(name) -> None:
    case = SHAPES[name]
    found = ramps(series(case))
    at = int(np.argmin(found.cost))
    assert (found.foot[at], found.head[at]) == (case["ramp"]["foot"], case["ramp"]["head"])


@pytest.mark.parametrize("name", SHAPES)
def test_deviances_are_those_of_the_whole_covariance(name) -> None:
    case = SHAPES[name]
    days = series(case)
    for level in case["levels"]:
        expected = with_levels(days, np.array([level["cuts"]], dtype=np.int64))[0]
        assert days.deviances(expected)[0] == pytest.approx(level["deviance"], rel=1e-9)
    ramp = case["ramp"]
    expected = with_ramps(days, np.array([ramp["foot"]]), np.array([ramp["head"]]))[0]
    assert days.deviances(expected)[0] == pytest.approx(ramp["deviance"], rel=1e-9)


@pytest.mark.parametrize("case", GOLDEN["stretches"], ids=lambda case: f"effect {case['effect']}")
def test_stretches_are_those_of_raw_rows(case) -> None:
    found = adaptive_windows(
        np.array(case["count"]),
        np.array(case["sum"]),
        np.array(case["squares"]),
        design_effect=case["effect"],
    )
    assert found.start.tolist() == case["start"]


def center() -> Center:
    return Center(
        features=("a", "b", "c"),
        used=np.ones(3, dtype=bool),
        mean=FAR["mean"],
        sd=FAR["sd"],
        correlation=FAR["correlation"],
        core=np.ones(1, dtype=bool),
    )


@pytest.mark.parametrize("key", ["square", "p_value", "parts"])
def test_distances_are_those_of_scipy(key) -> None:
    found = getattr(distances(FAR["rows"], center()), key)
    np.testing.assert_allclose(found, FAR[key], rtol=1e-9)


def test_a_missing_value_is_left_out_of_a_distance() -> None:
    rows = FAR["rows"].copy()
    rows[:, 1] = np.nan
    found = distances(rows, center())
    np.testing.assert_allclose(found.square, FAR["without_second"], rtol=1e-9)
    assert set(found.values.tolist()) == {2}
