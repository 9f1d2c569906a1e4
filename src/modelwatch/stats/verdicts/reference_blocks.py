"""Blocks of a reference's days compared with the rest of it, and the effect of rows alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from modelwatch.stats.arrays import Counts, Floats, Spans
from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.statistics import drift
from modelwatch.stats.states.binning import CATEGORICAL_OFFSET, OTHER, UNSEEN
from modelwatch.stats.states.leave_out import FeatureStates, without_spans
from modelwatch.stats.states.numeric import NumericStates
from modelwatch.stats.verdicts.null_distribution import WEEK
from modelwatch.stats.verdicts.sampling_variance import SamplingVariance

_BLOCKS = 60
"""Maximum blocks of one length: more would only repeat the same days."""


@dataclass(frozen=True)
class RowVariance:
    """The effect of rows alone on a statistic of one reference: power by 1/n + 1/N, and its
    share."""

    of: SamplingVariance
    coefficient: float
    share: float = 0.0


def row_variance_of(row_variance: SamplingVariance, itself: Comparison) -> RowVariance:
    """Never zero, because half a row more might have been different; for a reference compared with
    itself."""
    least = 0.5 / (float(itself.feature[1].rows[0]) + 1.0)
    share = row_variance.share(itself) if row_variance.share else 0.0
    return RowVariance(row_variance, max(row_variance.coefficient(itself), least), share)


@dataclass(frozen=True)
class BlockValues:
    """The values of blocks of days compared with the rest of the reference.

    ``spans`` (B, 2): the m days, followed by blocks of several lengths. ``values``: by key, (B,).
    ``rows`` and ``rest`` (B,): of the block, and of the rest.
    """

    days: int
    spans: Spans
    values: dict[str, Floats]
    rows: Floats
    rest: Floats

    @property
    def lengths(self) -> Floats:
        """Number of days of each block."""
        return np.asarray(self.spans[:, 1] - self.spans[:, 0], dtype=np.float64)

    @property
    def apart(self) -> Floats:
        """Factor by which a difference from the whole is smaller, because the rest lacks the
        block."""
        return self.rest / (self.rows + self.rest)


def shown_by_blocks(states: FeatureStates, keys: list[str]) -> BlockValues:
    """The values of some statistics for the blocks of the days of some states."""
    spans = blocks_of_days(len(states))
    blocks = states.roll_up(spans)
    rest = without_spans(states, spans)
    fresh = Comparison(as_if_fresh(blocks, rest), rest)
    return BlockValues(
        days=len(states),
        spans=spans,
        values={key: found.value for key, found in drift(fresh, keys).items()},
        rows=blocks.rows.astype(np.float64),
        rest=rest.rows.astype(np.float64),
    )


def blocks_of_days(days: int) -> Spans:
    """Each day, and blocks of two days up to a week, of which at least four fit without overlap."""
    longest = min(WEEK, days // 4)
    lengths = sorted({length for length in (2, 4, longest) if 2 <= length <= longest})
    starts = [(np.arange(days), 1)]
    for length in lengths:
        count = days - length + 1
        first = np.unique(np.linspace(0, count - 1, min(count, _BLOCKS)).astype(np.int64))
        starts.append((first, length))
    return np.concatenate(
        [np.stack([first, first + length], axis=1) for first, length in starts]
    ).astype(np.int64)


def as_if_fresh(days: FeatureStates, rest: FeatureStates) -> FeatureStates:
    """Some scopes, (w,), as the bins of their ``rest``, (w,), would have counted them.

    The frozen bins know all values of the reference, so its own days have no unseen values, unlike
    future days. A value that the rest does not contain is counted as unseen. For values without a
    bin of their own, it is unknown where they occurred: if their frequencies were exponential, with
    r rows per value in the rest, at most a share 1 / (1 + r) of their rows would have new values.
    """
    if isinstance(days, NumericStates) or isinstance(rest, NumericStates):
        return days
    known = days.binning.known_hashes
    rare_values = 0 if known is None else len(known)
    return replace(days, counts=_recounted(days.counts, rest.counts, rare_values))


def _recounted(day: Counts, rest: Counts, rare_values: int) -> Counts:
    own = slice(CATEGORICAL_OFFSET, None)
    moved = np.where(rest == 0, day, 0)
    moved[:, :CATEGORICAL_OFFSET] = 0
    share = 1.0 / (1.0 + rest[:, OTHER] / max(1, rare_values)) if rare_values else 0.0
    moved[:, OTHER] = np.rint(day[:, OTHER] * share)
    found = day - moved
    found[:, UNSEEN] += moved[:, OTHER] + moved[:, own].sum(axis=1)
    return np.asarray(found, dtype=np.int64)
