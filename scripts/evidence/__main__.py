"""Measure what the verdicts are worth, and say so.

Run as `python -m scripts.evidence [--quick] [--docs]`. The peers run in `.venv-peers`, beside; with
--quick they don't, and a few worlds must do. --docs writes the tables and pictures into docs/.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass, replace
from pathlib import Path

from scripts.bench.peers.environment import peer_python
from scripts.evidence import flights, peers
from scripts.evidence.detection import Outcome, injected, outcome
from scripts.evidence.false_alarms import QuietCase, QuietMonth, quiet_cases
from scripts.evidence.page import figures, write_page
from scripts.evidence.pictures import write_pictures
from scripts.evidence.results import PeerMonth, Results
from scripts.evidence.watch import Watch, default_config
from scripts.evidence.world import World

RESULTS = Path("var/evidence/figures.json")
PAGE = Path("docs/evidence.md")
PICTURES = Path("docs/pictures")


@dataclass(frozen=True)
class Extent:
    """How many worlds of each kind."""

    splits: int
    months: int
    injected: int
    peers: int

    def part(self, share: float) -> Extent:
        """A part of it, at least one of each."""
        return Extent(*(max(1, round(share * number)) for number in astuple(self)))


WHOLE = Extent(splits=25, months=25, injected=12, peers=4)
QUICK = Extent(splits=2, months=3, injected=1, peers=0)


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, keeps the figures in a file and prints the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few worlds, without the peers")
    parser.add_argument("--part", type=float, default=1.0, help="part of the worlds, 0 to 1")
    parser.add_argument("--docs", action="store_true", help=f"write {PAGE} and its pictures")
    parser.add_argument("--only-docs", action="store_true", help="do not measure anew")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument(
        "--peers",
        choices=("run", "read", "none"),
        default="run",
        help="run them, or read what they alarmed on in the last run, or leave them out",
    )
    parser.add_argument("--peer-python", type=Path, help="interpreter that has the peers")
    asked = parser.parse_args(argv)
    if not asked.only_docs:
        extent = QUICK if asked.quick else WHOLE.part(asked.part)
        measured(extent, asked.workers, asked.peers, asked.peer_python)
    results = Results.read(RESULTS)
    text = figures(results)
    print(text)
    if asked.docs or asked.only_docs:
        write_page(PAGE, text)
        print("\n".join(f"wrote {path}" for path in [PAGE, *write_pictures(PICTURES, results)]))
    return 0


def measured(extent: Extent, workers: int, how: str, python: Path | None) -> None:
    """Every quiet month and every fault; the peers meanwhile, in a process of their own.

    What is known is written after each stage. ``how``: 'run', 'read' or 'none' of the peers.
    """
    started = time.monotonic()
    flights.prepared()
    compared = [fault_world(seed) for seed in range(0 if how == "none" else extent.peers)]
    process = peer_process(compared, python) if compared and how == "run" else None
    with ProcessPoolExecutor(workers) as pool:
        cases = quiet_cases(extent.splits, extent.months)
        results = Results(tuple(pool.map(seen_quiet, cases)), ())
        results.write(RESULTS)
        say(started, f"{len(results.quiet)} quiet months")
        outcomes = tuple(o for of in pool.map(seen_faults, range(extent.injected)) for o in of)
        results = replace(results, outcomes=outcomes)
        results.write(RESULTS)
        say(started, f"{len(outcomes)} faults")
    if process is not None and process.wait() != 0:
        raise RuntimeError("the peers' process failed")
    if compared:
        peers_of(results, compared).write(RESULTS)
        say(started, f"{len(compared)} months of the peers, with their faults")


def peer_process(compared: Sequence[World], python: Path | None) -> subprocess.Popen[bytes]:
    """The peers at work on some months and their faults."""
    root = peers.fresh_folder()
    for seed, world in enumerate(compared):
        peers.write_month(root, world, (f for f in injected(world, seed) if f.matters))
    return peers.started(python or peer_python(), root)


def peers_of(results: Results, compared: Sequence[World]) -> Results:
    """The results with what the peers alarmed on."""
    quiet, outcomes = [], []
    for seed, world in enumerate(compared):
        alarms = peers.read_alarms(peers.FOLDER, world)
        quiet += [PeerMonth(by, world.name, n) for by, n in peers.alarmed_days(alarms).items()]
        for one in injected(world, seed):
            if one.matters:
                outcomes += peers.peer_outcomes(alarms, one)
    return replace(results, peer_quiet=tuple(quiet), peer_outcomes=tuple(outcomes))


def fault_world(seed: int) -> World:
    """A quiet month into which faults are injected, season by season."""
    seasons = list(flights.SEASONS)
    return flights.split_world(flights.prepared(), seasons[seed % len(seasons)], seed)


def seen_quiet(case: QuietCase) -> QuietMonth:
    """What is seen of a month in which nothing happens."""
    world = case.world()
    return QuietMonth.of(case.name, Watch.of(world, default_config()).seen(world))


def seen_faults(seed: int) -> list[Outcome]:
    """What is seen of the faults of one world."""
    quiet = fault_world(seed)
    watch = Watch.of(quiet, default_config())
    like = watch.figures(watch.month(quiet), quiet.as_of)
    undisturbed = watch.seen(quiet, like)
    return [outcome(watch, one, undisturbed, like) for one in injected(quiet, seed)]


def say(started: float, what: str) -> None:
    """Progress."""
    print(f"[{time.monotonic() - started:6.0f} s] {what}", flush=True)


if __name__ == "__main__":
    # One core: the statistics are small, and threads would only wait for each other.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    raise SystemExit(main())
