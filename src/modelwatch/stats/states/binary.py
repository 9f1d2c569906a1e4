"""State of a binary model's predictions: decision, label and frozen bin of the score."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.states.binning import NAN, NULL, NUMERIC_OFFSET, NumericBinning
from modelwatch.stats.states.score_scale import (
    edges_as_probabilities,
    holds_probabilities,
    kind_of,
    largest_probability,
    probabilities,
    with_edges,
)
from modelwatch.stats.states.stack import Stack

UNLABELLED, NEGATIVE, POSITIVE = 0, 1, 2
"""Positions on the axis of the label."""
LABELS = 3
DECISIONS = 2
SCORE_UNIT = 2.0**30
"""Units of a score and of its square in the sums: wrong by at most 2**-31 a row."""
LOSS_UNIT = 2.0**26
"""Units of a log loss in the sums: wrong by at most 2**-27 a row."""
SMALLEST_PROBABILITY = 2.0**-52
"""A probability is clipped to it, and to one less it, in a log loss, as scikit-learn does."""


def in_range(binning: NumericBinning) -> AnyArray:
    """Mask of the positions of a count vector that hold probabilities; (length,).

    Zero is always an edge. A score above that of the probability 1 is counted at earliest in the
    first bin that begins above it, so that no bin holds scores of both sides.
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
    """The probability that each score stands for, (n,); NaN for none."""
    found = probabilities(kind_of(binning), score)
    if binning.special_values:
        found = np.where(np.isin(score, binning.special_values), np.nan, found)
    return found if nulls is None else np.where(nulls, np.nan, found)


def log_losses(probability: Floats) -> Floats:
    """Minus the logarithm of the probability that the truth was given, in units, as whole
    numbers."""
    kept = np.clip(probability, SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY)
    return np.asarray(np.rint(-np.log(kept) * LOSS_UNIT), dtype=np.float64)


