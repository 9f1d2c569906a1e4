"""The variation of prediction errors of features if nothing has changed, day by day."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.drift.relation import LEAST_ERROR, error_changes, predicted_errors
from modelwatch.stats.states.pairs import PairStates
from modelwatch.stats.verdicts.null_distribution import NullModel
from modelwatch.stats.verdicts.null_model import assumed, learned
from modelwatch.stats.verdicts.reference_blocks import BlockValues, RowVariance, blocks_of_days
from modelwatch.stats.verdicts.sampling_variance import JUDGED

_KEY = "relation_error_change"


def relation_nulls(
    days_states: PairStates, day_numbers: Counts, assumed_design_effect: float = 10.0
) -> dict[str, NullModel]:
    """Null models of ``relation_error_change`` by feature, for those that the others predict.

    As ``null_models``, for the states of a block: each day of the reference and blocks of days are
    compared with the rest of it.
    """
    held = np.flatnonzero(days_states.rows > 0)
    if not len(held):
        return {}
    states, days = days_states.take(held), np.asarray(day_numbers, dtype=np.int64)[held]
    errors = predicted_errors(states.roll_up(np.array([[0, len(states)]])))[0]
    row_variances = {
        # An exact relation is known up to rounding, and a variance of zero would divide by zero.
        at: RowVariance(JUDGED[_KEY], max(float(error), LEAST_ERROR) ** 2 / 2.0)
        for at, error in enumerate(errors)
        if np.isfinite(error)
    }
    if len(states) < 2:
        return {
            states.features[at]: assumed(row_variance, assumed_design_effect)
            for at, row_variance in row_variances.items()
        }
    shown, values = _shown(states)
    shown_of = [values[:, at] for at in row_variances]
    models = learned(list(row_variances.values()), shown, shown_of, days, assumed_design_effect)
    return {states.features[at]: model for at, model in zip(row_variances, models, strict=True)}


def _shown(states: PairStates) -> tuple[BlockValues, Floats]:
    spans = blocks_of_days(len(states))
    blocks = states.roll_up(spans)
    whole = states.products.sum(axis=0)
    rest = PairStates(states.features, states.fingerprint, whole - blocks.products)
    rows, others = (side.rows.astype(np.float64) for side in (blocks, rest))
    return BlockValues(len(states), spans, {}, rows, others), error_changes(blocks, rest)
