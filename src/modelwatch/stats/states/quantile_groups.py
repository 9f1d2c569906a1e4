"""Frozen bins collapsed into the quantile groups of a reference."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts


def quantile_groups(reference: Counts, groups: int, *, beyond: bool = False) -> AnyArray:
    """Group of each bin, ascending from 0: (R, B) from the reference's counts (R, B).

    A bin belongs to the quantile in which the middle of its mass lies; empty bins join the
    quantile around them, and those beyond the reference's ends the end groups. A bin that is as
    heavy as a quantile stands alone, so that nothing new hides beside it: what lies beyond a heavy
    end, or between two heavy values, is a group of its own. With ``beyond``, so is what lies beyond
    either end, light or heavy. At most 3 * groups + 2 groups arise.
    """
    total = np.maximum(reference.sum(axis=1, keepdims=True), 1)
    running = np.cumsum(reference, axis=1)
    # Twice the middle of each bin's mass, in integers: 2 * before + own = 2 * running - own.
    quantile = np.minimum((2 * running - reference) * groups // (2 * total), groups - 1)
    heavy = reference * groups >= total
    begins = np.zeros(reference.shape, dtype=bool)
    begins[:, 1:] = (quantile[:, 1:] != quantile[:, :-1]) | heavy[:, 1:] | heavy[:, :-1]
    if beyond:
        begins[:, 1:] |= (running[:, 1:] > 0) & (running[:, :-1] == 0)
        begins[:, 1:] |= (running[:, :-1] == total) & ((running - reference)[:, :-1] < total)
    return np.cumsum(begins, axis=1)


def collapsed(current: Counts, reference: Counts, group: AnyArray) -> tuple[Counts, Counts]:
    """Counts of both by group: (W, K) and (R, K); ``group`` (R, B) serves one row or all."""
    size = int(group.max(initial=0)) + 1
    return _sums_by_group(current, group, size), _sums_by_group(reference, group, size)


def _sums_by_group(counts: Counts, group: AnyArray, size: int) -> Counts:
    if len(group) == 1:
        starts = np.searchsorted(group[0], np.arange(size))
        return np.asarray(np.add.reduceat(counts, starts, axis=1), dtype=np.int64)
    running = np.zeros((counts.shape[0], counts.shape[1] + 1), dtype=np.int64)
    np.cumsum(counts, axis=1, out=running[:, 1:])
    lines = np.arange(len(group))[:, None] * size
    bins = np.bincount((lines + group).ravel(), minlength=len(group) * size)
    ends = np.cumsum(bins.reshape(len(group), size), axis=1)
    at_ends = np.take_along_axis(running, ends, axis=1)
    return np.diff(at_ends, axis=1, prepend=0)
