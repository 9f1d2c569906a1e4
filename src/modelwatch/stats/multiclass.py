"""State of a multiclass model's predictions: confusion table and one-against-rest histograms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.stack import Stack

BINS = 200
"""Bins of equal width of [0, 1); one more holds 1."""
POSITIONS = BINS + 2
"""Positions of a histogram: null or not in [0, 1], the bins, and 1."""
CHOICES = 2
"""Of a class: rows that were not decided for it, rows that were."""
SIDES = 3
"""Of a class: unlabelled, another class, the class."""


def histogram_length(classes: int) -> int:
    """Longs of the one-against-rest histograms."""
    return classes * CHOICES * SIDES * POSITIONS


def probability_positions(score: Floats, nulls: AnyArray | None) -> Counts:
    """Position of each probability in a histogram, of the shape of ``score``."""
    valid = (score >= 0.0) & (score <= 1.0)
    if nulls is not None:
        valid &= ~nulls
    found = np.zeros(score.shape, dtype=np.int64)
    found[valid] = (score[valid] * BINS).astype(np.int64) + 1
    return found


@dataclass(frozen=True)
class MulticlassStates(Stack):
    """A stack of n scopes of one multiclass model with K classes; a state is a stack of one.

    ``confusion`` (n, K + 1, K + 2): rows by decision (each class, another one) and label
    (unlabelled, each class, another one). ``histograms`` (n, K, 2, 3, 202): rows by class, choice
    (not decided for it, decided for it), side (unlabelled, another class, the class) and position
    of the class's probability; (n, 0, 2, 3, 202) where no probabilities are kept. Rows without a
    decision are decided for no class. ``loss`` (n, 2): sum of log losses in units of 2**-26, and
    the rows that it is of. ``undecided`` (n, K + 2): rows without a decision by label.
    """

    classes: tuple[str, ...]
    confusion: Counts
    histograms: Counts
    loss: Counts
    undecided: Counts
    added: ClassVar[tuple[str, ...]] = ("confusion", "histograms", "loss", "undecided")

    @classmethod
    def of(cls, classes: tuple[str, ...], counts: Counts, sums: Counts) -> MulticlassStates:
        """States from their stored vectors: counts (n, (K + 1) * (K + 2) and the histograms where
        they are kept), sums (n, 2)."""
        k, n = len(classes), len(counts)
        cells = (k + 1) * (k + 2)
        return cls(
            classes,
            counts[:, :cells].reshape(n, k + 1, k + 2),
            _histograms(counts[:, cells:], k),
            sums.reshape(n, 2),
            np.zeros((n, k + 2), dtype=np.int64),
        )

    @classmethod
    def empty(
        cls, classes: tuple[str, ...], scopes: int = 1, *, probabilities: bool = True
    ) -> MulticlassStates:
        """States of no rows."""
        k = len(classes)
        cells = (k + 1) * (k + 2) + (histogram_length(k) if probabilities else 0)
        counts, sums = (np.zeros((scopes, n), dtype=np.int64) for n in (cells, 2))
        return cls.of(classes, counts, sums)

    def with_undecided(self, counts: Counts, sums: Counts) -> MulticlassStates:
        """The same scopes with their rows without a decision, from the stored vectors of kind
        'undecided': counts (n, K + 2 and the histograms), sums (n, 2)."""
        k = len(self.classes)
        return replace(
            self,
            histograms=self.histograms + _histograms(counts[:, k + 2 :], k),
            loss=self.loss + sums.reshape(len(counts), 2),
            undecided=self.undecided + counts[:, : k + 2],
        )

    @property
    def identity(self) -> str:
        """The kind of the states and their classes."""
        kept = "with" if self.histograms.shape[1] else "without"
        return f"multiclass states of {self.classes!r} {kept} probabilities"

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
        """Rows with a label, (n,)."""
        return self.rows - self.by_label[:, 0]

    @cached_property
    def against_rest(self) -> Counts:
        """Rows of other classes and of the class by bin of its probability, (n, K, 2, 201)."""
        return np.asarray(self.histograms.sum(axis=2)[:, :, 1:, 1:], dtype=np.int64)

    @cached_property
    def table(self) -> Counts:
        """Labelled rows by label and decision, (n, K + 1, K + 1): the classes, then another."""
        return np.ascontiguousarray(np.swapaxes(self.confusion[:, :, 1:], 1, 2))


def _histograms(counts: Counts, classes: int) -> Counts:
    kept = classes if counts.shape[1] else 0
    return counts.reshape(len(counts), kept, CHOICES, SIDES, POSITIONS)
