"""How many quiet months have an incident: random splits of the flights, and simulated days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.evidence import flights, simulated
from scripts.evidence.watch import Seen
from scripts.evidence.world import World

DESIGN_EFFECTS = (1.0, 3.0, 10.0, 30.0)


@dataclass(frozen=True)
class QuietMonth:
    """What was seen of a month in which nothing happened."""

    case: str
    incidents: int
    subjects: tuple[str, ...]
    days_with_failure: int

    @classmethod
    def of(cls, case: str, seen: Seen) -> QuietMonth:
        """Summed up."""
        failing = {row.window_start for row in seen.rows if row.fails and row.window == "day"}
        named = sorted(f"{root.subject} {root.segment} {root.figure}" for root in seen.roots)
        return cls(case, len(seen.roots), tuple(named), len(failing))


@dataclass(frozen=True)
class QuietCase:
    """A month in which nothing happens: of a season of the flights, or of a design effect."""

    source: str | float
    seed: int

    @property
    def name(self) -> str:
        """The case that it is one of."""
        if isinstance(self.source, str):
            return f"flights, {self.source}"
        return f"simulated, design effect {self.source:g}"

    def world(self) -> World:
        """Its rows."""
        if isinstance(self.source, str):
            return flights.split_world(flights.prepared(), self.source, self.seed)
        return simulated.quiet_world(self.source, self.seed)


def quiet_cases(
    splits: int, months: int, design_effects: Sequence[float] = DESIGN_EFFECTS
) -> list[QuietCase]:
    """``splits`` of each season, ``months`` of each design effect."""
    of_flights = [QuietCase(season, n) for season in flights.SEASONS for n in range(splits)]
    return of_flights + [QuietCase(d, n) for d in design_effects for n in range(months)]
