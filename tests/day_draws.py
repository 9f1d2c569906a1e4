"""Days of a reference drawn at random, as the tests of null models see them."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.states.binning import (
    CATEGORICAL_OFFSET,
    NULL,
    CategoricalBinning,
    fit_numeric,
)
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.moments import power_sums
from modelwatch.stats.states.numeric import NumericStates

BINNING = fit_numeric(np.random.default_rng(0).normal(0.0, 1.1, 20_000), -4.5, 4.5)
SHARES = np.array([0.05, 0.4, 0.25, 0.15, 0.1, 0.05])
"""Of nulls, then of the kept values."""
CATEGORIES = CategoricalBinning(tuple("abcde"))


def numeric_days(shifts, rows: int, random: np.random.Generator, nulls: float = 0.0):
    """Days of a normal number, shifted by so much each, some of them null."""
    m = len(shifts)
    held = rows - random.binomial(rows, nulls, m)
    day = np.repeat(np.arange(m), held)
    values = random.standard_normal(len(day)) + np.asarray(shifts)[day]
    starts = np.concatenate([[0], np.cumsum(held)[:-1]])
    parts = np.split(values, starts[1:])
    return NumericStates(
        BINNING,
        np.stack([BINNING.counts_of(p, rows - len(p)) for p in parts]),
        power_sums(values, starts, BINNING.center, BINNING.scale),
        np.array([p.min() for p in parts]),
        np.array([p.max() for p in parts]),
    )


def category_days(m: int, rows: int, random: np.random.Generator, shares=SHARES):
    """Days of a category whose shares are (m, 6) or the same every day."""
    drawn = random.multinomial(rows, np.broadcast_to(shares, (m, len(SHARES))))
    counts = np.zeros((m, CATEGORIES.length), dtype=np.int64)
    counts[:, NULL] = drawn[:, 0]
    counts[:, CATEGORICAL_OFFSET:] = drawn[:, 1:]
    length = np.ones(m)
    return CategoricalStates(
        CATEGORIES, counts, ({},) * m, counts.sum(axis=1) - counts[:, NULL], length, length
    )
