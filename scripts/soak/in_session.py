"""Runs in the soak's own session, with something that happens in their midst."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scripts.soak.fault import Ended, Place, must
from scripts.soak.reader import Seen, Told, differing
from scripts.soak.world import World, contents

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
    """Tables with a run over some of their days, and what is seen before and after the next.

    ``fresh``: what a fresh monitor shows, by the rows that a fault has left.
    """

    place: Place
    world: World
    kept: Path
    as_of: int
    before: Seen
    after: Seen
    of_sources: bool
    fresh: dict[str, Seen] = field(default_factory=dict)

    def mended(self, act: Act, repair: Act, names: tuple[str, ...]) -> Ended:
        """The fault is an error that names what is broken and the way out, or the result is right.

        What is broken is mended after an error, and the next run is right.
        """
        told = self._run_into(None, act)
        world = self.world
        if told.code == 2:
            self._is_clear(told, names)
            repair(world)
            if world.contents() == contents(self.kept):
                # The next run would be the undisturbed one, which has been seen.
                return Ended(f"{_ending(told)}; mended, every file was as before")
            self.place.reader.forget()
            self._shows(world, (self.before,), "something was lost")
        elif self.of_sources:
            # The run took the table for what it then was.
            self._shows(world, (self.before, self.after), "the result is wrong")
            repair(world)
            self.place.reader.forget()
        else:
            self._shows(world, (self.after,), "the result is wrong")
        return self._healed(told, self.after)

    def left(self, words: str, act: Act, rows: str | None, names: tuple[str, ...]) -> Ended:
        """The same of tables that stay as the fault in the midst of the run left them.

        ``rows``: what they then hold, None for what they held; the next run is to show that.
        """
        told = self._run_into(words, act)
        world = self.world
        right = self.after if rows is None else self._fresh(rows)
        if told.code == 2:
            self._is_clear(told, names)
            self._shows(world, (self.before,), "something was lost")
        else:
            self._shows(world, (self.after, right), "the result is wrong")
        return self._healed(told, right)

    def _run_into(self, words: str | None, act: Act) -> Told:
        self.world.bring_back(self.kept)
        self.place.reader.forget()
        return run_with(self.place, self.world, self.as_of, words, act)

    def _healed(self, told: Told, right: Seen) -> Ended:
        again = run_with(self.place, self.world, self.as_of, None, lambda _: None)
        must(again.code in (0, 1), f"the next run failed: {again.last[:400]}")
        self._shows(self.world, (right,), "the next run does not heal it")
        return Ended(f"{_ending(told)}; that of the next run was right")

    def _is_clear(self, told: Told, names: tuple[str, ...]) -> None:
        named = any(name in told.text for name in names)
        must(named, f"the error does not name what is broken: {told.last[:500]}")
        helps = any(way in told.text for way in WAYS_OUT)
        must(helps, f"the error does not say what to do: {told.last[:500]}")

    def _shows(self, world: World, right: Sequence[Seen], else_told: str) -> None:
        seen = self.place.reader.seen(world.output, FIGURES)
        must(seen in right, f"{else_told}: {differing(seen, right[-1])}")

    def _fresh(self, rows: str) -> Seen:
        """What a fresh monitor over the same tables shows; computed once for the same rows."""
        if rows not in self.fresh:
            fresh = World(self.world.folder, dict(self.world.config))
            fresh.config["output"] = {"path": str(self.world.folder / "fresh")}
            told = run_with(self.place, fresh, self.as_of, None, lambda _: None)
            must(told.code in (0, 1), f"a fresh monitor failed: {told.last[:400]}")
            self.fresh[rows] = self.place.reader.seen(fresh.output, FIGURES)
        return self.fresh[rows]


def _ending(told: Told) -> str:
    return "the result was right" if told.code != 2 else f"exit 2: '{told.last[-300:]}'"


def case_of(place: Place, *, of_sources: bool) -> Case:
    """Three days that a run has seen, and a fourth that it is to see.

    ``of_sources``: sources are broken, rather than outputs.
    """
    world = World(place.folder / "tables")
    world.config["segments"] = []
    if of_sources:
        # The inputs are what is broken: what labels tell is no dearer a proof of it.
        del world.config["performance"], world.config["labels"]
    world.open(1, 2, 3)
    must(place.reader.run(world.command(4)) in (0, 1), "the first run failed")
    before = place.reader.seen(world.output, FIGURES)
    world.open(4)
    kept = place.folder / "kept"
    world.keep(kept)
    must(place.reader.run(world.command(5)) in (0, 1), "the undisturbed run failed")
    after = place.reader.seen(world.output, FIGURES)
    return Case(place, world, kept, 5, before, after, of_sources)
