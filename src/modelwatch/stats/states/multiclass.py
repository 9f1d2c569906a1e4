"""State of a multiclass model's predictions: confusion table and one-against-rest histograms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.states.stack import Stack

BINS = 200
"""Bins of equal width of [0, 1); one more contains 1."""
BEYOND = 64
"""Bins of scores below 0, and as many of scores above 1; the outermost are unbounded."""
POSITIONS = BINS + 2 + 2 * BEYOND
"""Positions of a histogram: null or NaN, the bins, 1, scores below 0, and scores above 1."""
PROBABILITIES = slice(1, BINS + 2)
"""Positions of probabilities, ascending."""
ASCENDING = np.r_[BINS + 2 : BINS + 2 + BEYOND, PROBABILITIES, BINS + 2 + BEYOND : POSITIONS]
"""Positions of scores, ascending."""
CLASS_SUMS = 4
"""Sums stored with the counts: log losses, their number of rows, labeled rows whose scores are not
class probabilities, and all such rows."""
_STEPS = 12.0
"""Bins beyond 0 and 1 per unit of the inverse hyperbolic sine of the score."""
SUM_TOLERANCE = 0.02
"""Difference from 1 up to which the probabilities of a row add up: they may be rounded."""
CHOICES = 2
"""Rows not decided for the class, and rows decided for it."""
CLASS_SIDES = 3
"""Rows without a label, with another class, and with the class."""


def histogram_length(classes: int) -> int:
    """Number of longs of the one-against-rest histograms."""
    return classes * CHOICES * CLASS_SIDES * POSITIONS


def score_positions(score: Floats, nulls: AnyArray | None) -> Counts:
    """Position of each score in a histogram, in the shape of ``score``."""
    known = ~np.isnan(score)
    if nulls is not None:
        known &= ~nulls
    found = np.zeros(score.shape, dtype=np.int64)
    inside = known & (score >= 0.0) & (score <= 1.0)
    found[inside] = (score[inside] * BINS).astype(np.int64) + 1
    below, above = known & (score < 0.0), known & (score > 1.0)
    found[below] = BINS + 1 + BEYOND - _steps(np.arcsinh(-score[below]))
    found[above] = BINS + 2 + BEYOND + _steps(np.arcsinh(score[above]) - np.arcsinh(1.0))
    return found


def _steps(distance: Floats) -> Counts:
    return np.minimum(np.floor(distance * _STEPS), BEYOND - 1).astype(np.int64)


def are_probabilities(score: Floats, nulls: AnyArray | None) -> tuple[AnyArray, AnyArray]:
    """For rows of K scores: which have all of them, and for which these are probabilities."""
    whole = ~np.isnan(score).any(axis=1)
    if nulls is not None:
        whole &= ~nulls.any(axis=1)
    with np.errstate(invalid="ignore"):
        added = np.abs(score.sum(axis=1) - 1.0) <= SUM_TOLERANCE
        inside = ((score >= 0.0) & (score <= 1.0)).all(axis=1)
    return np.asarray(whole), np.asarray(whole & added & inside)


@dataclass(frozen=True)
class MulticlassStates(Stack):
    """A stack of n scopes of one multiclass model with K classes; a state is a stack of one.

    ``confusion`` (n, K + 1, K + 2): rows by decision (each class, any other) and label (unlabeled,
    each class, any other). ``histograms`` (n, K, 2, 3, 330): rows by class, choice (not decided for
    it, decided for it), side (unlabeled, another class, the class), and position of the class's
    score; (n, 0, 2, 3, 330) without scores. Rows without a decision are decided for no class.
    ``loss`` (n, 4): sum of log losses in units of 2**-26, the number of rows in it, labeled rows
    whose scores are not probabilities of the classes, and all such rows. ``undecided`` (n, K + 2):
    rows without a decision by label.
    """

    classes: tuple[str, ...]
    confusion: Counts
    histograms: Counts
    loss: Counts
    undecided: Counts
    added: ClassVar[tuple[str, ...]] = ("confusion", "histograms", "loss", "undecided")

    @classmethod
    def of(cls, classes: tuple[str, ...], counts: Counts, sums: Counts) -> MulticlassStates:
        """States from their stored vectors: counts (n, (K + 1) * (K + 2) and the histograms, if
        any), sums (n, 4)."""
        k, n = len(classes), len(counts)
        cells = (k + 1) * (k + 2)
        return cls(
            classes,
            counts[:, :cells].reshape(n, k + 1, k + 2),
            _histograms(counts[:, cells:], k),
            sums.reshape(n, CLASS_SUMS),
            np.zeros((n, k + 2), dtype=np.int64),
        )

    @classmethod
    def empty(
        cls, classes: tuple[str, ...], scopes: int = 1, *, probabilities: bool = True
    ) -> MulticlassStates:
        """States without rows."""
        k = len(classes)
        cells = (k + 1) * (k + 2) + (histogram_length(k) if probabilities else 0)
        counts, sums = (np.zeros((scopes, n), dtype=np.int64) for n in (cells, CLASS_SUMS))
        return cls.of(classes, counts, sums)

    def with_undecided(self, counts: Counts, sums: Counts) -> MulticlassStates:
        """The same scopes with their rows without a decision, from the stored vectors of kind
        'undecided': counts (n, K + 2 and the histograms), sums (n, 4)."""
        k = len(self.classes)
        return replace(
            self,
            histograms=self.histograms + _histograms(counts[:, k + 2 :], k),
            loss=self.loss + sums.reshape(len(counts), CLASS_SUMS),
            undecided=self.undecided + counts[:, : k + 2],
        )

    @property
    def identity(self) -> str:
        """The kind of the states, and their classes."""
        stored = "with" if self.histograms.shape[1] else "without"
        return f"multiclass states of {self.classes!r} {stored} probabilities"

    @cached_property
    def rows(self) -> Counts:
        """All rows, (n,)."""
        decided = self.confusion.sum(axis=(1, 2))
        return np.asarray(decided + self.undecided.sum(axis=1), dtype=np.int64)

    @cached_property
    def by_label(self) -> Counts:
        """Rows by label, (n, K + 2)."""
        return np.asarray(self.confusion.sum(axis=1) + self.undecided, dtype=np.int64)

    @cached_property
    def labelled(self) -> Counts:
        """Labeled rows, (n,)."""
        return self.rows - self.by_label[:, 0]

    @cached_property
    def against_rest(self) -> Counts:
        """Labeled rows of other classes and of the class by bin of its score, ascending: (n, K, 2,
        329)."""
        return np.asarray(self.histograms.sum(axis=2)[:, :, 1:, ASCENDING], dtype=np.int64)

    @cached_property
    def table(self) -> Counts:
        """Labeled rows by label and decision, (n, K + 1, K + 1): the classes, and any other."""
        return np.ascontiguousarray(np.swapaxes(self.confusion[:, :, 1:], 1, 2))


def _histograms(counts: Counts, classes: int) -> Counts:
    stored = classes if counts.shape[1] else 0
    return counts.reshape(len(counts), stored, CHOICES, CLASS_SIDES, POSITIONS)
