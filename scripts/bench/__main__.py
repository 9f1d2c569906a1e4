"""``python -m scripts.bench``: create the tables, run the measures, print and store the results."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path

from scripts.bench import result_tables
from scripts.bench.case import CORES, Case, full_case, quick_case
from scripts.bench.measures import MEASURES, Measure
from scripts.bench.process import Outcome, run_measure
from scripts.bench.shapes.matrix import measured_axes
from scripts.bench.shapes.page import as_markdown as shapes_as_markdown
from scripts.bench.shapes.page import written as with_shapes
from scripts.bench.shapes.shape import AXES, QUICK_AXES, Axis, chosen_axes
from scripts.locked_environment import python_of

from modelwatch.io.session.lines import installed_line

PAGE = Path("docs/appendices/benchmark.md")
SHAPES = "shapes"
MEASURE_LIMIT_SECONDS, SHAPE_LIMIT_SECONDS = 900.0, 300.0
Axes = tuple[Axis, ...]
BEGIN, END = "<!-- results of Spark {}: written by make bench -->", "<!-- end of results -->"


def main() -> int:
    """Exit code 1 if a measure of modelwatch itself failed."""
    options = _options()
    # On SIGTERM, end the processes that were started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = Path("var/bench")
    case = quick_case(folder.absolute()) if options.quick else full_case(folder.absolute())
    line = installed_line().version
    measures, axes = chosen(options.only, QUICK_AXES if options.quick else AXES)
    measures = [measure for measure in measures if line in measure.lines]
    failed = False
    if measures:
        failed |= _all_measured(measures, case, options, line)
    if axes:
        failed |= _all_shapes(axes, case, options)
    return int(failed)


def chosen(only: frozenset[str] | None, axes: tuple[Axis, ...]) -> tuple[list[Measure], Axes]:
    """The measures and the axes of shapes with the given names; all if no names are given.

    ValueError if a name is unknown.
    """
    if only is None:
        return list(MEASURES), axes
    shapes = {word for word in only if word.partition(":")[0] == SHAPES}
    names = [m.name for m in MEASURES]
    unknown = sorted(only - shapes - set(names))
    if unknown:
        reported = ", ".join([*names, SHAPES, *(f"{SHAPES}:{axis.name}" for axis in axes)])
        raise ValueError(f"no such measure: {', '.join(unknown)}; there are {reported}")
    return [m for m in MEASURES if m.name in only], chosen_axes(shapes, axes)


def _all_measured(
    measures: list[Measure], case: Case, options: argparse.Namespace, line: str
) -> bool:
    """Create the tables and run the measures; return whether one of modelwatch failed."""
    subprocess.run(
        [sys.executable, "-m", "scripts.bench.tables", case.as_json()],
        check=True,
        env={**os.environ, "PYSPARK_PYTHON": sys.executable},
    )
    kept = Path(case.root, f"results-{line}.json")
    outcomes = _kept(kept) if options.only is not None else {}
    outcomes = {name: o for name, o in outcomes.items() if name not in {m.name for m in measures}}
    for measure in measures:
        outcome = _measured(measure, case, options)
        seconds = outcome.median
        reported = f"{seconds:.2f} s" if seconds is not None else outcome.failure
        print(f"{measure.name}: {reported}", flush=True)
        outcomes[measure.name] = outcome
        # An interrupted run stores its results so far.
        _keep(kept, outcomes)
    print(f"\n{_machine()}\n\n{result_tables.as_text(outcomes)}")
    page = f"{_machine()}\n\n{result_tables.as_markdown(outcomes)}"
    kept.with_suffix(".md").write_text(page, encoding="utf-8")
    print(f"results: {kept} and {kept.with_suffix('.md')}")
    if options.docs:
        _write_page(page, line)
    own = {m.name for m in MEASURES if not m.peer}
    return any(o.failure for n, o in outcomes.items() if n in own)


def _all_shapes(axes: Axes, case: Case, options: argparse.Namespace) -> bool:
    """Measure the shapes of the given axes; return whether one of them failed."""
    root = Path(case.root).parent / SHAPES / Path(case.root).name
    limit = SHAPE_LIMIT_SECONDS if options.limit is None else options.limit
    known = QUICK_AXES if options.quick else AXES
    trials = measured_axes(axes, root, limit, brief=options.quick, keep=options.only is not None)
    page = f"{_machine()}\n\n{shapes_as_markdown(known, trials)}"
    kept = root / "shapes.md"
    kept.write_text(page, encoding="utf-8")
    print(f"\n{page}\nresults: {root / 'shapes.json'} and {kept}")
    if options.docs:
        PAGE.write_text(with_shapes(PAGE.read_text(encoding="utf-8"), page), encoding="utf-8")
        print(f"written into {PAGE}")
    return any(trial.failure for trial in trials.values())


def _options() -> argparse.Namespace:
    names = ", ".join([*(m.name for m in MEASURES), SHAPES])
    axes = ", ".join(f"{SHAPES}:{axis.name}" for axis in AXES)
    reported = f"measures: {names}; single axes of the shapes: {axes}"
    parser = argparse.ArgumentParser(prog="python -m scripts.bench", epilog=reported)
    parser.add_argument(
        "--quick", action="store_true", help="few rows, to test the benchmark itself"
    )
    parser.add_argument(
        "--only",
        type=lambda text: frozenset(text.split(",")),
        help="these measures, separated by commas; the others keep the results of an earlier run",
    )
    parser.add_argument("--runs", type=int, help="how often a measure is timed; the median counts")
    parser.add_argument(
        "--limit",
        type=float,
        help=f"seconds after which a measure ({MEASURE_LIMIT_SECONDS:.0f}) or a run on a shape "
        f"({SHAPE_LIMIT_SECONDS:.0f}) is ended",
    )
    parser.add_argument("--docs", action="store_true", help=f"write the results into {PAGE}")
    options = parser.parse_args()
    try:
        chosen(options.only, QUICK_AXES if options.quick else AXES)
    except ValueError as error:
        parser.error(str(error))
    if options.runs is not None and options.runs < 1:
        parser.error("--runs must be at least 1")
    return options


def _measured(measure: Measure, case: Case, options: argparse.Namespace) -> Outcome:
    """The outcome of a measure, with fewer days if it fails."""
    python = Path(sys.executable)
    if measure.peer:
        try:
            python = python_of("peers")
        except (OSError, subprocess.CalledProcessError) as error:
            return Outcome(measure.name, case.rows_read, failure=f"not installed: {error}")
    failures = []
    limit = MEASURE_LIMIT_SECONDS if options.limit is None else options.limit
    for days in measure.days:
        logs = Path(case.root, "log")
        outcome = run_measure(measure, case.of_days(days), python, logs, limit, options.runs)
        if outcome.failure is None:
            break
        failures.append(f"{outcome.rows:,} rows: {outcome.failure}")
        print(f"{measure.name}: {failures[-1]}", flush=True)
    if outcome.failure is not None and len(failures) > 1:
        return replace(outcome, failure="; ".join(failures))
    return outcome


def _keep(path: Path, outcomes: dict[str, Outcome]) -> None:
    reported = {
        "machine": _machine(),
        "outcomes": {
            name: {**asdict(outcome), "median": outcome.median}
            for name, outcome in outcomes.items()
        },
    }
    path.write_text(json.dumps(reported, indent=1), encoding="utf-8")


def _kept(path: Path) -> dict[str, Outcome]:
    if not path.is_file():
        return {}
    reported = json.loads(path.read_text(encoding="utf-8"))["outcomes"]
    return {
        name: Outcome(**{key: value for key, value in held.items() if key != "median"})
        for name, held in reported.items()
    }


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    moment = datetime.now(timezone.utc)
    return (
        f"{moment:%Y-%m-%d}: {CORES} of {os.cpu_count()} cores, {memory:.0f} GB,"
        f" {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )


def _write_page(results_page: str, line: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN.format(line))
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{PAGE} has no markers for the results")
    PAGE.write_text(f"{before}{begin}\n{results_page}{END}{after}", encoding="utf-8")
    print(f"written into {PAGE}")


if __name__ == "__main__":
    sys.exit(main())
