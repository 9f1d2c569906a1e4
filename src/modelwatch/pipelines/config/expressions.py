"""What the SQL of a configuration or contract may ask: the values of its own row, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.config.document import place_of
from modelwatch.model.errors import Problem

_SUBQUERY = "contains a subquery, which could read any table or file: use only columns of the row"
_NOT_OF_THE_ROW = (
    "calls a function that depends on more than the row, such as reflect, "
    "java_method, rand, uuid or input_file_name: these can run arbitrary Java code or are not "
    "deterministic"
)


def refusal(frame: DataFrame, sql: str) -> str | None:
    """Why SQL may not be asked of the rows of a table; None if it may, or Spark can't resolve it.

    Spark's analyzed plan decides, not the text: no Spark job runs.
    """
    try:
        asked: Any = frame.select(F.expr(sql))
    except PySparkException:
        return None
    plan = asked._jdf.queryExecution().analyzed()
    if not plan.subqueriesAll().isEmpty():
        return _SUBQUERY
    return None if plan.deterministic() else _NOT_OF_THE_ROW


def refused_expressions(
    config: MonitorConfig, frames: Mapping[str, DataFrame], joined: DataFrame, valued: DataFrame
) -> Iterator[Problem]:
    """Expressions of a configuration that may not be asked, each at its place.

    ``frames`` by role. ``joined``: the rows as the job joins them, and ``valued`` with the columns
    that the expressions of values may use.
    """
    for place, frame, sql in _asked(config, frames, joined, valued):
        wording = refusal(frame, sql)
        if wording is not None:
            yield Problem(place, None, wording)


def _asked(
    config: MonitorConfig, frames: Mapping[str, DataFrame], joined: DataFrame, valued: DataFrame
) -> Iterator[tuple[str, DataFrame, str]]:
    for i, segmentation in enumerate(config.segments):
        if segmentation.predicate is not None:
            yield f"segments[{i}].predicate", joined, segmentation.predicate
    if config.performance is not None:
        for name, sql in config.performance.values.expressions.items():
            yield place_of(("performance", "values", "expressions", name)), valued, sql
    of_keys = (
        ("rules", config.rules, ("must", "where")),
        ("constraints", config.constraints, ("sql", "where")),
    )
    for section, entries, keys in of_keys:
        for i, entry in enumerate(entries):
            frame = frames.get(config.table_role(entry.table))
            for key in keys:
                condition = getattr(entry, key, None)
                if frame is not None and condition is not None:
                    yield f"{section}[{i}].{key}", frame, condition
