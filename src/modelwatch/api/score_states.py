"""The states of the rows of a frame that have scores, day by day."""

from __future__ import annotations

import numpy as np

from modelwatch.api.arrow_frames import FrameError
from modelwatch.api.column_states import ROWS_PER_BATCH
from modelwatch.stats.arrays import Counts
from modelwatch.stats.performance.metrics import ScoreStates
from modelwatch.stats.states.binary import BinaryStates
from modelwatch.stats.states.multiclass import MulticlassStates
from modelwatch.stats.states.regression import RegressionStates
from modelwatch.stats.states.score_tally import (
    UNDECIDED,
    ScoreBatch,
    ScorePlan,
    ScoreState,
    ScoreTally,
)

States = dict[int, ScoreState]


def score_states(
    plan: ScorePlan, batch: ScoreBatch, days: Counts, *, probabilities: bool
) -> ScoreStates:
    """The states of a batch as a stack with one entry per day, rows without a decision included."""
    tally = ScoreTally(plan)
    for start in range(0, batch.rows, ROWS_PER_BATCH):
        tally.add(_part(batch, start, min(batch.rows, start + ROWS_PER_BATCH)))
    return _stack(plan, _by_kind(tally), days, probabilities=probabilities)


def _part(batch: ScoreBatch, start: int, stop: int) -> ScoreBatch:
    """Some rows of a batch."""
    rows = slice(start, stop)
    return ScoreBatch(
        rows=stop - start,
        keys=batch.keys,
        slots=batch.slots[rows],
        decision=batch.decision[rows],
        label=batch.label[rows],
        score=batch.score[rows],
        score_nulls=None if batch.score_nulls is None else batch.score_nulls[rows],
        target=None if batch.target is None else batch.target[rows],
        interval=None
        if batch.interval is None
        else (batch.interval[0][rows], batch.interval[1][rows]),
        age=batch.age[rows],
        segments=[],
        slices=[],
        values=[],
    )


def _by_kind(tally: ScoreTally) -> dict[str, States]:
    """States by kind and day."""
    found: dict[str, States] = {}
    for key, state in tally.states():
        found.setdefault(key.kind, {})[key.day] = state
    return found


def _stack(
    plan: ScorePlan, found: dict[str, States], days: Counts, *, probabilities: bool
) -> ScoreStates:
    """The states of all days as a stack, rows without a decision included."""
    numbers = days if len(days) else np.zeros(1, dtype=np.int64)
    vectors = _vectors(found.get(plan.task, {}), numbers)
    stack: ScoreStates
    if plan.task == "regression":
        if vectors is None:
            raise FrameError("frame has no rows")
        return RegressionStates.of(plan.binning, *vectors)
    if plan.task == "multiclass":
        stack = (
            MulticlassStates.empty(plan.classes, len(numbers), probabilities=probabilities)
            if vectors is None
            else MulticlassStates.of(plan.classes, *vectors)
        )
    else:
        stack = (
            BinaryStates.empty(plan.binning, len(numbers))
            if vectors is None
            else BinaryStates.of(plan.binning, *vectors)
        )
    undecided = _vectors(found.get(UNDECIDED, {}), numbers)
    if undecided is not None:
        stack = stack.with_undecided(*undecided)
    return stack.without_empty_bins() if isinstance(stack, BinaryStates) else stack


def _vectors(states: States, days: Counts) -> tuple[Counts, Counts] | None:
    """Counts and sums of each day, zeros where it has none; None if no day has any."""
    if not states:
        return None
    some = next(iter(states.values()))
    widths = len(some.counts), 0 if some.sums is None else len(some.sums)
    counts, sums = (np.zeros((len(days), width), dtype=np.int64) for width in widths)
    for at, day in enumerate(days):
        state = states.get(int(day))
        if state is not None:
            counts[at] = state.counts
            if state.sums is not None:
                sums[at] = state.sums
    return counts, sums
