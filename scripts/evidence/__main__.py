"""Measure what the verdicts are worth, and say so.

Run as `python -m scripts.evidence [--quick] [--docs]`. The peers run in `.venv-peers`, beside; with
--quick they don't, and a few worlds must do. --docs writes the tables and pictures into docs/.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from scripts.bench.peers.environment import peer_python
from scripts.evidence import flights, peers
from scripts.evidence.detection import Injected, Outcome, injected, outcome
from scripts.evidence.false_alarms import QuietMonth, quiet_worlds
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


WHOLE = Extent(splits=25, months=50, injected=16, peers=6)
QUICK = Extent(splits=2, months=3, injected=1, peers=0)


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, keeps the figures in a file and prints the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few worlds, without the peers")
    parser.add_argument("--docs", action="store_true", help=f"write {PAGE} and its pictures")
    parser.add_argument("--only-docs", action="store_true", help="do not measure anew")
    parser.add_argument("--peer-python", type=Path, help="interpreter that has the peers")
    asked = parser.parse_args(argv)
    if not asked.only_docs:
        extent = QUICK if asked.quick else WHOLE
        measured(extent, asked.peer_python).write(RESULTS)
    results = Results.read(RESULTS)
    text = figures(results)
    print(text)
    if asked.docs or asked.only_docs:
        write_page(PAGE, text)
        print("\n".join(f"wrote {path}" for path in [PAGE, *write_pictures(PICTURES, results)]))
    return 0


def measured(extent: Extent, python: Path | None) -> Results:
    """Every quiet month and every fault; the peers meanwhile, on a core of their own."""
    started = time.monotonic()
    rows = flights.prepared()
    compared = fault_worlds(rows, extent.peers)
    process, root = None, peers.FOLDER
    if compared:
        root = peers.fresh_folder()
        for quiet, faults in compared:
            peers.write_month(root, quiet, [one for one in faults if one.matters])
        process = peers.started(python or peer_python(), root)
    quiet_months = seen_quiet(quiet_worlds(rows, extent.splits, extent.months))
    say(started, f"{len(quiet_months)} quiet months")
    outcomes = [o for q, f in fault_worlds(rows, extent.injected) for o in seen_faults(q, f)]
    say(started, f"{len(outcomes)} faults")
    if process is None:
        return Results(tuple(quiet_months), tuple(outcomes))
    if process.wait() != 0:
        raise RuntimeError("the peers' process failed")
    say(started, f"{len(compared)} months of the peers, with their faults")
    peer_quiet, peer_outcomes = [], []
    for quiet, faults in compared:
        alarms = peers.read_alarms(root, quiet)
        peer_quiet += [
            PeerMonth(by, quiet.name, days) for by, days in peers.alarmed_days(alarms).items()
        ]
        for one in faults:
            if one.matters:
                peer_outcomes += peers.peer_outcomes(alarms, one)
    return Results(tuple(quiet_months), tuple(outcomes), tuple(peer_quiet), tuple(peer_outcomes))


def fault_worlds(rows: pd.DataFrame, number: int) -> list[tuple[World, list[Injected]]]:
    """Quiet worlds, season by season, each with all faults."""
    seasons = list(flights.SEASONS)
    worlds = [
        flights.split_world(rows, seasons[seed % len(seasons)], seed) for seed in range(number)
    ]
    return [(world, list(injected(world, seed))) for seed, world in enumerate(worlds)]


def seen_quiet(worlds: Iterable[tuple[str, World]]) -> list[QuietMonth]:
    """What is seen of months in which nothing happens."""
    config = default_config()
    return [QuietMonth.of(case, Watch.of(world, config).seen(world)) for case, world in worlds]


def seen_faults(quiet: World, faults: Iterable[Injected]) -> list[Outcome]:
    """What is seen of the faults of one world."""
    watch = Watch.of(quiet, default_config())
    like = watch.figures(watch.month(quiet), quiet.as_of)
    undisturbed = watch.seen(quiet, like)
    return [outcome(watch, one, undisturbed, like) for one in faults]


def say(started: float, what: str) -> None:
    """Progress."""
    print(f"[{time.monotonic() - started:6.0f} s] {what}", flush=True)


if __name__ == "__main__":
    # One core: the statistics are small, and threads would only wait for each other.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    raise SystemExit(main())
