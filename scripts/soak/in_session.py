"""Runs in the session of the soak test, with an event during the run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from scripts.soak.fault import Ended, must
from scripts.soak.prepared import AS_OF, Prepared
from scripts.soak.reader import CommandOutput, Reader, Seen, differing
from scripts.soak.world import World, contents

RESULT_VIEWS = (
    "feature_states_current",
    "profile_current",
    "drift_current",
    "constraints_current",
    "performance_current",
)
"""Views whose rows depend on the data only, and not on the number of runs."""
WAYS_OUT = ("run again", "restore", "Restore", "write to another place")
"""The message of a failed run must contain one of these words."""
Act = Callable[[World], object]


class _At(logging.Handler):
    """Calls a function once, when the log contains the given words."""

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
    must(handler.acted, f"the run never logged '{words}'")


def run_with(reader: Reader, world: World, words: str | None, act: Act) -> CommandOutput:
    """A run during which an event happens when it logs the given words; before it without words."""
    with _acting(words, lambda: act(world)):
        return reader.reported(world.command(AS_OF))


@dataclass(frozen=True)
class Case:
    """Tables with a published run, and an event during the next run.

    ``of_sources``: sources are broken, not outputs. ``fresh``: results of a new monitor, by the
    rows that a fault leaves.
    """

    tables: Prepared
    of_sources: bool
    fresh: dict[str, Seen] = field(default_factory=dict)

    def mended(self, act: Act, repair: Act, names: tuple[str, ...]) -> Ended:
        """The run fails and names the problem and the solution, or its result is right.

        After an error, the fault is repaired, and the next run is right.
        """
        reported = self._run_into(None, act)
        world, tables = self.tables.world, self.tables
        if reported.code == 2:
            self._is_clear(reported, names)
            repair(world)
            if world.contents() == contents(tables.kept):
                # The next run would equal the undisturbed one.
                return Ended(f"{_ending(reported)}; repaired, every file was as before")
            tables.reader.forget()
            self._shows((tables.before,), "something was lost")
        elif self.of_sources:
            # The run used the table as it was at that time.
            self._shows((tables.before, tables.after), "the result is wrong")
            repair(world)
            tables.reader.forget()
        else:
            self._shows((tables.after,), "the result is wrong")
        return self._healed(reported, tables.after)

    def left(
        self,
        words: str,
        act: Act,
        rows: str | None,
        names: tuple[str, ...],
        asked: tuple[str, ...] = (),
    ) -> Ended:
        """The same for tables that stay as the fault during the run left them.

        ``rows``: their rows after the fault, None if unchanged; the next run, with the additional
        arguments ``asked``, must show them.
        """
        reported = self._run_into(words, act)
        tables = self.tables
        right = tables.after if rows is None else self._fresh(rows)
        if reported.code == 2:
            self._is_clear(reported, names)
            self._shows((tables.before,), "something was lost")
        else:
            self._shows((tables.after, right), "the result is wrong")
        return self._healed(reported, right, asked)

    def _run_into(self, words: str | None, act: Act) -> CommandOutput:
        self.tables.restore()
        return run_with(self.tables.reader, self.tables.world, words, act)

    def _healed(self, reported: CommandOutput, right: Seen, asked: tuple[str, ...] = ()) -> Ended:
        again = self.tables.reader.reported([*self.tables.command, *asked])
        must(again.code in (0, 1), f"the next run failed: {again.last[:400]}")
        self._shows((right,), "the next run does not recover")
        which = f"of the next run with {' '.join(asked)}" if asked else "of the next run"
        return Ended(f"{_ending(reported)}; that {which} was right")

    def _is_clear(self, reported: CommandOutput, names: tuple[str, ...]) -> None:
        named = any(name in reported.text for name in names)
        must(named, f"the error does not name the problem: {reported.last[:500]}")
        helps = any(way in reported.text for way in WAYS_OUT)
        must(helps, f"the error does not say what to do: {reported.last[:500]}")

    def _shows(self, right: Sequence[Seen], otherwise: str) -> None:
        seen = self.tables.reader.seen(self.tables.world.output, RESULT_VIEWS)
        expected = [{view: one[view] for view in RESULT_VIEWS} for one in right]
        must(seen in expected, f"{otherwise}: {differing(seen, expected[-1])}")

    def _fresh(self, rows: str) -> Seen:
        """Results of a new monitor over the same tables; computed once for the same rows."""
        if rows not in self.fresh:
            world, reader = self.tables.world, self.tables.reader
            fresh = World(world.folder, dict(world.config))
            fresh.config["output"] = {"path": str(world.folder / "fresh")}
            reported = reader.reported(fresh.command(AS_OF))
            must(reported.code in (0, 1), f"a new monitor failed: {reported.last[:400]}")
            self.fresh[rows] = reader.seen(fresh.output, RESULT_VIEWS)
        return self.fresh[rows]


def _ending(reported: CommandOutput) -> str:
    return "the result was right" if reported.code != 2 else f"exit 2: '...{reported.last[-300:]}'"
