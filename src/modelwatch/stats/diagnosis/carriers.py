"""The value of another column that carries a change of a feature, and the part of the change that a
different mix of another column explains. Both are computed from counts of the feature's bins by
value of the other column, before and after."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import ndtr

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.diagnosis.change_explanations import SHARE_PER_GROUP
from modelwatch.stats.numerals import numerals
from modelwatch.stats.shares import DESIGN_EFFECT_OF_BINS, summed_by, total_variation

MOST_OF_CHANGE = 0.9
"""Minimum share of the changed rows with a value that carries the change."""
ENRICHED = 1.3
"""Minimum ratio of a carrier's share of the changed rows to its share of all rows."""
_LEVEL = 1e-3
"""Probability of such a value by chance, corrected for the values examined."""
LEAST_CHANGED = 0.005
"""Minimum share of changed rows for which a carrier is searched."""
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
"""Quantiles that separate the groups of a number. The ends are finer: a fault puts values there,
and their companions are recognized by the few that were there before."""
_SURE = 3.0
"""Standard errors by which a bin must have gained to contain changed rows."""
_PRIOR_ROWS = 20.0
"""Rows of all values from which a rare value borrows its usual share."""


@dataclass(frozen=True)
class Split:
    """Rows of a feature by value of another column and bin, before and after a change.

    ``before`` and ``now`` are (V, B) for V ``values``; a value without rows on one side has zeros.
    """

    column: str
    values: tuple[str, ...]
    before: Counts
    now: Counts


@dataclass(frozen=True)
class Carrier:
    """A value of a column that carries a change, with its share of the changed rows and of all
    rows."""

    column: str
    value: str
    changed_share: float
    row_share: float

    @property
    def key(self) -> tuple[str, str]:
        """Column and value."""
        return self.column, self.value

    @property
    def strength(self) -> float:
        """Its share of the changed rows divided by its share of all rows."""
        return self.changed_share - self.row_share


def carriers(splits: Iterable[Split]) -> tuple[Carrier, ...]:
    """The values that carry a change of one feature, the strongest first.

    Changed rows are those by which bins have increased beyond chance, compared with the earlier
    rows of each value. A value carries the change if it has ``MOST_OF_CHANGE`` of them, more than
    its share of all rows, and chance among all examined values does not explain that.
    """
    held = [split for split in splits if len(split.values) > 1]
    comparisons = sum(len(split.values) for split in held)
    found = [one for split in held for one in _carriers(split, comparisons)]
    return tuple(sorted(found, key=lambda one: (-one.strength, one.key)))


def _carriers(split: Split, comparisons: int) -> Iterable[Carrier]:
    before, now = split.before.astype(np.float64), split.now.astype(np.float64)
    gained = _gained(before.sum(axis=0), now.sum(axis=0))
    rows = now.sum(axis=1)
    if not gained.any() or not rows.sum():
        return
    usual = before[:, gained].sum() / before.sum()
    rate = (before[:, gained].sum(axis=1) + _PRIOR_ROWS * usual) / (
        before.sum(axis=1) + _PRIOR_ROWS
    )
    changed = np.maximum(now[:, gained].sum(axis=1) - rows * rate, 0.0)
    total = float(changed.sum())
    if total < LEAST_CHANGED * rows.sum():
        return
    at = int(np.argmax(changed))
    share, of_rows = float(changed[at] / total), float(rows[at] / rows.sum())
    spread = np.sqrt(DESIGN_EFFECT_OF_BINS * of_rows * (1.0 - of_rows) / total)
    by_chance = float(ndtr((of_rows - share) / spread)) if spread > 0 else 1.0
    enough = share >= MOST_OF_CHANGE and share >= ENRICHED * of_rows
    if enough and by_chance * comparisons <= _LEVEL:
        yield Carrier(split.column, split.values[at], share, of_rows)


def explained_by_mix(split: Split) -> float:
    """The part of a feature's change that the change of another column's shares explains.

    0 to 1: how much closer the rows are to their expectation if each value kept its earlier
    distribution at its new share of the rows, relative to the distance beyond chance. 0 if the
    change does not clearly exceed chance.
    """
    before, now = split.before.astype(np.float64), split.now.astype(np.float64)
    p, q = before.sum(axis=0) / before.sum(), now.sum(axis=0) / now.sum()
    held = before.sum(axis=1, keepdims=True)
    usual = np.where(held > 0, before / np.maximum(held, 1.0), p)
    expected = (now.sum(axis=1) / now.sum()) @ usual
    groups = _groups(p, q)
    p, q, expected = (summed_by(side, groups) for side in (p, q, expected))
    rows = 1.0 / before.sum() + 1.0 / now.sum()
    sampling_distance = float(
        np.sqrt(2.0 * DESIGN_EFFECT_OF_BINS * p * (1.0 - p) * rows / np.pi).sum() / 2.0
    )
    distance = total_variation(p, q)
    if distance <= 2.0 * sampling_distance:
        return 0.0
    nearer = distance - total_variation(expected, q)
    return float(np.clip(nearer / (distance - sampling_distance), 0.0, 1.0))


def group_edges(rows: Counts, edges: Floats) -> tuple[float, ...]:
    """Edges that divide the bins of a numeric feature near its ``QUANTILES``, ascending.

    ``rows``: (B,) of each bin. ``edges``: (B,) lower edges. Fewer edges if there are few values.
    """
    total = float(rows.sum())
    if total <= 0:
        return ()
    below = np.concatenate([[0.0], np.cumsum(rows)[:-1]]) / total
    at = np.unique(np.searchsorted(below, QUANTILES))
    at = at[at < len(edges)]
    parting = at[(below[at] > 0.0) & (below[at] < 1.0) & np.isfinite(edges[at])]
    return tuple(float(edge) for edge in edges[parting])


def group_labels(edges: tuple[float, ...]) -> tuple[str, ...]:
    """The names of the groups between edges; one more than edges."""
    if not edges:
        return ()
    ends = numerals(edges)
    inner = [f"{low} to {high}" for low, high in pairwise(ends)]
    return (f"below {ends[0]}", *inner, f"{ends[-1]} and more")


def _gained(before: Floats, now: Floats) -> AnyArray:
    """Bins with more rows than chance explains."""
    p, q = before / max(before.sum(), 1.0), now / max(now.sum(), 1.0)
    both = (before + now) / max((before + now).sum(), 1.0)
    rows = 1.0 / max(before.sum(), 1.0) + 1.0 / max(now.sum(), 1.0)
    return np.asarray(q - p > _SURE * np.sqrt(DESIGN_EFFECT_OF_BINS * both * (1.0 - both) * rows))


def _groups(p: Floats, q: Floats) -> AnyArray:
    """A group for each bin: neighbors are combined until they have enough rows on both sides."""
    both = (p + q) / 2.0
    group = np.zeros(len(both), dtype=np.int64)
    held, current = 0.0, 0
    for at, mass in enumerate(both):
        if at > 0 and (held >= SHARE_PER_GROUP or mass >= SHARE_PER_GROUP):
            current, held = current + 1, 0.0
        held += mass
        group[at] = current
    return group
