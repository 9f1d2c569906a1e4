"""The error of predicting each feature from the others, from stored products only.

A failing sensor, a changed unit, or two swapped columns may leave each column within its earlier
range, as with weather, for which a month contains all temperatures. But the relations between the
columns change: the prediction error of features that the others predict grows at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Floats
from modelwatch.stats.drift.comparison import (
    NO_CURRENT_ROWS,
    NO_REFERENCE_ROWS,
    Comparison,
    Values,
    values,
)
from modelwatch.stats.drift.pca import second_moments, standardisation
from modelwatch.stats.drift.statistic import statistic
from modelwatch.stats.outliers.mahalanobis import powered
from modelwatch.stats.states.pairs import PairStates

LEAST_EXPLAINED = 0.5
"""Minimum share of a feature's variance that the others explain for a prediction."""
LEAST_PRESENT = 0.7
"""Minimum share of rows with a value for a feature to predict the others."""
SUSPECTED = 0.1
"""Growth of an error, in standard deviations, from which the responsible feature is searched
for."""
ABOUT_AS_MUCH = 0.5
"""Fraction of the largest error growth from which a feature may be equally responsible."""
LEAST_ERROR = 1e-3
"""In standard deviations: a smaller error may be rounding."""
MOST_TO_BLAME = 4
NOT_EXPLAINED = "the other features do not predict it"


@dataclass(frozen=True)
class Relations:
    """The relations among d features in r references, standardized by their moments.

    ``used`` (r, d): those that vary and are mostly present. ``mean`` and ``sd`` (r, d) in steps.
    ``correlation`` (r, d, d): of those used, over the rows with both.
    """

    used: AnyArray
    mean: Floats
    sd: Floats
    correlation: Floats

    def __len__(self) -> int:
        return len(self.used)


def relations(reference: PairStates) -> Relations:
    """The relations of each reference, from its stored products."""
    varying, mean, sd = standardisation(reference)
    used = _present(reference) & varying
    second = np.nan_to_num(second_moments(reference, mean, sd))
    return Relations(used, mean, sd, second * (used[:, :, None] & used[:, None, :]))


def error_changes(current: PairStates, reference: PairStates) -> Floats:
    """Growth of the error of predicting each feature from the others, (W, d), in its standard
    deviations; NaN if they do not predict it.

    If one feature is wrong, those that it predicts seem wrong as well. The one whose error grew
    most, relative to that error, is taken as the cause and is excluded from the predictors of the
    others, and so on. A feature is charged with the smallest growth that remains.
    """
    known = relations(reference)
    found = np.full((len(current), len(current.features)), np.nan)
    second = np.nan_to_num(second_moments(current, known.mean, known.sd))
    taken = known.used & _present(current)
    served = np.zeros(len(current), dtype=np.int64) if len(known) == 1 else np.arange(len(current))
    for pattern in np.unique(np.column_stack([served, taken]), axis=0):
        alike = np.flatnonzero((served == pattern[0]) & (taken == pattern[1:]).all(axis=1))
        members = np.flatnonzero(pattern[1:])
        if len(members) >= 2:
            own = np.ix_(members, members)
            moments = second[np.ix_(alike, members, members)]
            found[np.ix_(alike, members)] = _charged(moments, known.correlation[pattern[0]][own])
    return found


def predicted_errors(reference: PairStates) -> Floats:
    """Root mean square of what the others leave unexplained of each feature, (r, d), in its
    standard deviations; NaN for features that they do not predict."""
    known = relations(reference)
    found = np.full(known.used.shape, np.nan)
    for at, used in enumerate(known.used):
        members = np.flatnonzero(used)
        if len(members) >= 2:
            correlation = known.correlation[at][np.ix_(members, members)]
            found[at, members] = _predicted(correlation, _weights(powered(correlation, -1.0)))
    return found


def _present(states: PairStates) -> AnyArray:
    """Whether a feature is mostly present, (n, d)."""
    own = np.arange(len(states.features))
    most = states.rows[:, None]
    held: AnyArray = (most > 0) & (states.products[:, 0, own, own] >= LEAST_PRESENT * most)
    return held


