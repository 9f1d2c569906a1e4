"""How likely the drift of some windows is where nothing has changed, by what a reference shows."""

from __future__ import annotations

from collections.abc import Iterable

from modelwatch.stats import filled_nulls, rounded_values, value_falls
from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.comparison import Comparison, Values
from modelwatch.stats.leave_out import States
from modelwatch.stats.null_model import NullModel, null_models
from modelwatch.stats.own_chance import OWN_CHANCE, OwnChance
from modelwatch.stats.row_noise import JUDGED

__all__ = [
    "CHANCE_FAMILIES",
    "CHANCE_KEYS",
    "OWN_CHANCE",
    "ChanceModel",
    "chance_models",
    "with_chance",
]

CHANCE_FAMILIES = (filled_nulls, rounded_values, value_falls)
"""The modules whose models are registered."""
CHANCE_KEYS = frozenset(JUDGED) | frozenset(OWN_CHANCE)
"""Statistics that have a p-value, and so may have a gate."""
ChanceModel = NullModel | OwnChance


def chance_models(
    days_states: States,
    day_numbers: Counts,
    keys: Iterable[str],
    assumed_design_effect: float = 10.0,
) -> dict[str, ChanceModel]:
    """Models by key, of those among ``keys`` that apply; arguments as for ``null_models``."""
    wanted = list(keys)
    found: dict[str, ChanceModel] = {}
    found.update(null_models(days_states, day_numbers, wanted, assumed_design_effect))
    for key in wanted:
        if key in OWN_CHANCE:
            own = OWN_CHANCE[key](days_states, day_numbers, assumed_design_effect)
            if own is not None:
                found[key] = own
    return found


def with_chance(
    model: ChanceModel,
    comparison: Comparison,
    values: Values,
    window_days: Counts,
    weekdays: Counts,
) -> tuple[Values, Floats]:
    """Values of a statistic and their p-values, (W,) each.

    ``values`` as the statistic gives them; a statistic with a model of its own may choose others.
    ``window_days`` and ``weekdays`` as ``NullModel.p_values`` takes them.
    """
    if not isinstance(model, NullModel):
        return model.judged(comparison, window_days, weekdays)
    current, reference = comparison.current, comparison.reference
    return values, model.p_values(values.value, window_days, weekdays, current.rows, reference.rows)
