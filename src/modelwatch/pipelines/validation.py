"""A configuration held against its tables: columns, types and SQL, before any work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.deequ import problems as constraint_problems
from modelwatch.model.columns import check_columns
from modelwatch.model.config import MonitorConfig
from modelwatch.model.errors import Problem
from modelwatch.spark.days import named


def problems_of(
    config: MonitorConfig, frames: Mapping[str, DataFrame], lines: Mapping[str, int]
) -> tuple[Problem, ...]:
    """Everything that does not fit; the frames are analysed, and no Spark job runs.

    ``frames`` by role, as ``tables_of`` names them; ``lines`` of the configuration's places.
    """
    found = list(check_columns(config, schemas_of(frames), lines))
    told = {problem.place for problem in found}
    if "inputs" not in frames or (config.two_tables and "predictions" not in frames):
        return tuple(found)
    for problem in (*_of_constraints(config, frames), *_of_segments(config, frames)):
        if not any(place.startswith(problem.place.rpartition(".")[0]) for place in told):
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


def _of_segments(config: MonitorConfig, frames: Mapping[str, DataFrame]) -> Iterator[Problem]:
    rows = frames["inputs"]
    if config.two_tables:
        # As the job joins them: a name of both tables means the inputs' column.
        taken = {column.lower() for column in rows.columns}
        more = [c for c in frames["predictions"].columns if c.lower() not in taken]
        rows = rows.crossJoin(frames["predictions"].select(*(named(c) for c in more)))
    for i, segmentation in enumerate(config.segments):
        if segmentation.predicate is None:
            continue
        place = f"segments[{i}].predicate"
        try:
            kind = rows.select(F.expr(segmentation.predicate)).schema.fields[0].dataType
        except (ParseException, AnalysisException) as error:
            yield Problem(place, None, f"is not SQL of the inputs: {_first_line(error)}")
        else:
            if kind.simpleString() != "boolean":
                yield Problem(place, None, f"is {kind.simpleString()}, and must be boolean")


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
