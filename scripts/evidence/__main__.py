"""Measure false alarms and detected faults.

Run: python -m scripts.evidence [--quick] [--docs]
`--docs` writes the tables and pictures into docs/. `--peers run` also runs the other tools, in
`.venv-peers`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.evidence import peers
from scripts.evidence.datasets import DATASETS
from scripts.evidence.detection import faults_of, injected
from scripts.evidence.false_alarms import quiet_month
from scripts.evidence.matrix import ROWS
from scripts.evidence.page import results_page, write_page
from scripts.evidence.pictures import write_pictures
from scripts.evidence.results import PeerMonth, Results
from scripts.evidence.services import SERVICES
from scripts.evidence.world import World
from scripts.locked_environment import python_of

RESULTS = Path("var/evidence/results.json")
PAGE = Path("docs/appendices/evidence.md")
PICTURES = Path("docs/pictures")
FAULT_ROWS = (
    *DATASETS,
    *SERVICES,
    "plain",
    "rows-20",
    "rows-1000",
    "rows-100000",
    "weekly",
    "fortnightly",
    "reference-3",
    "reference-7",
    "design-30",
    "segments",
)
"""Rows into which faults are injected."""
WIDE = "features-200"
"""A row whose months take twenty times as long as others."""


@dataclass(frozen=True)
class Extent:
    """Number of quiet months per row, and of months with faults.

    ``rows`` and ``fault_rows``: the rows that are measured.
    """

    months: int
    injected: int
    rows: tuple[str, ...]
    fault_rows: tuple[str, ...]
    peers: int = 4

    def quiet(self) -> Iterator[tuple[str, int]]:
        """Pairs of row and seed, ordered by seed."""
        for seed in range(self.months):
            for row in self.rows:
                if row != WIDE or seed % 5 == 0:
                    yield row, seed

    def faults(self) -> Iterator[tuple[str, int]]:
        """Pairs of row and seed of months with faults; seeds differ from those of quiet months."""
        for seed in range(1000, 1000 + self.injected):
            for row in self.fault_rows:
                yield row, seed


WHOLE = Extent(months=100, injected=4, rows=tuple(ROWS), fault_rows=FAULT_ROWS)
QUICK = Extent(
    months=2,
    injected=1,
    rows=("credit", "sensors", "medical", "plain", "rows-100", "fortnightly", "reference-5"),
    fault_rows=("plain",),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write the results to a file, and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few rows, under three minutes")
    parser.add_argument("--months", type=int, help="quiet months per row")
    parser.add_argument("--injected", type=int, help="months with faults per row")
    parser.add_argument("--rows", help="rows of the matrix, separated by commas")
    parser.add_argument("--docs", action="store_true", help=f"write {PAGE} and its pictures")
    parser.add_argument("--only-docs", action="store_true", help="use the results of the last run")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument(
        "--peers",
        choices=("run", "read", "none"),
        default="none",
        help="run the other tools on the flights, or read their alarms of the last run",
    )
    parser.add_argument("--peer-python", type=Path, help="Python interpreter with the other tools")
    asked = parser.parse_args(argv)
    if not asked.only_docs:
        extent = QUICK if asked.quick else WHOLE
        extent = replace(
            extent,
            months=extent.months if asked.months is None else asked.months,
            injected=extent.injected if asked.injected is None else asked.injected,
        )
        if asked.rows:
            rows = tuple(asked.rows.split(","))
            kept = tuple(row for row in rows if row in extent.fault_rows)
            extent = replace(extent, rows=rows, fault_rows=kept)
        measured(extent, asked.workers, asked.peers, asked.peer_python)
    results = Results.read(RESULTS)
    text = results_page(results)
    print(text)
    if asked.docs or asked.only_docs:
        write_page(PAGE, text)
        print("\n".join(f"wrote {path}" for path in [PAGE, *write_pictures(PICTURES, results)]))
    return 0


def measured(extent: Extent, workers: int, how: str, python: Path | None) -> None:
    """Measure quiet months and faults, and run the other tools in parallel.

    Results are written after each stage. ``how``: 'run', 'read', or 'none', for the other tools.
    """
    started = time.monotonic()
    for key in {*extent.rows, *extent.fault_rows} & set(DATASETS):
        # Computed once, before several processes need it.
        assert len(DATASETS[key].rows)
    compared = [flights_world(seed) for seed in range(0 if how == "none" else extent.peers)]
    process = peer_process(compared, python) if compared and how == "run" else None
    results = Results()
    with ProcessPoolExecutor(workers) as pool:
        for month in pool.map(quiet_month, extent.quiet(), chunksize=4):
            results = replace(results, quiet=(*results.quiet, month))
            if len(results.quiet) % 100 == 0:
                results.write(RESULTS)
                say(started, f"{len(results.quiet)} quiet months")
        for outcomes in pool.map(faults_of, extent.faults()):
            results = replace(results, outcomes=(*results.outcomes, *outcomes))
            results.write(RESULTS)
            say(started, f"{len(results.outcomes)} faults")
    results.write(RESULTS)
    if process is not None and process.wait() != 0:
        raise RuntimeError("the process of the other tools failed")
    if compared:
        peers_of(results, compared).write(RESULTS)
        say(started, f"{len(compared)} months of the other tools, with their faults")


def flights_world(seed: int) -> World:
    """A month of flights for the other tools."""
    return DATASETS["flights"].world(1000 + seed)


def peer_process(compared: Sequence[World], python: Path | None) -> subprocess.Popen[bytes]:
    """The process of the other tools, on months and their faults."""
    root = peers.fresh_folder()
    for seed, world in enumerate(compared):
        faults = (f for f in injected("flights", world, 1000 + seed) if f.matters)
        peers.write_month(root, world, faults)
    return peers.started(python or python_of("peers"), root)


def peers_of(results: Results, compared: Sequence[World]) -> Results:
    """The results with the alarms of the other tools."""
    quiet, outcomes = [], []
    for seed, world in enumerate(compared):
        alarms = peers.read_alarms(peers.FOLDER, world)
        quiet += [PeerMonth(by, world.name, n) for by, n in peers.alarmed_days(alarms).items()]
        for one in injected("flights", world, 1000 + seed):
            if one.matters:
                outcomes += peers.peer_outcomes(alarms, one)
    return replace(results, peer_quiet=tuple(quiet), peer_outcomes=tuple(outcomes))


def say(started: float, what: str) -> None:
    """Progress."""
    print(f"[{time.monotonic() - started:6.0f} s] {what}", flush=True)


if __name__ == "__main__":
    # One core: the statistics are small, and threads would only wait for each other.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    raise SystemExit(main())
