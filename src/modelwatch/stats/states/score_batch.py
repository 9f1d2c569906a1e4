"""What a pass over predictions and labels keeps, the rows that it is given, and its states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.states.batch import BatchColumn, Numbers, SegmentationCodes, Texts
from modelwatch.stats.states.binning import NumericBinning
from modelwatch.stats.states.moments import normalised

Task = Literal["binary", "multiclass", "regression"]

UNDECIDED = "undecided"
"""Kind of the states of rows without a decision, beside that of the task."""
WHOLE = "*"
"""Name of the states that have no name of their own."""
LIMBED = frozenset({"regression", "value", "expected_loss"})
"""Kinds whose sums are in the limbs of ``moments``: carried over after each addition."""
LABEL_ACCOUNT = (
    "label_rows",
    "repeated",
    "corrections",
    "conflicts",
    "unknown_ids",
    "unknown_classes",
    "due_before_day",
    "null_scores",
    "nan_scores",
    "scores_out_of_range",
)
"""Positions of the counts of kind 'labels': label rows read, rows beyond the first of an id, ids
whose later row changed the label, ids with differing labels of one moment, labels of unknown ids,
labels that are none or of an unknown class, rows due before their day, scores that are null, NaN,
no probabilities.
A pass over rows fills the last four; the others are known where labels are brought together."""


class ScoreKey(NamedTuple):
    """Which rows a state is of; days are numbers since the epoch."""

    day: int
    due_day: int
    version: str
    segmentation: str
    segment: str
    kind: str
    name: str


@dataclass(frozen=True)
class ScoreState:
    """What is kept of some rows; merges by addition, in any order. Vectors of longs."""

    counts: Counts
    sums: Counts | None = None

    def merge(self, other: ScoreState, kind: str) -> ScoreState:
        """The state of the rows of both, which are of one kind."""
        counts = self.counts + other.counts
        if self.sums is None or other.sums is None:
            return ScoreState(counts, other.sums if self.sums is None else self.sums)
        sums = self.sums + other.sums
        return ScoreState(counts, normalised(sums) if kind in LIMBED else sums)


@dataclass(frozen=True)
class ScopeVectors:
    """States of one segmentation, kind and name: what their vectors hold, scope by scope.

    ``scopes``: day, due day, model version and segment of each. ``counts_length`` and
    ``sums_length``: of the two vectors of a scope; 0 for no sums. ``owners`` (m,): index of the
    scope of each entry, ascending; ``positions`` (m,): where it stands in both vectors, ascending
    within a scope; ``counts`` and ``sums`` (m,): what stands there.
    """

    segmentation: str
    kind: str
    name: str
    scopes: Sequence[tuple[int, int, str, str]]
    counts_length: int
    sums_length: int
    owners: AnyArray
    positions: AnyArray
    counts: Counts
    sums: Counts

    def states(self) -> Iterator[tuple[ScoreKey, ScoreState]]:
        """The states as dense vectors, each with its key; scopes without an entry are left out."""
        met, starts = np.unique(self.owners, return_index=True)
        for scope, start, stop in zip(met, starts, [*starts[1:], len(self.owners)], strict=True):
            part = slice(start, stop)
            width = max(self.counts_length, self.sums_length)
            both = np.zeros((2, width), dtype=np.int64)
            both[:, self.positions[part]] = self.counts[part], self.sums[part]
            day, due, version, segment = self.scopes[scope]
            yield (
                ScoreKey(day, due, version, self.segmentation, segment, self.kind, self.name),
                ScoreState(
                    both[0, : self.counts_length],
                    both[1, : self.sums_length] if self.sums_length else None,
                ),
            )


@dataclass(frozen=True)
class ScorePlan:
    """What a pass keeps of predictions and their labels.

    ``binning``: of the score; of a regression, the center and scale of the predicted value.
    ``classes``: of a multiclass model. ``slices``: features whose values are slices, kept for all
    traffic only. ``values``: names of business metrics. ``challenger``: name of the second model
    of a binary task, with the bins of its score. ``loss_regressor``: version of what says which
    losses are expected of a regression.
    """

    task: Task
    binning: NumericBinning
    classes: tuple[str, ...] = ()
    segmentations: tuple[SegmentationCodes, ...] = ()
    slices: tuple[BatchColumn, ...] = ()
    values: tuple[str, ...] = ()
    challenger: str | None = None
    challenger_binning: NumericBinning | None = None
    loss_regressor: str | None = None

    def __post_init__(self) -> None:
        if (self.task == "multiclass") != bool(self.classes):
            raise ValueError("a multiclass task has classes, and no other task has")
        if self.challenger is not None and self.task != "binary":
            raise ValueError("a challenger is compared on the same ids in a binary task only")


@dataclass(frozen=True)
class ScoreBatch:
    """Rows of one pass: predictions, each with what is known of its label.

    ``slots``: (n,) indices into ``keys``, which are (day, due day, model version). ``decision``:
    (n,) binary 0 or 1, multiclass the index of the class or K for another one; -1 is no decision;
    not read in a regression. ``label``: (n,) 0 is unlabelled; binary 1 negative, 2 positive;
    multiclass 1 to K a class, K + 1 another one; regression 1. ``score``: (n,), or (n, K) with a
    column a class. ``score_nulls``: (n,) or (n, K), None for no null. ``target``: label of a
    regression. ``interval``: its lower and upper ends, NaN for none. ``age``: days until the label
    was known, -1 unlabelled. ``segments``: for each segmentation, codes (n,). ``slices``: for each
    slice feature, its values. ``values``: for each business metric, (n,), NaN for no value.
    ``challenger_decision``: -1 where the challenger did not score the row. ``expected``: absolute
    and squared loss that are expected of the row, relative to the scale, (n,) each. ``due_early``
    (n,): whether the label was due before the day; None where the keys tell it.
    """

    rows: int
    keys: Sequence[tuple[int, int, str]]
    slots: AnyArray
    decision: AnyArray
    label: AnyArray
    score: Floats
    score_nulls: AnyArray | None
    target: Floats | None
    interval: tuple[Floats, Floats] | None
    age: AnyArray
    segments: Sequence[AnyArray]
    slices: Sequence[Numbers | Texts]
    values: Sequence[Floats]
    challenger_decision: AnyArray | None = None
    challenger_score: Floats | None = None
    expected: tuple[Floats, Floats] | None = None
    due_early: AnyArray | None = None
