"""Whether the values of a day were delivered before: yesterday's file again, or a stale feature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.drift.comparison import Comparison, Values, values
from modelwatch.stats.drift.statistic import statistic
from modelwatch.stats.states.leave_out import States
from modelwatch.stats.verdicts.own_chance import own_chance

KEY = "stale_share"


@statistic(
    KEY,
    label="Share of a day's rows that repeat the values of an earlier day",
    kinds=("numeric", "categorical"),
    range=(0.0, 1.0),
    symmetric=False,
    unit="share of rows",
    source="own; ties of counts and sums, overlap of k-minimum-values sketches (Beyer et al. "
    "2007), left tail of the chi-square distance between neighboring days",
    bound="an estimate; its error is not known",
)
def stale_share(comparison: Comparison) -> Values:
    """Estimated share of the rows whose values are those of an earlier day, of the day of the
    window for which that is surest; 0 where no day repeats another."""
    found = comparison.repeats
    share = np.zeros(len(comparison)) if found is None else found.share
    return values(share, *comparison.without_rows)


@dataclass(frozen=True)
class StaleModel:
    """``days`` of the reference; what is usual is part of what is compared."""

    days: int
    design_effect: float = 1.0
    typical: float = 0.0

    def judged(
        self, comparison: Comparison, window_days: Counts, weekdays: Counts
    ) -> tuple[Values, Floats]:
        """The statistic and its p-value, (W,) each; 1 where nothing tells what is usual."""
        found = stale_share(comparison)
        p = np.ones(len(comparison))
        if comparison.repeats is not None:
            known = comparison.repeats.p_value
            p = np.where(np.isfinite(known), known, 1.0)
        return found, np.where(np.isfinite(found.value), p, np.nan)


@own_chance(KEY)
def stale_model(
    days_states: States, day_numbers: Counts, assumed_design_effect: float = 10.0
) -> StaleModel | None:
    """The model of a reference; None where it has no rows. Arguments as for ``null_models``."""
    days = int((days_states.rows > 0).sum())
    return StaleModel(days) if days else None
