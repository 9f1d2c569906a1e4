"""Neighboring days that are alike, as with weather: their effects are a first-order autoregression.

The days of a reference then tell less than as many independent ones, and the mean of a week differs
more than that of seven independent days.
"""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import Floats

_FEWEST_DAYS = 14
"""Days below which a correlation of neighboring days is not estimated."""
_BEYOND_CHANCE = 2.0
"""Standard errors from which a correlation is not chance. Otherwise, intervals of independent days
would become wider for nothing."""
_MOST = 0.9


def successive_correlation(products: Floats, squares: Floats, days: Floats) -> Floats:
    """Correlation of neighboring days, 0 unless it is positive beyond chance.

    ``products``: sums over pairs of neighboring days of the products of their deviations from the
    mean; ``squares``: of the squares of all ``days``. The bias of the ratio is corrected (Marriott
    and Pope 1954).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        found = products / squares
        corrected = found + (1.0 + 3.0 * found) / days
        sure = (days >= _FEWEST_DAYS) & (corrected >= _BEYOND_CHANCE / np.sqrt(days))
    return np.where(sure, np.minimum(corrected, _MOST), 0.0)


def mean_variance(correlation: Floats, days: Floats) -> Floats:
    """Variance of the mean of some days, relative to that of a day."""
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = 1.0 - correlation
        ends = 2.0 * correlation * (1.0 - correlation**days) / (days * apart**2)
        return np.asarray(((1.0 + correlation) / apart - ends) / days)
