"""Quiet months with an incident, by row of the matrix."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.evidence.matrix import ROWS
from scripts.evidence.watch import Seen, Watch, subjects


@dataclass(frozen=True)
class QuietMonth:
    """Incidents of a quiet month."""

    row: str
    seed: int
    incidents: int
    subjects: tuple[str, ...]
    days_with_failure: int

    @classmethod
    def of(cls, row: str, seed: int, seen: Seen) -> QuietMonth:
        """Summed up."""
        failing = {one.window_start for one in seen.rows if one.fails and one.window == "day"}
        return cls(row, seed, len(seen.roots), tuple(subjects(seen)), len(failing))


def quiet_month(case: tuple[str, int]) -> QuietMonth:
    """The quiet month of a row and a seed."""
    key, seed = case
    world = ROWS[key].world(seed)
    return QuietMonth.of(key, seed, Watch.of(world).seen(world))
