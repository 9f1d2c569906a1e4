"""Days of references among stored states, and what statistics show between a reference's days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from modelwatch.spark.evaluation import Evaluation, WindowReference, day_number
from modelwatch.spark.groups import WHOLE_TABLE, StateGroup
from modelwatch.stats.arrays import AnyArray, Spans
from modelwatch.stats.chance import ChanceModel, chance_models, with_chance
from modelwatch.stats.comparison import Comparison, Values
from modelwatch.stats.relation_null import relation_nulls

_FAR_PAST, _FAR_FUTURE = -(2**31), 2**31 - 1
_THURSDAY = 3
"""Weekday of 1970-01-01, where Monday is 0."""


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


def day_spans(days: AnyArray, firsts: AnyArray, lasts: AnyArray) -> Spans:
    """Spans of ascending days that lie between some first and last days, both included."""
    starts = np.searchsorted(days, firsts, side="left")
    stops = np.maximum(np.searchsorted(days, lasts, side="right"), starts)
    return np.stack((starts, stops), axis=1).astype(np.int64)


def reference_nulls(
    evaluation: Evaluation, group: StateGroup, reference: WindowReference
) -> Mapping[str, ChanceModel]:
    """What the days of a fixed reference show between one another: by statistic with a gate, or by
    feature of a numeric block.

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
    if group.kind == "pairs":
        block = evaluation.blocks[group.role]
        pairs = group.pairs(block.features, block.fingerprint).take(held)
        return relation_nulls(pairs.roll_up(by_day), days, assumed)
    stack = group.stack(evaluation.features[group.role, group.feature].binning).take(held)
    return chance_models(stack.roll_up(by_day), days, evaluation.gates, assumed)


def judged_columns(
    evaluation: Evaluation,
    windows: AnyArray,
    null: ChanceModel | None,
    comparison: Comparison,
    values: Values,
) -> Mapping[str, object]:
    """Columns of a statistic: its value, and how likely chance is, of one that is judged.

    ``windows``: positions of the windows in the evaluation.
    """
    if null is None:
        return {"value": values.value, "reason": values.reason}
    lengths = evaluation.ends[windows] - evaluation.starts[windows] + 1
    weekdays = np.where(lengths == 1, (evaluation.starts[windows] + _THURSDAY) % 7, -1)
    found, p_value = with_chance(null, comparison, values, lengths, weekdays)
    return {
        "value": found.value,
        "reason": found.reason,
        "p_value": p_value,
        "design_effect": null.design_effect,
        "null_days": null.days,
        "typical": None if np.isnan(null.typical) else null.typical,
    }


assert WHOLE_TABLE == _FAR_PAST
