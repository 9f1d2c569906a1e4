"""Rows for the quarantine: their values, the reasons, and their origin."""

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
    breaks_column,
    judged,
    row_key,
)
from modelwatch.spark.sensitive import masked_path, masked_row

FILE = "__file"
"""The file of a row, in a frame of rows with files."""
HELD, RELEASED = "held", "released"
ROLES = ("inputs", "predictions", "labels")
"""Tables whose rows are checked with rules."""
JSON = {
    "ignoreNullFields": "false",
    "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
    "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS",
}
"""Options for rows as JSON that preserve all values in both directions."""


def quarantine_rows(
    frame: DataFrame, check: RowCheck, source_table: str, source_version: int | None
) -> DataFrame:
    """Rows that break a rule with treatment `quarantine`, released or not, in the columns of the
    table.

    ``frame`` has rows with DAY and FILE. Identical rows have the same key, and are numbered.
    """
    found = judged(frame, check).where((F.col(FATE) == QUARANTINED) | F.col(LET_THROUGH))
    whole = masked_row(check.columns, check.secrets)
    alike = Window.partitionBy("day", "row_key").orderBy("source_file")
    return found.select(
        F.col(DAY).alias("day"),
        F.lit(check.role).alias("role"),
        F.when(F.col(FATE) == QUARANTINED, HELD).otherwise(RELEASED).alias("state"),
        _of_failed(check, lambda rule: rule.name).alias("rules"),
        _of_failed(check, lambda rule: rule.reason).alias("reasons"),
        _id_texts(check).alias("row_id"),
        F.to_json(whole, JSON).alias("row_json"),
        F.lit(_row_type(frame, whole)).alias("row_type"),
        row_key(check).alias("row_key"),
        F.lit(source_table).alias("source_table"),
        F.lit(source_version).cast("bigint").alias("source_version"),
        masked_path(F.col(FILE), check.secrets).alias("source_file"),
    ).withColumn("copy", F.row_number().over(alike))


def _row_type(frame: DataFrame, row: Column) -> str:
    """Columns and types of the written rows, as DDL for ``from_json``."""
    fields = frame.select(row.alias("row")).select("row.*").schema.fields
    return ", ".join(
        f"`{field.name.replace('`', '``')}` {field.dataType.simpleString()}" for field in fields
    )


def _of_failed(check: RowCheck, text: Callable[[Rule], str]) -> Column:
    """A text for each rule that a row breaks, whatever the treatment of the rule."""
    return F.array_compact(
        F.array(
            *(F.when(F.col(breaks_column(i)), F.lit(text(r))) for i, r in enumerate(check.rules))
        )
    )


def _id_texts(check: RowCheck) -> Column:
    """The id of a row as strings, by column."""
    if not check.ids:
        return F.lit(None).cast("array<struct<column_name:string,value:string>>")
    row = masked_row(check.ids, check.secrets)
    return F.array(
        *(
            F.struct(
                F.lit(column).alias("column_name"),
                row.getField(column).cast("string").alias("value"),
            )
            for column in check.ids
        )
    )


def days_out_of_step(
    current: DataFrame, releases: Releases, rules: Collection[Rule]
) -> dict[str, set[date]]:
    """By role, days with rows that are held but released, or the reverse.

    ``current``: current rows of the quarantine.
    """
    held = reduce(or_, (_stands_held(role, releases, rules) for role in ROLES))
    wrong = current.where(held != (F.col("state") == HELD)).select("role", "day").distinct()
    found: dict[str, set[date]] = {}
    for row in wrong.collect():
        found.setdefault(row["role"], set()).add(row["day"])
    return found


def _stands_held(role: str, releases: Releases, rules: Collection[Rule]) -> Column:
    """Whether rows of the role should be held, according to their rules and releases."""
    released = releases.of(role)
    held = F.lit(False)
    for rule in rules:
        fails = F.array_contains("rules", rule.name)
        days = released.rules.get(rule.name)
        held = held | (fails & ~F.col("day").isin(sorted(days)) if days else fails)
    if released.keys:
        held = held & ~F.col("row_key").isin(sorted(released.keys))
    return (F.col("role") == role) & held
