"""One value written in the place of nulls: none is left, and one value gained what they had.

A distance dilutes that, for most rows are as they were. That both happen at once, and by as much,
is no chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.comparison import Comparison, Values, values
from modelwatch.stats.drift.statistic import statistic
from modelwatch.stats.special import student_tail
from modelwatch.stats.states.binning import UNSEEN
from modelwatch.stats.states.leave_out import States
from modelwatch.stats.states.numeric import NumericStates
from modelwatch.stats.verdicts.null_distribution import FEWEST_DAYS
from modelwatch.stats.verdicts.own_chance import own_chance

KEY = "filled_share"
LEAST_SHARE = 0.01
"""Share of nulls in the reference from which they may be missed."""
STEADY = 0.5
"""Part of the reference's days that must have nulls before they can be missed."""
_APART = 4.0
"""Standard errors between what a value gained and what nulls had, up to which they are the same."""


@statistic(
    KEY,
    label="Share of rows with one value in place of nulls",
    kinds=("numeric", "categorical"),
    range=(0.0, 1.0),
    symmetric=False,
    unit="share of rows",
    source="own; exact loss of a cell beside an equal gain of another",
)
def filled_share(comparison: Comparison) -> Values:
    """Largest rise of the share of one bin or value, where the reference has nulls or NaN in a
    hundredth of its rows or more and the window has none at all; else 0."""
    gain, gone = _gains(comparison), _nulls_gone(comparison)
    found = np.where(gone, np.maximum(gain.max(axis=1, initial=0.0), 0.0), 0.0)
    return values(found, *comparison.without_rows)


@dataclass(frozen=True)
class FilledModel:
    """What nulls and bins of a reference do between days.

    ``null_dispersion``: variance of the share of nulls between days over that of independent rows,
    at least 1; None where fewer than half of the days have any. ``dispersion`` (B,): of each bin or
    value. ``days`` and ``typical`` as of ``NullModel``.
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
        """The statistic where the gain is that of the nulls, else 0; and its p-value.

        It is the larger of two: that no null comes where so many are expected, taken for Poisson
        with the dispersion of days; and that a value gains more than its part of what nulls leave
        behind, times the number of values.
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
        once = 1.0 / rows + 1.0 / np.maximum(reference.rows, 1)
        of_value = self.dispersion[at] * np.maximum(before * (1.0 - before), 0.5 / rows) * once
        of_nulls = self.null_dispersion * null * (1.0 - null) * once
        alike = np.abs(gained - null) <= _APART * np.sqrt(of_value + of_nulls)
        none = np.exp(-null * rows / self.null_dispersion)
        # Nulls that are mended leave each value its part of their rows.
        excess = gained - before * null / np.maximum(1.0 - null, 1e-9)
        z = np.maximum(excess, 0.0) / np.sqrt(of_value)
        rise = 2.0 * student_tail(z, np.full(len(z), max(self.days - 1.0, 2.0)))
        p = np.minimum(np.maximum(none, rise * gain.shape[1]), 1.0)
        found = np.where(alike & np.isfinite(plain.value), plain.value, 0.0 * plain.value)
        p = np.where(found > 0, p, 1.0)
        return Values(found, plain.reason), np.where(np.isfinite(found), p, np.nan)


@own_chance(KEY)
def filled_model(
    days_states: States, day_numbers: Counts, assumed_design_effect: float = 10.0
) -> FilledModel | None:
    """The model of a reference; None where it has no rows. Arguments as for ``null_models``."""
    held = np.flatnonzero(days_states.rows > 0)
    if not len(held):
        return None
    states = days_states.take(held)
    least = assumed_design_effect if len(states) < FEWEST_DAYS else 1.0
    nulls = _nulls(states)
    steady = float((nulls > 0).mean()) >= STEADY
    return FilledModel(
        float(_dispersion(nulls[:, None], states.rows, least)[0]) if steady else None,
        _dispersion(_cells(states), states.rows, least),
        len(states),
        0.0,
    )


def _dispersion(counts: Counts, rows: Counts, least: float) -> Floats:
    """Variance of daily shares over that of independent rows, (B,), at least ``least``."""
    if len(rows) < 2:
        return np.full(counts.shape[1], least)
    share = counts.sum(axis=0) / rows.sum()
    square = ((counts / rows[:, None] - share) ** 2 * rows[:, None]).sum(axis=0) / (len(rows) - 1)
    of_rows = share * (1.0 - share)
    found = np.divide(square, of_rows, out=np.ones(len(share)), where=of_rows > 0)
    return np.asarray(np.maximum(found, least))


def _nulls(states: States) -> Counts:
    return states.nulls + states.nans if isinstance(states, NumericStates) else states.nulls


def _nulls_gone(comparison: Comparison) -> AnyArray:
    current, reference = comparison.feature
    had = _nulls(reference) >= LEAST_SHARE * np.maximum(reference.rows, 1)
    found: AnyArray = had & (_nulls(current) == 0)
    return found


def _cells(states: States) -> Counts:
    """Rows of each bin of numbers, or of unseen values together and each kept value; (n, B)."""
    if isinstance(states, NumericStates):
        return states.bins
    return states.counts[:, UNSEEN:]


def _gains(comparison: Comparison) -> Floats:
    """Rise of the share of each bin or value, (W, B)."""
    current, reference = comparison.feature
    now, before = (
        _cells(states) / np.maximum(states.rows, 1)[:, None] for states in (current, reference)
    )
    return np.asarray(now - before)
