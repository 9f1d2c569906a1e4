"""Performance states of rows, as a pass over them keeps these."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.states.binary import BinaryStates
from modelwatch.stats.states.binning import NumericBinning
from modelwatch.stats.states.multiclass import MulticlassStates
from modelwatch.stats.states.regression import RegressionStates
from modelwatch.stats.states.score_tally import ScoreBatch, ScorePlan, ScoreTally
from naive_scores import score_states


def batch_of(score, decision, label, *, target=None, interval=None, days=None) -> ScoreBatch:
    """Rows with what tests of metrics need of them; labels as positions of their axis."""
    score = np.asarray(score, dtype=float)
    rows = len(score)
    days = np.zeros(rows, dtype=int) if days is None else np.asarray(days)
    return ScoreBatch(
        rows=rows,
        keys=[(day, day, "v1") for day in range(int(days.max(initial=0)) + 1)],
        slots=days,
        decision=np.asarray(decision),
        label=np.asarray(label),
        score=score,
        score_nulls=None,
        target=None if target is None else np.asarray(target, dtype=float),
        interval=interval,
        age=np.where(np.asarray(label) > 0, 0, -1),
        segments=[],
        slices=[],
        values=[],
    )


def stored(plan: ScorePlan, batch: ScoreBatch, kind: str):
    """Counts and sums of the states of one kind, a row a day; None where no row has any."""
    tally = ScoreTally(plan)
    tally.add(batch)
    states = {key.day: state for key, state in score_states(tally) if key.kind == kind}
    if not states:
        return None
    empty = next(iter(states.values()))
    counts = [states[d].counts if d in states else 0 * empty.counts for d in range(len(batch.keys))]
    sums = [states[d].sums if d in states else 0 * empty.sums for d in range(len(batch.keys))]
    return np.stack(counts), np.stack(sums)


def binary_states(binning: NumericBinning, score, decision, label, days=None) -> BinaryStates:
    """States of each day of some rows; labels: 0 unlabelled, 1 negative, 2 positive."""
    plan = ScorePlan("binary", binning)
    batch = batch_of(score, decision, label, days=days)
    held, rest = (stored(plan, batch, kind) for kind in ("binary", "undecided"))
    n = len(batch.keys)
    states = BinaryStates.empty(binning, n) if held is None else BinaryStates.of(binning, *held)
    return states if rest is None else states.with_undecided(*rest)


def multiclass_states(classes, score, decision, label, days=None) -> MulticlassStates:
    """States of each day of some rows; labels: 0 unlabelled, from 1 the classes, then another."""
    plan = ScorePlan("multiclass", UNIT_BINS, classes=tuple(classes))
    batch = batch_of(score, decision, label, days=days)
    held, rest = (stored(plan, batch, kind) for kind in ("multiclass", "undecided"))
    states = MulticlassStates.empty(tuple(classes), len(batch.keys))
    if held is not None:
        states = MulticlassStates.of(tuple(classes), *held)
    return states if rest is None else states.with_undecided(*rest)


def regression_states(
    binning: NumericBinning, score, target, label=None, interval=None, days=None
) -> RegressionStates:
    """States of each day of some rows, all labelled unless ``label`` says otherwise."""
    plan = ScorePlan("regression", binning)
    label = np.ones(len(score), dtype=int) if label is None else label
    decision = np.zeros(len(score), dtype=int)
    batch = batch_of(score, decision, label, target=target, interval=interval, days=days)
    return RegressionStates.of(binning, *stored(plan, batch, "regression"))


UNIT_BINS = NumericBinning(np.array([-np.inf, 0.0, 0.5, 1.0, np.inf]), 0.5, 0.25)
