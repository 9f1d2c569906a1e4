"""What a pass over predictions and labels computes, its rows, and its states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.states.batch import BatchColumn, Numbers, SegmentationCodes, Texts
from modelwatch.stats.states.binning import NumericBinning

Task = Literal["binary", "multiclass", "regression"]

UNDECIDED = "undecided"
"""Kind of the states of rows without a decision, stored with that of the task."""
WHOLE = "*"
"""Name of the states that have no name of their own."""
LIMBED = frozenset({"regression", "value", "expected_loss"})
"""Kinds whose sums are in the limbs of ``moments``, with carries after each addition."""
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
"""Positions of the counts of kind 'labels': label rows read, rows beyond the first of an ID, IDs
whose later row changed the label, IDs with different labels at one time, labels of unknown IDs,
values that are not labels or of an unknown class, rows due before their day, scores that are null,
NaN, not probabilities. A pass over rows fills the last four; the others are known when labels are
joined."""


@dataclass(frozen=True)
class ScopeVectors:
    """States of one segmentation, kind, and name: the content of their vectors, scope by scope.

    ``scopes``: day, due day, model version, and segment of each. ``counts_length`` and
    ``sums_length``: of the two vectors of a scope; 0 for no sums. ``owners`` (m,): index of the
    scope of each entry, ascending. ``positions`` (m,): its position in both vectors, ascending
    within a scope. ``counts`` and ``sums`` (m,): its values.
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


@dataclass(frozen=True)
class ScorePlan:
    """What a pass computes for predictions and their labels.

    ``binning``: of the score; for a regression, the center and scale of the predicted value.
    ``classes``: of a multiclass model. ``slices``: features whose values are slices, for all
    traffic only. ``values``: names of business metrics. ``challenger``: name of the second model of
    a binary task, with the bins of its score. ``loss_regressor``: version of the regressor of the
    expected losses of a regression.
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
    """Rows of one pass: predictions with what is known about their labels.

    ``slots``: (n,) indices into ``keys``, which are (day, due day, model version). ``decision``:
    (n,) binary 0 or 1, multiclass the index of the class, or K for any other; -1 is no decision;
    not used in a regression. ``label``: (n,) 0 is unlabeled; binary 1 negative, 2 positive;
    multiclass 1 to K a class, K + 1 any other; regression 1. ``score``: (n,), or (n, K) with one
    column per class. ``score_nulls``: (n,) or (n, K), None without nulls. ``target``: label of a
    regression. ``interval``: its lower and upper ends, NaN for none. ``age``: days until the label
    was known, -1 if unlabeled. ``segments``: for each segmentation, codes (n,). ``slices``: for
    each slice feature, its values. ``values``: for each business metric, (n,), NaN for no value.
    ``challenger_decision``: -1 if the challenger did not score the row. ``expected``: expected
    absolute and squared loss of the row, relative to the scale, (n,) each. ``due_early`` (n,):
    whether the label was due before the day; None if the keys contain it.
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
