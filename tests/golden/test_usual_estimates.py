"""What is usual of estimates agrees with plain loops over rows, and with scipy.

Values in usual_estimates.json come from scripts/golden/usual_estimates.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from modelwatch.stats.drift.comparison import values
from modelwatch.stats.estimation.calibration import Calibration
from modelwatch.stats.estimation.estimates import Estimate, estimates, expected
from modelwatch.stats.estimation.usual_estimates import UsualEstimates, usual_estimates
from modelwatch.stats.states.binning import fit_numeric
from performance_samples import binary_states

GOLDEN = json.loads((Path(__file__).parent / "usual_estimates.json").read_text())
AS_SAID = Calibration(np.array([0.0, 1.0]), np.array([0.0, 1.0]), False, None, 0.0, 0.0, 1000)


@pytest.fixture(scope="module")
def usual() -> UsualEstimates:
    score = np.array(GOLDEN["scores"])
    days = np.repeat(np.arange(len(score)), score.shape[1])
    decided = np.ones(score.size, dtype=int)
    binning = fit_numeric(np.arange(101) / 100, 0.0, 1.0, bins=202)
    states = binary_states(binning, score.ravel(), decided, np.zeros(score.size), days)
    return usual_estimates(
        states, np.arange(len(score)), lambda s: estimates(expected(s, AS_SAID), ["accuracy"])
    )["accuracy"]


def test_what_outcomes_and_days_bring_is_that_of_plain_loops(usual) -> None:
    assert usual.value == pytest.approx(GOLDEN["value"], rel=1e-7)
    assert usual.model.rows == pytest.approx(GOLDEN["by_outcomes"], rel=1e-6)
    assert usual.model.decay == 1.0
    assert usual.model.between == pytest.approx(GOLDEN["between"], rel=1e-5)
    assert usual.model.design_effect == pytest.approx(GOLDEN["design_effect"], rel=1e-5)


def test_chance_is_that_of_scipy(usual) -> None:
    for estimate, rows, expected_p in GOLDEN["weeks"]:
        week = Estimate(values(np.array([estimate])), np.zeros(1), np.array([float(rows)]))
        p = usual.p_values(week, np.array([7]), np.array([-1]))
        assert p[0] == pytest.approx(expected_p, rel=1e-4)
