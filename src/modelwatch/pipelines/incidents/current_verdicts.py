"""The current verdicts from which incidents are derived: in this process, or in Spark."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from sys import maxsize
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from modelwatch.evaluation.sorted_rows import run_starts
from modelwatch.io.delta.snapshot import RowFilter
from modelwatch.model.incidents.episodes import BY_CHANCE
from modelwatch.pipelines.runs.history import rows_of_runs
from modelwatch.pipelines.runs.row_limits import MOST_VERDICT_BYTES
from modelwatch.pipelines.runs.stored_windows import StoredWindows
from modelwatch.spark.local_frames import frame_of
from modelwatch.spark.persisted import persisted
from modelwatch.stats.arrays import AnyArray
from modelwatch.stats.value_names import ALL
from modelwatch.tables import TABLES

MOST_A_WINDOW = 1000
"""Maximum number of verdicts per window that are folded, the largest effects first."""
SERIES = ("role", "subject", "metric", "segmentation", "segment", "window_name")
"""Key of a series of values, one value per window."""
_SUBJECT = ("source", "role", "subject", "segmentation", "segment", "window_name")
_WINDOW_KEY = ("source", "window_name", "window_start")
_WINDOW = (*_WINDOW_KEY, "window_end", "model_version")
_VALUE = (*SERIES, "window_start", "model_version", "reference", "value")
_FAILS = ("fail", "warn")
_Rows = list[Mapping[str, Any]]


class CurrentVerdicts(Protocol):
    """The current verdicts of completed windows that may still matter."""

    def windows(self) -> _Rows:
        """Windows of all traffic with their source, version, and largest number of rows."""

    def informative(self, below: float) -> _Rows:
        """Verdicts that did not pass, or passed narrowly, of subjects that failed at least once."""

    def series(self, keys: Collection[tuple[str, ...]], first: date) -> _Rows:
        """Values of some series from a day on."""


@dataclass(frozen=True)
class InMemoryVerdicts:
    """The same if their files are small: this process reads what is asked for.

    ``read``: rows of the table verdicts in some columns, on which a condition holds.
    """

    read: Callable[[Sequence[str], ds.Expression], pa.Table]

    def windows(self) -> _Rows:
        """Windows of all traffic with their source, version and greatest number of rows."""
        of_all = pc.field("segmentation") == ALL
        whole = self.read((*_WINDOW, "segmentation", "row_count"), of_all)
        found = whole.group_by(list(_WINDOW)).aggregate([("row_count", "max")])
        rows: _Rows = found.rename_columns([*_WINDOW, "row_count"]).to_pylist()
        return rows

    def informative(self, below: float) -> _Rows:
        """What did not pass, or not by far, of subjects that failed at least once."""
        failed = self.read((*_SUBJECT, "verdict"), pc.field("verdict").isin(list(_FAILS)))
        subjects = failed.group_by(list(_SUBJECT)).aggregate([])
        adjusted_p = pc.field("adjusted_p")
        not_by_chance = adjusted_p.is_null() | ~(adjusted_p >= BY_CHANCE)
        near = (pc.field("effect") >= below) & not_by_chance
        of_subjects = pc.field("subject").isin(subjects["subject"].unique())
        known = ((pc.field("verdict") != "pass") | near) & of_subjects
        rows = self.read(TABLES["verdicts"].names, known)
        fails = pc.is_in(rows["verdict"], pa.array(_FAILS))
        ranked = rows.append_column("fails", fails.cast(pa.int8()))
        ranked = ranked.join(subjects, list(_SUBJECT), join_type="left semi").sort_by(
            [
                *((name, "ascending") for name in _WINDOW_KEY),
                ("fails", "descending"),
                ("effect", "descending"),
                *((name, "ascending") for name in (*_SUBJECT, "metric", "model_version")),
            ]
        )
        found: _Rows = ranked.filter(pa.array(_first_of_runs(ranked, _WINDOW_KEY))).to_pylist()
        return found

    def series(self, keys: Collection[tuple[str, ...]], first: date) -> _Rows:
        """Values of some series from a day on."""
        subjects = {key[SERIES.index("subject")] for key in keys}
        first_start = pc.field("window_start") >= first
        asked = (
            first_start & pc.field("subject").isin(list(subjects)) & pc.field("value").is_valid()
        )
        rows = self.read(_VALUE, asked).to_pylist()
        return [row for row in rows if tuple(row[name] for name in SERIES) in keys]


def _first_of_runs(rows: pa.Table, key: Sequence[str]) -> AnyArray:
    """Mask of the first ``MOST_A_WINDOW`` rows of each run of equal keys."""
    if not rows.num_rows:
        return np.zeros(0, dtype=bool)
    starts = run_starts(rows, key)
    sizes = np.diff(np.append(starts, rows.num_rows))
    places: AnyArray = np.arange(rows.num_rows) - np.repeat(starts, sizes)
    return np.less(places, MOST_A_WINDOW)


@dataclass(frozen=True)
class StoredVerdicts:
    """The same as a frame."""

    frame: DataFrame

    def windows(self) -> _Rows:
        """Windows of all traffic with their source, version and greatest number of rows."""
        found = (
            self.frame.where(F.col("segmentation") == ALL)
            .groupBy(*_WINDOW)
            .agg(F.max("row_count").alias("row_count"))
        )
        return [row.asDict() for row in found.collect()]

    def informative(self, below: float) -> _Rows:
        """What did not pass, or not by far, of subjects that failed at least once."""
        fails = F.col("verdict").isin(*_FAILS)
        by_chance = F.coalesce(F.col("adjusted_p") >= BY_CHANCE, F.lit(False))
        of_subject = Window.partitionBy(*_SUBJECT)
        of_window = Window.partitionBy(*_WINDOW_KEY).orderBy(
            F.desc(fails), F.desc_nulls_last("effect"), *_SUBJECT, "metric", "model_version"
        )
        near = (F.col("effect") >= below) & ~by_chance
        found = (
            self.frame.where((F.col("verdict") != "pass") | near)
            .withColumn("ever", F.max(fails).over(of_subject))
            .where("ever")
            .withColumn("place", F.row_number().over(of_window))
            .where(F.col("place") <= MOST_A_WINDOW)
        )
        return [row.asDict() for row in found.collect()]

    def series(self, keys: Collection[tuple[str, ...]], first: date) -> _Rows:
        """Values of some series from a day on."""
        ddl = ", ".join(f"{name} string" for name in SERIES)
        wanted = frame_of(self.frame.sparkSession, sorted(keys), ddl)
        rows = (
            self.frame.where(F.col("value").isNotNull() & (F.col("window_start") >= F.lit(first)))
            .join(F.broadcast(wanted), list(SERIES), "left_semi")
            .select(*_VALUE)
        )
        return [row.asDict() for row in rows.collect()]


@contextmanager
def current_verdicts(
    windows: StoredWindows, kinds: Collection[str], first_start: date
) -> Iterator[CurrentVerdicts]:
    """The current verdicts of windows of some kinds that begin on a day or later."""
    counting = windows.runs(None, first_start)
    wanted = RowFilter(
        {
            "monitor": [windows.monitor],
            "run_id": {*counting.values()},
            "window_name": list(kinds),
            "partial": [False],
        },
        {"window_start": first_start},
    )
    snapshot = windows.store.snapshot("verdicts") if counting else None
    if snapshot is not None and snapshot.of(wanted).bytes <= MOST_VERDICT_BYTES:

        def read(names: Sequence[str], where: ds.Expression) -> pa.Table:
            columns = tuple(dict.fromkeys((*names, *_WINDOW_KEY, *wanted.among)))
            held = windows.store.few("verdicts", wanted, maxsize, *columns, where=where)
            if held is None:
                held = windows.store.rows("verdicts", wanted, *columns).filter(where)
            return rows_of_runs(held, _WINDOW_KEY, counting).select(list(names))

        yield InMemoryVerdicts(read)
        return
    mine = windows.store.read("verdicts").where(
        (F.col("monitor") == windows.monitor)
        & (F.col("window_start") >= F.lit(first_start))
        & F.col("window_name").isin(*kinds)
        & ~F.col("partial")
    )
    runs = windows.runs_frame(None, first_start)
    frame = mine.join(F.broadcast(runs), [*_WINDOW_KEY, "run_id"], "left_semi")
    with persisted(frame) as verdicts:
        yield StoredVerdicts(verdicts)
