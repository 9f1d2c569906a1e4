"""Simulated months in which nothing happens but days: rows of one day are alike.

Rows of a day share what the day brings, so that the share or the mean of a day of n rows varies
``design_effect`` times as much as that of n independent rows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri
from scripts.evidence.flights import world_of
from scripts.evidence.world import CURRENT, REFERENCE, Table, World, days_of

ROWS_A_DAY = 500
NUMBERS = ("normal_1", "normal_2", "skewed", "with_nulls", "with_zeros")
CATEGORIES = ("few_values", "some_values", "rare_value")
TABLE = Table(
    features={**dict.fromkeys(NUMBERS, True), **dict.fromkeys(CATEGORIES, False)},
    predictions={"probability": True, "decision": False},
    special={},
    max_values={},
    segmentations={"few_values": 5},
)


def quiet_world(design_effect: float, seed: int, *, persistence: float = 0.0) -> World:
    """A reference and a month of the same process.

    ``persistence``: correlation of what neighbouring days bring, 0 for independent days.
    """
    rng = np.random.default_rng([seed, int(10 * design_effect), int(100 * persistence)])
    days = np.concatenate([days_of(REFERENCE), days_of(CURRENT)])
    counts = rng.poisson(ROWS_A_DAY * np.where(days % 7 < 2, 0.75, 1.0))
    day = np.repeat(days, counts)
    at = np.repeat(np.arange(len(days)), counts)
    n = len(day)
    # Share of a row's variance that its day brings: deff = 1 + (n - 1) * share.
    share = (design_effect - 1.0) / (ROWS_A_DAY - 1.0)

    def shared() -> np.ndarray:
        """A standard normal figure a row, correlated within days."""
        steps = rng.standard_normal(len(days))
        level = np.empty(len(days))
        level[0] = steps[0]
        for i in range(1, len(days)):
            level[i] = persistence * level[i - 1] + np.sqrt(1 - persistence**2) * steps[i]
        return np.sqrt(share) * level[at] + np.sqrt(1.0 - share) * rng.standard_normal(n)

    score = 1.0 / (1.0 + np.exp(1.3 - shared()))
    rows = pd.DataFrame(
        {
            "day": day,
            "normal_1": 10.0 + 2.0 * shared(),
            "normal_2": shared(),
            "skewed": np.exp(shared()),
            "with_nulls": np.where(shared() > 1.3, np.nan, shared()),
            "with_zeros": np.where(shared() > 0.5, 0.0, shared()),
            "few_values": _cut(shared(), [0.5, 0.8]),
            "some_values": _cut(shared(), list(np.linspace(0.05, 0.95, 14))),
            "rare_value": _cut(shared(), [0.7, 0.985]),
            "probability": score,
            "decision": np.where(score > 0.35, "true", "false"),
            "late": (rng.random(n) < score).astype(np.float64),
        }
    )
    return world_of(f"design effect {design_effect:g}", TABLE, rows)


def _cut(figure: np.ndarray, shares: list[float]) -> np.ndarray:
    """Values that hold given running shares of standard normal figures."""
    names = np.array([f"v{i}" for i in range(len(shares) + 1)], dtype=object)
    return names[np.searchsorted(ndtri(shares), figure)]
