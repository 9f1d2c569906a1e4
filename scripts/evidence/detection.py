"""Faults injected into months of flights in which nothing else happens, and what is found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np
from scripts.evidence.fault import Fault
from scripts.evidence.faults import FAULTS
from scripts.evidence.figures import LENGTHS
from scripts.evidence.verdicts import day_of
from scripts.evidence.watch import MonthFigures, Seen, Watch
from scripts.evidence.world import CURRENT, World, number_of

from modelwatch.model.incident import Incident
from modelwatch.model.incident_events import WORSE_TIMES

FIRST_DAYS = (3, 7, 10, 14)
"""Days of the month on which faults begin; those that are counted in weeks begin with one."""
IN_TIME = 2
"""Windows within which a fault should be found."""


@dataclass(frozen=True)
class Injected:
    """A fault in a world: what, how large, from which day on."""

    fault: Fault
    target: str
    size: float
    matters: bool
    start: int
    world: World


@dataclass(frozen=True)
class Outcome:
    """What came of a fault. Windows of the fault's kind, and days, until the window with which it
    was found was over; None if it never was. ``right``: whether the first incident is named so."""

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

    @property
    def in_time(self) -> bool:
        """Whether it was found within two windows."""
        return self.delay is not None and self.delay <= IN_TIME

    @property
    def in_two_days(self) -> bool:
        """Whether it was known by the end of the second day."""
        return self.days is not None and self.days <= IN_TIME


def injected(quiet: World, seed: int) -> Iterator[Injected]:
    """Every fault at every size; target and first day go round with the seed."""
    for number, fault in enumerate(FAULTS.values()):
        for at, (size, matters) in enumerate(fault.sizes):
            turn = seed + at
            target = fault.targets[turn % len(fault.targets)]
            offset = FIRST_DAYS[(seed + number) % len(FIRST_DAYS)]
            if fault.windows == "week":
                offset = 7 * (1 + (seed + at) % 2)
            start = number_of(CURRENT[0]) + offset
            rng = np.random.default_rng([seed, number, at])
            inject = partial(fault.inject, target=target, size=size, rng=rng)
            world = quiet.changed_from(start, inject)
            if fault.look is not None:
                world = world.seen_on(start + fault.look)
            yield Injected(fault, target, size, matters, start, world)


def outcome(watch: Watch, case: Injected, quiet: Seen, like: MonthFigures) -> Outcome:
    """What is seen of a fault that the same world without it does not show."""
    seen = watch.seen(case.world, like)
    days, touched = _first_seen(watch, case, seen, quiet)
    new = new_incidents(seen, quiet, day_of(case.start))
    named = new or [
        one for one in seen.roots if {_key(one), *map(_key, seen.children(one))} & touched
    ]
    first = min(named, key=lambda one: (one.opened, one.rank or 0), default=None)
    return Outcome(
        fault=case.fault.key,
        target=case.target,
        size=case.size,
        matters=case.matters,
        delay=None if days is None else -(-days // LENGTHS[case.fault.windows]),
        days=days,
        kind=None if first is None else first.kind,
        right=first is not None and first.kind in case.fault.kinds,
        incidents=len(new) or int(days is not None),
        subject=None if first is None else f"{first.subject} {first.segment} {first.figure}",
    )


def new_incidents(seen: Seen, quiet: Seen, start: date) -> list[Incident]:
    """Incidents that began with the fault, without those that were there anyway."""
    there = {(one.subject, one.segment, one.figure, one.opened) for one in quiet.incidents}
    return [
        one
        for one in seen.roots
        if one.opened >= start and (one.subject, one.segment, one.figure, one.opened) not in there
    ]


Key = tuple[str, str, str, str, str]
"""What an incident is about: role, subject, segmentation, segment, kind of window."""


def _first_seen(
    watch: Watch, case: Injected, seen: Seen, quiet: Seen
) -> tuple[int | None, frozenset[Key]]:
    """Days from the fault's first until something is open that the same world without it does not
    have by then, or twice as bad as there: an incident, or a child of one that was open anyway."""
    for day in range(case.start + 1, case.world.as_of + 1):
        without = _open(watch.folded(quiet.rows, day))
        new = frozenset(
            key
            for key, effect in _open(watch.folded(seen.rows, day)).items()
            if key not in without or effect >= WORSE_TIMES * without[key]
        )
        if new:
            return day - case.start, new
    return None, frozenset()


def _open(seen: Seen) -> dict[Key, float]:
    """How large what is open is, of roots that call somebody and their children."""
    return {
        _key(one): one.effect
        for root in seen.roots
        if root.is_open
        for one in (root, *seen.children(root))
        if one.is_open and one.severity == "fail"
    }


def _key(one: Incident) -> Key:
    return one.role, one.subject, one.segmentation, one.segment, one.window
