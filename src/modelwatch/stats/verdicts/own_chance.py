"""Statistics whose p-value depends on more than their value, and their registry.

Most statistics are judged by a ``NullModel``, which needs a value and numbers of rows. Some choose
among several values of a feature, or have evidence that is nearly certain by itself: they are
judged by a model of their own, which sees the compared states.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.drift.comparison import Comparison, Values
from modelwatch.stats.states.leave_out import FeatureStates


class OwnChance(Protocol):
    """The values of a statistic in a reference, and their probability elsewhere.

    ``days``, ``design_effect``, and ``typical`` as in ``NullModel``.
    """

    @property
    def days(self) -> int:
        """Number of days of the reference."""

    @property
    def design_effect(self) -> float:
        """Variance between days divided by that of independent rows; at least 1."""

    @property
    def typical(self) -> float:
        """Mean absolute value on the days of the reference; NaN if unknown."""

    def judged(
        self, comparison: Comparison, window_days: Counts, weekdays: Counts
    ) -> tuple[Values, Floats]:
        """Values of the windows and their p-values, (W,) each; for ``window_days`` days, and
        weekdays from 0 for Monday, -1 for windows of several days."""


Learn = Callable[[FeatureStates, Counts, float], "OwnChance | None"]
"""From the states of a reference's days, ascending, their numbers, and an assumed design effect;
None for states without such a statistic."""

OWN_CHANCE: dict[str, Learn] = {}
"""By the key of the statistic; complete once ``modelwatch.stats.verdicts.chance`` is imported."""


def own_chance(key: str) -> Callable[[Learn], Learn]:
    """Registers how the model of a statistic is learned."""

    def register(learn: Learn) -> Learn:
        if key in OWN_CHANCE:
            raise ValueError(f"two models of {key!r}")
        OWN_CHANCE[key] = learn
        return learn

    return register
