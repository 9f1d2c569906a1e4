"""Limits on the SQL of configurations and contracts: it may only use values of its own row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.capabilities import capabilities, resolved
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.config.document import place_of
from modelwatch.model.errors import Problem

_SUBQUERY = "contains a subquery, which could read any table or file: use only columns of the row"
_NOT_OF_THE_ROW = (
    "calls a function that depends on more than the row, such as reflect, "
    "java_method, rand, uuid or input_file_name: these can run arbitrary Java code or are not "
    "deterministic"
)


_SUBQUERY_ERROR = "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY"
_CHANCE_ERROR = "INVALID_NON_DETERMINISTIC_EXPRESSIONS"


def refusal(frame: DataFrame, sql: str) -> str | None:
    """Why SQL is not allowed on the rows of a table; None if it is, or if Spark cannot resolve it.

    Spark's analyzer decides, not the text. No Spark job runs.
    """
    with_plan = capabilities(frame.sparkSession).jvm
    try:
        asked: Any = resolved(frame.select(F.expr(sql)))
    except PySparkException:
        return None
    if not with_plan:
        return _refusal_by_analysis(frame, sql)
    plan = asked._jdf.queryExecution().analyzed()
    if not plan.subqueriesAll().isEmpty():
        return _SUBQUERY
    return None if plan.deterministic() else _NOT_OF_THE_ROW


def _refusal_by_analysis(frame: DataFrame, sql: str) -> str | None:
    """The same where the plan is out of reach: by what the analyzer does not let stand.

    It lets no subquery stand in a function of the elements of an array, and nothing that is not
    deterministic in the condition of a join. The expression is handed over as parsed, and not as
    text, which could end what is around it.
    """
    one = F.array(F.lit(1))
    if _is_refused(frame.select(F.transform(one, lambda _: F.expr(sql))), _SUBQUERY_ERROR):
        return _SUBQUERY
    other = frame.sparkSession.range(1).select(F.lit(1).alias("a row to join with"))
    joined = frame.join(other, F.expr(sql).isNotNull(), "left_semi")
    return _NOT_OF_THE_ROW if _is_refused(joined, _CHANCE_ERROR) else None


def _is_refused(frame: DataFrame, error_class: str) -> bool:
    """Whether the analyzer refuses a frame with an error; any other error is not about the SQL."""
    try:
        resolved(frame)
    except PySparkException as error:
        return error_class in str(error)
    return False


def refused_expressions(
    config: MonitorConfig, frames: Mapping[str, DataFrame], joined: DataFrame, valued: DataFrame
) -> Iterator[Problem]:
    """Expressions of a configuration that are not allowed, each with its place.

    ``frames`` by role. ``joined``: the rows as the job joins them. ``valued``: the same with the
    columns that expressions of values may use.
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
