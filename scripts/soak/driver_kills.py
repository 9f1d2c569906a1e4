"""SIGKILL of the driver at points that are distributed over a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from scripts.soak.fault import Ended, Fault, Place, must, scenario
from scripts.soak.job import Job, started
from scripts.soak.prepared import Prepared
from scripts.soak.reader import differing
from scripts.soak.world import World

WRITTEN = (
    "feature_states",
    "profile_metrics",
    "drift_metrics",
    "constraint_results",
    "verdicts",
    "incidents",
    "source_health",
    "runs",
)
"""Output tables: a run is also killed when the first new file of one of them appears."""
WRITTEN_WITH_LABELS = ("performance_states", "performance_metrics")
"""Additional output tables of a run with labels."""
IN_A_ROW = 3
"""Number of consecutive runs that are killed before one completes."""
Point = tuple[str, Callable[[Job, World], object]]
"""A description, and a function that waits until a run has reached the point."""
MANNERS = ("all", "python", "java")
"""The entire driver, only its Python, or only its Java."""


@dataclass
class Killing:
    """Runs over the same tables that are killed one after the other.

    ``seconds`` and ``written``: length of an undisturbed run, and the tables that it writes.
    ``left``: kills that left rows and have not been followed by a completed run. ``shown``: whether
    a reader sees the results of the last killed run.
    """

    place: Place
    tables: Prepared
    seconds: float
    written: tuple[str, ...]
    waiting: list[Job] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    shown: bool = False

    def next(self) -> Job:
        """A waiting run over restored tables, or over tables as kills have left them."""
        if not self.left:
            self.tables.restore()
        # Another one is prepared in parallel.
        while len(self.waiting) < 2:
            self.waiting.append(_waiting(self.place, self.tables))
        return self.waiting.pop(0)

    def close(self) -> None:
        """End the waiting runs that are not needed."""
        for job in self.waiting:
            job.end()
        self.waiting.clear()


@scenario(
    "driver kill",
    "A killed run shows no results or all, and the next run is not affected by it.",
)
def faults(place: Place) -> Iterator[Fault]:
    """One fault per point: shares of the time of an undisturbed run, and first files of tables.

    Three quarters of the points use a run without labels and segments, which takes half as long.
    After several kills, one run completes, which checks all of them.
    """
    plain = _prepared(place, place.unlabelled())
    files = [*(name for name in WRITTEN if name in plain.written), "runs/_delta_log"]
    files = files[: max(1, place.kills // 3)]
    of_labels = WRITTEN_WITH_LABELS[: place.kills // 10]
    shares = place.kills - len(files) - len(of_labels)
    of_plain = shares * 3 // 4
    yield from _spread(plain, [*_shares(plain, of_plain), *map(_first_file, files)])
    whole = _prepared(place, place.labelled())
    yield from _spread(whole, [*_shares(whole, shares - of_plain), *map(_first_file, of_labels)])


def _first_file(table: str) -> Point:
    return f"in the first file of {table}", partial(_at_file, table)


def _shares(killing: Killing, count: int) -> list[Point]:
    of = "" if killing.tables.world.config.get("labels") else ", without labels"
    return [
        (
            f"after {100 * i / count:.0f} % of its time{of}",
            partial(_after, killing.seconds * i / count),
        )
        for i in range(count)
    ]


def _spread(killing: Killing, points: Sequence[Point]) -> Iterator[Fault]:
    try:
        for number, (point, reach) in enumerate(points):
            manner = MANNERS[number % len(MANNERS)]
            name = f"{_MANNER_WORDS[manner]} {point}"
            yield name, partial(_kill, killing, name, reach, manner)
            if killing.shown or len(killing.left) == IN_A_ROW:
                yield _next_run(killing)
        if killing.left:
            yield _next_run(killing)
    finally:
        killing.close()


def _next_run(killing: Killing) -> Fault:
    return f"the run after: {'; '.join(killing.left)}", partial(_healed, killing)


_MANNER_WORDS = {"all": "Python and Java", "python": "Python", "java": "Java"}


def _prepared(place: Place, tables: Prepared) -> Killing:
    tables.restore()
    files = _files(tables.world.output)
    with _waiting(place, tables).ready() as job:
        job.start()
        must(job.code() in (0, 1), f"the undisturbed run failed: {job.text[-500:]}")
        seconds = job.seconds()
    new = {Path(name).parts[0] for name in _files(tables.world.output) - files}
    return Killing(place, tables, seconds, tuple(new))


def _kill(killing: Killing, name: str, reach: Callable[[Job, World], object], manner: str) -> Ended:
    job, tables, world = killing.next(), killing.tables, killing.tables.world
    # The next run is not prepared until the effects of this one are known.
    earlier, killing.left, killing.shown = killing.left, [], False
    found = world.contents()
    with job.ready():
        job.start()
        reach(job, world)
        done = job.process.poll() is not None
        job.kill(manner)
        stage = _stage(job.text)
    late = ", it had ended" if done else ""
    if world.contents() == found:
        # A reader and the next run see the same as without it.
        killing.left = earlier
        return Ended(f"{stage}{late}; every file of the results was as before it")
    seen = tables.reader.seen(world.output)
    must(
        seen in (tables.before, tables.after),
        f"a reader saw half a run: {differing(seen, tables.before)}",
    )
    killing.left, killing.shown = [*earlier, name], seen == tables.after
    return Ended(f"{stage}{late}; a reader saw {'all' if killing.shown else 'none'} of it")


def _healed(killing: Killing) -> Ended:
    """The next run, after which the tables are restored."""
    tables, reader = killing.tables, killing.tables.reader
    killing.left, killing.shown = [], False
    must(reader.run(tables.command) in (0, 1), "the next run failed")
    healed = reader.seen(tables.world.output)
    must(
        healed == tables.after,
        f"after the next run views differ: {differing(healed, tables.after)}",
    )
    return Ended("views as after an undisturbed run")


def _waiting(place: Place, tables: Prepared) -> Job:
    return started(tables.command, place.folder / "logs", wait=True)


def _after(seconds: float, job: Job, world: World) -> None:
    job.wait_for(lambda: job.seconds() >= seconds)


def _at_file(name: str, job: Job, world: World) -> None:
    folder = world.output / name
    before = _files(folder)
    job.wait_for(lambda: bool(_files(folder) - before), pause=0.002)


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def _stage(log: str) -> str:
    """The last step of the run, from its log."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    reported = [line for line in lines if not line.startswith(("WARN", ":", "at ", "Setting"))]
    return reported[-1][:80] if reported else "nothing logged yet"
