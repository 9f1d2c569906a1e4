"""The influence of a feature on decisions: their differences between its slices."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import Counts


def influence(decisions: Counts) -> float:
    """Correlation ratio of the decision on the slices of a feature, 0 to 1; NaN if undefined.

    ``decisions`` (M, 2): rows of each slice by decision. The root of the share of the decision's
    variance between slices, minus what the same number of slices shows by chance. Undefined if all
    decisions are the same. Source: Fisher (1925), adjusted as by Kelley (1935).
    """
    rows = decisions.sum(axis=1).astype(np.float64)
    total = rows.sum()
    positive = decisions[:, 1].sum() / total if total else np.nan
    held = rows > 0
    if not 0.0 < positive < 1.0 or total <= held.sum():
        return float("nan")
    rate = decisions[held, 1] / rows[held]
    between = float((rows[held] * (rate - positive) ** 2).sum() / total)
    ratio = between / float(positive * (1.0 - positive))
    chance = (held.sum() - 1) / (total - 1)
    return float(np.sqrt(max(0.0, (ratio - chance) / (1.0 - chance))))
