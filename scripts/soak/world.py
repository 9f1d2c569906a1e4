"""Small tables of a lender and a monitor over them, into which faults are injected."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

FIRST = date(2024, 1, 1)  # a Monday
ROWS = 120
"""Number of rows per day."""


def day(number: int) -> date:
    """The date of a day of business, counted from 1."""
    return FIRST + timedelta(days=number - 1)


def inputs_of(number: int, rows: int = ROWS, first: int = 0, of: int | None = None) -> pa.Table:
    """Rows of a day; they depend only on the arguments. ``of``: the day in the column ``day``."""
    random = np.random.default_rng((number, first))
    ids = np.arange(first, first + rows)
    return pa.table(
        {
            "id": [f"{day(number)}-{i}" for i in ids],
            "day": pa.array([day(of or number)] * rows, pa.date32()),
            "amount": random.lognormal(5.0, 1.0, rows).round(2),
            "age": random.integers(18, 90, rows),
            "region": random.choice(["north", "south", "east"], rows),
        }
    )


def predictions_of(number: int, rows: int = ROWS, first: int = 0) -> pa.Table:
    """One score per row of a day."""
    random = np.random.default_rng((number, first, 1))
    return pa.table(
        {
            "id": [f"{day(number)}-{i}" for i in range(first, first + rows)],
            "day": pa.array([day(number)] * rows, pa.date32()),
            "score": random.beta(2, 5, rows).round(4),
            "model": ["v1"] * rows,
        }
    )


def labels_of(number: int, rows: int = ROWS) -> pa.Table:
    """Labels of a day, known one day later."""
    random = np.random.default_rng((number, 0, 2))
    return pa.table(
        {
            "id": [f"{day(number)}-{i}" for i in range(rows)],
            "day": pa.array([day(number)] * rows, pa.date32()),
            "defaulted": random.random(rows) < 0.3,
            "known": pa.array([day(number + 1)] * rows, pa.date32()),
        }
    )


def configured(folder: Path, monitor: str = "loans", **sections: Any) -> dict[str, Any]:
    """A configuration over the tables of a folder."""

    def table(name: str) -> dict[str, Any]:
        return {
            "table": {"path": str(folder / name)},
            "id": "id",
            "day": {"column": "day"},
        }

    return {
        "monitor": monitor,
        "output": {"path": str(folder / "monitor")},
        "inputs": table("inputs"),
        "predictions": {
            **table("predictions"),
            "score": "score",
            "model_version": {"column": "model"},
        },
        "labels": {
            **table("labels"),
            "label": "defaulted",
            "known": {"column": "known"},
            "due": {"delay_days": 1},
        },
        "performance": {"task": "binary", "score": "score", "decision": {"threshold": 0.3}},
        "segments": [{"name": "region", "columns": "region"}],
        "windows": ["day"],
        "references": [{"name": "start", "days": f"{day(1)}..{day(2)}"}],
        "binning": {"bins": 20},
        "constraints": [
            {"name": "amount is there", "kind": "completeness", "column": "amount", "lower": 0.99},
            {"name": "rows", "kind": "rows", "lower": 1},
        ],
        **sections,
    }


def contents(folder: Path) -> dict[str, bytes]:
    """Hash of every file of the tables in a folder, without lock files."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).digest()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".lock"
    }


@dataclass
class World:
    """The tables in a folder and a monitor over them."""

    folder: Path
    config: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config = self.config or configured(self.folder)

    def open(self, *numbers: int) -> None:
        """Write days of business, with labels of the days before."""
        for number in numbers:
            self.add("inputs", inputs_of(number))
            self.add("predictions", predictions_of(number))
            self.add("labels", labels_of(number))

    def add(self, table: str, rows: pa.Table, **options: Any) -> None:
        """Append rows, as files of their days."""
        given = {"mode": "append", "partition_by": ["day"], **options}
        write_deltalake(str(self.folder / table), rows, **given)

    def table(self, name: str) -> DeltaTable:
        """A source table."""
        return DeltaTable(str(self.folder / name))

    @property
    def output(self) -> Path:
        """Where results are written."""
        return Path(self.config["output"]["path"])

    def file(self) -> Path:
        """The configuration, written to a file."""
        path = self.folder / f"{self.config['monitor']}.yaml"
        path.write_text(json.dumps(self.config, indent=1), encoding="utf-8")
        return path

    def keep(self, folder: Path) -> None:
        """Copy tables and results, to be restored later."""
        shutil.copytree(self.folder, folder)

    def bring_back(self, folder: Path) -> None:
        """Restore tables and results in place.

        Sessions that have read them must discard what they cached.
        """
        shutil.rmtree(self.folder)
        shutil.copytree(folder, self.folder)

    def contents(self) -> dict[str, bytes]:
        """Hash of every file of tables and results, without lock files."""
        return contents(self.folder)

    def command(self, as_of: int) -> list[str]:
        """Command-line arguments of a run as of a day."""
        return ["run", str(self.file()), "--as-of", str(day(as_of))]

    def runs(self) -> list[dict[str, Any]]:
        """Rows of the table `runs`, oldest first."""
        if not (self.output / "runs" / "_delta_log").exists():
            return []
        rows = DeltaTable(str(self.output / "runs")).to_pyarrow_table().to_pylist()
        return sorted(rows, key=lambda row: (row["finished_at"], row["run_id"]))
