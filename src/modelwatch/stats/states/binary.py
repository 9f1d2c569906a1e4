"""State of a binary model's predictions: decision, label, and frozen bin of the score."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.states.binary_margins import LABEL_VALUES, BinaryMargins
from modelwatch.stats.states.binning import NAN, NULL, NUMERIC_OFFSET, NumericBinning
from modelwatch.stats.states.score_scale import (
    holds_probabilities,
    kind_of,
    largest_probability,
    probabilities,
    with_edges,
)
from modelwatch.stats.states.stack import Stack

DECISIONS = 2
LOSS_UNIT = 2.0**26
"""Units of a log loss in the sums: the error is at most 2**-27 per row."""
SMALLEST_PROBABILITY = 2.0**-52
"""Probabilities are clipped to it, and to one minus it, in a log loss, as in scikit-learn."""


def in_range(binning: NumericBinning) -> AnyArray:
    """Mask of the positions of a count vector that contain probabilities; (length,).

    Zero is always an edge. A score above that of the probability 1 counts at the earliest in the
    first bin that begins above it, so no bin contains scores of both sides.
    """
    nothing = np.zeros(NUMERIC_OFFSET, dtype=bool)
    return np.concatenate([nothing, holds_probabilities(binning)])


def positions(binning: NumericBinning, score: Floats, nulls: AnyArray | None) -> Counts:
    """Position in the count vector of each score, (n,); a special value counts as null."""
    found = np.searchsorted(binning.edges, score, side="right") + (NUMERIC_OFFSET - 1)
    limit = largest_probability(kind_of(binning))
    if np.isfinite(limit):
        above = int(np.searchsorted(binning.edges, limit, side="right")) + NUMERIC_OFFSET
        found[(score > limit) & (found < above)] = above
    found[np.isnan(score)] = NAN
    if binning.special_values:
        found[np.isin(score, binning.special_values)] = NULL
    if nulls is not None:
        found[nulls] = NULL
    return np.asarray(found, dtype=np.int64)


def probabilities_of(binning: NumericBinning, score: Floats, nulls: AnyArray | None) -> Floats:
    """The probability of each score, (n,); NaN for none."""
    found = probabilities(kind_of(binning), score)
    if binning.special_values:
        found = np.where(np.isin(score, binning.special_values), np.nan, found)
    return found if nulls is None else np.where(nulls, np.nan, found)


def log_losses(probability: Floats) -> Floats:
    """Negative logarithm of the probability of the true class, in units, as integers."""
    retained = np.clip(probability, SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY)
    return np.asarray(np.rint(-np.log(retained) * LOSS_UNIT), dtype=np.float64)


def _nothing() -> Counts:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class BinaryStates(Stack):
    """A stack of n scopes of one binary model; a state is a stack of one.

    ``counts`` (n, 2, 3, L): rows by decision (negative, positive), label (unlabeled, negative,
    positive), and position of the score in its frozen bins. ``score_sums`` (n, 2, 3, L): sums of
    the probabilities of scores, in units of 2**-30. ``loss_sums`` (n, 3, 2): by label, sums of
    squared probabilities (2**-30) and of log losses (2**-26). ``undecided`` and ``undecided_sums``
    (n, 3, L): the same for rows without a decision, which metrics of decisions do not use; their
    losses are in ``loss_sums``.
    """

    counts: Counts
    score_sums: Counts
    loss_sums: Counts
    binning: NumericBinning
    undecided: Counts = field(default_factory=_nothing)
    undecided_sums: Counts = field(default_factory=_nothing)
    added: ClassVar[tuple[str, ...]] = (
        "counts",
        "score_sums",
        "loss_sums",
        "undecided",
        "undecided_sums",
    )

    def __post_init__(self) -> None:
        shape = (len(self.counts), DECISIONS, LABEL_VALUES, self.binning.length)
        if self.counts.shape != shape or self.score_sums.shape != shape:
            raise ValueError(f"counts and sums of scores must be of shape {shape}")
        if self.loss_sums.shape != (len(self.counts), LABEL_VALUES, 2):
            raise ValueError("sums of losses must be of shape (n, 3, 2)")
        for name in ("undecided", "undecided_sums"):
            if not getattr(self, name).size:
                object.__setattr__(self, name, np.zeros((shape[0], *shape[2:]), dtype=np.int64))

    @classmethod
    def of(cls, binning: NumericBinning, counts: Counts, sums: Counts) -> BinaryStates:
        """States from their stored vectors: counts (n, 6 * L), sums (n, 6 * L + 6)."""
        shape = (len(counts), DECISIONS, LABEL_VALUES, binning.length)
        cells = DECISIONS * LABEL_VALUES * binning.length
        return cls(
            counts.reshape(shape),
            sums[:, :cells].reshape(shape),
            sums[:, cells:].reshape(len(counts), LABEL_VALUES, 2),
            binning,
        )

    @classmethod
    def empty(cls, binning: NumericBinning, scopes: int = 1) -> BinaryStates:
        """States without rows."""
        cells = DECISIONS * LABEL_VALUES * binning.length
        shape = (scopes, cells), (scopes, cells + 2 * LABEL_VALUES)
        return cls.of(binning, *(np.zeros(size, dtype=np.int64) for size in shape))

    def with_undecided(self, counts: Counts, sums: Counts) -> BinaryStates:
        """The same scopes with their rows without a decision, from the stored vectors of kind
        'undecided': counts (n, 3 * L), sums (n, 3 * L + 6)."""
        shape = (len(counts), LABEL_VALUES, self.binning.length)
        cells = LABEL_VALUES * self.binning.length
        return replace(
            self,
            loss_sums=self.loss_sums + sums[:, cells:].reshape(len(counts), LABEL_VALUES, 2),
            undecided=self.undecided + counts.reshape(shape),
            undecided_sums=self.undecided_sums + sums[:, :cells].reshape(shape),
        )

    def without_empty_bins(self) -> BinaryStates:
        """The same rows in fewer bins: the nonempty ones, with their edges, and one for each run of
        empty ones."""
        rows = self.counts.sum(axis=(0, 1, 2)) + self.undecided.sum(axis=(0, 1))
        held = rows[NUMERIC_OFFSET:] > 0
        retained = held.copy()
        retained[1:] |= held[:-1]
        retained[[0, -1]] = True
        if not retained[1:-1].any():
            retained[1] = True  # bins need a finite edge
        binning = with_edges(self.binning, self.binning.edges[retained])
        at = np.concatenate([np.arange(NUMERIC_OFFSET), NUMERIC_OFFSET + np.flatnonzero(retained)])
        return replace(
            self,
            counts=self.counts[..., at],
            score_sums=self.score_sums[..., at],
            binning=binning,
            undecided=self.undecided[..., at],
            undecided_sums=self.undecided_sums[..., at],
        )

    @property
    def identity(self) -> str:
        """The kind of the states, and their frozen bins."""
        return f"binary states of bins {self.binning.fingerprint}"

    @cached_property
    def margins(self) -> BinaryMargins:
        """The same scopes, as metrics use them."""
        ranked = self.counts[..., NUMERIC_OFFSET:].sum(axis=1)
        sums = self.score_sums[..., NUMERIC_OFFSET:].sum(axis=1)
        return BinaryMargins(
            self.counts.sum(axis=3),
            self.undecided.sum(axis=2),
            ranked + self.undecided[..., NUMERIC_OFFSET:],
            sums + self.undecided_sums[..., NUMERIC_OFFSET:],
            self.loss_sums,
            self.binning,
        )

    @property
    def rows(self) -> Counts:
        """All rows, (n,)."""
        return self.margins.rows

    @property
    def by_label(self) -> Counts:
        """Rows by label, (n, 3)."""
        return self.margins.by_label

    @property
    def labelled(self) -> Counts:
        """Labeled rows, (n,)."""
        return self.margins.labelled

    @cached_property
    def inside(self) -> AnyArray:
        """Mask of the positions that contain probabilities, (L,)."""
        return in_range(self.binning)
