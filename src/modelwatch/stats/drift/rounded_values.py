"""Whether all values of a column have become integers, read from its exact sums.

A sum of integers is an integer. A sum of many values with decimals hardly ever is: each of them is
cut at the last binary digit of the fixed point, so that not even cents add up to whole units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.comparison import Comparison, Values, values
from modelwatch.stats.drift.statistic import statistic
from modelwatch.stats.states.leave_out import States
from modelwatch.stats.states.moments import UNITS, first_sums
from modelwatch.stats.states.numeric import NumericStates
from modelwatch.stats.verdicts.own_chance import own_chance

KEY = "rounded_values"
FEWEST_ROWS = 20
"""Values that must add up to an integer."""
LEAST_CHANCE = 1e-4
"""Least probability that values with decimals add up to an integer; a guess on the safe side."""


@statistic(
    KEY,
    label="Whether all values have become integers",
    kinds=("numeric",),
    range=(0.0, 1.0),
    symmetric=False,
    unit="1 or 0",
    source="own; the fraction of an exact sum",
)
def rounded_values(comparison: Comparison) -> Values:
    """1 where the finite values of the window, 20 or more, add up to an integer and those of the
    reference do not; else 0."""
    current, reference = comparison.numeric
    whole = (_fractions(current) == 0) & (current.finite >= FEWEST_ROWS)
    found = np.where(whole & (_fractions(reference) != 0), 1.0, 0.0)
    return values(found, *comparison.without_values)


@dataclass(frozen=True)
class RoundedModel:
    """``chance``: probability that a window like the reference's days adds up to an integer, 1
    where one of them does. ``days`` as of ``NullModel``."""

    chance: float
    days: int
    design_effect: float = 1.0
    typical: float = 0.0

    def judged(
        self, comparison: Comparison, window_days: Counts, weekdays: Counts
    ) -> tuple[Values, Floats]:
        """The statistic and its p-value, (W,) each."""
        found = rounded_values(comparison)
        p = np.where(found.value > 0, self.chance, 1.0)
        return found, np.where(np.isfinite(found.value), p, np.nan)


@own_chance(KEY)
def rounded_model(
    days_states: States, day_numbers: Counts, assumed_design_effect: float = 10.0
) -> RoundedModel | None:
    """The model of a number's reference; None for a category, or a reference without values.

    The fractions of the days tell in which steps they come: values in eighths add up to an integer
    once in eight times. Arguments as for ``null_models``.
    """
    if not isinstance(days_states, NumericStates):
        return None
    states = days_states.take(np.flatnonzero(days_states.finite > 0))
    if not len(states):
        return None
    fractions, unit = _fractions(states), _unit(states)
    if unit <= 1 or np.any(fractions == 0):
        return RoundedModel(1.0, len(states))
    steps = unit // int(np.gcd.reduce([*fractions, unit]))
    return RoundedModel(max(1 / steps, LEAST_CHANCE), len(states))


def _unit(states: NumericStates) -> int:
    """Units of the fixed point in 1; 0 where it is coarser than that."""
    bits = UNITS[0] + 1 - math.frexp(states.binning.scale)[1]
    return 1 << bits if bits >= 0 else 0


def _fractions(states: NumericStates) -> AnyArray:
    """Units of the fixed point by which the sum of the finite values exceeds an integer, (n,);
    1 where that cannot be told."""
    binning, unit = states.binning, _unit(states)
    steps = binning.center / binning.scale
    known = unit > 1 and float(steps).is_integer() and abs(steps) < 2**52
    if not known:
        return np.ones(len(states), dtype=object)
    sums, lost = first_sums(states.sums)
    found = (sums + states.finite.astype(object) * (int(steps) << UNITS[0])) % unit
    return np.where(lost, 1, found)
