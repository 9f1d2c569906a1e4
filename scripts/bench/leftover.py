"""Profile of the arithmetic in Python, on the rows of one day in one process."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from scripts.bench.case import COLUMNS, SEGMENTED, Case
from scripts.bench.monitored import Work, monitored

from modelwatch.evaluation.states.batches import BatchLayout, batch_of
from modelwatch.stats.states.batch import TallyPlan
from modelwatch.stats.states.tally import Tally

_BATCH_ROWS = 32_768
_NAMED = 12
"""Number of functions that are listed by name."""


def leftover(case: Case) -> Work:
    """Seconds per million rows by function, without and with two segmentations of ten values."""
    batches = _batches(case)
    plans = {}
    for name, segments in (("whole", ()), ("segments", SEGMENTED)):
        monitor = monitored(case, "main", case.days, segments=segments)
        plans[name] = monitor.states.plan(monitor.features, monitor.config.segments)
    rows = sum(batch.num_rows for batch in batches)

    def tallied() -> dict[str, Any]:
        return {name: _profile(plan, batches, rows) for name, plan in plans.items()}

    return tallied


def _batches(case: Case) -> list[pa.RecordBatch]:
    """The rows of one day as Spark passes them: day, version, segments, features."""
    files = case.parquet_files(0, 1)
    table = pa.concat_tables([pq.read_table(f, partitioning=None) for f in files])
    day = pa.array([19_723] * table.num_rows, pa.int32()).cast(pa.date32())
    version = pa.array(["(none)"] * table.num_rows)
    features = [
        table[name] if name.startswith("c") else table[name].cast(pa.float64()) for name in COLUMNS
    ]
    columns = [day, version, *(table[name] for name in SEGMENTED), *features]
    named = pa.table(columns, names=[f"c{at}" for at in range(len(columns))])
    return named.combine_chunks().to_batches(max_chunksize=_BATCH_ROWS)


def _profile(plan: TallyPlan, batches: Sequence[pa.RecordBatch], rows: int) -> dict[str, Any]:
    first = 2 + len(SEGMENTED)
    layout = BatchLayout(
        day=0,
        version=1,
        present=(None, None),
        copies=(None, None),
        segments=tuple((2 + at,) for at in range(len(plan.segmentations))),
        columns=tuple(range(first, first + len(plan.columns))),
    )
    scale = 1_000_000 / rows

    def pass_over() -> None:
        tally = Tally(plan)
        for batch in batches:
            tally.add(batch_of(batch, layout, plan))

    pass_over()
    began = time.perf_counter()
    pass_over()
    seconds = time.perf_counter() - began
    profiler = cProfile.Profile()
    profiler.runcall(pass_over)
    stats: Any = pstats.Stats(profiler)
    whole = sum(entry[2] for entry in stats.stats.values())
    spent = sorted(((entry[2], _name(key)) for key, entry in stats.stats.items()), reverse=True)[
        :_NAMED
    ]
    return {
        "seconds": round(seconds * scale, 3),
        "shares": {name: round(own / whole, 3) for own, name in spent},
    }


def _name(key: tuple[str, int, str]) -> str:
    file, _, function = key
    if file == "~":
        return function.strip("<>").removeprefix("built-in ").removeprefix("method ")
    return f"{Path(file).stem}.{function}"
