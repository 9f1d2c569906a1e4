"""Predictions joined to their labels and inputs, by Spark or in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from modelwatch.errors import instance_of, present
from modelwatch.model.config.column_types import NUMERIC_TYPES, STRING_TYPES
from modelwatch.model.onboarding.table_facts import ColumnFacts, JoinedFacts
from modelwatch.pipelines.onboarding.local_rows import LocalRows
from modelwatch.pipelines.onboarding.spark_rows import SparkRows
from modelwatch.pipelines.onboarding.table_rows import TableSide, is_date
from modelwatch.spark.days import DAY, named
from modelwatch.spark.onboarding.joined_facts import LABEL, facts_of_rows, joined_facts, read_facts

_SLOTS = 1 << 20
_PLAIN = NUMERIC_TYPES | STRING_TYPES | {"boolean"}


@dataclass(frozen=True)
class LabelJoin:
    """A join of about ``most`` predictions to the column ``label`` of their labels, by id.

    ``answers``: the table of predictions. ``inputs``: the table of inputs, if it is a different
    one. ``same_day``: the date of the labels that is the day of the prediction, for ids that occur
    on many days; None if an id is enough.
    """

    answers: TableSide
    inputs: TableSide | None
    labels: TableSide
    label: str
    time_zone: str
    most: int
    same_day: str | None = None

    def facts(self) -> JoinedFacts:
        """What the joined rows show."""
        sides = (self.answers, self.labels, *((self.inputs,) if self.inputs is not None else ()))
        if all(isinstance(side.rows, LocalRows) for side in sides):
            return read_facts(facts_of_rows(_local_pairs(self)))
        return joined_facts(_spark_pairs(self))


def _shown(side: TableSide) -> list[tuple[str, ColumnFacts]]:
    """The columns of a side that are examined, by their names in joined rows."""
    found = []
    own = {*side.id, side.day.column, side.day.partition} if side.day is not None else set()
    for column in side.facts.columns:
        if column.name in own:
            continue
        if is_date(column):
            found.append((f"date-{side.role}:{column.name}", column))
        elif column.plain_type in _PLAIN and side.role != "labels":
            found.append((f"{side.role}:{column.name}", column))
    return found


def _local_pairs(join: LabelJoin) -> pa.Table:
    """The joined rows as Arrow: rows of the sides are matched by number, and then taken."""
    answers, inputs, labels = join.answers, join.inputs, join.labels
    time_zone, most = join.time_zone, join.most
    keys = _keys(answers, time_zone)
    if len(keys) > most:
        keys = keys.sample(most, random_state=0)
    ids = [f"id{at}" for at in range(len(answers.id))]
    of_labels = _keys(labels, time_zone)[[*ids, "row"]]
    if join.same_day is not None:
        days = _local(labels).days(join.same_day, time_zone).cast(pa.int32()).to_pandas()
        of_labels = of_labels.assign(day=days[of_labels.index])
    shared = [name for name in of_labels.columns if name != "row"]
    found = keys.merge(of_labels, on=shared, suffixes=("", "_labels"))
    if inputs is not None:
        theirs = _keys(inputs, time_zone)
        found = found.merge(theirs, how="left", on=[*ids, "day"], suffixes=("", "_inputs"))
    found = found.head(most)
    prediction_days = pa.array(found["day"].to_numpy(), pa.int32())
    columns: dict[str, pa.ChunkedArray] = {}
    for side, at in ((answers, "row"), (labels, "row_labels"), (inputs, "row_inputs")):
        if side is None:
            continue
        numbers = pa.array(found[at].to_numpy(dtype=np.float64), from_pandas=True)
        taken = numbers.cast(pa.int64())
        rows = _local(side)
        if side is labels:
            columns[LABEL] = _plain(rows.rows.column(join.label)).take(taken)
        for name, column in _shown(side):
            if is_date(column):
                days = rows.days(column.name, time_zone).cast(pa.int32()).take(taken)
                columns[name] = pc.subtract(days, prediction_days)
            else:
                columns[name] = _plain(rows.rows.column(column.name)).take(taken)
    return pa.table(columns)


def _local(side: TableSide) -> LocalRows:
    return instance_of(side.rows, LocalRows)


def _keys(side: TableSide, time_zone: str) -> pd.DataFrame:
    """The ids of the rows as text, their day as a number, and the number of the row."""
    rows = _local(side)
    held = {
        f"id{at}": rows.rows.column(name).cast(pa.string()).to_pandas()
        for at, name in enumerate(side.id)
    }
    frame = pd.DataFrame(held).assign(row=np.arange(len(rows.rows)))
    if side.day is not None:
        days = rows.days(side.day.column, time_zone).cast(pa.int32()).to_pandas()
        frame = frame.assign(day=days)
        frame = frame[frame["day"].notna()].astype({"day": "int32"})
    known = frame[[f"id{at}" for at in range(len(side.id))]].notna().all(axis=1)
    return frame[known]


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.float64()) if pa.types.is_decimal(column.type) else column


def _spark_pairs(join: LabelJoin) -> DataFrame:
    """The same by Spark, of ids that are drawn by their hash."""
    answers, inputs = join.answers, join.inputs
    time_zone, most = join.time_zone, join.most
    count = answers.facts.dated_rows
    ids = [f"__id{at}" for at in range(len(answers.id))]
    chosen = _spark_side(answers, time_zone, count, most)
    of_labels = _spark_labels(join, count)
    pairs = chosen.join(of_labels, ids if join.same_day is None else [*ids, DAY])
    if inputs is not None:
        pairs = pairs.join(_spark_side(inputs, time_zone, count, most), [*ids, DAY], "left")
    shown = [
        F.datediff(named(name), F.col(DAY)).alias(name) if name.startswith("date-") else named(name)
        for name in pairs.columns
        if not name.startswith("__")
    ]
    return pairs.select(*shown).limit(most)


def _spark(side: TableSide) -> SparkRows:
    return instance_of(side.rows, SparkRows)


def _spark_labels(join: LabelJoin, rows: int) -> DataFrame:
    side, time_zone = join.labels, join.time_zone
    frame = _of_ids(_spark(side).frame, side.id, rows, join.most)
    columns = [
        _spark(side).as_date(column.name, time_zone).alias(name) for name, column in _shown(side)
    ]
    if join.same_day is not None:
        columns.append(_spark(side).as_date(join.same_day, time_zone).alias(DAY))
    held = next(column for column in side.facts.columns if column.name == join.label)
    return frame.select(*_ids(side.id), _spark_plain(held).alias(LABEL), *columns)


def _spark_side(side: TableSide, time_zone: str, rows: int, most: int) -> DataFrame:
    """Rows of some ids, with their day, and each column under its role."""
    source = _spark(side)
    columns = [
        (source.as_date(column.name, time_zone) if is_date(column) else _spark_plain(column)).alias(
            name
        )
        for name, column in _shown(side)
    ]
    frame = source.dated(present(side.day, "day"), time_zone)
    return _of_ids(frame, side.id, rows, most).select(*_ids(side.id), F.col(DAY), *columns)


def _ids(names: Sequence[str]) -> list[Column]:
    return [named(name).cast("string").alias(f"__id{at}") for at, name in enumerate(names)]


def _spark_plain(column: ColumnFacts) -> Column:
    value = named(column.name)
    return value.cast("double") if column.plain_type == "decimal" else value


def _of_ids(frame: DataFrame, identity: Sequence[str], rows: int, most: int) -> DataFrame:
    """Rows of about ``most`` ids, the same ones in every table."""
    share = most / max(rows, 1)
    if share >= 1.0:
        return frame
    slot = F.pmod(F.xxhash64(*(named(name).cast("string") for name in identity)), F.lit(_SLOTS))
    return frame.where(slot < F.lit(int(share * _SLOTS)))
