"""What a fault is, and the registry of those that are injected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pandas as pd
from scripts.evidence.world import World

Counted = Literal["shortest", "day", "week"]


class Inject(Protocol):
    """A function that breaks rows, those from the fault's first day on.

    ``target``: what it hits. ``rng``: what is drawn at random.
    """

    def __call__(
        self, rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
    ) -> pd.DataFrame:
        """The broken rows."""
        ...


Targets = Callable[[World], Sequence[str]]
"""What a fault can hit in a world; none where it has no such column."""


@dataclass(frozen=True)
class Fault:
    """A way in which data, labels or a model break.

    ``sizes``: with whether a person would want to know of it. ``kinds``: names that are right.
    ``look``: whether it is looked for as soon as it should have been found, because it mends by
    itself, rather than at the end of the month. ``windows``: kind of those that its delay is
    counted in: of the shortest that the monitor judges columns by, or days, or weeks. ``days``:
    how long it lasts, None for the rest of the month. ``before``: days before its first that it is
    shown as well, and leaves as they are.
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
        """A size as people say it."""
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
    """Registers a function as a fault."""

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
