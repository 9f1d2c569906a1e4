"""Blocks of a reference's days beside the rest of it: what they show, and what rows alone would."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import Floats, Spans
from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.statistics import drift
from modelwatch.stats.states.leave_out import States, without_spans
from modelwatch.stats.verdicts.fresh_days import as_if_fresh
from modelwatch.stats.verdicts.null_distribution import WEEK
from modelwatch.stats.verdicts.sampling_variance import SamplingVariance

_BLOCKS = 60
"""Blocks of one length at most: more would only tell the same days again."""


@dataclass(frozen=True)
class NoiseByRows:
    """What rows alone do to a statistic of one reference: power by 1/n + 1/N, and its share."""

    of: SamplingVariance
    coefficient: float
    share: float = 0.0


def noise_by_rows(noise: SamplingVariance, itself: Comparison) -> NoiseByRows:
    """Never none, for half a row more might have been another; of a reference beside itself."""
    least = 0.5 / (float(itself.feature[1].rows[0]) + 1.0)
    share = noise.share(itself) if noise.share else 0.0
    return NoiseByRows(noise, max(noise.coefficient(itself), least), share)


@dataclass(frozen=True)
class Shown:
    """What blocks of days show against the rest of the reference.

    ``spans`` (B, 2): the m days themselves, then blocks of several lengths. ``values``: by key of
    what is shown, (B,). ``rows`` and ``rest`` (B,): of the block, and of the rest.
    """

    days: int
    spans: Spans
    values: dict[str, Floats]
    rows: Floats
    rest: Floats

    @property
    def lengths(self) -> Floats:
        """Days of each block."""
        return np.asarray(self.spans[:, 1] - self.spans[:, 0], dtype=np.float64)

    @property
    def apart(self) -> Floats:
        """How much smaller a difference from the whole is: the rest lacks the block itself."""
        return self.rest / (self.rows + self.rest)


def shown_by_blocks(states: States, keys: list[str]) -> Shown:
    """What the blocks of the days of some states show of some statistics."""
    spans = blocks_of_days(len(states))
    blocks = states.roll_up(spans)
    rest = without_spans(states, spans)
    fresh = Comparison(as_if_fresh(blocks, rest), rest)
    return Shown(
        days=len(states),
        spans=spans,
        values={key: found.value for key, found in drift(fresh, keys).items()},
        rows=blocks.rows.astype(np.float64),
        rest=rest.rows.astype(np.float64),
    )


def blocks_of_days(days: int) -> Spans:
    """Each day, and blocks of two days up to a week, of which at least four fit side by side."""
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
