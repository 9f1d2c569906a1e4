"""A configuration checked against its tables: columns, types, and the SQL of rules and values,
before any work."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.capabilities import resolved
from modelwatch.constraints import deequ_obstacle, unavailable
from modelwatch.constraints import problems as constraint_problems
from modelwatch.io.failures import first_line
from modelwatch.model.config.column_types import is_number
from modelwatch.model.config.columns import check_columns
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.config.document import place_of
from modelwatch.model.errors import Problem
from modelwatch.pipelines.config.expressions import refused_expressions
from modelwatch.spark.days import named
from modelwatch.spark.states.labelled_rows import BORROWED

_CLOCK = re.compile(
    r"\b(now|localtimestamp)\s*\(|\b(current_timestamp|current_date)\b", re.IGNORECASE
)
"""Functions that Spark treats as constants of a query. Random functions are detected in its
plan."""


def problems_of(
    config: MonitorConfig, frames: Mapping[str, DataFrame], lines: Mapping[str, int]
) -> tuple[Problem, ...]:
    """All problems. The frames are analyzed, and no Spark job runs.

    ``frames`` by role, as in ``tables_of``. ``lines`` of the places of the configuration.
    """
    found = list(check_columns(config, schemas_of(frames), lines))
    reported = {problem.place for problem in found}
    if "inputs" not in frames or (config.two_tables and "predictions" not in frames):
        return tuple(found)
    joined = _joined(config, frames)
    valued = _valued(config, joined)
    found_in_sql = (
        *refused_expressions(config, frames, joined, valued),
        *_of_segments(config, joined),
        *_of_values(config, valued),
        *rule_problems(config, frames),
    )
    found_in_constraints = (*_of_engine(config, frames), *_of_constraints(config, frames))
    for problem in (*found_in_constraints, *found_in_sql):
        if not any(place.startswith(problem.place.rpartition(".")[0]) for place in reported):
            found.append(Problem(problem.place, _line(problem.place, lines), problem.message))
    return tuple(found)


def schemas_of(frames: Mapping[str, DataFrame]) -> dict[str, dict[str, str]]:
    """The columns of each frame with their simple types, by role."""
    return {
        role: {field.name: field.dataType.simpleString() for field in frame.schema.fields}
        for role, frame in frames.items()
    }


def _line(place: str, lines: Mapping[str, int]) -> int | None:
    while place and place not in lines:
        place = place.rpartition(".")[0]
    return lines.get(place)


def _of_engine(config: MonitorConfig, frames: Mapping[str, DataFrame]) -> Iterator[Problem]:
    if config.constraint_engine == "deequ" and (config.constraints or config.contracts):
        obstacle = deequ_obstacle(frames["inputs"].sparkSession)
        if obstacle is not None:
            yield Problem("constraint_engine", None, unavailable(obstacle))


def _of_constraints(config: MonitorConfig, frames: Mapping[str, DataFrame]) -> tuple[Problem, ...]:
    checked = {"inputs": frames["inputs"], "predictions": frames.get("predictions")}
    if not config.two_tables:
        checked["predictions"] = frames["inputs"]
    sets = {
        constraint.set.table: frames[f"set:{constraint.name}"]
        for constraint in config.constraints
        if constraint.kind == "foreign_set" and f"set:{constraint.name}" in frames
    }
    known = {role: frame for role, frame in checked.items() if frame is not None}
    return constraint_problems(known, config.constraints, sets)


def _joined(config: MonitorConfig, frames: Mapping[str, DataFrame]) -> DataFrame:
    """Columns as the job joins them: a name in both tables means the column of the inputs."""
    rows = frames["inputs"]
    if not config.two_tables:
        return rows
    taken = {column.lower() for column in rows.columns}
    more = [c for c in frames["predictions"].columns if c.lower() not in taken]
    return rows.crossJoin(frames["predictions"].select(*(named(c) for c in more)))


def _valued(config: MonitorConfig, rows: DataFrame) -> DataFrame:
    """Joined rows with the columns that expressions of values may use by their plain names."""
    if config.performance is None:
        return rows
    taken = {column.lower() for column in rows.columns}
    label = F.lit("") if config.performance.task == "multiclass" else F.lit(0.0)
    for name in BORROWED:
        if name not in taken:
            rows = rows.withColumn(name, label if name == "label" else F.lit(0.0))
    return rows


def _of_values(config: MonitorConfig, rows: DataFrame) -> Iterator[Problem]:
    if config.performance is None:
        return
    for name, sql in config.performance.values.expressions.items():
        place = place_of(("performance", "values", "expressions", name))
        try:
            kind = rows.select(F.expr(sql)).schema.fields[0].dataType.simpleString()
        except (ParseException, AnalysisException) as error:
            yield Problem(place, None, f"is not SQL of the joined rows: {first_line(error)}")
        else:
            if not is_number(kind):
                yield Problem(place, None, f"is {kind}, and must be a number")


def _of_segments(config: MonitorConfig, rows: DataFrame) -> Iterator[Problem]:
    for i, segmentation in enumerate(config.segments):
        if segmentation.predicate is None:
            continue
        place = f"segments[{i}].predicate"
        try:
            kind = rows.select(F.expr(segmentation.predicate)).schema.fields[0].dataType
        except (ParseException, AnalysisException) as error:
            yield Problem(place, None, f"is not SQL of the inputs: {first_line(error)}")
        else:
            if kind.simpleString() != "boolean":
                yield Problem(place, None, f"is {kind.simpleString()}, and must be boolean")


def rule_problems(config: MonitorConfig, frames: Mapping[str, DataFrame]) -> Iterator[Problem]:
    """Conditions that are not valid SQL for their table, or not deterministic."""
    for i, rule in enumerate(config.rules):
        frame = frames.get(config.table_role(rule.table))
        for key in ("must", "where"):
            sql = getattr(rule, key)
            if sql is None or frame is None:
                continue
            wording = _condition_problem(frame, sql)
            if wording is not None:
                yield Problem(f"rules[{i}].{key}", None, wording.format(table=rule.table))


def _condition_problem(frame: DataFrame, sql: str) -> str | None:
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
