"""What the days of windows have in common with the days before them, among stored states."""

from __future__ import annotations

import numpy as np

from modelwatch.spark.evaluation import Evaluation, WindowReference
from modelwatch.spark.groups import StateGroup, merged_sketch
from modelwatch.spark.reference_nulls import States, day_spans, reference_spans
from modelwatch.stats.arrays import AnyArray
from modelwatch.stats.batch import ALL
from modelwatch.stats.day_repeats import repeats
from modelwatch.stats.day_states import DayStates
from modelwatch.stats.pairs import PairStates
from modelwatch.stats.repeats import Repeats
from modelwatch.stats.stale_values import KEY


def repeats_of_windows(
    evaluation: Evaluation, group: StateGroup, states: States, reference: WindowReference
) -> Repeats | None:
    """What all windows show, (W,), of all model versions together; None for pairs of features,
    references that move, and where there is no gate.

    ``states`` are those of the group.
    """
    fixed = next((days for days in reference.days if days is not None), None)
    judged = reference.fixed and KEY in evaluation.gates
    if isinstance(states, PairStates) or not judged or not (fixed or reference.whole_table):
        return None
    numbers, days = _by_day(group, states, np.flatnonzero(group.sources == group.role))
    if not len(days):
        return None
    held, (span,) = reference_spans(group, reference, [fixed])
    _, of_reference = _by_day(group, states, held[slice(*span)])
    spans = day_spans(numbers, evaluation.starts, evaluation.ends)
    wanted = np.zeros(len(days), dtype=bool)
    for start, stop in spans:
        wanted[start:stop] = True
    return repeats(days, wanted, of_reference).over(spans)


def _by_day(group: StateGroup, states: States, indices: AnyArray) -> tuple[AnyArray, DayStates]:
    """Numbers of the days that some states are of, ascending, and their states."""
    assert not isinstance(states, PairStates)
    numbers, starts = np.unique(group.days[indices], return_index=True)
    stops = [*starts[1:], len(indices)]
    spans = np.stack((starts, stops), axis=1).astype(np.int64).reshape(-1, 2)
    rolled = states.take(indices).roll_up(spans) if len(indices) else states.take(indices)
    held = group.sketches() if group.segmentation == ALL else [None] * len(group.days)
    sketches = [
        None if group.segmentation != ALL else merged_sketch([held[i] for i in indices[a:b]])
        for a, b in spans
    ]
    return numbers, DayStates(rolled, sketches)
