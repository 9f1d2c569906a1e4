"""Faults injected into quiet months, and the incidents that they cause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from scripts.evidence.configuration import volume
from scripts.evidence.fault import Fault
from scripts.evidence.faults import FAULTS
from scripts.evidence.matrix import ROWS
from scripts.evidence.oracle import MATERIAL, oracle_power
from scripts.evidence.watch import MonthMetrics, Seen, Watch
from scripts.evidence.world import LABEL_DELAY, World, day_of

from modelwatch.model.incidents.events import WORSE_TIMES
from modelwatch.model.incidents.incident import Incident
from modelwatch.model.planning.window_specs import length_days
from modelwatch.model.planning.window_volumes import window_volumes

FIRST_DAYS = (3, 7, 10, 14)
"""Days of the month on which faults begin; faults counted in weeks begin with a week."""
IN_TIME = 2
"""Windows within which a fault should be found."""
LENGTHS = {"shortest": 1, "day": 1, "week": 7}
"""Minimum length in days of the windows in which delays are counted."""


@dataclass(frozen=True)
class Injected:
    """A fault in a world, its size, its first day, and the length in days of the windows in which
    its delay is counted."""

    row: str
    fault: Fault
    target: str
    size: float
    matters: bool
    start: int
    window_days: int
    world: World


@dataclass(frozen=True)
class Outcome:
    """Outcome of a fault.

    ``delay`` and ``days``: windows of the fault's kind, and days, until the end of the window in
    which it was found; None if it never was. ``right``: whether the first incident has a correct
    kind. ``power``: probability that the best test finds it within two windows.
    """

    row: str
    fault: str
    target: str
    size: float
    matters: bool
    delay: int | None
    days: int | None
    kind: str | None
    right: bool
    incidents: int
    subject: str | None
    power: float

    @property
    def is_material(self) -> bool:
        """Whether people want to know about it, and the best test finds it."""
        return self.matters and self.power >= MATERIAL

    @property
    def in_time(self) -> bool:
        """Whether it was found within two windows."""
        return self.delay is not None and self.delay <= IN_TIME


def injected(row: str, quiet: World, seed: int, shortest: int = 1) -> Iterator[Injected]:
    """Every fault at every size; target and first day rotate with the seed.

    ``shortest``: length in days of the shortest window in which columns have verdicts.
    """
    for number, fault in enumerate(FAULTS.values()):
        targets = fault.targets(quiet)
        for at in range(len(fault.sizes)):
            if targets:
                yield _injected(row, quiet, seed, number, at, shortest)


def _injected(row: str, quiet: World, seed: int, number: int, at: int, shortest: int) -> Injected:
    fault = list(FAULTS.values())[number]
    size, matters = fault.sizes[at]
    targets = fault.targets(quiet)
    target = targets[(seed + at) % len(targets)]
    length = max(counted_days(fault, quiet, shortest), LENGTHS[fault.windows])
    offset = FIRST_DAYS[(seed + number) % len(FIRST_DAYS)]
    if length > 1:
        # Two complete windows must be left, and another one for faults that only labels show.
        offset = 7
    days = quiet.current_days
    start = quiet.period.current[0] + offset
    # With sparse batches, a fault begins with a batch.
    start = int(days[min(int(np.searchsorted(days, start)), len(days) - 1)])
    rng = np.random.default_rng([seed, number, at])
    inject = partial(fault.inject, target=target, size=size, rng=rng)
    until = None if fault.days is None else start + fault.days - 1
    world = quiet.changed_from(start - fault.before, inject, until)
    if fault.look:
        world = world.seen_on(start + LABEL_DELAY + IN_TIME * length)
    return Injected(row, fault, target, size, matters, start, length, world)


def counted_days(fault: Fault, world: World, shortest: int) -> int:
    """Length in days of the windows in which the delay of a fault is counted; at least one batch.

    ``shortest``: length in days of the shortest window in which columns have verdicts.
    """
    days = np.unique(world.rows["day"].to_numpy())
    gap = int(np.median(np.diff(days)))
    return max(shortest if fault.windows == "shortest" else LENGTHS[fault.windows], gap)


class QuietWatch:
    """A monitored quiet month, with which faults are compared."""

    def __init__(self, row: str, world: World) -> None:
        self.row, self.world = row, world
        self.watch = Watch.of(world)
        self.metrics: MonthMetrics = self.watch.metrics(self.watch.month(world), world.as_of)
        self.seen: Seen = self.watch.named(
            self.watch.judged(self.metrics, world.as_of), self.metrics.month, world
        )
        self._open: dict[int, dict[Key, float]] = {}

    @cached_property
    def known(self) -> set[tuple[object, ...]]:
        """Incidents of the quiet month."""
        return {_identity(one) for one in self.seen.incidents}

    @cached_property
    def shortest(self) -> int:
        """Length in days of the shortest window in which columns have verdicts."""
        names = self.watch.config.incident_windows
        specs = [one for one in self.watch.config.repeating_windows if one.name in names]
        volume_of_table = volume(self.world)
        judged = (
            names
            if volume_of_table is None
            else [
                kind.name
                for kind in window_volumes(self.watch.config, volume_of_table)
                if kind.is_judged and kind.name in names
            ]
        )
        return int(min((length_days(one) for one in specs if one.name in judged), default=1))

    def open_on(self, day: int) -> dict[Key, float]:
        """Open incidents of a day, with their effects."""
        if day not in self._open:
            self._open[day] = _open_effects(self.watch.folded(self.seen, day))
        return self._open[day]

    def outcomes(self, seed: int, faults: tuple[str, ...] = ()) -> Iterator[Outcome]:
        """Outcomes of the faults of a seed; of all faults unless some are named."""
        for case in injected(self.row, self.world, seed, self.shortest):
            if not faults or case.fault.key in faults:
                yield outcome(self, case)


def outcome(quiet: QuietWatch, case: Injected) -> Outcome:
    """Outcome of a fault, compared with the same world without it."""
    watch = quiet.watch
    seen = watch.seen(case.world, quiet.metrics)
    days, touched = _first_seen(quiet, case, seen)
    new = [
        one
        for one in seen.roots
        if one.opened >= day_of(case.start) and _identity(one) not in quiet.known
    ]
    named = new or [
        one for one in seen.roots if {_key(one), *map(_key, seen.children(one))} & touched
    ]
    first = min(named, key=lambda one: (one.opened, one.rank or 0), default=None)
    return Outcome(
        row=case.row,
        fault=case.fault.key,
        target=case.target,
        size=case.size,
        matters=case.matters,
        delay=None if days is None else -(-days // case.window_days),
        days=days,
        kind=None if first is None else first.kind,
        right=first is not None and first.kind in case.fault.kinds,
        incidents=len(new) or int(days is not None),
        subject=None if first is None else f"{first.subject} {first.segment} {first.metric}",
        power=round(oracle_power(quiet.world, case), 3),
    )


def _identity(one: Incident) -> tuple[object, ...]:
    return one.subject, one.segment, one.metric, one.opened


Key = tuple[str, str, str, str, str]
"""Scope of an incident: role, subject, segmentation, segment, kind of window."""


def _first_seen(quiet: QuietWatch, case: Injected, seen: Seen) -> tuple[int | None, frozenset[Key]]:
    """Days from the start of the fault until an incident, or a child of one, is open that is not
    open in the same world without the fault, or has less than half of the effect there."""
    if not seen.roots:
        return None, frozenset()
    for day in range(case.start + 1, case.world.as_of + 1):
        open_now = _open_effects(quiet.watch.folded(seen, day))
        if not open_now:
            continue
        without = quiet.open_on(day)
        new = frozenset(
            key
            for key, effect in open_now.items()
            if key not in without or effect >= WORSE_TIMES * without[key]
        )
        if new:
            return day - case.start, new
    return None, frozenset()


def _open_effects(seen: Seen) -> dict[Key, float]:
    """Effects of the open incidents that need attention, and of their open children."""
    return {
        _key(one): one.effect
        for root in seen.roots
        if root.is_open
        for one in (root, *seen.children(root))
        if one.is_open and one.severity == "fail"
    }


def _key(one: Incident) -> Key:
    return one.role, one.subject, one.segmentation, one.segment, one.window


def faults_of(case: tuple[str, int]) -> list[Outcome]:
    """Outcomes of the faults in the month of a row and a seed."""
    row, seed = case
    return list(QuietWatch(row, ROWS[row].world(seed)).outcomes(seed))
