"""How many quiet months have an incident: random splits of the flights, and simulated days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd
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


def quiet_worlds(
    rows: pd.DataFrame, splits: int, months: int, design_effects: Sequence[float] = DESIGN_EFFECTS
) -> Iterator[tuple[str, World]]:
    """Worlds by case: ``splits`` of each season, ``months`` of each design effect."""
    for season in flights.SEASONS:
        for seed in range(splits):
            yield f"flights, {season}", flights.split_world(rows, season, seed)
    for effect in design_effects:
        for seed in range(months):
            yield f"simulated, design effect {effect:g}", simulated.quiet_world(effect, seed)
