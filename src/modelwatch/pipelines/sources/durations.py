"""The stage of a run that copies how long training and scoring took."""

from __future__ import annotations

from pyspark.sql import functions as F

from modelwatch.io.store.output_tables import Store
from modelwatch.model.days import shifted
from modelwatch.model.sources.durations import ROLE
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.spark.days import local_date, moment_of, named, type_of

KEPT_DAYS = 400
"""Days before the as-of day whose jobs are copied."""


def write_durations(run: Run, store: Store, request: Request) -> None:
    """Copy the jobs of the last days up to the as-of day; one Spark job, none without a table."""
    config, as_of = request.config, request.plan.as_of
    given = config.durations
    if given is None:
        return
    frame, started, zone = request.sources.frames[ROLE], named(given.started), config.time_zone
    spark_type = type_of(frame, given.started)
    day = local_date(started, spark_type, zone)
    since, until = shifted(as_of, -KEPT_DAYS), shifted(as_of, -1)
    recent = frame.where(day.between(F.lit(since), F.lit(until))).select(
        named(given.kind).cast("string").alias("kind"),
        moment_of(started, spark_type, zone).alias("started_at"),
        named(given.seconds).cast("double").alias("seconds"),
    )
    run.append(store, config, "durations", recent)
