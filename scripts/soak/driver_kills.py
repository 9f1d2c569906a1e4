"""SIGKILL of the driver at points spread over a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from scripts.soak.fault import Ended, Fault, Place, must, scenario
from scripts.soak.job import Job, started
from scripts.soak.reader import Seen, differing
from scripts.soak.world import World

OPEN, NEW = (1, 2, 3), 4
"""Days that a first run has seen, and the day that the killed one is to add."""
WRITTEN = (
    "feature_states",
    "profile_metrics",
    "drift_metrics",
    "performance_states",
    "performance_metrics",
    "constraint_results",
    "verdicts",
    "incidents",
    "source_health",
    "runs",
)
"""Output tables in whose first new file a run is killed too, as far as it writes them."""
IN_A_ROW = 3
"""Runs that are killed over what the one before has left, until one goes on to its end."""
MANNERS = ("all", "python", "java")
"""The whole driver, its Python alone, its Java alone."""


@dataclass
class Killing:
    """Tables before the run, what a reader sees before and after it, and how long it takes.

    ``left``: kills of which rows are left that no run has followed yet. ``shown``: whether a reader
    sees all of the last of them.
    """

    place: Place
    world: World
    kept: Path
    before: Seen
    after: Seen
    seconds: float
    written: tuple[str, ...]
    waiting: list[Job] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    shown: bool = False

    def next(self) -> Job:
        """A run that waits, over tables as they were or as kills have left them."""
        if not self.left:
            self.world.bring_back(self.kept)
            self.place.reader.forget()
        # One more is made ready beside it.
        while len(self.waiting) < 2:
            self.waiting.append(_waiting(self.place, self.world))
        return self.waiting.pop(0)

    def close(self) -> None:
        """End the runs that wait and are not needed."""
        for job in self.waiting:
            job.end()
        self.waiting.clear()


@scenario(
    "driver kill",
    "A killed run shows nothing or all of it, and the next run ends as if it had not been.",
)
def faults(place: Place) -> Iterator[Fault]:
    """One fault a point: shares of the time of an undisturbed run, and first files of tables.

    After some of them comes a run that ends: the next one, for them all.
    """
    killing = _prepared(place)
    tables = [name for name in WRITTEN if name in killing.written]
    by_file = [*tables, "runs/_delta_log"][: max(1, place.kills // 3)]
    shares = place.kills - len(by_file)
    points: list[tuple[str, Callable[[Job, World], object]]] = [
        (
            f"after {100 * i / shares:.0f} % of its time",
            partial(_after, killing.seconds * i / shares),
        )
        for i in range(shares)
    ]
    points += [(f"in the first file of {name}", partial(_at_file, name)) for name in by_file]
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


def _prepared(place: Place) -> Killing:
    world, kept = World(place.folder / "tables"), place.folder / "kept"
    world.open(*OPEN)
    must(place.reader.run(world.command(NEW)) in (0, 1), "the first run failed")
    before = place.reader.seen(world.output)
    world.open(NEW)
    world.keep(kept)
    files = _files(world.output)
    with _waiting(place, world).ready() as job:
        job.start()
        must(job.code() in (0, 1), f"the undisturbed run failed: {job.text[-500:]}")
        seconds = job.seconds()
    new = {Path(name).parts[0] for name in _files(world.output) - files}
    after = place.reader.seen(world.output)
    must(before != after, "the undisturbed run changed nothing")
    return Killing(place, world, kept, before, after, seconds, tuple(new))


def _kill(killing: Killing, name: str, reach: Callable[[Job, World], object], manner: str) -> Ended:
    job, world = killing.next(), killing.world
    # Until it is known what this one leaves, nothing is built on it.
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
        # What a reader and the next run find is what they would have found without it.
        killing.left = earlier
        return Ended(f"{stage}{late}; every file of the results was as before it")
    seen = killing.place.reader.seen(world.output)
    must(
        seen in (killing.before, killing.after),
        f"a reader saw half a run: {differing(seen, killing.before)}",
    )
    killing.left, killing.shown = [*earlier, name], seen == killing.after
    return Ended(f"{stage}{late}; a reader saw {'all' if killing.shown else 'none'} of it")


def _healed(killing: Killing) -> Ended:
    """The next run, after which the tables are brought back."""
    reader, world = killing.place.reader, killing.world
    killing.left, killing.shown = [], False
    must(reader.run(world.command(NEW + 1)) in (0, 1), "the next run failed")
    healed = reader.seen(world.output)
    must(
        healed == killing.after,
        f"after the next run views differ: {differing(healed, killing.after)}",
    )
    return Ended("views as after an undisturbed run")


def _waiting(place: Place, world: World) -> Job:
    return started(world.command(NEW + 1), place.folder / "logs", wait=True)


def _after(seconds: float, job: Job, world: World) -> None:
    job.wait_for(lambda: job.seconds() >= seconds)


def _at_file(name: str, job: Job, world: World) -> None:
    folder = world.output / name
    before = _files(folder)
    job.wait_for(lambda: bool(_files(folder) - before), pause=0.002)


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def _stage(log: str) -> str:
    """What it was at, from its log."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("WARN", ":", "at ", "Setting"))]
    return told[-1][:80] if told else "nothing said yet"
