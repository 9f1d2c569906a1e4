"""What single days, and references, show without a comparison: read from stored states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from modelwatch.evaluation.drift.question import Evaluation
from modelwatch.evaluation.states.groups import StateGroup
from modelwatch.evaluation.verdicts.reference_nulls import reference_spans
from modelwatch.stats.arrays import Counts, Floats, day_spans
from modelwatch.stats.profile.far_values import far_rows
from modelwatch.stats.states.leave_out import States
from modelwatch.stats.states.numeric import NumericStates


@dataclass(frozen=True)
class DayFact:
    """A feature on a ``day``, or in a ``reference``, of all traffic.

    ``minimum`` and ``maximum``: of finite values, None of a category. ``constant``: all rows have
    the same value. ``far``: rows far beyond all others, of a reference.
    """

    role: str
    feature: str
    reference: str | None
    day: date | None
    rows: int
    nulls: int
    minimum: float | None
    maximum: float | None
    constant: bool
    far: int


def facts_of_days(
    group: StateGroup, states: States, numbers: Counts
) -> Iterator[dict[str, object]]:
    """What single days show, one row per day."""
    own = np.flatnonzero(group.sources == group.role)
    spans = day_spans(group.days[own], numbers, numbers)
    held = np.flatnonzero(spans[:, 1] > spans[:, 0])
    if not len(held):
        return
    rolled = states.take(own).roll_up(spans[held])
    minimum, maximum = _ends(rolled)
    cells = (rolled.counts > 0).sum(axis=1)
    one = rolled.one_value if isinstance(rolled, NumericStates) else minimum == maximum
    constant = (cells == 1) & (np.isnan(minimum) | one)
    wanted = (rolled.nulls == rolled.rows) | (group.role == "predictions")
    for i in map(int, np.flatnonzero(wanted & (rolled.rows > 0))):
        yield {
            "role": group.role,
            "feature": group.feature,
            "day": int(numbers[held[i]]),
            "rows": int(rolled.rows[i]),
            "nulls": int(rolled.nulls[i]),
            "minimum": _number(states, minimum[i]),
            "maximum": _number(states, maximum[i]),
            "constant": bool(constant[i]),
            "far": 0,
        }


def _number(states: States, value: float) -> float | None:
    if not isinstance(states, NumericStates) or np.isnan(value):
        return None
    return states.binning.number(float(value))


def _ends(states: States) -> tuple[Floats, Floats]:
    if isinstance(states, NumericStates):
        return states.minimum, states.maximum
    none = np.full(len(states), np.nan)
    return none, none


def facts_of_references(
    evaluation: Evaluation, group: StateGroup, states: States
) -> Iterator[dict[str, object]]:
    """What references show, one row per reference."""
    if not isinstance(states, NumericStates):
        return
    for reference in evaluation.references:
        fixed = next((days for days in reference.days if days is not None), None)
        if not reference.fixed or not (fixed or reference.whole_table):
            continue
        indices, spans = reference_spans(group, reference, [fixed])
        whole = states.take(indices).roll_up(spans)
        far = int(far_rows(whole)[0]) if int(whole.rows[0]) else 0
        if far:
            yield {
                "role": group.role,
                "feature": group.feature,
                "reference": reference.name,
                "rows": int(whole.rows[0]),
                "nulls": int(whole.nulls[0]),
                "minimum": _number(states, whole.minimum[0]),
                "maximum": _number(states, whole.maximum[0]),
                "constant": False,
                "far": far,
            }
