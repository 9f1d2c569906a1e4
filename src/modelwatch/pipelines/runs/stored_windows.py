"""Rows of result tables that count: of each window, those of the newest run that judged it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from modelwatch.io.store.output_tables import Store
from modelwatch.model.verdicts.row import Source
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.spark.local_frames import frame_of
from modelwatch.stats.value_names import ALL_VERSIONS

_KEY = ("source", "window", "window_start", "run_id")


def stored_windows(
    run: Run, store: Store, request: Request, table: str, source: Source, since: date
) -> DataFrame:
    """Rows of a table of windows whose figures of a source count, from a first day on."""
    mine = store.read(table).where(
        (F.col("monitor") == request.config.monitor) & (F.col("window_start") >= F.lit(since))
    )
    if "source" in mine.columns:
        mine = mine.where(F.col("source") == source)
    counting = generations(run, request, (source,), since).drop("source")
    return mine.join(F.broadcast(counting), list(_KEY[1:]), "left_semi")


def generations(
    run: Run, request: Request, sources: Collection[str] | None, since: date
) -> DataFrame:
    """The run that counts for each source of figures and window, this one included.

    Columns source, window, window_start and run_id. ``sources``: None for all.
    """
    newest = request.history.run_of_verdicts()
    newest |= {(j.source, j.window, j.window_start): run.run_id for j in run.judged}
    held = [
        (*key, of)
        for key, of in sorted(newest.items())
        if key[2] >= since and (sources is None or key[0] in sources)
    ]
    return frame_of(
        run.spark, held, "source string, window string, window_start date, run_id string"
    )


def one_a_day(rows: Iterable[Row]) -> list[Row]:
    """Rows of windows of a day, of all versions together where a day has several; ascending."""
    by_day: dict[date, Row] = {}
    for row in rows:
        day = row["window_start"]
        if day not in by_day or row["model_version"] == ALL_VERSIONS:
            by_day[day] = row
    return [by_day[day] for day in sorted(by_day)]
