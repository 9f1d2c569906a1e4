"""The state of one scope and one feature, as passed between tasks and stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np

from modelwatch.stats.arrays import Counts, Hashes
from modelwatch.stats.states.categorical import merged_unseen
from modelwatch.stats.states.distinct import merged
from modelwatch.stats.states.moments import normalised

T = TypeVar("T")

StateKey: TypeAlias = tuple[int, str, int, str, str, str]
"""Day number since the epoch, model version, role, segmentation, segment, feature."""


@dataclass(frozen=True)
class State:
    """The state of some rows of one feature; merges by addition, in any order.

    ``counts``: the count vector of the feature's binning, or the products of a numeric block.
    ``sums``: power sums of a numeric feature. ``minimum``, ``maximum``: NaN if there is none.
    ``sketch``, ``unseen``, ``lengths`` (sum, minimum, maximum): for all traffic only, otherwise
    None.
    """

    counts: Counts
    sums: Counts | None = None
    minimum: float = float("nan")
    maximum: float = float("nan")
    sketch: Hashes | None = None
    unseen: Mapping[str, int] | None = None
    lengths: tuple[int, float, float] | None = None

    @property
    def longs(self) -> int:
        """Number of longs in its vectors and its sketch."""
        vectors = (self.counts, self.sums, self.sketch)
        return sum(len(vector) for vector in vectors if vector is not None)

    def merge(self, other: State) -> State:
        """The state of the rows of both."""
        return State(
            counts=self.counts + other.counts,
            sums=_both(self.sums, other.sums, lambda a, b: normalised(a + b)),
            minimum=float(np.fmin(self.minimum, other.minimum)),
            maximum=float(np.fmax(self.maximum, other.maximum)),
            sketch=_both(self.sketch, other.sketch, merged),
            unseen=_both(self.unseen, other.unseen, lambda a, b: merged_unseen((a, b))),
            lengths=_both(self.lengths, other.lengths, _merged_lengths),
        )


def _both(first: T | None, second: T | None, merge: Callable[[T, T], T]) -> T | None:
    if first is None or second is None:
        return second if first is None else first
    return merge(first, second)


def _merged_lengths(
    a: tuple[int, float, float], b: tuple[int, float, float]
) -> tuple[int, float, float]:
    return a[0] + b[0], float(np.fmin(a[1], b[1])), float(np.fmax(a[2], b[2]))
