"""Whether all values of a column have become integers, derived from its exact sums.

A sum of integers is an integer, and so is the sum of their squares. Sums of many values with
decimals rarely are, because each value is cut at the last binary digit of the fixed point, so that
not even cents add up to whole units. Decimals that are symmetric around a value cancel in the first
sum, as the hours of a regular day do, but not in the second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.comparison import Comparison, Values, values
from modelwatch.stats.drift.statistic import EXACT, statistic
from modelwatch.stats.states.leave_out import FeatureStates
from modelwatch.stats.states.moments import MOMENT_UNITS, PARTS, first_sums, whole_sums
from modelwatch.stats.states.numeric import NumericStates
from modelwatch.stats.verdicts.own_chance import own_chance

_KEY = "rounded_values"
_FEWEST_ROWS = 20
"""Values that must add up to an integer."""
LEAST_CHANCE = 1e-4
"""Minimum probability that values with decimals add up to an integer; a conservative guess."""
_MOST_EXPONENT = MOMENT_UNITS[1] // 2
"""Binary exponent of the scale beyond which squares of integers are cut."""
_LARGEST_ROOT = 2.0**26
"""Distance from the center, in the smaller of 1 and the scale, whose square is an exact double."""


@statistic(
    _KEY,
    threshold=0.5,
    label="Whether all values have become integers",
    kinds=("numeric",),
    range=(0.0, 1.0),
    symmetric=False,
    unit="1 or 0",
    source="modelwatch; fractional part of an exact sum",
    bound=EXACT,
    advancing_dates=True,
)
def rounded_values(comparison: Comparison) -> Values:
    """1 if the window has at least 20 finite values that add up to an integer, as do their squares,
    while those of the reference do not; otherwise 0."""
    current, reference = comparison.numeric
    whole = _add_up(current) & (current.finite >= _FEWEST_ROWS)
    found = np.where(whole & ~_add_up(reference), 1.0, 0.0)
    return values(found, *comparison.without_values)


@dataclass(frozen=True)
class RoundedModel:
    """``chance``: probability that a window like the days of the reference adds up to integers; 1
    if one of them does. ``days`` as in ``NullModel``."""

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


@own_chance(_KEY)
def rounded_model(
    days_states: FeatureStates, day_numbers: Counts, assumed_design_effect: float = 10.0
) -> RoundedModel | None:
    """The model of a numeric reference; None for a category, or a reference without values.

    The fractions of the days show the steps of the values: values in eighths add up to an integer
    once in eight times. Arguments as for ``null_models``.
    """
    if not isinstance(days_states, NumericStates):
        return None
    states = days_states.take(np.flatnonzero(days_states.finite > 0))
    if not len(states):
        return None
    fractions, unit = _fractions(states), _unit(states)
    if unit <= 1 or np.any(_add_up(states)):
        return RoundedModel(1.0, len(states))
    steps = unit // int(np.gcd.reduce([*fractions, unit]))
    return RoundedModel(max(1 / steps, LEAST_CHANCE), len(states))


def _add_up(states: NumericStates) -> AnyArray:
    """Whether the finite values and their squares add up to integers, within precision; (n,)
    booleans."""
    return np.asarray((_fractions(states) == 0) & _squares_add_up(states), dtype=bool)


def _squares_add_up(states: NumericStates) -> AnyArray:
    """Whether the squares of the finite values add up to an integer, (n,); true if this is unknown
    for integers, because squares of large ones are rounded."""
    binning = states.binning
    exponent = math.frexp(binning.scale)[1] - 1
    steps = binning.center / binning.scale
    if exponent > _MOST_EXPONENT or not (float(steps).is_integer() and abs(steps) < 2**52):
        return np.ones(len(states), dtype=bool)
    with np.errstate(invalid="ignore"):
        far = np.fmax(abs(states.maximum - binning.center), abs(states.minimum - binning.center))
        cut = ~(far < _LARGEST_ROOT * min(1.0, binning.scale))
    whole, lost = whole_sums(states.sums), states.sums[:, [3, PARTS + 3]].any(axis=1)
    # With x = scale (steps + z), the sum of squares is scale**2 times that of (steps + z)**2.
    first, second = whole[:, 0], whole[:, 1] << (MOMENT_UNITS[0] - MOMENT_UNITS[1])
    units = states.finite.astype(object) * (int(steps) ** 2 << MOMENT_UNITS[0])
    units = units + 2 * int(steps) * first + second
    modulus = 1 << (MOMENT_UNITS[0] - 2 * exponent)
    return np.asarray((units % modulus == 0) | cut | lost, dtype=bool)


def _unit(states: NumericStates) -> int:
    """Units of the fixed point in 1; 0 if it is coarser than that."""
    bits = MOMENT_UNITS[0] + 1 - math.frexp(states.binning.scale)[1]
    return 1 << bits if bits >= 0 else 0


def _fractions(states: NumericStates) -> AnyArray:
    """Units of the fixed point by which the sum of the finite values exceeds an integer, (n,); 1 if
    that cannot be determined."""
    binning, unit = states.binning, _unit(states)
    steps = binning.center / binning.scale
    known = unit > 1 and float(steps).is_integer() and abs(steps) < 2**52
    if not known:
        return np.ones(len(states), dtype=object)
    sums, lost = first_sums(states.sums)
    found = (sums + states.finite.astype(object) * (int(steps) << MOMENT_UNITS[0])) % unit
    return np.where(lost, 1, found)
