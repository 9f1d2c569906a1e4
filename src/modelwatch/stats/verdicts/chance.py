"""The probability of drift in windows if nothing has changed, derived from the reference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.drift import filled_nulls, rounded_values, stale_values, value_falls
from modelwatch.stats.drift.comparison import Comparison, Values
from modelwatch.stats.drift.statistic import require_for_thresholds
from modelwatch.stats.states.leave_out import FeatureStates
from modelwatch.stats.verdicts.null_distribution import p_values
from modelwatch.stats.verdicts.null_model import NullModel, null_models
from modelwatch.stats.verdicts.own_chance import OWN_CHANCE, OwnChance
from modelwatch.stats.verdicts.sampling_variance import JUDGED

__all__ = [
    "CHANCE_KEYS",
    "CHANCE_MODULES",
    "OWN_CHANCE",
    "ChanceModel",
    "chance_models",
    "with_chances",
]

CHANCE_MODULES = (filled_nulls, rounded_values, stale_values, value_falls)
"""The modules whose models are registered."""
CHANCE_KEYS = frozenset(JUDGED) | frozenset(OWN_CHANCE)
"""Statistics with a p-value, which may have a threshold."""
require_for_thresholds("a p-value", CHANCE_KEYS)
ChanceModel = NullModel | OwnChance


def chance_models(
    days_states: FeatureStates,
    day_numbers: Counts,
    keys: Iterable[str],
    assumed_design_effect: float = 10.0,
) -> dict[str, ChanceModel]:
    """Models by key, for the applicable ones among ``keys``; arguments as for ``null_models``."""
    wanted = list(keys)
    found: dict[str, ChanceModel] = {}
    found.update(null_models(days_states, day_numbers, wanted, assumed_design_effect))
    for key in wanted:
        if key in OWN_CHANCE:
            own = OWN_CHANCE[key](days_states, day_numbers, assumed_design_effect)
            if own is not None:
                found[key] = own
    return found


def with_chances(
    models: Sequence[ChanceModel | None],
    comparison: Comparison,
    values: Sequence[Values],
    window_days: Counts,
    weekdays: Counts,
) -> tuple[list[Values], Floats]:
    """Values of statistics, (W,) each, and their p-values, (S, W); NaN without a model.

    ``values`` as computed by the statistics; a statistic with a model of its own may choose others.
    ``window_days`` and ``weekdays`` as for ``NullModel.p_values``.
    """
    found, p_value = list(values), np.full((len(models), len(window_days)), np.nan)
    of_days = {at: model for at, model in enumerate(models) if isinstance(model, NullModel)}
    if of_days:
        rows = comparison.current.rows, comparison.reference.rows
        known = np.stack([values[at].value for at in of_days])
        p_value[list(of_days)] = p_values(
            list(of_days.values()), known, window_days, weekdays, *rows
        )
    for at, model in enumerate(models):
        if model is not None and not isinstance(model, NullModel):
            found[at], p_value[at] = model.judged(comparison, window_days, weekdays)
    return found, p_value
