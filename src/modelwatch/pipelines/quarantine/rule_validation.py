"""The SQL of rules checked against their tables, before any work."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.capabilities import resolved
from modelwatch.io.failures import first_line
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.errors import Problem

_CLOCK = re.compile(
    r"\b(now|localtimestamp)\s*\(|\b(current_timestamp|current_date)\b", re.IGNORECASE
)
"""Functions that Spark treats as constants of a query. Random functions are detected in its
plan."""


def rule_problems(config: MonitorConfig, frames: Mapping[str, DataFrame]) -> Iterator[Problem]:
    """Conditions that are not valid SQL for their table, or not deterministic."""
    for i, rule in enumerate(config.rules):
        frame = frames.get(config.table_role(rule.table))
        for key in ("must", "where"):
            sql = getattr(rule, key)
            if sql is None or frame is None:
                continue
            wording = _problem(frame, sql)
            if wording is not None:
                yield Problem(f"rules[{i}].{key}", None, wording.format(table=rule.table))


def _problem(frame: DataFrame, sql: str) -> str | None:
    found = _CLOCK.search(sql)
    if found is not None:
        return (
            f"{found[0].rstrip('( ')} is not deterministic, and rows are evaluated more than once"
        )
    try:
        condition = F.expr(sql)
        kind = frame.select(condition).schema.fields[0].dataType.simpleString()
        resolved(frame.where(condition.cast("boolean")))
    except (ParseException, AnalysisException) as error:
        wording = first_line(error).replace("{", "{{").replace("}", "}}")
        return f"is not SQL of the {{table}}: {wording}"
    return None if kind == "boolean" else f"is {kind}, and must be boolean"
