"""Faults, and the registry of those that are injected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pandas as pd
from scripts.evidence.world import World

Counted = Literal["shortest", "day", "week"]


class Inject(Protocol):
    """A function that breaks the rows from the first day of the fault on.

    ``target``: the affected part. ``rng``: source of random numbers.
    """

    def __call__(
        self, rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
    ) -> pd.DataFrame:
        """The broken rows."""
        ...


Targets = Callable[[World], Sequence[str]]
"""Possible targets of a fault in a world; empty if it has no such column."""


@dataclass(frozen=True)
class Fault:
    """A way in which data, labels, or a model break.

    ``sizes``: each with whether people want to know about it. ``kinds``: correct names.
    ``look``: whether the month is evaluated as soon as the fault should have been found, because it
    ends by itself, rather than at the end of the month. ``windows``: windows in which its delay is
    counted: the shortest in which columns have verdicts, days, or weeks. ``days``: its length,
    None for the rest of the month. ``before``: days before its start that the function also
    receives, and does not change.
    """

    key: str
    title: str
    unit: str
    targets: Targets
    sizes: tuple[tuple[float, bool], ...]
    kinds: frozenset[str]
    inject: Inject
    look: bool
    windows: Counted
    days: int | None
    before: int

    def size_label(self, size: float) -> str:
        """A size as text."""
        return f"{100 * size:g}%" if self.unit == "%" else f"{size:g} {self.unit}".strip()


FAULTS: dict[str, Fault] = {}
"""Every fault by its key, in the order of the page."""


def fault(
    key: str,
    title: str,
    *,
    targets: Targets,
    sizes: dict[float, bool],
    kinds: set[str],
    unit: str = "%",
    look: bool = False,
    windows: Counted = "shortest",
    days: int | None = None,
    before: int = 0,
) -> Callable[[Inject], Inject]:
    """Register a function as a fault."""

    def register(inject: Inject) -> Inject:
        FAULTS[key] = Fault(
            key,
            title,
            unit,
            targets,
            tuple(sizes.items()),
            frozenset(kinds),
            inject,
            look,
            windows,
            days,
            before,
        )
        return inject

    return register
