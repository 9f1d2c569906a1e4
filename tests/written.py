"""Output tables of a monitor, their rows written by hand, run by run."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from pyspark.sql import Row, SparkSession

from empty_tables import copy_tables_without_rows
from modelwatch.io.store.arrow_rows import rows_of
from modelwatch.io.store.output_tables import Store
from modelwatch.io.store.result_queries import ResultQueries
from modelwatch.io.store.views import ResultViews, views
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.tables import TABLES
from same_answers import row_of

MOMENT = datetime(2013, 2, 11, tzinfo=timezone.utc)


class Monitor:
    """Output tables of a monitor, written run by run."""

    def __init__(
        self, spark: SparkSession, folder: Path, tables: Collection[str] = tuple(TABLES)
    ) -> None:
        """Tables without rows in a folder."""
        self.spark = spark
        self.output = OutputAddress(path=str(folder))
        self.store = Store(spark, self.output)
        self.views = ResultViews(spark, self.output)
        copy_tables_without_rows(spark, folder, tables)

    def append(self, table: str, run_id: str, *rows: dict[str, Any]) -> None:
        names = list(rows[0])
        values = [("flights", *(row[name] for name in names)) for row in rows]
        self.store.append(table, rows_of(TABLES[table], ("monitor", *names), values), run_id)

    def publish(self, run_id: str, hour: int, days: list[date], **more: Any) -> None:
        moment = MOMENT + timedelta(hours=hour)
        windows = [{"window_name": "day", "window_start": d, "window_end": d} for d in days]
        row = {"outcome": "published", "windows": windows, "days": days, **more}
        self.store.publish(
            {
                "monitor": "flights",
                "run_id": run_id,
                "started_at": moment,
                "finished_at": moment + timedelta(seconds=12),
                **row,
            }
        )

    def query(self, text: str) -> list[Row]:
        """Rows of a statement, as people get them: by DuckDB, or Spark if that has no answer."""
        queries = ResultQueries(self.output, lambda: self.spark)
        queries.__dict__["_views"] = self.views
        return [row_of(record) for record in queries.answer(text).records()]

    def columns(self, view: str) -> list[str]:
        return self.views.query(f"SELECT * FROM {view}").columns

    def rows_twice(self, view: str) -> list[Row]:
        """Keys of a view, as its SQL names them, of which it has several rows."""
        text = re.sub(r"\n-- ", " ", views()[view])
        key = re.search(r"Key:\s*([a-z_, ]+)\.", text)
        assert key, f"{view} does not say its key"
        return self.query(f"SELECT {key[1]} FROM {view} GROUP BY ALL HAVING count(*) > 1")
