"""The floors: reading the columns, passing them to Python, joining two tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from scripts.bench.case import COLUMNS, Case
from scripts.bench.monitored import Work, monitored, noop
from scripts.bench.session import opened_session


def _read(case: Case, table: str) -> DataFrame:
    frame = opened_session().read.format("delta").load(case.table(table))
    return frame if table == "wide" else frame.where(F.col("day") <= F.lit(case.last_day))


def scan(case: Case) -> Work:
    frame = _read(case, "main").select("day", *COLUMNS)
    return lambda: noop(frame)


def wide_scan(case: Case) -> Work:
    frame = _read(case, "wide").drop("id")
    return lambda: noop(frame)


def handover(case: Case) -> Work:
    return _handed_over(monitored(case, "main", case.days).scored())


def wide_handover(case: Case) -> Work:
    return _handed_over(monitored(case, "wide", case.wide_days).scored())


def _handed_over(frame: DataFrame) -> Work:
    """The columns with the casts and the batch size of the job, without any computation."""

    def nothing(records: Iterable[Any]) -> Iterator[Any]:
        for _ in records:
            pass
        return iter(())

    return lambda: noop(frame.mapInArrow(nothing, "nothing int"))


def join(case: Case) -> Work:
    inputs = _read(case, "main").select("id", "day", *COLUMNS)
    frame = inputs.join(_read(case, "predictions"), ["id", "day"]).drop("id")
    return lambda: noop(frame)


def labels_join(case: Case) -> Work:
    predictions = _read(case, "predictions")
    frame = predictions.join(_read(case, "labels"), ["id", "day"]).drop("id")
    return lambda: noop(frame)
