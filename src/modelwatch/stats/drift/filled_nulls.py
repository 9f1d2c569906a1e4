"""One value that replaces nulls: no null is left, and the value gained as many rows.

A distance dilutes this change, because most rows are unchanged. That both happen at once and by the
same amount is not chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.comparison import Comparison, Values, values
from modelwatch.stats.drift.statistic import EXACT, statistic
from modelwatch.stats.special import student_tail
from modelwatch.stats.states.binning import UNSEEN
from modelwatch.stats.states.leave_out import FeatureStates
from modelwatch.stats.states.numeric import NumericStates
from modelwatch.stats.verdicts.null_distribution import FEWEST_REFERENCE_DAYS
from modelwatch.stats.verdicts.own_chance import own_chance

_KEY = "filled_share"
_LEAST_SHARE = 0.01
"""Minimum share of nulls in the reference whose absence is noticed."""
_STEADY = 0.5
"""Minimum fraction of the reference's days with nulls whose absence is noticed."""
_APART = 4.0
"""Maximum difference, in standard errors, between a value's gain and the lost nulls."""


@statistic(
    _KEY,
    threshold=0.02,
    label="Share of rows with one value in place of nulls",
    kinds=("numeric", "categorical"),
    range=(0.0, 1.0),
    symmetric=False,
    unit="share of rows",
    source="modelwatch; exact loss of one cell and equal gain of another",
    bound=EXACT,
    advancing_dates=True,
)
def filled_share(comparison: Comparison) -> Values:
    """Largest increase in the share of one bin or value, if at least 1% of the rows of the
    reference are null or NaN and the window has none; otherwise 0."""
    gain, gone = _gains(comparison), _nulls_gone(comparison)
    found = np.where(gone, np.maximum(gain.max(axis=1, initial=0.0), 0.0), 0.0)
    return values(found, *comparison.without_rows)


@dataclass(frozen=True)
class FilledModel:
    """How nulls and bins of a reference vary between days.

    ``null_dispersion``: variance of the share of nulls between days divided by that of independent
    rows, at least 1; None if fewer than half of the days have any. ``dispersion`` (B,): of each bin
    or value. ``days`` and ``typical`` as in ``NullModel``.
    """

    null_dispersion: float | None
    dispersion: Floats
    days: int
    typical: float

    @property
    def design_effect(self) -> float:
        """The dispersion of nulls."""
        return self.null_dispersion or 1.0

    def judged(
        self, comparison: Comparison, window_days: Counts, weekdays: Counts
    ) -> tuple[Values, Floats]:
        """The statistic if the gain equals that of the nulls, otherwise 0; and its p-value.

        The p-value is the larger of two: that no null occurs where so many are expected, assuming a
        Poisson distribution with the dispersion of days; and that a value gains more than its part
        of what nulls leave behind, times the number of values.
        """
        plain = filled_share(comparison)
        if self.null_dispersion is None:
            nothing = 0.0 * plain.value
            return Values(nothing, plain.reason), 1.0 + nothing
        current, reference = comparison.feature
        lines = np.arange(len(comparison))
        gain = _gains(comparison)
        at = gain.argmax(axis=1)
        gained = gain[lines, at]
        rows = np.maximum(current.rows, 1).astype(np.float64)
        null = _nulls(reference) / np.maximum(reference.rows, 1)
        before = (_cells(reference) / np.maximum(reference.rows, 1)[:, None])[
            lines if len(reference) > 1 else 0, at
        ]
        inverse_rows = 1.0 / rows + 1.0 / np.maximum(reference.rows, 1)
        of_value = (
            self.dispersion[at] * np.maximum(before * (1.0 - before), 0.5 / rows) * inverse_rows
        )
        of_nulls = self.null_dispersion * null * (1.0 - null) * inverse_rows
        alike = np.abs(gained - null) <= _APART * np.sqrt(of_value + of_nulls)
        none = np.exp(-null * rows / self.null_dispersion)
        # If missing values are recorded again, each value gains its share of their rows.
        excess = gained - before * null / np.maximum(1.0 - null, 1e-9)
        z = np.maximum(excess, 0.0) / np.sqrt(of_value)
        rise = 2.0 * student_tail(z, np.full(len(z), max(self.days - 1.0, 2.0)))
        p = np.minimum(np.maximum(none, rise * gain.shape[1]), 1.0)
        found = np.where(alike & np.isfinite(plain.value), plain.value, 0.0 * plain.value)
        p = np.where(found > 0, p, 1.0)
        return Values(found, plain.reason), np.where(np.isfinite(found), p, np.nan)


@own_chance(_KEY)
def filled_model(
    days_states: FeatureStates, day_numbers: Counts, assumed_design_effect: float = 10.0
) -> FilledModel | None:
    """The model of a reference; None if it has no rows. Arguments as for ``null_models``."""
    held = np.flatnonzero(days_states.rows > 0)
    if not len(held):
        return None
    states = days_states.take(held)
    least = assumed_design_effect if len(states) < FEWEST_REFERENCE_DAYS else 1.0
    nulls = _nulls(states)
    steady = float((nulls > 0).mean()) >= _STEADY
    return FilledModel(
        float(_dispersion(nulls[:, None], states.rows, least)[0]) if steady else None,
        _dispersion(_cells(states), states.rows, least),
        len(states),
        0.0,
    )


def _dispersion(counts: Counts, rows: Counts, least: float) -> Floats:
    """Variance of daily shares divided by that of independent rows, (B,), at least ``least``."""
    if len(rows) < 2:
        return np.full(counts.shape[1], least)
    share = counts.sum(axis=0) / rows.sum()
    square = ((counts / rows[:, None] - share) ** 2 * rows[:, None]).sum(axis=0) / (len(rows) - 1)
    of_rows = share * (1.0 - share)
    found = np.divide(square, of_rows, out=np.ones(len(share)), where=of_rows > 0)
    return np.asarray(np.maximum(found, least))


def _nulls(states: FeatureStates) -> Counts:
    return states.nulls + states.nans if isinstance(states, NumericStates) else states.nulls


def _nulls_gone(comparison: Comparison) -> AnyArray:
    current, reference = comparison.feature
    had = _nulls(reference) >= _LEAST_SHARE * np.maximum(reference.rows, 1)
    found: AnyArray = had & (_nulls(current) == 0)
    return found


def _cells(states: FeatureStates) -> Counts:
    """Rows of each bin of numbers, or of unseen values together and each kept value; (n, B)."""
    if isinstance(states, NumericStates):
        return states.bins
    return states.counts[:, UNSEEN:]


def _gains(comparison: Comparison) -> Floats:
    """Increase in the share of each bin or value, (W, B)."""
    current, reference = comparison.feature
    now, before = (
        _cells(states) / np.maximum(states.rows, 1)[:, None] for states in (current, reference)
    )
    return np.asarray(now - before)
