"""What the days of a reference tell: the null distribution of statistics, and whether dates
advance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from modelwatch.evaluation.drift.question import Evaluation
from modelwatch.evaluation.planning.windows import WindowReference, day_bounds
from modelwatch.evaluation.states.groups import StateGroup
from modelwatch.stats.arrays import AnyArray, Counts, Floats, Spans, day_spans
from modelwatch.stats.drift.advancing_dates import advance_with_days
from modelwatch.stats.drift.comparison import Comparison, Values
from modelwatch.stats.profile.metric import STEPS_PER_DAY, Unit
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.numeric import NumericStates
from modelwatch.stats.states.pairs import PairStates
from modelwatch.stats.verdicts.chance import ChanceModel, chance_models, with_chances
from modelwatch.stats.verdicts.relation_null import relation_nulls
from modelwatch.stats.weekdays import window_weekdays

ComparedStates = NumericStates | CategoricalStates | PairStates


def reference_spans(
    group: StateGroup, reference: WindowReference, firsts: AnyArray, lasts: AnyArray
) -> tuple[AnyArray, Spans]:
    """Positions of the states of a reference in a group, and their span for each window."""
    source = reference.source or group.role
    indices = np.flatnonzero(group.sources == source)
    if reference.whole_table:
        return indices, np.array([[0, len(indices)]] * len(firsts), dtype=np.int64)
    return indices, day_spans(group.days[indices], firsts, lasts)


def fixed_span(group: StateGroup, reference: WindowReference) -> tuple[AnyArray, Spans]:
    """The same for the days of a fixed reference: one span."""
    return reference_spans(group, reference, *day_bounds((reference.fixed_days,)))


@dataclass(frozen=True)
class ReferenceDays:
    """The states of the days of a fixed reference, (m,), and the numbers of these days."""

    states: ComparedStates
    days: Counts

    def nulls(self, evaluation: Evaluation) -> Mapping[str, ChanceModel]:
        """Statistics between the days: by statistic with a threshold, or by feature of a block."""
        assumed = evaluation.assumed_design_effect
        if isinstance(self.states, PairStates):
            return relation_nulls(self.states, self.days, assumed)
        return chance_models(self.states, self.days, evaluation.thresholds, assumed)

    def advance(self, unit: Unit) -> bool:
        """Whether the values are dates that advance with the days."""
        if unit == "number" or not isinstance(self.states, NumericStates):
            return False
        return advance_with_days(self.states, self.days, STEPS_PER_DAY[unit])


def reference_days(
    group: StateGroup, states: ComparedStates, reference: WindowReference
) -> ReferenceDays | None:
    """The days of a fixed reference; None for moving references, and if the reference has no rows.

    ``states`` are those of the group.
    """
    if not reference.same_for_all:
        return None
    indices, spans = fixed_span(group, reference)
    held = indices[slice(*spans[0])]
    if not len(held):
        return None
    days, starts = np.unique(group.days[held], return_index=True)
    by_day = np.stack((starts, [*starts[1:], len(held)]), axis=1)
    return ReferenceDays(states.take(held).roll_up(by_day), np.asarray(days, dtype=np.int64))


def judged_columns(models: Sequence[ChanceModel | None]) -> dict[str, list[object]]:
    """The columns from which chance is computed, for those of the given statistics that are
    judged."""
    return {
        "design_effect": [model and model.design_effect for model in models],
        "null_days": [model and model.days for model in models],
        "typical": [
            None if model is None or np.isnan(model.typical) else model.typical for model in models
        ],
    }


def chances(
    evaluation: Evaluation,
    windows: AnyArray,
    models: Sequence[ChanceModel | None],
    comparison: Comparison,
    values: Sequence[Values],
) -> tuple[list[Values], Floats]:
    """Values of statistics (S of (W,)), and their p-values, (S, W); NaN if not judged.

    ``windows``: positions of the windows in the evaluation.
    """
    lengths = evaluation.lengths[windows]
    weekdays = window_weekdays(evaluation.starts[windows], lengths)
    return with_chances(models, comparison, values, lengths, weekdays)
