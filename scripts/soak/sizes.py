"""Extreme sizes, with the seconds and the memory that they take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from scripts.soak.fault import Ended, Fault, Place, must, scenario
from scripts.soak.job import started
from scripts.soak.world import World, day

COLLECTED = "48m"
"""Limit for the bytes of results that one Spark job may send to the driver; more is an error."""
Query = tuple[str, object]
"""SQL on the views, and the value that it must return."""


@scenario(
    "size",
    "Time and memory stay within the reported limits, and no rows of data reach the driver.",
)
def faults(place: Place) -> Iterator[Fault]:
    tenth = 10 if place.quick else 1
    for name, make in (
        ("2,000 columns, 2 days of 1,000 rows", _columns),
        ("50,000 segment values, capped at 20", _segments),
        ("a day with 100 times the usual rows", _busy_day),
        ("a single ID with half of the rows", _heavy_key),
        ("a single category and segment with half of the rows", _heavy_value),
    ):
        yield name, partial(_measured, place, make, tenth)
    decade = World(place.folder / "decade")
    yield "3,650 days, all new", partial(_decade, place, decade, tenth)
    yield "3,650 days of states, and one more day", partial(_one_more, place, decade, tenth)


Made = tuple[World, int, list[Query]]
"""Tables, the number of the day as of which to run, and the expected results."""


def _measured(place: Place, make: Callable[[Place, int], Made], tenth: int) -> Ended:
    world, as_of, queries = make(place, tenth)
    return _run(place, world, as_of, queries)


def _run(place: Place, world: World, as_of: int, queries: list[Query]) -> Ended:
    settings = {"spark.driver.maxResultSize": COLLECTED}
    command = world.command(as_of)
    with started(command, world.folder / "logs", wait=True, settings=settings).ready() as job:
        job.start()
        code = job.code()
        seconds, peak = job.seconds(), job.peak()
        must(code in (0, 1), f"it ended with {code}: {job.text[-500:]}")
    for query, value in queries:
        found = place.reader.value(world.output, query)
        must(found == [(value,)], f"{query} gave {found}, not {value}")
    states = _one(place, world, "SELECT count(*) FROM feature_states_current")
    metrics = _one(place, world, "SELECT count(*) FROM drift_current")
    return Ended(
        f"{states:,} states, {metrics:,} drift metrics",
        seconds,
        peak.java if peak else None,
        peak.other if peak else None,
    )


def _one(place: Place, world: World, query: str) -> int:
    ((value,),) = place.reader.value(world.output, query)
    assert isinstance(value, int)
    return value


def _one_table(place: Place, name: str, **sections: Any) -> World:
    folder = place.folder / name
    config = {
        "monitor": name,
        "output": {"path": str(folder / "monitor")},
        "inputs": {"table": {"path": str(folder / "inputs")}, "day": {"column": "day"}},
        "windows": ["day"],
        "references": [{"name": "start", "days": str(day(1))}],
        **sections,
    }
    return World(folder, config)


def _rows(number: int, columns: Mapping[str, Any]) -> pa.Table:
    made = pa.table(dict(columns))
    return made.append_column("day", pa.array([day(number)] * len(made), pa.date32()))


def _columns(place: Place, tenth: int) -> Made:
    numeric, texts, rows = 1900 // tenth, 100 // tenth, 1000
    world = _one_table(place, "wide")
    for number in (1, 2):
        random = np.random.default_rng(number)
        columns: dict[str, Any] = {f"n{i}": random.normal(size=rows) for i in range(numeric)}
        columns |= {f"t{i}": random.choice(["a", "b", "c"], rows) for i in range(texts)}
        world.add("inputs", _rows(number, columns))
    reported = (
        "SELECT count(DISTINCT feature) FROM profile_current WHERE metric = 'rows' AND value = 1000"
    )
    return world, 3, [(reported, numeric + texts)]


def _segments(place: Place, tenth: int) -> Made:
    values, rows = 50_000 // tenth, 200_000 // tenth
    split = {"name": "customer", "columns": "customer", "max_values": 20}
    world = _one_table(place, "segmented", segments=[split])
    for number in (1, 2):
        random = np.random.default_rng(number)
        customers = np.concatenate([np.arange(values), random.integers(0, values, rows - values)])
        columns = {
            "customer": [f"c{one}" for one in customers],
            "amount": random.normal(size=rows),
        }
        world.add("inputs", _rows(number, columns))
    split_rows = (
        "SELECT CAST(sum(value) AS BIGINT) FROM profile_current WHERE metric = 'rows' AND "
        "feature = 'amount' AND segmentation = 'customer' AND model_version = '(none)'"
    )
    kinds = "SELECT count(DISTINCT segment) FROM profile_current WHERE segmentation = 'customer'"
    return world, 3, [(split_rows, 2 * rows), (f"SELECT ({kinds}) <= 22", True)]


def _busy_day(place: Place, tenth: int) -> Made:
    rows = 5000 // tenth
    split = {"name": "region", "columns": "region"}
    world = _one_table(place, "busy", segments=[split])
    for number in (1, 2, 3, 4):
        random = np.random.default_rng(number)
        count = 100 * rows if number == 3 else rows
        columns = {f"n{i}": random.normal(size=count) for i in range(10)}
        world.add("inputs", _rows(number, {**columns, "region": random.choice(list("abc"), count)}))
    reported = (
        "SELECT CAST(value AS BIGINT) FROM profile_current WHERE metric = 'rows' AND "
        f"feature = 'n0' AND segmentation = 'all' AND window_start = '{day(3)}'"
    )
    return world, 5, [(reported, 100 * rows)]


def _heavy_key(place: Place, tenth: int) -> Made:
    rows = 200_000 // tenth
    folder = place.folder / "key"
    sections = {
        "inputs": {"table": {"path": str(folder / "inputs")}, "id": "id", "day": {"column": "day"}},
        "predictions": {
            "table": {"path": str(folder / "predictions")},
            "id": "id",
            "day": {"column": "day"},
            "score": "score",
        },
    }
    world = _one_table(place, "key", **sections)
    for number in (1, 2):
        random = np.random.default_rng(number)
        ids = [f"{number}-{i}" if i % 2 else f"{number}-heavy" for i in range(rows)]
        world.add("inputs", _rows(number, {"id": ids, "amount": random.normal(size=rows)}))
        world.add("predictions", _rows(number, {"id": ids, "score": random.random(rows)}))
    # One row per repeated ID counts on each side; all other rows are reported as repeated.
    once = rows // 2 + 1
    reported = (
        "SELECT CAST(value AS BIGINT) FROM profile_current WHERE metric = 'rows' AND "
        f"feature = 'amount' AND window_start = '{day(2)}'"
    )
    repeated = "SELECT max(duplicate_ids) FROM published_runs"
    return world, 3, [(reported, once), (repeated, 4 * (rows - once))]


def _heavy_value(place: Place, tenth: int) -> Made:
    rows = 200_000 // tenth
    split = {"name": "customer", "columns": "customer", "max_values": 50}
    world = _one_table(place, "value", segments=[split])
    for number in (1, 2):
        random = np.random.default_rng(number)
        customers = [f"c{i % 40}" if i % 2 else "heavy" for i in range(rows)]
        world.add("inputs", _rows(number, {"customer": customers, "n": random.normal(size=rows)}))
    reported = (
        "SELECT CAST(value AS BIGINT) FROM profile_current WHERE metric = 'rows' AND feature = 'n' "
        f"AND segment = 'heavy' AND window_start = '{day(2)}'"
    )
    return world, 3, [(reported, rows // 2)]


DAYS, ROWS_A_DAY = 3650, 20


def _decade(place: Place, world: World, tenth: int) -> Ended:
    days = DAYS // tenth
    world.config = _one_table(
        place, "decade", references=[{"name": "start", "days": f"{day(1)}..{day(90)}"}]
    ).config
    for first in range(1, days + 1, 365):
        _add_days(world, first, min(first + 364, days))
    reported = "SELECT count(DISTINCT day) FROM feature_states_current"
    return _run(place, world, days + 1, [(reported, days)])


def _one_more(place: Place, world: World, tenth: int) -> Ended:
    days = DAYS // tenth + 1
    _add_days(world, days, days)
    reported = "SELECT count(DISTINCT day) FROM feature_states_current"
    return _run(place, world, days + 1, [(reported, days)])


def _add_days(world: World, first: int, last: int) -> None:
    random = np.random.default_rng(first)
    numbers = np.repeat(np.arange(first, last + 1), ROWS_A_DAY)
    columns = {f"n{i}": random.normal(size=len(numbers)) for i in range(4)}
    columns["kind"] = random.choice(list("abcd"), len(numbers))
    rows = pa.table(columns)
    days = pa.array([day(int(number)) for number in numbers], pa.date32())
    # One file per year: with 3,650 folders, the job would mostly list files.
    world.add("inputs", rows.append_column("day", days), partition_by=None)
