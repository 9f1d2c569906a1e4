"""How far an estimate is from that of the reference when nothing has changed, by day.

Rows of the same day or week share what moves their scores: weather, a campaign, a holiday. The
estimates on single days of the reference, compared with the rest of it, show by how much. The
chance of independent outcomes is the minimum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.estimation.estimates import Estimate
from modelwatch.stats.states.stack import Stack
from modelwatch.stats.verdicts.null_model import NullModel, assumed, learned
from modelwatch.stats.verdicts.reference_blocks import BlockValues, RowVariance, blocks_of_days
from modelwatch.stats.verdicts.sampling_variance import JUDGED

S = TypeVar("S", bound=Stack)
_OF_A_DIFFERENCE = JUDGED["relation_error_change"]
"""Row variance of a difference of either sign, whatever it is of."""


@dataclass(frozen=True)
class UsualEstimates:
    """What estimates of one metric show where nothing but rows and days differ.

    ``value`` and ``rows``: the estimate of the whole reference, and the rows that it is of.
    ``model``: of the difference from it.
    """

    value: float
    rows: int
    model: NullModel

    def p_values(self, estimate: Estimate, window_days: Counts, weekdays: Counts) -> Floats:
        """Probability of an estimate so far from the reference's; (W,), NaN where undefined.

        ``window_days`` and ``weekdays`` as of ``NullModel.p_values``.
        """
        change = estimate.values.value - self.value
        rows = np.asarray(estimate.rows, dtype=np.int64)
        return self.model.p_values(change, window_days, weekdays, rows, self.rows)


def usual_estimates(
    days_states: S,
    day_numbers: Counts,
    estimated: Callable[[S], Mapping[str, Estimate]],
    assumed_design_effect: float = 10.0,
) -> dict[str, UsualEstimates]:
    """What is usual of each estimated metric that the reference defines, by its key.

    ``days_states``: states of the m days of the reference, ascending; ``day_numbers`` (m,): days
    since 1970-01-01. ``estimated``: the estimates of some states, of means over rows and not of
    sums. ``assumed_design_effect``: of a reference of fewer than 7 days.
    """
    if not len(days_states):
        return {}
    days = np.asarray(day_numbers, dtype=np.int64)
    total, spans = days_states.total(), blocks_of_days(len(days_states))
    whole = estimated(total)
    blocks = estimated(days_states.roll_up(spans))
    rest = estimated(total - days_states.roll_up(spans)) if len(days_states) > 1 else {}
    found = {}
    for key, estimate in whole.items():
        value, rows = float(estimate.values.value[0]), float(estimate.rows[0])
        variance = rows * float(estimate.sampling_sd[0]) ** 2
        if not np.isfinite(value) or not np.isfinite(variance):
            continue
        # An outcome without variance is only as certain as its number of rows.
        row_variance = RowVariance(_OF_A_DIFFERENCE, max(variance, 0.5 / (rows + 1.0)))
        if len(days_states) < 2:
            model = assumed(row_variance, assumed_design_effect)
        else:
            of, others = blocks[key], rest[key]
            shown = BlockValues(len(days_states), spans, {}, of.rows, others.rows)
            change = of.values.value - others.values.value
            (model,) = learned([row_variance], shown, [change], days, assumed_design_effect)
        found[key] = UsualEstimates(value, int(rows), model)
    return found