def _nothing() -> Counts:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class BinaryStates(Stack):
    """A stack of n scopes of one binary model; a state is a stack of one.

    ``counts`` (n, 2, 3, L): rows by decision (negative, positive), label (unlabelled, negative,
    positive) and position of the score in its frozen bins. ``score_sums`` (n, 2, 3, L): sums of
    the probabilities that scores stand for, in units of 2**-30. ``loss_sums`` (n, 3, 2): by label,
    sums of squared probabilities (2**-30) and of log losses (2**-26). ``undecided`` and
    ``undecided_sums`` (n, 3, L): the same of rows without a decision, which no metric of decisions
    reads; their losses are in ``loss_sums``.
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
        shape = (len(self.counts), DECISIONS, LABELS, self.binning.length)
        if self.counts.shape != shape or self.score_sums.shape != shape:
            raise ValueError(f"counts and sums of scores must be of shape {shape}")
        if self.loss_sums.shape != (len(self.counts), LABELS, 2):
            raise ValueError("sums of losses must be of shape (n, 3, 2)")
        for name in ("undecided", "undecided_sums"):
            if not getattr(self, name).size:
                object.__setattr__(self, name, np.zeros((shape[0], *shape[2:]), dtype=np.int64))

    @classmethod
    def of(cls, binning: NumericBinning, counts: Counts, sums: Counts) -> BinaryStates:
        """States from their stored vectors: counts (n, 6 * L), sums (n, 6 * L + 6)."""
        shape = (len(counts), DECISIONS, LABELS, binning.length)
        cells = DECISIONS * LABELS * binning.length
        return cls(
            counts.reshape(shape),
            sums[:, :cells].reshape(shape),
            sums[:, cells:].reshape(len(counts), LABELS, 2),
            binning,
        )

    @classmethod
    def empty(cls, binning: NumericBinning, scopes: int = 1) -> BinaryStates:
        """States of no rows."""
        cells = DECISIONS * LABELS * binning.length
        shape = (scopes, cells), (scopes, cells + 2 * LABELS)
        return cls.of(binning, *(np.zeros(size, dtype=np.int64) for size in shape))

    def with_undecided(self, counts: Counts, sums: Counts) -> BinaryStates:
        """The same scopes with their rows without a decision, from the stored vectors of kind
        'undecided': counts (n, 3 * L), sums (n, 3 * L + 6)."""
        shape = (len(counts), LABELS, self.binning.length)
        cells = LABELS * self.binning.length
        return replace(
            self,
            loss_sums=self.loss_sums + sums[:, cells:].reshape(len(counts), LABELS, 2),
            undecided=self.undecided + counts.reshape(shape),
            undecided_sums=self.undecided_sums + sums[:, :cells].reshape(shape),
        )

    def without_empty_bins(self) -> BinaryStates:
        """The same rows in fewer bins: those that hold some, each with the edges that it has, and
        one for each run of empty ones."""
        rows = self.counts.sum(axis=(0, 1, 2)) + self.undecided.sum(axis=(0, 1))
        held = rows[NUMERIC_OFFSET:] > 0
        kept = held.copy()
        kept[1:] |= held[:-1]
        kept[[0, -1]] = True
        if not kept[1:-1].any():
            kept[1] = True  # bins have a finite edge, whatever they hold
        binning = with_edges(self.binning, self.binning.edges[kept])
        at = np.concatenate([np.arange(NUMERIC_OFFSET), NUMERIC_OFFSET + np.flatnonzero(kept)])
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
        """The kind of the states and their frozen bins."""
        return f"binary states of bins {self.binning.fingerprint}"

    @cached_property
    def rows(self) -> Counts:
        """All rows, (n,)."""
        decided = self.counts.sum(axis=(1, 2, 3))
        return np.asarray(decided + self.undecided.sum(axis=(1, 2)), dtype=np.int64)

    @cached_property
    def by_label(self) -> Counts:
        """Rows by label, (n, 3)."""
        decided = self.counts.sum(axis=(1, 3))
        return np.asarray(decided + self.undecided.sum(axis=2), dtype=np.int64)

    @cached_property
    def labelled(self) -> Counts:
        """Rows with a label, (n,)."""
        return np.asarray(self.by_label[:, 1:].sum(axis=1), dtype=np.int64)

    @cached_property
    def confusion(self) -> Counts:
        """Rows by decision and label, (n, 2, 3)."""
        return np.asarray(self.counts.sum(axis=3), dtype=np.int64)

    @cached_property
    def ranked(self) -> Counts:
        """Rows with a score by label and bin, (n, 3, B): all bins, ascending."""
        whole = self.counts[..., NUMERIC_OFFSET:].sum(axis=1) + self.undecided[..., NUMERIC_OFFSET:]
        return np.asarray(whole, dtype=np.int64)

    @cached_property
    def inside(self) -> AnyArray:
        """Mask of the positions that hold probabilities, (L,)."""
        return in_range(self.binning)

    @cached_property
    def scored(self) -> Counts:
        """Rows whose score is a probability by label and bin, (n, 3, P): ascending bins of
        probabilities."""
        return self.ranked[..., self.inside[NUMERIC_OFFSET:]]

    @cached_property
    def improbable(self) -> Counts:
        """Rows by label whose score is no probability, (n, 3)."""
        return np.asarray(self.ranked.sum(axis=2) - self.scored.sum(axis=2), dtype=np.int64)

    @cached_property
    def summed(self) -> Floats:
        """Sums of the probabilities by label and bin, (n, 3, P)."""
        decided = self.score_sums[..., self.inside].sum(axis=1)
        whole = decided + self.undecided_sums[..., self.inside]
        return np.asarray(whole / SCORE_UNIT, dtype=np.float64)

    @cached_property
    def lower_edges(self) -> Floats:
        """Lower edge of each bin of probabilities, as a probability, (P,)."""
        edges = self.binning.edges[self.inside[NUMERIC_OFFSET:]]
        return edges_as_probabilities(kind_of(self.binning), edges)

    @cached_property
    def single_value(self) -> AnyArray:
        """Whether each bin holds one value only, (B,).

        The bin that the score of the probability 1 begins does: larger scores are not in it.
        """
        last = self.binning.edges == largest_probability(kind_of(self.binning))
        return np.asarray(self.binning.single_value | last)
