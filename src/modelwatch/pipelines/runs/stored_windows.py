"""Current rows of result tables: for each window, those of the newest run that judged it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from modelwatch.io.delta.snapshot import RowFilter
from modelwatch.io.store.output_tables import Store
from modelwatch.model.verdicts.row import VerdictSource
from modelwatch.pipelines.runs.history import RunHistory
from modelwatch.pipelines.runs.run import Run
from modelwatch.spark.local_frames import frame_of
from modelwatch.stats.value_names import ALL_VERSIONS
from modelwatch.tables import TABLES

AnyRow = TypeVar("AnyRow", Row, dict[str, Any])

_KEY = ("source", "window_name", "window_start", "run_id")


@dataclass(frozen=True)
class StoredWindows:
    """Reads the current rows of a monitor, of earlier runs and of the active one."""

    run: Run
    store: Store
    monitor: str
    history: RunHistory

    def frame(self, table: str, source: VerdictSource, first_start: date) -> DataFrame:
        """Rows of a table for windows whose metrics of a source are current, from a first day
        on."""
        mine = self.store.read(table).where(
            (F.col("monitor") == self.monitor) & (F.col("window_start") >= F.lit(first_start))
        )
        if "source" in mine.columns:
            mine = mine.where(F.col("source") == source)
        current = self.runs_frame((source,), first_start).drop("source")
        return mine.join(F.broadcast(current), list(_KEY[1:]), "left_semi")

    def rows(
        self, table: str, source: VerdictSource, wanted: RowFilter, names: Collection[str]
    ) -> list[dict[str, Any]]:
        """The same for tables and conditions with few rows, collected.

        ``wanted`` with the first day under ``window_start``.
        """
        held = self.runs((source,), wanted.lower_bounds["window_start"])
        if not held:
            return []
        among = {**wanted.among, "monitor": [self.monitor], "run_id": {*held.values()}}
        if "source" in TABLES[table].names:
            among["source"] = [source]
        asked = dict.fromkeys([*names, *_KEY[1:]])
        rows = self.store.rows(table, RowFilter(among, wanted.lower_bounds), *asked).to_pylist()
        return [
            row
            for row in rows
            if held.get((source, row["window_name"], row["window_start"])) == row["run_id"]
        ]

    def runs(
        self, sources: Collection[str] | None, first_start: date
    ) -> dict[tuple[str, str, date], str]:
        """The current run for each source of metrics and window.

        By source, name of the window, and its first day. ``sources``: None for all.
        """
        newest = self.history.run_of_verdicts()
        newest |= {(j.source, j.window, j.window_start): self.run.run_id for j in self.run.judged}
        return {
            key: of
            for key, of in newest.items()
            if key[2] >= first_start and (sources is None or key[0] in sources)
        }

    def runs_frame(self, sources: Collection[str] | None, first_start: date) -> DataFrame:
        """``runs`` as a frame with the columns source, window_name, window_start, and run_id."""
        held = [(*key, of) for key, of in sorted(self.runs(sources, first_start).items())]
        return frame_of(
            self.run.spark,
            held,
            "source string, window_name string, window_start date, run_id string",
        )


def one_a_day(rows: Iterable[AnyRow]) -> list[AnyRow]:
    """Rows of daily windows, of all versions together if a day has several; ascending."""
    by_day: dict[date, AnyRow] = {}
    for row in rows:
        day = row["window_start"]
        if day not in by_day or row["model_version"] == ALL_VERSIONS:
            by_day[day] = row
    return [by_day[day] for day in sorted(by_day)]
