"""Rows for the quarantine: what they hold, why they are there, and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from modelwatch.model.quarantine.releases import Releases
from modelwatch.model.quarantine.rules import Rule
from modelwatch.spark.days import DAY
from modelwatch.spark.quarantine.row_rules import (
    FATE,
    LET_THROUGH,
    QUARANTINED,
    RowCheck,
    fails_it,
    judged,
    row_key,
)
from modelwatch.spark.sensitive import masked_path, masked_row

FILE = "__file"
"""The file of a row, in a frame of rows that have it."""
HELD, RELEASED = "held", "released"
ROLES = ("inputs", "predictions", "labels")
"""Tables whose rows are checked against rules."""
JSON = {
    "ignoreNullFields": "false",
    "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
    "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS",
}
"""How a row is written as text, and read again, so that nothing of it is lost."""


def quarantine_rows(
    frame: DataFrame, judging: RowCheck, source_table: str, source_version: int | None
) -> DataFrame:
    """Rows that fail a rule of treatment quarantine, released or not, in the table's columns.

    ``frame`` has rows with DAY and FILE. Rows that are alike have one key, and are numbered.
    """
    found = judged(frame, judging).where((F.col(FATE) == QUARANTINED) | F.col(LET_THROUGH))
    whole = masked_row(judging.columns, judging.secrets)
    alike = Window.partitionBy("day", "row_key").orderBy("file")
    return found.select(
        F.col(DAY).alias("day"),
        F.lit(judging.role).alias("role"),
        F.when(F.col(FATE) == QUARANTINED, HELD).otherwise(RELEASED).alias("state"),
        _of_failed(judging, lambda rule: rule.name).alias("rules"),
        _of_failed(judging, lambda rule: rule.reason).alias("reasons"),
        _id_texts(judging).alias("row_id"),
        F.to_json(whole, JSON).alias("row"),
        F.lit(_row_type(frame, whole)).alias("row_type"),
        row_key(judging).alias("row_key"),
        F.lit(source_table).alias("source_table"),
        F.lit(source_version).cast("bigint").alias("source_version"),
        masked_path(F.col(FILE), judging.secrets).alias("file"),
    ).withColumn("copy", F.row_number().over(alike))


def _row_type(frame: DataFrame, row: Column) -> str:
    """Columns and types of the written rows, as ``from_json`` takes them."""
    fields = frame.select(row.alias("row")).select("row.*").schema.fields
    return ", ".join(
        f"`{field.name.replace('`', '``')}` {field.dataType.simpleString()}" for field in fields
    )


def _of_failed(judging: RowCheck, text: Callable[[Rule], str]) -> Column:
    """A text of each rule that a row fails, whatever the rule's treatment."""
    return F.array_compact(
        F.array(*(F.when(F.col(fails_it(i)), F.lit(text(r))) for i, r in enumerate(judging.rules)))
    )


def _id_texts(judging: RowCheck) -> Column:
    """The id of a row as text, column by column."""
    if not judging.ids:
        return F.lit(None).cast("array<struct<column:string,value:string>>")
    row = masked_row(judging.ids, judging.secrets)
    return F.array(
        *(
            F.struct(
                F.lit(column).alias("column"),
                row.getField(column).cast("string").alias("value"),
            )
            for column in judging.ids
        )
    )


def days_out_of_step(
    current: DataFrame, releases: Releases, rules: Collection[Rule]
) -> dict[str, set[date]]:
    """By role, days of rows that are held and stand released, or the other way round.

    ``current``: rows of the quarantine that count.
    """
    held = reduce(or_, (_stands_held(role, releases, rules) for role in ROLES))
    wrong = current.where(held != (F.col("state") == HELD)).select("role", "day").distinct()
    found: dict[str, set[date]] = {}
    for row in wrong.collect():
        found.setdefault(row["role"], set()).add(row["day"])
    return found


def _stands_held(role: str, releases: Releases, rules: Collection[Rule]) -> Column:
    """Whether rows are of the role and should be held, by what their rules and releases say."""
    released = releases.of(role)
    held = F.lit(False)
    for rule in rules:
        fails = F.array_contains("rules", rule.name)
        days = released.rules.get(rule.name)
        held = held | (fails & ~F.col("day").isin(sorted(days)) if days else fails)
    if released.keys:
        held = held & ~F.col("row_key").isin(sorted(released.keys))
    return (F.col("role") == role) & held
