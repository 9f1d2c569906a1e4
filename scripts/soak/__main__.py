"""``python -m scripts.soak``: inject the faults, report their outcomes, store the results."""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path

from scripts.soak import (  # noqa: F401 - importing registers the scenarios
    concurrent_runs,
    disk,
    driver_kills,
    executor_kills,
    outputs,
    sizes,
    sources,
)
from scripts.soak.fault import SCENARIOS, NotSurvived, NotTried, Outcome, Place, Scenario
from scripts.soak.page import machine, write_page
from scripts.soak.prepared import prepare
from scripts.soak.reader import open_reader

FOLDER = Path("var/soak")
SHARED = (FOLDER / "shared").absolute()
"""Folder of the tables that scenarios share."""


def main() -> int:
    """Exit code 1 if a fault was not survived."""
    options = _options()
    # On SIGTERM, end the processes that were started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # Log lines of runs in this session are not progress of the soak test.
    logging.getLogger().addHandler(logging.NullHandler())
    chosen = [SCENARIOS[name] for name in options.only or SCENARIOS]
    FOLDER.mkdir(parents=True, exist_ok=True)
    kept = FOLDER / "results.json"
    again = {one.name for one in chosen}
    outcomes = [
        one
        for one in (_kept(kept) if options.only or options.matching else [])
        if one.scenario not in again or not _matches(one.fault, options.matching)
    ]
    reader = open_reader(FOLDER.absolute())
    shutil.rmtree(SHARED, ignore_errors=True)
    labelled = cache(partial(prepare, reader, SHARED / "labelled", labelled=True))
    unlabelled = cache(partial(prepare, reader, SHARED / "unlabelled", labelled=False))
    for one in chosen:
        folder = (FOLDER / one.name.replace(" ", "-")).absolute()
        place = Place(folder, reader, options.kills, options.quick, labelled, unlabelled)
        outcomes += _tried(one, place, options.matching)
        _keep(kept, outcomes)
    own = [one for one in outcomes if one.survived is not None]
    survived = sum(bool(one.survived) for one in own)
    print(f"\n{len(own)} faults tried, {survived} survived; results: {kept}", flush=True)
    if options.docs:
        write_page(outcomes)
    reader.spark.stop()
    return int(survived < len(own))


def _tried(one: Scenario, place: Place, matching: str) -> list[Outcome]:
    folder = place.folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    print(f"\n== {one.name}: {one.guarantee}", flush=True)
    outcomes: list[Outcome] = []
    began = time.monotonic()
    try:
        for name, attempt in one.faults(place):
            if not _matches(name, matching):
                continue
            outcomes.append(_attempted(one, name, attempt))
            reported = outcomes[-1]
            word = {True: "survived", False: "NOT SURVIVED", None: "not tried"}[reported.survived]
            print(f"{word}: {name} ({reported.seconds:.1f} s): {reported.ended}", flush=True)
    except Exception as error:
        # The scenario could not be prepared, which counts as a failure.
        traceback.print_exc()
        failed = f"{type(error).__name__}: {error}"[:300]
        outcomes.append(Outcome(one.name, "(the scenario itself)", False, failed, 0.0))
    print(f"{one.name}: {time.monotonic() - began:.0f} s", flush=True)
    if all(reported.survived is not False for reported in outcomes):
        shutil.rmtree(folder, ignore_errors=True)
    return outcomes


def _matches(fault: str, matching: str) -> bool:
    return any(text in fault for text in matching.split(","))


def _attempted(one: Scenario, name: str, attempt: object) -> Outcome:
    began = time.monotonic()
    assert callable(attempt)
    try:
        ended = attempt()
    except NotTried as error:
        return Outcome(one.name, name, None, str(error), time.monotonic() - began)
    except NotSurvived as error:
        return Outcome(one.name, name, False, str(error), time.monotonic() - began)
    except Exception as error:
        traceback.print_exc()
        reported = f"{type(error).__name__}: {error}"[:300]
        return Outcome(one.name, name, False, reported, time.monotonic() - began)
    seconds = time.monotonic() - began if ended.seconds is None else ended.seconds
    return Outcome(
        one.name, name, True, ended.reported, seconds, ended.java_bytes, ended.python_bytes
    )


def _options() -> argparse.Namespace:
    listed = "; ".join(f"{name}: {one.guarantee}" for name, one in SCENARIOS.items())
    parser = argparse.ArgumentParser(prog="python -m scripts.soak", epilog=listed)
    parser.add_argument(
        "--only",
        type=lambda text: tuple(text.split(",")),
        help="these scenarios in this order, separated by commas; the others keep the results of"
        " an earlier run",
    )
    parser.add_argument(
        "--kills", type=int, default=30, help="points at which the driver is killed"
    )
    parser.add_argument(
        "--matching",
        default="",
        metavar="TEXT[,TEXT...]",
        help="only faults whose names contain one of these",
    )
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, to test the soak test itself"
    )
    parser.add_argument("--docs", action="store_true", help="write the results into the docs")
    options = parser.parse_args()
    unknown = sorted(set(options.only or ()) - set(SCENARIOS))
    if unknown:
        parser.error(f"no such scenario: {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    if options.kills < 3:
        parser.error("--kills must be at least 3")
    return options


def _keep(path: Path, outcomes: Iterable[Outcome]) -> None:
    reported = {"machine": machine(), "outcomes": [asdict(one) for one in outcomes]}
    path.write_text(json.dumps(reported, indent=1), encoding="utf-8")


def _kept(path: Path) -> list[Outcome]:
    if not path.is_file():
        return []
    return [Outcome(**one) for one in json.loads(path.read_text(encoding="utf-8"))["outcomes"]]


if __name__ == "__main__":
    sys.exit(main())
