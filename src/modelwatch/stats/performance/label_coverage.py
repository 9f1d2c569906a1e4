"""Tests whether the labeled predictions are a random sample of the predictions that are due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts
from modelwatch.stats.special import chi_square_tail

LEAST_ASSOCIATION = 0.1
"""Cramér's V between group and label availability below which no dependence is reported."""
LEAST_RANGE = 0.1
"""Difference between the highest and lowest coverage below which no dependence is reported."""
_FEWEST_ROWS = 30
"""Minimum number of rows of a group in the test."""
_ALARM = 0.001
"""p-value at or above which no dependence is reported. The test treats rows as independent."""


@dataclass(frozen=True)
class Dependence:
    """The dependence of label coverage on the groups of a split.

    ``association``: Cramér's V. ``lowest`` and ``highest``: positions of the groups with the lowest
    and highest coverage, which are ``low`` and ``high``.
    """

    association: float
    p_value: float
    lowest: int
    highest: int
    low: float
    high: float

    @property
    def flagged(self) -> bool:
        """Whether the dependence is large and significant, so that labels are not a random
        sample."""
        apart = self.high - self.low >= LEAST_RANGE
        return apart and self.association >= LEAST_ASSOCIATION and self.p_value < _ALARM


def dependence(rows: Counts, labelled: Counts) -> Dependence | None:
    """Return the dependence of label coverage on M groups.

    ``rows`` and ``labelled`` (M,): all rows and labeled rows of each group. None if fewer than two
    groups have at least 30 rows, or if all or none of their rows have a label. Source: chi-square
    test of homogeneity; Cramér (1946) for the association.
    """
    large = np.flatnonzero(rows >= _FEWEST_ROWS)
    n, known = rows[large].astype(np.float64), labelled[large].astype(np.float64)
    total, every = n.sum(), known.sum()
    if len(large) < 2 or every in (0.0, total):
        return None
    share = every / total
    coverage = known / n
    statistic = float((n * (coverage - share) ** 2).sum() / (share * (1.0 - share)))
    tail = chi_square_tail(np.array([statistic]), np.array([len(large) - 1]))
    lowest, highest = int(np.argmin(coverage)), int(np.argmax(coverage))
    return Dependence(
        float(np.sqrt(statistic / total)),
        float(tail[0]),
        int(large[lowest]),
        int(large[highest]),
        float(coverage[lowest]),
        float(coverage[highest]),
    )


def dependence_sentence(name: str, labels: Sequence[str] | AnyArray, found: Dependence) -> str:
    """Return the warning for a split called ``name`` whose groups have the given ``labels``."""
    return (
        f"labels of this cohort are not a random sample: coverage by {name} is "
        f"{found.low:.3f} ({labels[found.lowest]}) to {found.high:.3f} ({labels[found.highest]})"
    )
