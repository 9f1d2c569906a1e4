"""Fairness and label coverage of windows, computed from the states of slices."""

from __future__ import annotations

import numpy as np

from modelwatch.evaluation.attribution.attributions import SliceStates
from modelwatch.evaluation.performance.question import Answers, ScoreQuestion
from modelwatch.evaluation.performance.score_groups import View
from modelwatch.stats.arrays import AnyArray, Counts, Floats, Spans, sums_over_spans
from modelwatch.stats.performance.fairness import FAIRNESS, fairness, fairness_intervals
from modelwatch.stats.performance.jackknife import FEWEST_DAYS
from modelwatch.stats.performance.label_coverage import Dependence, dependence, dependence_sentence
from modelwatch.stats.states.binary import BinaryStates
from modelwatch.stats.states.binary_margins import BinaryMargins

OF_DECISIONS = tuple(key for key, known in FAIRNESS.items() if known.of != "calibration_bias")
"""Fairness metrics that require no score, because the states of slices contain no score bins."""
_TENTHS = tuple(f"{tenth / 10:.1f} to {(tenth + 1) / 10:.1f}" for tenth in range(10))


def add_fairness(
    rows: Answers, question: ScoreQuestion, view: View, splits: list[SliceStates]
) -> None:
    """Add the fairness metrics of every segment for the due cohort of each window."""
    for split in splits:
        if split.split == "segmentation":
            _add_split(rows, question, view, split)


def _add_split(rows: Answers, question: ScoreQuestion, view: View, split: SliceStates) -> None:
    held = np.flatnonzero(split.counts.sum(axis=(0, 2, 3)))
    whole = split.counts.sum(axis=1)
    spans = question.spans(split.days, view.windows)
    every = sums_over_spans(whole, spans)
    for part in held:
        mine = sums_over_spans(split.counts[:, part], spans)
        chosen = np.flatnonzero(mine.sum(axis=(1, 2)))
        found = fairness(
            BinaryMargins.of_decisions(mine[chosen]),
            BinaryMargins.of_decisions(every[chosen]),
            OF_DECISIONS,
        )
        ends = _ends(split, int(part), whole, spans[chosen])
        due_rows, labelled = mine[chosen].sum(axis=(1, 2)), mine[chosen][:, :, 1:].sum(axis=(1, 2))
        for at, key in enumerate(OF_DECISIONS):
            rows.add(
                "performance_metrics",
                len(chosen),
                **question.window_columns(view.windows[chosen]),
                model_version=view.version,
                segmentation=split.name,
                segment=split.labels[part],
                cohort="due",
                metric=key,
                value=found[key].value,
                reason=found[key].reason,
                lower=ends[0, at],
                upper=ends[1, at],
                p_value=ends[2, at],
                due_rows=due_rows,
                labelled_rows=labelled,
                coverage=labelled / due_rows,
            )


def _ends(split: SliceStates, part: int, whole: Counts, spans: AnyArray) -> Floats:
    """Return the lower end, upper end, and p-value of each metric and window, (3, K, W)."""
    ends = np.full((3, len(OF_DECISIONS), len(spans)), np.nan)
    for w, (start, stop) in enumerate(spans):
        if stop - start < FEWEST_DAYS:
            continue
        mine, every = (
            BinaryMargins.of_decisions(split.counts[start:stop, part]),
            BinaryMargins.of_decisions(whole[start:stop]),
        )
        changes = fairness_intervals(mine, every, OF_DECISIONS)
        for at, key in enumerate(OF_DECISIONS):
            ends[:, at, w] = changes[key].lower, changes[key].upper, changes[key].p_value
    return ends


def coverage_notes(
    question: ScoreQuestion, view: View, splits: list[SliceStates], spans: Spans
) -> AnyArray:
    """Return a note for each window whose label coverage depends on a segment, a feature, or the
    score; None for the others, (W,).

    The score is a proxy for labels that have not arrived.
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
    """Replace the notes of windows for which this split has the strongest dependence so far.

    ``tables`` (W, M, 3): rows by group and label.
    """
    for w, table in enumerate(tables):
        found: Dependence | None = dependence(table.sum(axis=1), table[:, 1:].sum(axis=1))
        if found is not None and found.flagged and found.association > strongest[w]:
            strongest[w] = found.association
            notes[w] = dependence_sentence(name, labels, found)


def _by_tenth(states: BinaryMargins) -> Counts:
    """Return rows by tenth of the probability and by label, (W, 10, 3)."""
    tenth = np.minimum((states.lower_edges * 10).astype(np.int64), 9)
    member = (tenth[:, None] == np.arange(10)).astype(np.int64)
    return np.asarray(np.swapaxes(states.scored @ member, 1, 2), dtype=np.int64)
