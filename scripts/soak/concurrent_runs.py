"""Concurrent runs of one monitor, and of several monitors with the same output."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from scripts.soak.fault import Ended, Fault, Place, must, scenario
from scripts.soak.in_session import RESULT_VIEWS
from scripts.soak.job import Job, started
from scripts.soak.prepared import AS_OF, Prepared
from scripts.soak.reader import VIEWS, differing
from scripts.soak.world import World

COUNTS = (2, 5)


@scenario("concurrent", "Concurrent runs lose nothing and count nothing twice.")
def faults(place: Place) -> Iterator[Fault]:
    for count in COUNTS[:1] if place.quick else COUNTS:
        # More sessions with labels would take minutes to start on two cores.
        one = place.labelled if count == COUNTS[0] else place.unlabelled
        yield f"{count} runs of one monitor", partial(_of_one, place, one(), count)
        yield (
            f"{count} runs of {count} monitors",
            partial(_of_many, place, place.unlabelled(), count),
        )


def _of_one(place: Place, tables: Prepared, count: int) -> Ended:
    tables.restore()
    world, reader, right = tables.world, tables.reader, tables.after
    stood = len(world.runs())
    _together([started(tables.command, place.folder / "logs", wait=True) for _ in range(count)])
    seen = reader.seen(world.output)
    # Every concurrent run publishes, and the incidents follow from the verdicts of all of them.
    must(seen == right, f"views differ: {differing(seen, right)}")
    outcomes = sorted(row["outcome"] for row in world.runs()[stood:])
    must(len(outcomes) == count, f"{len(outcomes)} rows in runs: {outcomes}")
    code = reader.run(tables.command)
    must(code == 0, f"the next run ended with {code}")
    must(world.runs()[-1]["outcome"] == "nothing_to_do", "the next run found something to do")
    return Ended(f"{', '.join(outcomes)}; the views are those of one run")


def _of_many(place: Place, tables: Prepared, count: int) -> Ended:
    tables.restore()
    world, right = tables.world, tables.after
    # New monitors with a new output, so that tables are created concurrently, too.
    output = str(world.folder / "of many")
    worlds = [
        World(
            world.folder,
            {**world.config, "monitor": f"loans-{number}", "output": {"path": output}},
        )
        for number in range(count)
    ]
    _together([started(one.command(AS_OF), place.folder / "logs", wait=True) for one in worlds])
    seen = tables.reader.seen(Path(output))
    wrong = [v for v in RESULT_VIEWS if seen[v][0] != count * right[v][0]]
    must(not wrong, f"not {count} times the rows of one: {', '.join(wrong)}")
    uneven = [view for view in VIEWS if seen[view][0] % count]
    must(not uneven, f"not as many rows of each monitor: {', '.join(uneven)}")
    outcomes = [row["outcome"] for row in worlds[0].runs()]
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
