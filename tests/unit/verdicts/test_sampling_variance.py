"""What rows alone do to each statistic that is judged."""

from __future__ import annotations

import numpy as np
import pytest

from day_draws import category_days, numeric_days
from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.statistics import STATISTICS, drift
from modelwatch.stats.verdicts.sampling_variance import JUDGED, sampling_variance

NEVER_SEEN = {
    "nan_share_change",
    "infinite_share_change",
    "zero_share_change",
    "unseen_share_change",
    "novel_share_change",
}
"""Shares of what neither side of these rows holds, or hardly any."""
MOST = {"value_share_rise": 1.5}
"""Of cells with few rows the largest is skewed; what is left over counts as what days bring."""
DAYS, ROWS, REFERENCE_ROWS = 300, 800, 40_000


def powers(kind: str) -> dict[str, float]:
    """Mean power of windows of independent rows, over what is expected of them."""
    random = np.random.default_rng(7)
    if kind == "numeric":
        reference = numeric_days([0.0], REFERENCE_ROWS, random, nulls=0.2)
        current = numeric_days(np.zeros(DAYS), ROWS, random, nulls=0.2)
    else:
        reference = category_days(1, REFERENCE_ROWS, random)
        current = category_days(DAYS, ROWS, random)
    itself = Comparison(reference, reference)
    found = {}
    for key, shown in drift(Comparison(current, reference), JUDGED).items():
        variance = JUDGED[key]
        share = variance.share(itself) if variance.share else 0.0
        n, m = np.full(DAYS, float(ROWS)), np.full(DAYS, float(REFERENCE_ROWS))
        power = variance.power(variance.transform(shown.value, n, m, share))
        found[key] = power.mean() / (variance.coefficient(itself) * (1 / ROWS + 1 / REFERENCE_ROWS))
    return found


@pytest.mark.parametrize("kind", ["numeric", "categorical"])
def test_row_noise_is_what_independent_rows_show(kind) -> None:
    for key, ratio in powers(kind).items():
        if key in NEVER_SEEN:
            assert ratio < 0.1, (key, ratio)
        else:
            assert 0.8 < ratio < MOST.get(key, 1.25), (key, ratio)


def test_what_is_judged_is_a_statistic() -> None:
    assert set(JUDGED) <= set(STATISTICS)


def test_a_row_noise_is_registered_once() -> None:
    with pytest.raises(ValueError, match="two row noises"):
        sampling_variance("psi")(lambda _: 1.0)
