"""Cohorts whose labels are not a random sample, read off the states of slices and scores."""

from __future__ import annotations

import numpy as np

from modelwatch.evaluation.attribution.attributions import SliceStates
from modelwatch.evaluation.performance.question import ScoreQuestion
from modelwatch.evaluation.performance.score_groups import View
from modelwatch.stats.arrays import AnyArray, Counts, Spans, sums_over_spans
from modelwatch.stats.performance.label_coverage import Dependence, dependence, dependence_sentence
from modelwatch.stats.states.binary import BinaryStates
from modelwatch.stats.states.binary_margins import BinaryMargins

_TENTHS = tuple(f"{tenth / 10:.1f} to {(tenth + 1) / 10:.1f}" for tenth in range(10))


def coverage_notes(
    question: ScoreQuestion, view: View, splits: list[SliceStates], spans: Spans
) -> AnyArray:
    """For each window of the view a note if its coverage depends on a segment, a feature or the
    score, which stands for the outcome as long as that is not known; else None.
    """
    notes = np.full(len(spans), None, dtype=object)
    strongest = np.zeros(len(spans))
    for split in splits:
        windows = sums_over_spans(split.counts, question.spans(split.days, view.windows))
        tables = windows.sum(axis=2)
        _note(notes, strongest, split.name, split.labels, tables)
    if isinstance(view.due.stack, BinaryStates):
        _note(notes, strongest, "score", _TENTHS, _by_tenth(view.due.stack.margins.roll_up(spans)))
    return notes


def _note(
    notes: AnyArray,
    strongest: AnyArray,
    name: str,
    labels: tuple[str, ...],
    tables: Counts,
) -> None:
    """The strongest dependence wins; tables (W, M, 3 labels)."""
    for w, table in enumerate(tables):
        found: Dependence | None = dependence(table.sum(axis=1), table[:, 1:].sum(axis=1))
        if found is not None and found.flagged and found.association > strongest[w]:
            strongest[w] = found.association
            notes[w] = dependence_sentence(name, labels, found)


def _by_tenth(states: BinaryMargins) -> Counts:
    """Rows by tenth of the probability and label, (W, 10, 3)."""
    tenth = np.minimum((states.lower_edges * 10).astype(np.int64), 9)
    member = (tenth[:, None] == np.arange(10)).astype(np.int64)
    return np.asarray(np.swapaxes(states.scored @ member, 1, 2), dtype=np.int64)
