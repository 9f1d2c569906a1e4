"""Runs in the soak's own session, with something that happens in their midst."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.soak.fault import Ended, Place, must
from scripts.soak.reader import Seen, Told, differing
from scripts.soak.world import World

FIGURES = (
    "feature_states_current",
    "profile_current",
    "drift_current",
    "constraints_current",
    "performance_current",
)
"""What depends on the rows alone, and not on how many runs it took."""
WAYS_OUT = ("run again", "restore", "Restore", "write to another place")
"""Words of which the message of a run that failed must hold one."""
Act = Callable[[World], object]


class _At(logging.Handler):
    """Acts once, when the log says some words."""

    def __init__(self, words: str, act: Callable[[], object]) -> None:
        super().__init__()
        self.words, self.act, self.acted = words, act, False

    def emit(self, record: logging.LogRecord) -> None:
        if not self.acted and self.words in record.getMessage():
            self.acted = True
            self.act()


@contextmanager
def _acting(words: str | None, act: Callable[[], object]) -> Iterator[None]:
    if words is None:
        act()
        yield
        return
    handler, log = _At(words, act), logging.getLogger("modelwatch")
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
    must(handler.acted, f"the run never said '{words}'")


def run_with(place: Place, world: World, as_of: int, words: str | None, act: Act) -> Told:
    """A run in whose midst, when it says some words, something happens; before it without words."""
    with _acting(words, lambda: act(world)):
        return place.reader.told(world.command(as_of))


@dataclass(frozen=True)
class Case:
    """Tables with a run over some of their days, and what is seen before and after the next."""

    place: Place
    world: World
    kept: Path
    as_of: int
    before: Seen
    after: Seen
    of_sources: bool

    def tried(
        self,
        words: str | None,
        act: Act,
        repair: Act | None,
        names: tuple[str, ...],
    ) -> Ended:
        """The fault is an error that names what is broken and the way out, or the result is right.

        What is broken is mended after an error, and the next run is right. Without a repair the
        tables are to stay as the fault left them.
        """
        world = self.world
        world.bring_back(self.kept)
        self.place.reader.forget()
        told = run_with(self.place, world, self.as_of, words, act)
        if told.code == 2:
            self._is_clear(told, names)
            if repair is not None:
                repair(world)
                self.place.reader.forget()
            self._shows(world, (self.before,), "something was lost")
        right = [self.after]
        if repair is None:
            right.append(self._fresh(world))
        if told.code != 2 and repair is not None and self.of_sources:
            # The run took the table for what it then was.
            self._shows(world, (self.before, self.after), "the result is wrong")
            repair(world)
            self.place.reader.forget()
        elif told.code != 2:
            self._shows(world, right, "the result is wrong")
        again = run_with(self.place, world, self.as_of, None, lambda _: None)
        must(again.code in (0, 1), f"the next run failed: {again.last[:400]}")
        self._shows(world, right[-1:], "the next run does not heal it")
        ended = "the result was right" if told.code != 2 else f"exit 2: '{told.last[-300:]}'"
        return Ended(f"{ended}; so was that of the next run")

    def _is_clear(self, told: Told, names: tuple[str, ...]) -> None:
        named = any(name in told.text for name in names)
        must(named, f"the error does not name what is broken: {told.last[:500]}")
        helps = any(way in told.text for way in WAYS_OUT)
        must(helps, f"the error does not say what to do: {told.last[:500]}")

    def _shows(self, world: World, right: Sequence[Seen], else_told: str) -> None:
        seen = self.place.reader.seen(world.output, FIGURES)
        must(seen in right, f"{else_told}: {differing(seen, right[-1])}")

    def _fresh(self, world: World) -> Seen:
        """What a fresh monitor over the same tables shows."""
        fresh = World(world.folder, dict(world.config))
        fresh.config["output"] = {"path": str(world.folder / "fresh")}
        told = run_with(self.place, fresh, self.as_of, None, lambda _: None)
        must(told.code in (0, 1), f"a fresh monitor failed: {told.last[:400]}")
        return self.place.reader.seen(fresh.output, FIGURES)


def case_of(place: Place, *, of_sources: bool) -> Case:
    """Three days that a run has seen, and a fourth that it is to see.

    ``of_sources``: sources are broken, rather than outputs.
    """
    world = World(place.folder / "tables")
    world.config["segments"] = []
    world.open(1, 2, 3)
    must(place.reader.run(world.command(4)) in (0, 1), "the first run failed")
    before = place.reader.seen(world.output, FIGURES)
    world.open(4)
    kept = place.folder / "kept"
    world.keep(kept)
    must(place.reader.run(world.command(5)) in (0, 1), "the undisturbed run failed")
    after = place.reader.seen(world.output, FIGURES)
    return Case(place, world, kept, 5, before, after, of_sources)
