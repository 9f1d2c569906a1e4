"""Tables of a shape, in which nothing drifts, and the monitor over them."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import write_deltalake
from scripts.bench.case import day_at
from scripts.bench.shapes.shape import CLASSES, Shape

_GENERATION = 1
"""Version of the contents; a change causes existing tables to be created again."""
TABLES = ("inputs", "predictions", "labels")
DELAY_DAYS = 2
"""Days after which labels are due and known, if they are due by delay."""
LONGEST_DUE_DAYS = 28
"""Days after which the last labels are due, if each row has a due date; uniform from 0."""
_ROWS_AT_ONCE = 1_000_000
_VALUES = 20
"""Values of a categorical feature."""


@dataclass(frozen=True)
class World:
    """A folder with the tables of a shape as of its last day, and the rows of the next day."""

    folder: Path
    shape: Shape

    @property
    def first_as_of(self) -> date:
        """The as-of date of the first run: all days of the shape are complete."""
        return day_at(self.shape.days)

    @property
    def next_as_of(self) -> date:
        """The as-of date of the next run: one more day is complete."""
        return day_at(self.shape.days + 1)

    @property
    def output(self) -> Path:
        """Folder of the output tables."""
        return self.folder / "monitor"

    def config_file(self) -> Path:
        """The configuration, written to a file."""
        path = self.folder / "shape.yaml"
        path.write_text(json.dumps(configuration(self.shape, self.folder), indent=1))
        return path

    def add_next_day(self) -> None:
        """Append the rows of one more day, and the labels that became known on it."""
        for name in TABLES:
            _append(self.folder / name, pq.read_table(self.folder / f"next-{name}.parquet"))


def fresh_world(shape: Shape, root: Path) -> World:
    """A world without results; its tables are created once, and linked.

    Appending to it does not change the tables in ``root/tables``.
    """
    made = root / "tables" / f"{shape.tables}-{shape.due}"
    mark = made / "generation"
    if not mark.is_file() or mark.read_text() != str(_GENERATION):
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        _make(shape, made)
        mark.write_text(str(_GENERATION))
    folder = root / "world"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(made, folder, copy_function=os.link)
    return World(folder.absolute(), shape)


def _make(shape: Shape, folder: Path) -> None:
    """Days 0 to ``days`` - 1 as tables, and day ``days`` separately."""
    last = day_at(shape.days)
    waiting: dict[str, list[pa.Table]] = {name: [] for name in TABLES}
    later: list[pa.Table] = []
    for number in range(shape.days + 1):
        rows = day_tables(shape, number)
        known = rows["labels"]["known"]
        later.append(rows["labels"].filter(pc.equal(known, pa.scalar(last, pa.date32()))))
        if number == shape.days:
            break
        rows["labels"] = rows["labels"].filter(pc.less(known, pa.scalar(last, pa.date32())))
        for name in TABLES:
            waiting[name].append(rows[name])
        held = sum(table.num_rows for table in waiting["inputs"])
        if held >= _ROWS_AT_ONCE or number == shape.days - 1:
            for name, tables in waiting.items():
                _append(folder / name, pa.concat_tables(tables))
                tables.clear()
    rows["labels"] = pa.concat_tables(later)
    for name in TABLES:
        pq.write_table(rows[name], folder / f"next-{name}.parquet")


def _append(path: Path, rows: pa.Table) -> None:
    write_deltalake(str(path), rows, mode="append", partition_by=["day"])


def day_tables(shape: Shape, number: int) -> dict[str, pa.Table]:
    """Inputs, predictions, and labels of a day."""
    random = np.random.default_rng((number, shape.rows_per_day))
    rows = shape.rows_per_day
    day = day_at(number)
    key = {
        "id": pa.array(np.arange(rows, dtype=np.int64) + number * 10_000_000),
        "day": pa.array(np.full(rows, (day - date(1970, 1, 1)).days, np.int32)).cast(pa.date32()),
    }
    inputs: dict[str, Any] = dict(key)
    for name, numeric in feature_names(shape):
        inputs[name] = _numeric(random, rows, name) if numeric else _codes(random, rows, _VALUES)
    if shape.segments:
        inputs["segment"] = _codes(random, rows, shape.segments)
    delay = np.full(rows, DELAY_DAYS)
    if shape.due == "column":
        delay = random.integers(0, LONGEST_DUE_DAYS + 1, rows)
        inputs["due"] = pc.add(key["day"].cast(pa.int32()), delay.astype(np.int32)).cast(
            pa.date32()
        )
    answers, label = _answers(shape, random)
    known = pc.add(key["day"].cast(pa.int32()), delay.astype(np.int32)).cast(pa.date32())
    return {
        "inputs": pa.table(inputs),
        "predictions": pa.table({**key, **answers}),
        "labels": pa.table({**key, "label": label, "known": known}),
    }


def feature_names(shape: Shape) -> tuple[tuple[str, bool], ...]:
    """Names of the features, and whether each is numeric; every fifth is categorical."""
    return tuple((f"x{i}", True) if i % 5 < 4 else (f"c{i}", False) for i in range(shape.features))


def _numeric(random: np.random.Generator, rows: int, name: str) -> pa.Array:
    """Amounts in cents, counts, mostly zeros, or quantities with a few nulls, alternating."""
    kind = int(name[1:]) % 5
    if kind == 0:
        return pa.array(random.lognormal(3.0, 1.0, rows).round(2))
    if kind == 1:
        return pa.array(random.poisson(4.0, rows))
    if kind == 2:
        return pa.array(np.where(random.random(rows) < 0.6, 0.0, random.random(rows).round(4)))
    values = random.standard_normal(rows, dtype=np.float32).astype(np.float64)
    return pa.array(values, mask=random.random(rows) < 0.02)


def _codes(random: np.random.Generator, rows: int, values: int) -> pa.Array:
    """Strings, the first of which are the most frequent."""
    codes = (random.random(rows) ** 2 * values).astype(np.int32)
    names = pa.array([f"value {i}" for i in range(values)])
    return names.take(pa.array(codes))


def _answers(shape: Shape, random: np.random.Generator) -> tuple[dict[str, Any], pa.Array]:
    """Columns of the predictions, and the labels."""
    rows = shape.rows_per_day
    if shape.task == "binary":
        score = random.beta(2.0, 5.0, rows).round(4)
        label = random.random(rows) < score
        return {"score": score, "decision": score > 0.4}, pa.array(label)
    if shape.task == "regression":
        score = random.gamma(2.0, 50.0, rows).round(2)
        return {"score": score}, pa.array((score + random.normal(0.0, 20.0, rows)).round(2))
    shares = random.gamma(0.3, 1.0, (rows, CLASSES)) + 1e-6
    shares /= shares.sum(axis=1, keepdims=True)
    label = (shares.cumsum(axis=1) < random.random((rows, 1))).sum(axis=1).clip(max=CLASSES - 1)
    scores = {f"score_{i}": shares[:, i].round(6) for i in range(CLASSES)}
    names = pa.array(class_names())
    return scores, names.take(pa.array(label))


def class_names() -> list[str]:
    """Names of the classes of a multiclass shape."""
    return [f"class {i:02d}" for i in range(CLASSES)]


def configuration(shape: Shape, folder: Path) -> dict[str, Any]:
    """A monitor on all tables: calendar windows, a fixed reference, and the previous window."""
    until = day_at(0) + timedelta(days=shape.baseline_days - 1)
    several = shape.task == "multiclass"
    scores = [f"score_{i}" for i in range(CLASSES)] if several else ["score"]

    def table(name: str) -> dict[str, Any]:
        return {"table": {"path": str(folder / name)}, "id": "id", "day": {"column": "day"}}

    config: dict[str, Any] = {
        "monitor": "shape",
        "output": {"path": str(folder / "monitor")},
        "inputs": table("inputs"),
        "predictions": {**table("predictions"), "score": scores},
        "features": {"include": [name for name, _ in feature_names(shape)]},
        "references": [
            {"name": "baseline", "days": f"{day_at(0)}..{until}"},
            {"name": "previous", "previous_windows": 1},
        ],
        "labels": {
            **table("labels"),
            "label": "label",
            "known": {"column": "known"},
            "due": {"delay_days": DELAY_DAYS} if shape.due == "delay" else {"column": "due"},
        },
        "performance": {"task": shape.task, "score": scores},
        "constraints": [
            {"name": "rows are there", "kind": "rows", "lower": 1},
            *(
                {"name": f"{name} is there", "kind": "completeness", "column": name, "lower": 0.9}
                for name, _ in feature_names(shape)
            ),
        ],
    }
    if shape.segments:
        config["segments"] = [
            {"name": "segment", "columns": "segment", "max_values": shape.segments}
        ]
    if shape.task == "binary":
        config["predictions"]["decision"] = "decision"
        config["performance"]["decision"] = {"column": "decision"}
    if several:
        config["performance"]["classes"] = class_names()
    if shape.slices != "default":
        config["performance"]["slices"] = shape.slices == "all"
    return config
