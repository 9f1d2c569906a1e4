"""The tables of the benchmark, their sizes, and the part that a measure reads."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path

CORES = 2
FIRST_DAY = date(2024, 1, 1)
BASELINE_DAYS = 7
"""First days of a table: the reference, on which bins are fitted."""
NUMERIC = tuple(f"x{i}" for i in range(20))
CATEGORICAL = tuple(f"c{i}" for i in range(5))
COLUMNS = (*NUMERIC, *CATEGORICAL)
SEGMENTED = CATEGORICAL[:2]
"""Columns with ten values."""


@dataclass(frozen=True)
class Case:
    """Sizes of the tables, and the days that a measure reads.

    ``root``: folder of the tables. ``days``: number of days of the main table, from the first.
    """

    root: str
    rows: int
    days: int
    all_days: int
    wide_rows: int
    wide_columns: int
    wide_days: int
    increment_rows: int

    @property
    def rows_read(self) -> int:
        """Rows of the days that are read."""
        return self.rows * self.days // self.all_days

    @property
    def last_day(self) -> date:
        """The last of the days that are read."""
        return day_at(self.days - 1)

    def table(self, name: str) -> str:
        """Folder of a table."""
        return str(Path(self.root, name))

    def of_days(self, days: int) -> Case:
        """The same tables with fewer days to read."""
        return replace(self, days=min(days, self.all_days))

    def parquet_files(self, first: int = 0, last: int | None = None) -> list[str]:
        """Data files of the days of the main table, for tools that do not read Delta.

        Tables are written once, so the files in the folders are those of the table.
        """
        days = range(first, self.days if last is None else last)
        folders = [Path(self.table("main"), f"day={day_at(at)}") for at in days]
        return [str(file) for folder in folders for file in sorted(folder.glob("*.parquet"))]

    def as_json(self) -> str:
        """The case as JSON, for another process."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Case:
        """The case from the JSON of ``as_json``."""
        return Case(**json.loads(text))


def day_at(number: int) -> date:
    """A day of the tables, counted from 0."""
    return FIRST_DAY + timedelta(days=number)


def full_case(folder: Path) -> Case:
    """The sizes of the published results."""
    return Case(str(folder / "full"), 10_000_000, 30, 30, 200_000, 400, 10, 20_000)


def quick_case(folder: Path) -> Case:
    """Small sizes to test the benchmark; the results have little meaning."""
    return Case(str(folder / "quick"), 150_000, 30, 30, 10_000, 400, 10, 200)
