"""What a fault is, and the registry of those that are injected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pandas as pd


class Inject(Protocol):
    """A function that breaks rows, those from the fault's first day on.

    ``target``: what it hits. ``rng``: what is drawn at random.
    """

    def __call__(
        self, rows: pd.DataFrame, target: str, size: float, rng: np.random.Generator
    ) -> pd.DataFrame:
        """The broken rows."""
        ...


@dataclass(frozen=True)
class Fault:
    """A way in which data, labels or a model break.

    ``targets``: what it hits, such as columns, one a repetition. ``sizes``: with whether a person
    would want to know of it. ``kinds``: names that are right. ``subjects``: of a target, the
    columns on which an alarm is about it. ``look``: days after its first at which it is looked for,
    None for the end of the month. ``windows``: kind of those that its delay is counted in.
    """

    key: str
    title: str
    unit: str
    targets: tuple[str, ...]
    sizes: tuple[tuple[float, bool], ...]
    kinds: frozenset[str]
    inject: Inject
    subjects: Callable[[str], frozenset[str]]
    look: int | None
    windows: Literal["day", "week"]

    def size_label(self, size: float) -> str:
        """A size as people say it."""
        return f"{100 * size:g}%" if self.unit == "%" else f"{size:g} {self.unit}"


FAULTS: dict[str, Fault] = {}
"""Every fault by its key, in the order of the page."""


def column_itself(target: str) -> frozenset[str]:
    """A target that is one column."""
    return frozenset({target})


def fault(
    key: str,
    title: str,
    *,
    targets: tuple[str, ...],
    sizes: dict[float, bool],
    kinds: set[str],
    unit: str = "%",
    subjects: Callable[[str], frozenset[str]] = column_itself,
    look: int | None = None,
    windows: Literal["day", "week"] = "day",
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
            subjects,
            look,
            windows,
        )
        return inject

    return register
