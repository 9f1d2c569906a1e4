"""The stage of a run that copies the durations of training and scoring."""

from __future__ import annotations

from pyspark.sql import functions as F

from modelwatch.io.store.output_tables import Store
from modelwatch.model.days import shifted
from modelwatch.model.sources.durations import ROLE
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.spark.casts import try_cast
from modelwatch.spark.days import local_date, moment_of, named, type_of

KEPT_DAYS = 400
"""Number of days before the as-of day whose jobs are copied."""


def write_durations(run: Run, store: Store, request: Request) -> None:
    """Copy the jobs of the last days up to the as-of day; one Spark job, none without a table."""
    config, as_of = request.config, request.plan.as_of
    given = config.durations
    if given is None:
        return
    frame, started, zone = request.sources.frames[ROLE], named(given.started), config.time_zone
    spark_type = type_of(frame, given.started)
    day = local_date(started, spark_type, zone)
    first, until = shifted(as_of, -KEPT_DAYS), shifted(as_of, -1)
    recent = frame.where(day.between(F.lit(first), F.lit(until))).select(
        named(given.kind).cast("string").alias("kind"),
        moment_of(started, spark_type, zone).alias("started_at"),
        try_cast(named(given.seconds), "double").alias("seconds"),
    )
    run.append(store, config, "durations", recent)
