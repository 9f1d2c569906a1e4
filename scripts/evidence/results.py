"""All results, as stored in a file, and their summaries."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from scripts.evidence.detection import Outcome
from scripts.evidence.false_alarms import QuietMonth
from scripts.evidence.matrix import ROWS
from scripts.evidence.peers import PeerOutcome


@dataclass(frozen=True)
class PeerMonth:
    """Number of days of a quiet month with an alarm of a rule or tool."""

    by: str
    case: str
    days: int


@dataclass(frozen=True)
class Results:
    """Results of quiet months and faults, of modelwatch and of the other tools."""

    quiet: tuple[QuietMonth, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    peer_quiet: tuple[PeerMonth, ...] = ()
    peer_outcomes: tuple[PeerOutcome, ...] = ()

    def write(self, path: Path) -> None:
        """Write the results to a file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> Results:
        """Read the results from a file."""
        held = json.loads(path.read_text())
        return cls(
            tuple(QuietMonth(**{**q, "subjects": tuple(q["subjects"])}) for q in held["quiet"]),
            tuple(Outcome(**one) for one in held["outcomes"]),
            tuple(PeerMonth(**one) for one in held["peer_quiet"]),
            tuple(PeerOutcome(**one) for one in held["peer_outcomes"]),
        )

    @property
    def mattering(self) -> tuple[Outcome, ...]:
        """Faults of a size that people want to know about."""
        return tuple(one for one in self.outcomes if one.matters)

    @property
    def material(self) -> tuple[Outcome, ...]:
        """Those of them that the best test finds."""
        return tuple(one for one in self.outcomes if one.is_material)

    def quiet_of(self, *rows: str) -> tuple[QuietMonth, ...]:
        """Quiet months of the given rows."""
        return tuple(one for one in self.quiet if one.row in rows)

    def faults_of(self, *rows: str) -> tuple[Outcome, ...]:
        """Faults of sizes that count, in the given rows."""
        return tuple(one for one in self.mattering if one.row in rows)

    def peers_of(self, by: str) -> tuple[PeerOutcome, ...]:
        """Results of a rule or tool for faults of sizes that count."""
        mattering = {(one.fault, one.size) for one in self.mattering}
        return tuple(
            one for one in self.peer_outcomes if one.by == by and (one.fault, one.size) in mattering
        )


def rows_of_half(half: str) -> tuple[str, ...]:
    """The tuned rows, or the confirming rows."""
    return tuple(key for key, row in ROWS.items() if row.half == half)


@dataclass(frozen=True)
class Share:
    """A number of hits among cases."""

    hits: int
    cases: int

    @property
    def value(self) -> float:
        """The share; NaN without cases."""
        return self.hits / self.cases if self.cases else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """95% interval of the share (Wilson 1927)."""
        if not self.cases:
            return math.nan, math.nan
        z, n, p = 1.959964, self.cases, self.value
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        reach = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, middle - reach), min(1.0, middle + reach)

    def __str__(self) -> str:
        """The share as a percentage."""
        return f"{self.value:.0%}" if self.cases else "-"


def _share(outcomes: Iterable[Outcome | PeerOutcome], holds: Callable[..., bool]) -> Share:
    held = list(outcomes)
    return Share(sum(holds(one) for one in held), len(held))


def false_alarms(months: Sequence[QuietMonth]) -> Share:
    """Months with an incident."""
    return Share(sum(one.incidents > 0 for one in months), len(months))


def found_in_time(outcomes: Sequence[Outcome] | Sequence[PeerOutcome]) -> Share:
    """Faults found within two windows."""
    return _share(outcomes, lambda one: one.in_time)


def named_rightly(outcomes: Sequence[Outcome]) -> Share:
    """Faults found in time that are named correctly."""
    return _share((one for one in outcomes if one.in_time), lambda one: one.right)


def incidents_per_fault(outcomes: Sequence[Outcome]) -> float:
    """Mean number of incidents per found fault."""
    found = [one.incidents for one in outcomes if one.delay is not None]
    return sum(found) / len(found) if found else math.nan


def median_days(outcomes: Sequence[Outcome]) -> float:
    """Median number of days until a fault was found."""
    found = [one.days for one in outcomes if one.days is not None]
    return float(median(found)) if found else math.nan
