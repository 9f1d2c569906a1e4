"""Sums of the states of days."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scripts.evidence.day_states import FeatureStates, Stacked
from scripts.evidence.world import number_of

from modelwatch.model.days import DayRange
from modelwatch.stats.states.categorical import categorical_stack
from modelwatch.stats.states.numeric import NumericStates, numeric_stack


def rolled(parts: Sequence[Stacked], period: DayRange) -> FeatureStates | None:
    """The state of a period of days; None without rows."""
    if not parts:
        return None
    days = np.concatenate([part.days for part in parts])
    ends = [number_of(period.first), number_of(period.last) + 1]
    span = np.searchsorted(days, ends)
    if span[0] == span[1]:
        return None
    numeric = [part.states for part in parts if isinstance(part.states, NumericStates)]
    if numeric:
        return numeric_stack(numeric).roll_up(span[None, :])
    texts = [part.states for part in parts if not isinstance(part.states, NumericStates)]
    return categorical_stack(texts).roll_up(span[None, :])
