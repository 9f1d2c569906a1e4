"""Statistics whose chance depends on more than their value, and the registry of them.

Most statistics are judged by a ``NullModel``, which needs a value and numbers of rows. Some choose
among several values of a feature, or come with evidence that is near certain by itself: they are
judged by a model of their own, which sees the states that are compared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.drift.comparison import Comparison, Values
from modelwatch.stats.states.leave_out import States


class OwnChance(Protocol):
    """What a statistic shows in a reference, and how likely that is elsewhere.

    ``days``, ``design_effect`` and ``typical`` as of ``NullModel``.
    """

    @property
    def days(self) -> int:
        """Days of the reference."""

    @property
    def design_effect(self) -> float:
        """Variance between days over that of independent rows; at least 1."""

    @property
    def typical(self) -> float:
        """Mean size of what the reference's days show; NaN where that is not known."""

    def judged(
        self, comparison: Comparison, window_days: Counts, weekdays: Counts
    ) -> tuple[Values, Floats]:
        """Values of the windows and their p-values, (W,) each; of ``window_days`` days, and of
        weekdays from 0 for Monday, -1 for windows of several days."""


Learn = Callable[[States, Counts, float], "OwnChance | None"]
"""From the states of a reference's days, ascending, their numbers, and an assumed design effect;
None for states that have no such statistic."""

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
