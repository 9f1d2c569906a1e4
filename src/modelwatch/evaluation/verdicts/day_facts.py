"""Facts about single days and references that need no comparison, read from stored states."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.evaluation.drift.evaluated_windows import current_groups
from modelwatch.evaluation.drift.question import Evaluation
from modelwatch.evaluation.states.groups import StateGroup
from modelwatch.evaluation.verdicts.reference_nulls import fixed_span
from modelwatch.model.verdicts.plain_faults import NEW_SHARE
from modelwatch.stats.arrays import Counts, Floats, day_spans
from modelwatch.stats.day_numbers import day_number
from modelwatch.stats.profile.far_values import far_rows
from modelwatch.stats.states.binning import CATEGORICAL_OFFSET, NULL, OTHER
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.leave_out import FeatureStates
from modelwatch.stats.states.numeric import NumericStates
from modelwatch.stats.value_names import ALL

DAY_FACTS = pa.schema(
    [
        ("role", pa.string()),
        ("feature", pa.string()),
        ("reference", pa.string()),
        ("day", pa.int32()),
        ("rows", pa.int64()),
        ("nulls", pa.int64()),
        ("minimum", pa.float64()),
        ("maximum", pa.float64()),
        ("constant", pa.bool_()),
        ("far", pa.int64()),
        ("new_share", pa.float64()),
    ]
)
"""The fields of ``DayFact`` as columns, days as numbers."""


@dataclass(frozen=True)
class DayFact:
    """A feature on a ``day``, or in a ``reference``, over all traffic.

    ``minimum`` and ``maximum``: of finite values, None for categories. ``constant``: all rows have
    the same value. ``far``: rows of a reference far beyond all others. ``new_share``: as in
    ``new_shares``.
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
    new_share: float


def fact_reading(evaluation: Evaluation, days: Collection[date]) -> BatchFunction:
    """A function of stored states that yields the facts about days and fixed references."""
    numbers = np.array(sorted(day_number(day) for day in days), dtype=np.int64)

    def facts(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for group in current_groups(evaluation, records):
            if group.segmentation != ALL or group.kind == "pairs":
                continue
            states = group.stack(evaluation.features[group.role, group.feature].binning)
            rows = [
                *facts_of_days(evaluation, group, states, numbers),
                *facts_of_references(evaluation, group, states),
            ]
            if rows:
                yield pa.RecordBatch.from_pylist(rows, schema=DAY_FACTS)

    return facts


def facts_of_days(
    evaluation: Evaluation, group: StateGroup, states: FeatureStates, numbers: Counts
) -> Iterator[dict[str, object]]:
    """Facts about single days, one row per day."""
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
    new = new_shares(_references(evaluation, group, states), rolled)
    wanted = (rolled.nulls == rolled.rows) | (group.role == "predictions") | (new >= NEW_SHARE)
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
            "new_share": float(new[i]),
        }


def new_shares(references: Sequence[FeatureStates], days: FeatureStates) -> Floats:
    """Share of the rows of each day, (n,), with a null or a value that no reference has.

    Less the share that must be expected: that of the values that occur once in the references (Good
    1953). ``references``: one state each. 0 without references.
    """
    if not references:
        return np.zeros(len(days))
    counts = np.sum([one.counts[0] for one in references], axis=0)
    new = np.where(counts[NULL] > 0, 0, days.nulls)
    expected = 0
    if isinstance(days, CategoricalStates):
        new = new + days.unseen_rows
        expected = counts[OTHER] + (counts[CATEGORICAL_OFFSET:] == 1).sum()
    share = new / np.maximum(days.rows, 1) - expected / max(1, int(counts.sum()))
    return np.maximum(share, 0.0)


def _references(
    evaluation: Evaluation, group: StateGroup, states: FeatureStates
) -> list[FeatureStates]:
    """The state of each fixed reference that has rows."""
    fixed = [one for one in evaluation.references if one.same_for_all]
    spans = [fixed_span(group, one) for one in fixed]
    whole = [states.take(indices).roll_up(span) for indices, span in spans if len(indices)]
    return [one for one in whole if int(one.rows[0])]


def _number(states: FeatureStates, value: float) -> float | None:
    if not isinstance(states, NumericStates) or np.isnan(value):
        return None
    return states.binning.number(float(value))


def _ends(states: FeatureStates) -> tuple[Floats, Floats]:
    if isinstance(states, NumericStates):
        return states.minimum, states.maximum
    none = np.full(len(states), np.nan)
    return none, none


def facts_of_references(
    evaluation: Evaluation, group: StateGroup, states: FeatureStates
) -> Iterator[dict[str, object]]:
    """Facts about references, one row per reference."""
    if not isinstance(states, NumericStates):
        return
    for reference in evaluation.references:
        if not reference.same_for_all:
            continue
        indices, spans = fixed_span(group, reference)
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
                "new_share": 0.0,
            }
