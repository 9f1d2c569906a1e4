"""Faults, and how they ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scripts.soak.prepared import Prepared
    from scripts.soak.reader import Reader


class NotSurvived(AssertionError):
    """A wrong outcome of a fault, in one sentence."""


class NotTried(Exception):
    """The reason why a fault cannot be injected on this machine."""


@dataclass(frozen=True)
class Outcome:
    """How a fault ended: ``ended`` as text; ``survived`` is None if it was not tried.

    ``java_bytes`` and ``python_bytes`` are those at the peak of memory, if it was measured.
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
    """A successful outcome of a fault, reported by a scenario."""

    reported: str
    seconds: float | None = None
    java_bytes: int | None = None
    python_bytes: int | None = None


@dataclass(frozen=True)
class Place:
    """The folder, the reader, and the size of a scenario.

    ``labelled`` and ``unlabelled``: tables that scenarios share, created when first used.
    """

    folder: Path
    reader: Reader
    kills: int
    quick: bool
    labelled: Callable[[], Prepared]
    unlabelled: Callable[[], Prepared]


Fault = tuple[str, Callable[[], Ended]]
"""Its name, and a function that raises NotSurvived, or another error, if it was not survived."""


@dataclass(frozen=True)
class Scenario:
    """Faults of one kind."""

    name: str
    guarantee: str
    faults: Callable[[Place], Iterator[Fault]] = field(repr=False)


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    name: str, guarantee: str
) -> Callable[[Callable[[Place], Iterator[Fault]]], Callable[[Place], Iterator[Fault]]]:
    """Register a function that yields faults as a scenario."""

    def register(
        faults: Callable[[Place], Iterator[Fault]],
    ) -> Callable[[Place], Iterator[Fault]]:
        SCENARIOS[name] = Scenario(name, guarantee, faults)
        return faults

    return register


def must(holds: bool, reported: str) -> None:
    """Raise NotSurvived unless the condition is true."""
    if not holds:
        raise NotSurvived(reported)


def from_here(text: str) -> str:
    """Text with paths relative to the working directory, because it is written into the docs."""
    return text.replace(f"{Path.cwd()}/", "")
