"""Margins of a binary model's states: what its metrics use of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.states.binning import NumericBinning
from modelwatch.stats.states.score_scale import (
    edges_as_probabilities,
    holds_probabilities,
    kind_of,
    largest_probability,
)
from modelwatch.stats.states.stack import Stack

UNLABELLED, NEGATIVE, POSITIVE = 0, 1, 2
"""Positions on the label axis."""
LABEL_VALUES = 3
SCORE_UNIT = 2.0**30
"""Units of a score and of its square in the sums: the error is at most 2**-31 per row."""


@dataclass(frozen=True)
class BinaryMargins(Stack):
    """A stack of n scopes of one binary model, without the joint counts of decision and score.

    A third of the size of ``BinaryStates``. ``confusion`` (n, 2, 3): rows by decision (negative,
    positive) and label (unlabeled, negative, positive). ``undecided`` (n, 3): rows without a
    decision by label. ``ranked`` (n, 3, B): rows with a score by label and bin, ascending.
    ``score_sums`` (n, 3, B): sums of the probabilities of their scores, in units of 2**-30.
    ``loss_sums`` (n, 3, 2): as in ``BinaryStates``.
    """

    confusion: Counts
    undecided: Counts
    ranked: Counts
    score_sums: Counts
    loss_sums: Counts
    binning: NumericBinning
    added: ClassVar[tuple[str, ...]] = (
        "confusion",
        "undecided",
        "ranked",
        "score_sums",
        "loss_sums",
    )

    @classmethod
    def of_decisions(cls, confusion: Counts) -> BinaryMargins:
        """States of rows whose scores are all alike: by decision and label, (n, 2, 3)."""
        n = len(confusion)
        ranked = np.zeros((n, LABEL_VALUES, len(_ONE_BIN.edges)), dtype=np.int64)
        ranked[:, :, 1] = confusion.sum(axis=1)
        return cls(
            confusion,
            np.zeros((n, LABEL_VALUES), dtype=np.int64),
            ranked,
            np.zeros_like(ranked),
            np.zeros((n, LABEL_VALUES, 2), dtype=np.int64),
            _ONE_BIN,
        )

    @property
    def identity(self) -> str:
        """The kind of the states, and their frozen bins."""
        return f"margins of binary states of bins {self.binning.fingerprint}"

    @cached_property
    def rows(self) -> Counts:
        """All rows, (n,)."""
        return np.asarray(self.by_label.sum(axis=1), dtype=np.int64)

    @cached_property
    def by_label(self) -> Counts:
        """Rows by label, (n, 3)."""
        return np.asarray(self.confusion.sum(axis=1) + self.undecided, dtype=np.int64)

    @cached_property
    def labelled(self) -> Counts:
        """Labeled rows, (n,)."""
        return np.asarray(self.by_label[:, NEGATIVE:].sum(axis=1), dtype=np.int64)

    @cached_property
    def probabilities(self) -> slice:
        """The bins that contain probabilities; they are adjacent, because bins ascend."""
        held = np.flatnonzero(holds_probabilities(self.binning))
        return slice(int(held[0]), int(held[-1]) + 1) if len(held) else slice(0, 0)

    @cached_property
    def scored(self) -> Counts:
        """Rows whose score is a probability by label and bin, (n, 3, P): ascending bins of
        probabilities."""
        return self.ranked[..., self.probabilities]

    @cached_property
    def ranked_by_label(self) -> Counts:
        """Rows with a score by label, (n, 3)."""
        return np.asarray(self.ranked.sum(axis=2), dtype=np.int64)

    @cached_property
    def ranked_above(self) -> Counts:
        """Rows by label in higher bins than each, (n, 3, B)."""
        below = np.cumsum(self.ranked, axis=2)
        return np.asarray(below[..., -1:] - below, dtype=np.int64)

    @cached_property
    def scored_by_label(self) -> Counts:
        """Rows whose score is a probability by label, (n, 3)."""
        return np.asarray(self.scored.sum(axis=2), dtype=np.int64)

    @cached_property
    def improbable(self) -> Counts:
        """Rows by label whose score is not a probability, (n, 3)."""
        return np.asarray(self.ranked_by_label - self.scored_by_label, dtype=np.int64)

    @cached_property
    def summed(self) -> Floats:
        """Sums of the probabilities by label and bin, (n, 3, P)."""
        return np.asarray(self.score_sums[..., self.probabilities] / SCORE_UNIT, dtype=np.float64)

    @cached_property
    def lower_edges(self) -> Floats:
        """Lower edge of each bin of probabilities, as a probability, (P,)."""
        edges = self.binning.edges[self.probabilities]
        return edges_as_probabilities(kind_of(self.binning), edges)

    @cached_property
    def single_value(self) -> AnyArray:
        """Whether each bin contains a single value, (B,).

        The bin that begins with the score of the probability 1 does, because it contains no larger
        scores.
        """
        last = self.binning.edges == largest_probability(kind_of(self.binning))
        return np.asarray(self.binning.single_value | last)


_ONE_BIN = NumericBinning(np.array([-np.inf, 0.0, 1.0, np.inf]), 0.0, 1.0)
