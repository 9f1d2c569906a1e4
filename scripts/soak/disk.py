"""A disk that fills while a run writes."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from scripts.soak.fault import Ended, Fault, NotTried, Place, from_here, must, scenario
from scripts.soak.job import started
from scripts.soak.prepared import AS_OF, Prepared
from scripts.soak.reader import differing
from scripts.soak.world import World

FIX = "free space"
POINTS = ("computing the states", "comparing them with", "evaluating thresholds")
TINY = 600
"""Maximum size in bytes of a file once the disk counts as full."""


@scenario(
    "full disk",
    "A run on a full disk fails clearly and shows no results, and the next run recovers.",
)
def faults(place: Place) -> Iterator[Fault]:
    for words in POINTS:
        # Labels are computed in parallel with states, so the writes of both fail.
        tables = place.labelled() if words == POINTS[0] else place.unlabelled()
        yield f"files cannot grow, from '{words}' on", partial(_no_file, place, tables, words)
    small = partial(_small, place, place.unlabelled())
    yield "the results are on a disk with a few kilobytes left", small


def _no_file(place: Place, tables: Prepared, words: str) -> Ended:
    tables.restore()
    with started(tables.command, place.folder / "logs", wait=True).ready() as job:
        job.start()
        must(job.says(words), f"the run never reached this step: {job.text[-500:]}")
        for pid in job.pids(java=True):
            # Only the soft limit, because the log of the process is also a file.
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (TINY, hard))
        code, text = job.code(), job.text
    return _healed(tables, tables.world, code, text)


def _healed(tables: Prepared, world: World, code: int, text: str) -> Ended:
    last = from_here(text).strip().splitlines()[-1]
    must(code == 2, f"it ended with {code}: {last[:300]}")
    must(FIX in last, f"it does not say what to do: {last[:400]}")
    reader, before, after = tables.reader, tables.before, tables.after
    seen = reader.seen(world.output)
    must(seen == before, f"a reader sees some of it: {differing(seen, before)}")
    must(reader.run(world.command(AS_OF)) in (0, 1), "the next run failed")
    seen = reader.seen(world.output)
    must(seen == after, f"after the next run views differ: {differing(seen, after)}")
    return Ended(f"exit 2, '...{last[-200:]}'; no results visible; the next run recovered")


def _small(place: Place, tables: Prepared) -> Ended:
    tables.restore()
    world = tables.world
    mount = world.output.with_name("small")
    mount.mkdir()
    used = sum(path.stat().st_size for path in world.output.rglob("*") if path.is_file())
    blocks = sum(-(-path.stat().st_size // 4096) for path in world.output.rglob("*"))
    with _mounted(mount, blocks * 4096 + used // 8 + (1 << 18)):
        small = World(world.folder, {**world.config, "monitor": "loans"})
        small.config["output"] = {"path": str(mount / "monitor")}
        shutil.copytree(world.output, mount / "monitor")
        filler = mount / "filler"
        with started(small.command(AS_OF), place.folder / "logs", wait=True).ready() as job:
            job.start()
            must(job.says(POINTS[0]), f"the run never reached this step: {job.text[-500:]}")
            _fill(filler)
            code, text = job.code(), job.text
        filler.unlink()
        # The row of the failed run needs space, too: some was freed before, and all is freed now.
        subprocess.run(["mount", "-o", "remount,size=256m", str(mount)], check=True)
        return _healed(tables, small, code, text)


def _fill(path: Path) -> None:
    with path.open("wb") as file:
        try:
            while True:
                os.write(file.fileno(), b"\0" * 4096)
        except OSError:
            return


@contextmanager
def _mounted(folder: Path, size: int) -> Iterator[None]:
    """Mount a disk of the given size in memory; NotTried if this user may not mount one."""
    options = f"size={size}"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NotTried(f"no mount here: {error.strerror}") from None
    if done.returncode:
        raise NotTried(f"mounting needs rights that this user lacks: {done.stderr.strip()[:100]}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
