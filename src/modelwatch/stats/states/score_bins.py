"""Frozen bins of a binary model's score: quantiles of the reference, and finer bins at the top.

If positives are rare, they are among the highest scores, and precision at the top depends on the
order of a few rows. A bin of the upper tail therefore contains at most about a twenty-fifth of the
rows above it, down to single rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.states.binning import NumericBinning, fit_numeric
from modelwatch.stats.states.score_scale import (
    ScoreBinning,
    ScoreKind,
    largest_probability,
    probabilities,
    scores_of,
)

TOP_VALUES = 8_192
"""Distinct top values of the reference that are known with their rows."""
TAIL_SHARE = 0.25
"""Share of the rows with the highest scores that forms the upper tail."""
GROWTH = 1.04
"""Ratio of the rows above a bin's lower edge to those above its upper edge, in the upper tail."""
_REACH_SHARE = 0.01
"""Share of the rows whose span is the unit of the grid beyond the reference's greatest score."""
_GRID = 32
"""Grid steps per unit."""
_WIDENING = 1.15
"""Factor between grid steps beyond two units."""
_FARTHEST = 40.0
"""Log-odds beyond which probabilities are indistinguishable from 0 and 1."""
_TENTHS = np.arange(11) / 10.0


@dataclass(frozen=True)
class TopValues:
    """The largest values of some rows, descending, and the rows that have each; (m,) both."""

    values: Floats
    rows: Counts

    @classmethod
    def of(cls, values: Floats, rows: Counts | None = None) -> TopValues:
        """From values other than NaN, in any order; each counts as one row unless ``rows`` is
        given.

        The largest values of all rows are among those of any of their parts, so the result does not
        depend on how rows are distributed.
        """
        met, which = np.unique(values, return_inverse=True)
        weights = np.ones(len(values), dtype=np.int64) if rows is None else rows
        counts = np.zeros(len(met), dtype=np.int64)
        np.add.at(counts, which, weights)
        return cls(met[::-1][:TOP_VALUES], counts[::-1][:TOP_VALUES])

    def merge(self, other: TopValues) -> TopValues:
        """Those of the rows of both."""
        return TopValues.of(
            np.concatenate((self.values, other.values)), np.concatenate((self.rows, other.rows))
        )


def fit_scores(
    sample: Floats,
    minimum: float,
    maximum: float,
    top: TopValues,
    rows: int,
    *,
    kind: ScoreKind = "probability",
    bins: int = 200,
    special_values: tuple[float, ...] = (),
) -> ScoreBinning:
    """Bins of a score of a reference, from a sample, the extremes, and the top of its finite
    values.

    They are those of ``fit_numeric``, in which a score with at most ``bins`` values has a bin for
    each. In addition, the upper tail by rank, a grid over the top and beyond it, and the tenths of
    the probability. ``rows``: finite values of the reference.
    """
    sample = sample[~np.isin(sample, special_values)]
    distinct = len(np.unique(sample))
    base = fit_numeric(
        sample,
        minimum,
        maximum,
        bins=2 * bins if distinct <= bins else bins,
        special_values=special_values,
    )
    edges = [base.edges, _edges_of_scale(kind)]
    if rows and len(sample) and len(top.values):
        edges += [_tail(np.sort(sample)[::-1], top, rows), _grid(kind, sample, top)]
    moments = (base.center, base.scale)
    return ScoreBinning(_united(edges), *moments, base.special_values, kind=kind)


def shadow_binning(binning: NumericBinning, kind: ScoreKind) -> ScoreBinning:
    """Bins of a challenger's score: the champion's and even ones, because it may be distributed
    differently.

    The champion's edges can be used for any scale of the challenger's score.
    """
    if kind == "rank":
        steps = 2.0 ** (np.arange(-80, 241) / 8.0)
        more = np.concatenate((-steps, steps))
    else:
        odds = np.arange(-14.0, 14.05, 0.1)
        even = np.concatenate((np.arange(201) / 200.0, probabilities("logit", odds)))
        more = scores_of(kind, even)
    edges = _united([binning.edges, more, _edges_of_scale(kind)])
    return ScoreBinning(edges, binning.center, binning.scale, kind=kind)


def _united(parts: list[Floats]) -> Floats:
    edges = np.concatenate(parts)
    # Adding 0 makes one zero of both.
    return np.asarray(np.unique(edges[~np.isnan(edges)] + 0.0))


def _edges_of_scale(kind: ScoreKind) -> Floats:
    """The tenths of the probability, and 1 alone."""
    if kind == "rank":
        return np.empty(0)
    tenths = scores_of(kind, _TENTHS)
    return np.append(tenths, np.nextafter(largest_probability(kind), np.inf))


def _tail(descending: Floats, top: TopValues, rows: int) -> Floats:
    """Scores at geometrically growing ranks; a value of several rows has a bin of its own."""
    last = max(1, int(rows * TAIL_SHARE))
    steps = int(np.log(last) / np.log(GROWTH)) + 1
    ranks = np.unique(np.ceil(GROWTH ** np.arange(steps + 1)).astype(np.int64))
    reached = np.cumsum(top.rows)
    known = ranks[ranks <= reached[-1]]
    at = np.unique(np.searchsorted(reached, known))
    several = top.values[at[top.rows[at] > 1]]
    beyond = ranks[ranks > reached[-1]]
    sampled = np.minimum((beyond / rows * len(descending)).astype(np.int64), len(descending) - 1)
    parts = (top.values[at], np.nextafter(several, np.inf), descending[sampled])
    return np.concatenate(parts)


def _grid(kind: ScoreKind, sample: Floats, top: TopValues) -> Floats:
    """Even steps over the top of the reference and beyond its largest score, where they widen.

    The steps are even in the log-odds, or in the score if it is a rank.
    """
    ends = np.array([np.quantile(sample, 1.0 - _REACH_SHARE), top.values[0]])
    if kind != "rank":
        with np.errstate(divide="ignore"):
            ends = scores_of("logit", probabilities(kind, ends))
        if not np.isfinite(ends).all():
            ends = np.clip(np.nan_to_num(ends, nan=0.0), -_FARTHEST, _FARTHEST)
    low, high = float(ends[0]), float(ends[1])
    unit = high - low if high > low else max(abs(high), 1.0)
    near = low + (high - low) * np.arange(1, 2 * _GRID) / (2 * _GRID)
    next_ones = high + unit * np.arange(1, 2 * _GRID + 1) / _GRID
    farther = high + 2.0 * unit * _WIDENING ** np.arange(1, 64)
    grid = np.concatenate((near, next_ones, farther))
    if kind == "rank":
        return grid[np.isfinite(grid)]
    return scores_of(kind, probabilities("logit", grid[grid < _FARTHEST]))
