"""What was tried, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scripts.soak.prepared import Prepared
    from scripts.soak.reader import Reader


class NotSurvived(AssertionError):
    """What went wrong after a fault, in one sentence."""


class NotTried(Exception):
    """Why a fault can't be tried on this machine."""


@dataclass(frozen=True)
class Outcome:
    """How a fault ended: ``ended`` in words; None for ``survived`` where it was not tried.

    ``java_bytes`` and ``python_bytes`` are at the moment of most memory, where it was watched.
    """

    scenario: str
    fault: str
    survived: bool | None
    ended: str
    seconds: float
    java_bytes: int | None = None
    python_bytes: int | None = None


@dataclass(frozen=True)
class Ended:
    """The good end of a fault, as a scenario tells it."""

    reported: str
    seconds: float | None = None
    java_bytes: int | None = None
    python_bytes: int | None = None


@dataclass(frozen=True)
class Place:
    """Where a scenario works, what reads its tables, and how much it is to do.

    ``labelled`` and ``unlabelled``: tables that scenarios share, made when first asked for.
    """

    folder: Path
    reader: Reader
    kills: int
    quick: bool
    labelled: Callable[[], Prepared]
    unlabelled: Callable[[], Prepared]


Fault = tuple[str, Callable[[], Ended]]
"""Its name, and what tries it: NotSurvived or any other error if it was not survived."""


@dataclass(frozen=True)
class Scenario:
    """Faults of one kind."""

    name: str
    promise: str
    faults: Callable[[Place], Iterator[Fault]] = field(repr=False)


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    name: str, promise: str
) -> Callable[[Callable[[Place], Iterator[Fault]]], Callable[[Place], Iterator[Fault]]]:
    """Registers a function that yields faults as a scenario."""

    def register(
        faults: Callable[[Place], Iterator[Fault]],
    ) -> Callable[[Place], Iterator[Fault]]:
        SCENARIOS[name] = Scenario(name, promise, faults)
        return faults

    return register


def must(holds: bool, reported: str) -> None:
    """NotSurvived unless it holds."""
    if not holds:
        raise NotSurvived(reported)


def from_here(text: str) -> str:
    """What is said to people, with paths from here on, for they are written into the docs."""
    return text.replace(f"{Path.cwd()}/", "")
