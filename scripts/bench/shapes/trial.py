"""A first run and the run of the next day on one shape, each in a separate process."""

from __future__ import annotations

import json
import re
import shlex
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deltalake import DeltaTable
from scripts.bench.case import CORES
from scripts.bench.process import Ended, environment_of, watched
from scripts.bench.shapes.shape import Shape
from scripts.bench.shapes.world import World, fresh_world
from scripts.soak.settings import SMALL

ENDED_WELL = (0, 1)
"""Exit codes of a published run, without or with findings that need attention."""
_STAGE = re.compile(
    r"^(?:\S+ )?  (?P<stage>[a-z][a-z ]*) took (?P<seconds>[0-9.]+) s$", re.MULTILINE
)


@dataclass(frozen=True)
class TableSize:
    """Size of a Delta table: rows, bytes of its files, and bytes of its rows as Arrow."""

    rows: int
    disk_bytes: int
    arrow_bytes: int


@dataclass(frozen=True)
class RunMeasurements:
    """One run: seconds of the command, peaks of memory, seconds by stage.

    ``processor_seconds``: of all processes; other work on the machine hardly affects it.
    ``java_bytes``, ``driver_bytes`` (Python process of the command), and ``workers_bytes`` (all
    Python workers) are separate peaks; ``all_bytes`` is the peak of their sum. ``failure``: the
    reason why it did not publish; the measurements then cover the time until its end.
    """

    seconds: float
    processor_seconds: float
    code: int | None
    java_bytes: int
    driver_bytes: int
    workers_bytes: int
    all_bytes: int
    stages: dict[str, float] = field(default_factory=dict)
    failure: str | None = None


@dataclass(frozen=True)
class Trial:
    """Both runs on a shape, and the output tables after the first run."""

    shape: Shape
    first: RunMeasurements
    daily: RunMeasurements | None = None
    tables: dict[str, TableSize] = field(default_factory=dict)

    @property
    def failure(self) -> str | None:
        """The reason why a run failed."""
        if self.first.failure is not None:
            return f"first run: {self.first.failure}"
        if self.daily is not None and self.daily.failure is not None:
            return f"daily run: {self.daily.failure}"
        return None

    def as_dict(self) -> dict[str, Any]:
        """The trial as JSON values."""
        return asdict(self)

    @staticmethod
    def from_dict(held: dict[str, Any]) -> Trial:
        """The trial from the values of ``as_dict``."""
        return Trial(
            Shape(**held["shape"]),
            RunMeasurements(**held["first"]),
            RunMeasurements(**held["daily"]) if held["daily"] else None,
            {name: TableSize(**size) for name, size in held["tables"].items()},
        )


def tried(shape: Shape, root: Path, limit: float, *, brief: bool = False) -> Trial:
    """Both runs on a shape. ``limit``: seconds after which a run and its processes are ended.

    ``brief``: with Spark properties for small tables, for which startup is most of the work.
    """
    world = fresh_world(shape, root)
    first = _run(world, "first", limit, root, brief)
    if first.failure is not None:
        return Trial(shape, first)
    tables = table_sizes(world.output)
    world.add_next_day()
    return Trial(shape, first, _run(world, "daily", limit, root, brief), tables)


def _run(world: World, which: str, limit: float, root: Path, brief: bool) -> RunMeasurements:
    as_of = world.first_as_of if which == "first" else world.next_as_of
    log = root / "log" / f"{world.shape.name}-{which}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "modelwatch.cli", "run", str(world.config_file())]
    environment = {**environment_of(Path(sys.executable)), "MASTER": f"local[{CORES}]"}
    if brief:
        given = [f"--conf {shlex.quote(f'{key}={value}')}" for key, value in SMALL.items()]
        environment["PYSPARK_SUBMIT_ARGS"] = " ".join([*given, "pyspark-shell"])
    ended = watched([*command, "--as-of", str(as_of)], log, environment, limit)
    return measurements_of(ended, log.read_text(encoding="utf-8", errors="replace"))


def measurements_of(ended: Ended, text: str) -> RunMeasurements:
    """Measurements of a completed process, from its resources and output."""
    samples = ended.watch.samples
    return RunMeasurements(
        round(ended.seconds, 2),
        round(sum(ended.watch.processor_seconds.values()), 2),
        ended.code,
        max((s.java for s in samples), default=0),
        max((s.first for s in samples), default=0),
        max((s.other - s.first for s in samples), default=0),
        max((s.java + s.other for s in samples), default=0),
        stages_of(text),
        _failure(ended, text),
    )


def stages_of(text: str) -> dict[str, float]:
    """Seconds by stage, from the output of a run; incomplete stages are missing."""
    return {m["stage"]: float(m["seconds"]) for m in _STAGE.finditer(text)}


def _failure(ended: Ended, text: str) -> str | None:
    if ended.failure is not None:
        done = list(stages_of(text))
        return f"{ended.failure}; the last stage that ended: {done[-1] if done else 'none'}"
    if ended.code in ENDED_WELL:
        return None
    lines = text.strip().splitlines() or ["it printed nothing"]
    return f"exit code {ended.code}: {lines[-1][:200]}"


def table_sizes(output: Path) -> dict[str, TableSize]:
    """Sizes of the output tables that have rows, by name."""
    found = {}
    for log in sorted(output.glob("*/_delta_log")):
        size = _size(DeltaTable(str(log.parent)))
        if size.rows:
            found[log.parent.name] = size
    return found


def _size(table: DeltaTable) -> TableSize:
    files = [Path(uri.removeprefix("file://")) for uri in table.file_uris()]
    rows = arrow = 0
    # Batch by batch, because a table can be larger than memory.
    for batch in table.to_pyarrow_dataset().to_batches():
        rows += batch.num_rows
        arrow += batch.nbytes
    return TableSize(rows, sum(file.stat().st_size for file in files), arrow)


def kept_trials(path: Path) -> dict[Shape, Trial]:
    """The trials in a file, by shape; empty if the file does not exist."""
    if not path.is_file():
        return {}
    held = [Trial.from_dict(one) for one in json.loads(path.read_text(encoding="utf-8"))]
    return {trial.shape: trial for trial in held}


def keep_trials(path: Path, trials: dict[Shape, Trial]) -> None:
    """Write the trials to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps([trial.as_dict() for trial in trials.values()], indent=1)
    path.write_text(text, encoding="utf-8")
