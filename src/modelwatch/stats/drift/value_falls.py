"""Which values of a category are frequent enough to be missed, and whether one is missing.

A value that occurs in bursts has many rows in the reference, but on few of its days. Each value is
therefore judged by its own dispersion between days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats, Spans
from modelwatch.stats.drift.change import EXPECTED_ROWS, FREQUENT, missing_parts
from modelwatch.stats.drift.comparison import Comparison, Values, values
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.leave_out import FeatureStates
from modelwatch.stats.verdicts.null_distribution import NullModel
from modelwatch.stats.verdicts.null_model import FEWEST_REFERENCE_DAYS, assumed, learned
from modelwatch.stats.verdicts.own_chance import own_chance
from modelwatch.stats.verdicts.reference_blocks import BlockValues, RowVariance, blocks_of_days
from modelwatch.stats.verdicts.sampling_variance import JUDGED

VALUE_SHARE_FALL = "value_share_fall"
_STEADY = 0.5
"""Minimum fraction of the reference's days with a value whose absence is noticed."""
EXPECTED_EVENTS = 10.0
"""Ratio of a value's expected rows to its dispersion below which a window without it may be chance:
of ten independent events, none happens in one window of 20,000."""
_SURE = 0.01
"""Maximum p-value at which the largest fall is chosen among the values. Above it, all are
chance."""
_OF_A_SHARE = JUDGED["null_share_change"]
"""Sampling noise of the change of a share, whatever the share."""


@dataclass(frozen=True)
class ValueFallModel:
    """How the shares of a category's frequent values vary if nothing has changed.

    ``steady`` (B,): kept values that occur on at least half of the days. Rows of the others are
    left out, because a burst of one value reduces the shares of all others. ``positions`` (K,): the
    frequent values among the kept ones. ``dispersion`` (K,): variance of a value's share between
    days, or between blocks of days if that is larger, divided by that of independent rows; at least
    1. ``models`` (K,): of the change of each value's share. ``days`` and ``typical`` as in
    ``NullModel``, for the largest fall.
    """

    steady: AnyArray
    positions: AnyArray
    dispersion: Floats
    models: tuple[NullModel, ...]
    days: int
    typical: float

    @property
    def design_effect(self) -> float:
        """The largest dispersion of a value that can be missed."""
        return float(self.dispersion.max(initial=1.0))

    def judged(
        self, comparison: Comparison, window_days: Counts, weekdays: Counts
    ) -> tuple[Values, Floats]:
        """The largest fall of each window beyond chance, otherwise the largest; and its p-value.

        Values with too few expected rows do not count. The p-value is corrected for the number of
        frequent values (Bonferroni). ``window_days`` and ``weekdays`` as for
        ``NullModel.p_values``.
        """
        states, reference = comparison.categorical
        rows, before_rows = (_steady_rows(side, self.steady) for side in (states, reference))
        now = states.value_rows[:, self.positions] / np.maximum(rows, 1)[:, None]
        before = reference.value_rows[:, self.positions] / np.maximum(before_rows, 1)[:, None]
        needed = np.maximum(EXPECTED_ROWS, EXPECTED_EVENTS * self.dispersion)
        fall = np.where(before * states.rows[:, None] >= needed, missing_parts(now, before), 0.0)
        p = np.ones(fall.shape)
        for at, model in enumerate(self.models):
            change = now[:, at] - before[:, at]
            p[:, at] = model.p_values(change, window_days, weekdays, rows, before_rows)
        # A window without rows of stable values has lost all of them.
        p = np.where(rows[:, None] > 0, np.minimum(p * len(self.models), 1.0), 0.0)
        p = np.where(fall > 0, p, 1.0)
        if not len(self.models):
            fall, p = np.zeros((len(comparison), 1)), np.ones((len(comparison), 1))
        sure = np.where(p <= _SURE, fall, 0.0)
        chosen = np.where(sure.any(axis=1), sure.argmax(axis=1), fall.argmax(axis=1))
        lines = np.arange(len(comparison))
        found = values(fall[lines, chosen], *comparison.without_rows)
        return found, np.where(np.isfinite(found.value), p[lines, chosen], np.nan)


@own_chance(VALUE_SHARE_FALL)
def value_fall_model(
    days_states: FeatureStates, day_numbers: Counts, assumed_design_effect: float = 10.0
) -> ValueFallModel | None:
    """The model of a categorical reference; None for a number, or a reference without rows.

    Arguments as for ``null_models``.
    """
    if not isinstance(days_states, CategoricalStates):
        return None
    held = np.flatnonzero(days_states.rows > 0)
    if not len(held):
        return None
    states, days = days_states.take(held), np.asarray(day_numbers, dtype=np.int64)[held]
    steady = (states.value_rows > 0).mean(axis=0) >= _STEADY
    rows_a_day = _steady_rows(states, steady)
    shares = states.value_rows.sum(axis=0) / max(int(rows_a_day.sum()), 1)
    positions = np.flatnonzero(steady & (shares >= FREQUENT) & (shares < 1.0))
    shares = shares[positions]
    row_variances = [RowVariance(_OF_A_SHARE, 1.0, float(share)) for share in shares]
    least = assumed_design_effect if len(states) < FEWEST_REFERENCE_DAYS else 1.0
    if len(states) < 2:
        models = tuple(
            assumed(row_variance, assumed_design_effect) for row_variance in row_variances
        )
        dispersion = np.full(len(positions), least)
        return ValueFallModel(steady, positions, dispersion, models, 1, float("nan"))
    spans = blocks_of_days(len(states))
    counts, rows = _sums(states.value_rows[:, positions], spans), _sums(rows_a_day[:, None], spans)
    rest_counts, rest = (
        states.value_rows[:, positions].sum(axis=0) - counts,
        rows_a_day.sum() - rows,
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        now, before = counts / rows, rest_counts / rest
    shown = BlockValues(
        len(states), spans, {}, rows[:, 0].astype(np.float64), rest[:, 0].astype(np.float64)
    )
    changes = list((now - before).T)
    models = tuple(learned(row_variances, shown, changes, days, assumed_design_effect))
    own = missing_parts(now, before)[: len(states)].max(axis=1, initial=0.0)
    dispersion = np.maximum(_dispersion(now - before, shares, shown), least)
    typical = float(np.nanmean(own)) if np.isfinite(own).any() else float("nan")
    return ValueFallModel(steady, positions, dispersion, models, len(states), typical)


def _steady_rows(states: CategoricalStates, steady: AnyArray) -> Counts:
    """Rows of each scope without those of values that occur on few days, (n,)."""
    return np.asarray(states.rows - states.value_rows[:, ~steady].sum(axis=1), dtype=np.int64)


def _sums(stack: Counts, spans: Spans) -> Counts:
    running = np.concatenate([np.zeros((1, stack.shape[1]), dtype=np.int64), stack.cumsum(axis=0)])
    return np.asarray(running[spans[:, 1]] - running[spans[:, 0]], dtype=np.int64)


def _dispersion(change: Floats, shares: Floats, shown: BlockValues) -> Floats:
    """The largest dispersion over the lengths of blocks, (K,), because what lasts for days is one
    event."""
    found = np.ones(len(shares))
    with np.errstate(divide="ignore"):
        of_rows = shares * (1.0 - shares) * (1.0 / shown.rows + 1.0 / shown.rest)[:, None]
    for length in np.unique(shown.lengths):
        mine = (shown.lengths == length) & np.isfinite(change).all(axis=1)
        if mine.any():
            found = np.maximum(found, (change[mine] ** 2 / of_rows[mine]).mean(axis=0))
    return np.asarray(found)