def _charged(second: Floats, correlation: Floats) -> Floats:
    """Growth of the errors of some windows, (n, m), from moments (n, m, m) of m features."""
    precision = powered(correlation, -1.0)
    whole, ratio = _suspected(second, correlation, precision)
    change = whole.copy()
    for window in np.flatnonzero((np.nan_to_num(whole) >= SUSPECTED).any(axis=1)):
        left, of_left, growth = np.arange(len(correlation)), precision, ratio[window]
        for _ in range(min(MOST_TO_BLAME, len(correlation) - 2)):
            blamed = _to_blame(np.nan_to_num(growth), np.diagonal(second[window])[left])
            left, of_left = np.delete(left, blamed), _without(of_left, blamed)
            own = np.ix_(left, left)
            steps, ratios = _suspected(second[window][own][None], correlation[own], of_left)
            # Relations that only the removed feature supported are now unknown.
            change[window, left] = np.minimum(change[window, left], np.nan_to_num(steps[0]))
            if not (np.nan_to_num(steps) >= SUSPECTED).any():
                break
            growth = ratios[0]
    return change


def _to_blame(growth: Floats, squares: Floats) -> int:
    """The wrong feature, if there is one: among those whose errors grew about as much as the
    largest, as for features with an exact relation, the one that is farthest out."""
    suspects = np.flatnonzero(growth >= ABOUT_AS_MUCH * growth.max())
    return int(suspects[np.argmax(squares[suspects])])


def _weights(precision: Floats) -> Floats:
    """Weights of each feature minus its regression on the others, in rows."""
    return np.asarray(precision / np.diagonal(precision)[:, None])


def _predicted(correlation: Floats, weights: Floats) -> Floats:
    """Errors of features in the reference, (m,); NaN for those that the others do not predict."""
    errors = _root_mean_squares(correlation[None], weights)[0]
    return np.where(errors**2 <= 1.0 - LEAST_EXPLAINED, errors, np.nan)


def _without(precision: Floats, left_out: int) -> Floats:
    """The inverse correlation of the other features, regardless of the one that is left out."""
    rest = np.delete(np.arange(len(precision)), left_out)
    column = precision[rest, left_out]
    among = precision[np.ix_(rest, rest)]
    return np.asarray(among - np.outer(column, column) / precision[left_out, left_out])


def _suspected(second: Floats, correlation: Floats, precision: Floats) -> tuple[Floats, Floats]:
    """Growth of the errors of windows (n, m) if m features predict one another, and the errors
    relative to those of the reference; NaN for features that are not predicted."""
    weights = _weights(precision)
    before = _predicted(correlation, weights)
    now = _root_mean_squares(second, weights)
    return now - before, now / np.maximum(before, LEAST_ERROR)


def _root_mean_squares(second: Floats, weights: Floats) -> Floats:
    """Root mean square of weighted sums of the features, (n, members)."""
    squares = ((weights @ second) * weights).sum(axis=2)
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)), dtype=np.float64)


@statistic(
    "relation_error_change",
    threshold=0.3,
    label="Change of the error of a regression on the other features",
    kinds=("member",),
    range=(-1.0, np.inf),
    symmetric=False,
    unit="standard deviations of the reference",
    source="Whittaker, Graphical Models (1990), on partial regression from the inverse correlation",
    bound="rounding, and clipping at 8 scales of the reference to steps of 1/4096",
)
def relation_error_change(comparison: Comparison) -> Values:
    """Root mean squared error of a regression of the feature on the other features of the
    block, minus that of the reference.

    Computed for features of which the others explain at least half of the variance. The part of a
    change that is explained by another feature being wrong is not counted.
    """
    current, reference = comparison.block
    found = error_changes(current, reference)
    return values(
        found,
        ((current.rows == 0)[:, None], NO_CURRENT_ROWS),
        ((reference.rows == 0)[:, None], NO_REFERENCE_ROWS),
        (np.isnan(found), NOT_EXPLAINED),
    )
