"""Days of references among stored states, and what statistics show between a reference's days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from modelwatch.evaluation.drift.question import Evaluation, WindowReference
from modelwatch.evaluation.states.groups import WHOLE_TABLE, StateGroup
from modelwatch.stats.arrays import AnyArray, Floats, Spans, day_spans
from modelwatch.stats.day_numbers import day_number
from modelwatch.stats.drift.comparison import Comparison, Values
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.numeric import NumericStates
from modelwatch.stats.states.pairs import PairStates
from modelwatch.stats.verdicts.chance import ChanceModel, chance_models, with_chances
from modelwatch.stats.verdicts.relation_null import relation_nulls
from modelwatch.stats.weekdays import window_weekdays

States = NumericStates | CategoricalStates | PairStates
_FAR_PAST, _FAR_FUTURE = WHOLE_TABLE, 2**31 - 1
"""Numbers of days that no day has; rows of a whole table are not of the past of any day."""


def reference_spans(
    group: StateGroup,
    reference: WindowReference,
    days: Sequence[tuple[date, date] | None],
) -> tuple[AnyArray, Spans]:
    """Positions of a reference's states in a group, and the span of them for each of some days."""
    source = reference.source or group.role
    indices = np.flatnonzero(group.sources == source)
    if reference.whole_table:
        return indices, np.array([[0, len(indices)]] * len(days), dtype=np.int64)
    firsts = np.array([day_number(d[0]) if d else _FAR_FUTURE for d in days], dtype=np.int64)
    lasts = np.array([day_number(d[1]) if d else _FAR_PAST for d in days], dtype=np.int64)
    return indices, day_spans(group.days[indices], firsts, lasts)


def reference_nulls(
    evaluation: Evaluation, group: StateGroup, states: States, reference: WindowReference
) -> Mapping[str, ChanceModel]:
    """What the days of a fixed reference show between one another: by statistic with a threshold,
    or by feature of a numeric block. ``states`` are those of the group.

    Empty for references that move, and where the reference has no rows.
    """
    fixed = next((days for days in reference.days if days is not None), None)
    if not reference.fixed or not (fixed or reference.whole_table):
        return {}
    indices, spans = reference_spans(group, reference, [fixed])
    held = indices[slice(*spans[0])]
    if not len(held):
        return {}
    days, starts = np.unique(group.days[held], return_index=True)
    by_day = np.stack((starts, [*starts[1:], len(held)]), axis=1)
    assumed = evaluation.assumed_design_effect
    by_days = states.take(held).roll_up(by_day)
    if isinstance(by_days, PairStates):
        return relation_nulls(by_days, days, assumed)
    return chance_models(by_days, days, evaluation.thresholds, assumed)


def judged_columns(models: Sequence[ChanceModel | None]) -> dict[str, list[object]]:
    """Columns that tell what chance is learned from, for each of some statistics: of those that
    are judged, else none."""
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
    """Values of statistics (S of (W,)), and how likely chance is, (S, W): NaN for those that are
    not judged.

    ``windows``: positions of the windows in the evaluation.
    """
    lengths = evaluation.ends[windows] - evaluation.starts[windows] + 1
    weekdays = window_weekdays(evaluation.starts[windows], lengths)
    return with_chances(models, comparison, values, lengths, weekdays)
