"""A shop whose scoring service leaves Delta tables, and a monitor over them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from shutil import copytree
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from pyspark.sql import Row, SparkSession

from modelwatch.io.store.output_tables import Store
from modelwatch.io.store.result_queries import ResultQueries
from modelwatch.model.config.configuration import MonitorConfig, parse_config
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.pipelines.runs.monitor import RunReport, run_monitor
from modelwatch.tables import TABLES

FIRST = date(2013, 2, 4)  # a Monday
ROWS = 12
IDENTITY = ("run_id", "created_at")


def day(number: int) -> date:
    """A day of the shop, from 1."""
    return FIRST + timedelta(days=number - 1)


def config_of(folder: Path, **sections: Any) -> dict[str, Any]:
    """A configuration over the tables of a folder, as a mapping."""
    return {
        "monitor": "shop",
        "output": {"path": str(folder / "monitor")},
        "inputs": {
            "table": {"path": str(folder / "inputs")},
            "id": "id",
            "day": {"column": "day"},
        },
        "predictions": {
            "table": {"path": str(folder / "predictions")},
            "id": "id",
            "day": {"column": "day"},
            "score": "score",
            "model_version": {"column": "model"},
        },
        "features": {"exclude": "extra"},
        "segments": [{"name": "region", "columns": "region"}],
        "windows": ["day", "week", {"name": "last 2", "trailing_days": 2}],
        "references": [
            {"name": "start", "days": f"{day(1)}..{day(1)}"},
            {"name": "previous", "previous_windows": 1},
        ],
        "binning": {"bins": 10},
        "constraints": [{"name": "rows", "kind": "rows", "lower": 1}],
        "thresholds": {"psi": None, "unseen_share_change": None, "null_share_change": 0.3},
        # Most shops are open for a day or two of the eight before the run.
        "verdicts": {"late_days": 30},
        **sections,
    }


def labels_section(path: str, delay_days: int) -> dict[str, Any]:
    """A configuration of labels that tell when they became known."""
    return {
        "table": {"path": path},
        "id": "id",
        "day": {"column": "day"},
        "label": "label",
        "known": {"column": "known"},
        "due": {"delay_days": delay_days},
    }


def inputs_of(of: date, rows: int = ROWS, first: int = 0, nulls: int = 1) -> pa.Table:
    """Rows of a day; the first of them without an amount."""
    numbers = range(first, first + rows)
    return pa.table(
        {
            "id": [f"{of}-{i}" for i in numbers],
            "day": pa.array([of] * rows, pa.date32()),
            "amount": pa.array([None if i < nulls else i + of.day / 4 for i in numbers]),
            "height": pa.array([float(i * i % 7) for i in numbers]),
            "region": pa.array([["north", "south", None][i % 3] for i in numbers]),
            "extra": pa.array([i / 3 for i in numbers]),
        }
    )


def predictions_of(of: date, rows: int = ROWS, first: int = 0) -> pa.Table:
    """A score for each row of a day."""
    numbers = range(first, first + rows)
    return pa.table(
        {
            "id": [f"{of}-{i}" for i in numbers],
            "day": pa.array([of] * rows, pa.date32()),
            "score": pa.array([i / (first + rows) for i in numbers]),
            "model": pa.array(["v1" if of < day(5) else "v2"] * rows),
        }
    )


@dataclass
class Shop:
    """Tables in a folder, and what happens to them."""

    spark: SparkSession
    folder: Path
    config: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.config = config_of(self.folder) if not self.config else self.config

    def add(self, table: str, rows: pa.Table, **options: Any) -> None:
        """Appends rows, as files of their days."""
        options = {"mode": "append", "partition_by": ["day"], **options}
        write_deltalake(str(self.folder / table), rows, **options)

    def open(self, *days: date) -> None:
        """Days of business."""
        for of in days:
            self.add("inputs", inputs_of(of))
            self.add("predictions", predictions_of(of))

    def delete(self, table: str, predicate: str) -> None:
        """Deletes rows."""
        DeltaTable(str(self.folder / table)).delete(predicate)

    def text(self) -> str:
        """The configuration as its file."""
        return json.dumps(self.config, indent=1)

    def parsed(self) -> MonitorConfig:
        """The configuration."""
        return parse_config(self.text())

    def file(self) -> Path:
        """The configuration, written to a file."""
        path = self.folder / "monitor.yaml"
        path.write_text(self.text(), encoding="utf-8")
        return path

    def run(self, **options: Any) -> RunReport:
        """One run of the monitor, as of the ninth day if nothing else is said.

        The first finds its tables there already: to create them takes a fifth of its time.
        """
        options = {"as_of": day(9), **options}
        place = self.config["output"].get("path")
        if place and not Path(place).exists() and not options.get("dry_run"):
            copytree(_tables_without_rows(self.spark), place)
        return run_monitor(self.spark, self.parsed(), config_text=self.text(), **options)

    @property
    def output(self) -> Path:
        """Where results are written."""
        return Path(self.config["output"]["path"])

    def runs(self) -> list[dict[str, Any]]:
        """Rows of the table runs, oldest first."""
        rows = self.table("runs")
        return sorted(rows, key=lambda row: (row["finished_at"], row["run_id"]))

    def table(self, name: str) -> list[dict[str, Any]]:
        """Rows of an output table, published or not."""
        return DeltaTable(str(self.output / name)).to_pyarrow_table().to_pylist()

    def versions(self) -> dict[str, int]:
        """Version of every output table."""
        return {
            name: DeltaTable(str(self.output / name)).version()
            for name in TABLES
            if (self.output / name).exists()
        }

    def queries(self) -> ResultQueries:
        """Queries on the results."""
        return ResultQueries(self.parsed().output, lambda: self.spark)

    def ask(self, query: str) -> list[Any]:
        """Rows of a query on the views."""
        return [_row(record) for record in self.queries().answer(query).records()]

    def results(self) -> dict[str, dict[tuple[Any, ...], tuple[Any, ...]]]:
        """All that the views show, by view and key, without what names the run."""
        return {view: self.shown(view, key) for view, key in KEYS.items()}

    def shown(self, view: str, key: tuple[str, ...]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
        """Rows of a view by their key; no key comes twice."""
        found: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        for row in self.ask(f"SELECT * FROM {view}"):
            values: Mapping[str, Any] = row.asDict(recursive=True)
            at = tuple(values[name] for name in key)
            assert at not in found, (view, at)
            found[at] = tuple(
                _plain(value) for name, value in values.items() if name not in (*key, *IDENTITY)
            )
        return found


def _row(value: Any) -> Any:
    """A value with rows, as Spark has them, for dictionaries."""
    if isinstance(value, dict):
        return Row(**{str(name): _row(item) for name, item in value.items()})
    return [_row(item) for item in value] if isinstance(value, list) else value


@cache
def _tables_without_rows(spark: SparkSession) -> Path:
    """The output tables as a first run creates them."""
    warehouse = Path(urlsplit(spark.conf.get("spark.sql.warehouse.dir") or "").path)
    folder = warehouse.parent / "tables without rows"
    Store(spark, OutputAddress(path=str(folder))).prepare()
    return folder


_SCOPE = ("model_version", "segmentation", "segment", "role", "feature")
KEYS = {
    "profile_current": (*_SCOPE, "window_name", "window_start", "metric"),
    "drift_current": (
        *_SCOPE,
        "feature_b",
        "window_name",
        "window_start",
        "reference",
        "statistic",
    ),
    "feature_states_current": (*_SCOPE, "day", "kind"),
    "constraints_current": ("day", "constraint_name"),
}
"""Views by which all results are compared, and what each row of them is of."""


def _plain(value: Any) -> Any:
    # The last digit of a statistic depends on how many windows were computed with it.
    if isinstance(value, float):
        return float(f"{value:.9g}")
    return tuple(map(_plain, value)) if isinstance(value, list) else value
