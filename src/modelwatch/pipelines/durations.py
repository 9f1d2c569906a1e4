"""The stage of a run that copies how long training and scoring took."""

from __future__ import annotations

from datetime import timedelta

from pyspark.sql import functions as F

from modelwatch.io.store import Store
from modelwatch.model.durations import ROLE
from modelwatch.pipelines.run import Request, Run
from modelwatch.spark.days import named

KEPT_DAYS = 400
"""Days before the as-of day whose jobs are copied."""


def write_durations(run: Run, store: Store, request: Request) -> None:
    """Copy the jobs of the last days up to the as-of day; one Spark job, none without a table."""
    config, as_of = request.config, request.plan.as_of
    given = config.durations
    if given is None:
        return
    started = named(given.started).cast("timestamp")
    rows = request.sources.frames[ROLE].select(
        named(given.kind).cast("string").alias("kind"),
        started.alias("started_at"),
        named(given.seconds).cast("double").alias("seconds"),
    )
    since, until = as_of - timedelta(days=KEPT_DAYS), as_of
    recent = rows.where(
        (F.col("started_at") >= F.lit(since)) & (F.col("started_at") < F.lit(until))
    )
    run.append(store, config, "durations", recent)
