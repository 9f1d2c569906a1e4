"""Runs at once on one monitor, and on several that write one place."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from scripts.soak.fault import Ended, Fault, Place, must, scenario
from scripts.soak.job import Job, started
from scripts.soak.reader import VIEWS, Seen, differing
from scripts.soak.world import World, configured

DAYS = (1, 2, 3, 4)
AT_ONCE = 4


@scenario("at once", "Runs at the same moment lose nothing and count nothing twice.")
def faults(place: Place) -> Iterator[Fault]:
    world, kept = World(place.folder / "tables"), place.folder / "kept"
    world.open(*DAYS)
    world.keep(kept)
    must(place.reader.run(world.command(5)) in (0, 1), "the run alone failed")
    right = place.reader.seen(world.output)
    count = 2 if place.quick else AT_ONCE
    for told, attempt in (("one monitor", _of_one), (f"{count} monitors", _of_many)):
        world.bring_back(kept)
        place.reader.forget()
        yield f"{count} runs of {told}", partial(attempt, place, world, count, right)


def _of_one(place: Place, world: World, count: int, right: Seen) -> Ended:
    _together([started(world.command(5), place.folder / "logs", wait=True) for _ in range(count)])
    seen = place.reader.seen(world.output)
    # Each run that went on beside another counts: what has become of verdicts is one story.
    must(seen == right, f"views differ: {differing(seen, right)}")
    outcomes = sorted(row["outcome"] for row in world.runs())
    must(len(outcomes) == count, f"{len(outcomes)} rows in runs: {outcomes}")
    code = place.reader.run(world.command(5))
    must(code == 0, f"the next run ended with {code}")
    must(world.runs()[-1]["outcome"] == "nothing_to_do", "the next run found something to do")
    return Ended(f"{', '.join(outcomes)}; the views are those of one run")


def _of_many(place: Place, world: World, count: int, right: Seen) -> Ended:
    worlds = [
        World(world.folder, configured(world.folder, monitor=f"loans-{number}"))
        for number in range(count)
    ]
    _together([started(one.command(5), place.folder / "logs", wait=True) for one in worlds])
    seen = place.reader.seen(world.output)
    wrong = [v for v in VIEWS if seen[v][0] != count * right[v][0]]
    must(not wrong, f"not {count} times the rows of one: {', '.join(wrong)}")
    outcomes = [row["outcome"] for row in world.runs()]
    must(outcomes == ["published"] * count, f"runs ended as {outcomes}")
    return Ended(f"all published; {count} times the rows of one run in every view")


def _together(jobs: list[Job]) -> None:
    try:
        for job in jobs:
            job.ready()
        for job in jobs:
            job.start()
        for job in jobs:
            code = job.code()
            must(code in (0, 1), f"a run ended with {code}: {job.text[-600:]}")
    finally:
        for job in jobs:
            job.end()
