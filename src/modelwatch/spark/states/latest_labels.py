"""The label of each prediction that counts, and the outcome of the other labels."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from modelwatch.model.config.column_types import outer_type
from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.performance.labels import Labels, Performance
from modelwatch.model.profile.features import Schema, find_column
from modelwatch.spark.days import DAY, local_date, moment_of, named, nearest_in_calendar
from modelwatch.spark.states.label_values import is_unknown, label_value
from modelwatch.spark.states.scored_rows import dealt

LABEL_COLUMN = "__label"
"""The label of a row as a double; null for none."""
SPELLINGS, VALUED, MISSING = "__label_spellings", "__label_valued", "__label_missing"
"""Of the current labels of an id and day: unmapped values as strings, how many labels have a value,
and how many are empty strings or NaN. These columns do not exist if every value is mapped."""


def latest_labels(
    config: MonitorConfig,
    labels: Labels,
    performance: Performance,
    frame: DataFrame,
    as_of: date,
    *,
    day_tasks: int | None = None,
) -> DataFrame:
    """One row per id and day of the labels: the label that counts, and the outcome of the others.

    Labels of one id are processed in order, and spill to disk if they are many. A window has the
    partitioning and order of the join, and costs half as much as an aggregation if nearly each id
    has one label.
    """
    frame = dealt(frame, day_tasks)
    schema = {field.name: field.dataType.simpleString() for field in frame.schema.fields}
    mapped = label_value(performance, labels.label, schema)
    value = mapped.value
    known, moment = _known(config, labels, schema)
    ids = [f"__label_id_{i}" for i in range(len(labels.id))]
    rows = frame.select(
        *(named(column).alias(id) for column, id in zip(labels.id, ids, strict=True)),
        F.col(DAY).alias("__label_day"),
        F.coalesce(known <= F.lit(as_of), F.lit(True)).alias("counted"),
        known.alias("known"),
        moment.alias("moment"),
        value.alias("value"),
        is_unknown(performance, value).alias("unknown"),
        mapped.missing.alias("missing"),
        mapped.spelling.alias("spelling"),
    )
    valued = F.col("counted") & F.col("value").isNotNull()
    rows = rows.select(
        *ids,
        "__label_day",
        "counted",
        "known",
        "unknown",
        F.when(F.col("counted"), F.col("spelling")).alias("spelling"),
        (F.col("counted") & F.col("missing")).alias("missing"),
        F.when(valued, F.col("moment")).alias("moment"),
        F.when(valued, F.col("value")).alias("value"),
        # A column instead of an expression: each of two windows would compute it, and sort by it.
        F.xxhash64(*ids, "__label_day", "value").alias("tie"),
    )
    # Labels that count come first, the last known one first. The day is the last key, as in the
    # condition of the join, so that Spark reuses their order.
    ordered = Window.partitionBy(*ids, "__label_day").orderBy(F.desc("moment"), F.desc("tie"))
    whole = ordered.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    counted, last = F.col("counted"), F.col("moment") == F.col("last_moment")
    at_last = F.when(last, F.col("value"))
    label_facts = {
        "__rows": F.sum(counted.cast("int")),
        "least": F.min("value"),
        "greatest": F.max("value"),
        "last_least": F.min(at_last),
        "last_greatest": F.max(at_last),
        "__unknown_classes": F.sum((counted & F.col("unknown")).cast("int")),
        "__last_known": F.max(F.when(counted, F.col("known"))),
        "__next_known": F.min(F.when(~counted, F.col("known"))),
    }
    if mapped.counted_as is not None:
        spelled = F.col("spelling").isNotNull()
        label_facts |= {
            # All of them, because rows of one id may be spelled in several ways.
            SPELLINGS: F.collect_list("spelling"),
            VALUED: F.sum((counted & (F.col("value").isNotNull() | spelled)).cast("int")),
            MISSING: F.sum(F.col("missing").cast("int")),
        }
    first = (
        rows.select(
            "*",
            F.row_number().over(ordered).alias("rank"),
            F.max("moment").over(whole).alias("last_moment"),
        )
        .select("*", *(column.over(whole).alias(name) for name, column in label_facts.items()))
        .where(F.col("rank") == 1)
    )
    least, greatest = F.col("last_least"), F.col("last_greatest")
    return first.select(
        *ids,
        "__label_day",
        "__rows",
        F.col("value").alias(LABEL_COLUMN),
        F.when(F.col("value").isNotNull(), F.col("known")).alias("__known"),
        ((F.col("least") < least) | (F.col("greatest") > greatest)).alias("__corrected"),
        (least < greatest).alias("__conflicting"),
        "__unknown_classes",
        "__last_known",
        "__next_known",
        *((SPELLINGS, VALUED, MISSING) if mapped.counted_as is not None else ()),
    )


def _known(config: MonitorConfig, labels: Labels, schema: Schema) -> tuple[Column, Column]:
    """The day on which a label became known, null for at once, and the moment, for sorting."""
    if labels.known is None:
        return F.lit(None).cast("date"), F.lit(0).cast("bigint")
    column = named(labels.known.column)
    kind = outer_type(schema[str(find_column(schema, labels.known.column))])
    day = local_date(column, kind, config.time_zone)
    moment = (
        F.unix_date(column)
        if kind == "date"
        else F.unix_micros(moment_of(column, kind, config.time_zone))
    )
    return nearest_in_calendar(day), F.coalesce(moment.cast("bigint"), F.lit(-(2**62)))
