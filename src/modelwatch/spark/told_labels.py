"""What labels say of each prediction, and what became of those that don't count."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from modelwatch.model.features import Schema, find_column, outer_type
from modelwatch.model.labels import Labels, Performance
from modelwatch.model.monitor import MonitorConfig
from modelwatch.spark.days import DAY, named
from modelwatch.spark.label_values import is_unknown, label_value, local_day

LABEL = "__label"
"""The label of a row as a double; null for none."""


def told_labels(
    config: MonitorConfig,
    labels: Labels,
    performance: Performance,
    frame: DataFrame,
    as_of: date,
    *,
    day_by_day: bool = False,
) -> DataFrame:
    """One row an id and day of the labels: the one that counts, and what became of the others.

    An aggregation and no window: however many labels an id has, they are never held together.
    """
    if day_by_day:
        frame = frame.repartition(DAY)
    schema = {field.name: field.dataType.simpleString() for field in frame.schema.fields}
    value = label_value(performance, labels.label, schema)
    known, moment = _known(config, labels, schema)
    counted = F.coalesce(known <= F.lit(as_of), F.lit(True))
    keys = [named(column).alias(f"__label_id_{i}") for i, column in enumerate(labels.id)]
    rows = frame.select(
        *keys,
        F.col(DAY).alias("__label_day"),
        counted.alias("counted"),
        known.alias("known"),
        moment.alias("moment"),
        value.alias("value"),
        is_unknown(performance, value).alias("unknown"),
    )
    ids = [f"__label_id_{i}" for i in range(len(labels.id))]
    valued = F.col("counted") & F.col("value").isNotNull()
    tie = F.xxhash64(*ids, "__label_day", "value")

    def last(*columns: Column) -> Column:
        return F.max(F.when(valued, F.struct(F.col("moment"), *columns)))

    told = rows.groupBy(*ids, "__label_day").agg(
        F.sum(F.col("counted").cast("int")).alias("__rows"),
        last(tie.alias("tie"), F.col("value"), F.col("known")).alias("last"),
        F.min(F.when(valued, F.col("value"))).alias("least"),
        F.max(F.when(valued, F.col("value"))).alias("greatest"),
        last(F.col("value")).alias("last_greatest"),
        last((-F.col("value")).alias("value")).alias("last_least"),
        F.sum((F.col("counted") & F.col("unknown")).cast("int")).alias("__unknown_classes"),
        F.max(F.when(F.col("counted"), F.col("known"))).alias("__last_known"),
        F.min(F.when(~F.col("counted"), F.col("known"))).alias("__next_known"),
    )
    least, greatest = -F.col("last_least.value"), F.col("last_greatest.value")
    return told.select(
        *ids,
        "__label_day",
        "__rows",
        F.col("last.value").alias(LABEL),
        F.col("last.known").alias("__known"),
        ((F.col("least") < least) | (F.col("greatest") > greatest)).alias("__corrected"),
        (least < greatest).alias("__conflicting"),
        "__unknown_classes",
        "__last_known",
        "__next_known",
    )


def _known(config: MonitorConfig, labels: Labels, schema: Schema) -> tuple[Column, Column]:
    """The day on which a label became known, null for at once, and the moment, to order by."""
    if labels.known is None:
        return F.lit(None).cast("date"), F.lit(0).cast("bigint")
    column = named(labels.known.column)
    kind = outer_type(schema[str(find_column(schema, labels.known.column))])
    if kind == "date":
        return column, F.coalesce(F.unix_date(column).cast("bigint"), F.lit(-(2**62)))
    moment = F.unix_micros(column.cast("timestamp"))
    return local_day(column, config.time_zone), F.coalesce(moment, F.lit(-(2**62)))
