"""The states of champion and challenger on the same days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeVar

import numpy as np

from modelwatch.evaluation.performance.score_groups import ScopeStates, ScoreGroup
from modelwatch.stats.arrays import AnyArray, day_spans
from modelwatch.stats.states.binary import BinaryStates
from modelwatch.stats.states.binning import NumericBinning
from modelwatch.stats.states.stack import Stack

Design = Literal["shadow", "split"]
SHADOW: Design = "shadow"
SPLIT: Design = "split"
CHAMPION = "champion"
"""Name of the production model in comparisons with a shadow model."""

States = TypeVar("States", bound=Stack)


@dataclass(frozen=True)
class Contenders(Generic[States]):
    """States of two models on the same days, in the same order, and their names."""

    design: Design
    champion: str
    challenger: str
    days: AnyArray
    left: States
    right: States

    def on(self, chosen: AnyArray) -> Contenders[States]:
        """The contenders on some days: their positions, or a mask."""
        left, right = self.left.take(chosen), self.right.take(chosen)
        return replace(self, days=self.days[chosen], left=left, right=right)


def shadow_contenders(
    group: ScoreGroup,
    name: str,
    binnings: tuple[NumericBinning, NumericBinning],
    *,
    due: bool = True,
) -> Contenders[BinaryStates] | None:
    """The rows that champion and a challenger in shadow mode scored; None without any.

    ``binnings``: of the scores of both. ``due``: whether their labels are due, or are not yet.
    """
    sides = []
    for who, binning in zip(("champion", "challenger"), binnings, strict=True):
        states = group.states(f"paired_{who}", name)
        wanted = None if states is None else states.take(states.due == due)
        if wanted is None or not len(wanted):
            return None
        days, counts, sums = wanted.by_day()
        sides.append((days, BinaryStates.of(binning, counts, sums).without_empty_bins()))
    (days, left), (others, right) = sides
    if not np.array_equal(days, others):
        raise ValueError("days of champion and challenger differ")
    return Contenders(SHADOW, CHAMPION, name, days, left, right)


def split_contenders(
    scopes: ScopeStates, stack: States, versions: tuple[str, str], *, due: bool = True
) -> Contenders[States] | None:
    """The rows of two versions between which traffic is split, on all days of either; None without
    any. A version has empty states on days without its rows."""
    held = scopes.due == due
    both = held & np.isin(scopes.versions, versions)
    days = np.unique(scopes.days[both])
    if not len(days):
        return None
    left, right = (_on(days, scopes, stack, held & (scopes.versions == one)) for one in versions)
    return Contenders(SPLIT, *versions, days, left, right)


def _on(days: AnyArray, scopes: ScopeStates, stack: States, mask: AnyArray) -> States:
    """States of some scopes on the given days, with empty states for missing days."""
    at = np.flatnonzero(mask)
    return stack.take(at).roll_up(day_spans(scopes.days[at], days, days))
