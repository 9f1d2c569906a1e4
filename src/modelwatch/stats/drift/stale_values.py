"""Whether the values of a day were delivered before: an old file, or a stale feature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.drift.comparison import Comparison, Values, values
from modelwatch.stats.drift.statistic import statistic
from modelwatch.stats.states.leave_out import FeatureStates
from modelwatch.stats.verdicts.own_chance import own_chance

STALE_SHARE = "stale_share"


@statistic(
    STALE_SHARE,
    threshold=0.5,
    label="Share of a day's rows that repeat the values of an earlier day",
    kinds=("numeric", "categorical"),
    range=(0.0, 1.0),
    symmetric=False,
    unit="share of rows",
    source="modelwatch; ties of counts and sums, overlap of k-minimum-values sketches (Beyer et "
    "al. 2007), left tail of the chi-square distance between neighboring days",
    bound="an estimate; its error is unknown",
    advancing_dates=True,
)
def stale_share(comparison: Comparison) -> Values:
    """Estimated share of the rows of a day that repeat the values of an earlier day, for the day of
    the window with the strongest evidence; 0 if no day repeats another."""
    found = comparison.repeats
    share = np.zeros(len(comparison)) if found is None else found.share
    return values(share, *comparison.without_rows)


@dataclass(frozen=True)
class StaleModel:
    """``days`` of the reference; what is usual is part of the comparison."""

    days: int
    design_effect: float = 1.0
    typical: float = 0.0

    def judged(
        self, comparison: Comparison, window_days: Counts, weekdays: Counts
    ) -> tuple[Values, Floats]:
        """The statistic and its p-value, (W,) each; 1 if it is unknown what is usual."""
        found = stale_share(comparison)
        p = np.ones(len(comparison))
        if comparison.repeats is not None:
            known = comparison.repeats.p_value
            p = np.where(np.isfinite(known), known, 1.0)
        return found, np.where(np.isfinite(found.value), p, np.nan)


@own_chance(STALE_SHARE)
def stale_model(
    days_states: FeatureStates, day_numbers: Counts, assumed_design_effect: float = 10.0
) -> StaleModel | None:
    """The model of a reference; None if it has no rows. Arguments as for ``null_models``."""
    days = int((days_states.rows > 0).sum())
    return StaleModel(days) if days else None
