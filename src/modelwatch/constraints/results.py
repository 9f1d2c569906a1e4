"""Check constraints on the data of each day with one of two engines: observed value, verdict, and
why it is undefined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.constraints.analyzer_metrics import (
    EVERY_VALUE_MISSING,
    RESULT_DAY,
    ROWS,
    SUM,
    AnalyzerMetric,
    MetricOfColumns,
    MetricsByDay,
)
from modelwatch.constraints.deequ_aggregates import deequ_metrics_by_day, deequ_obstacle
from modelwatch.constraints.kinds import KINDS, Basis, ByKey, ByRow, Sets, basis_of
from modelwatch.constraints.source import ColumnMismatch, ConstrainedTable, first_line
from modelwatch.model.contracts.constraint import Constraint, EngineChoice
from modelwatch.model.errors import SessionError
from modelwatch.model.verdicts.bounds import bound_verdict
from modelwatch.query_failures import QUERY_FAILURES

MAX_READINGS = 100
"""Metrics per scan; docs/decisions/0005-constraints.md has the measurements."""
_NO_ROWS = "no rows"
NO_ROWS_CHECKED = "no rows satisfy where"


@dataclass(frozen=True)
class ConstraintRow:
    """A row of the table constraint_results, without monitor and run.

    ``role`` is that of its table. ``engine`` is its name, None if no engine evaluates the
    constraint.
    """

    day: date
    constraint: str
    kind: str
    column: str | None
    where: str | None
    severity: str
    lower: float | None
    upper: float | None
    observed: float | None
    verdict: str
    reason: str | None
    rows: int | None
    role: str = "inputs"
    engine: str | None = None


@dataclass
class _Found:
    """Metrics by name and day (as text), and why a name has none."""

    metrics: dict[tuple[str, str], AnalyzerMetric] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)

    def of(self, name: str, day: date) -> AnalyzerMetric | None:
        """Return the metric, or None if the day has no rows."""
        if name in self.broken:
            return AnalyzerMetric(None, self.broken[name])
        return self.metrics.get((name, day.isoformat()))


def constraint_results(
    frames: Mapping[str, DataFrame],
    constraints: Sequence[Constraint],
    days: Sequence[date],
    sets: Sets | None = None,
    day_column: str = "__day",
    engine: EngineChoice = "auto",
) -> list[ConstraintRow]:
    """Return a row for each constraint and day, in the order of the constraints.

    ``frames`` has the rows of the days by role ('inputs', 'predictions'), with a date column
    ``day_column``; ``sets`` has the tables named by constraints of kind foreign_set. One scan
    serves up to ``MAX_READINGS`` constraints of a role; uniqueness and foreign_set take one each;
    the number of Spark jobs does not depend on the number of days. What cannot be observed is
    'undefined' with a reason; a source that cannot be read at all raises Spark's error. Raises
    SessionError if ``engine`` is Deequ and Deequ is unavailable.
    """
    rows: dict[int, list[ConstraintRow]] = {}
    used = _engine(frames, engine)
    for role in dict.fromkeys(constraint.table for constraint in constraints):
        numbered = {i: c for i, c in enumerate(constraints) if c.table == role}
        if role in frames and used is not None:
            table = _Scanned(ConstrainedTable(frames[role]), day_column, used.metrics_by_day)
            found = _observed(table, numbered, sets or {})
        else:
            found = _Found(broken={_name(i): f"there is no table of {role}" for i in numbered})
        for i, constraint in numbered.items():
            by = used.name if used is not None and role in frames else None
            rows[i] = [_row(found, _name(i), constraint, day, by) for day in days]
    return [row for i in sorted(rows) for row in rows[i]]


def _engine(frames: Mapping[str, DataFrame], choice: EngineChoice) -> Evaluator | None:
    for frame in frames.values():
        return chosen_engine(frame.sparkSession, choice)
    return None


@dataclass(frozen=True)
class _Scanned:
    """A table, its day column, and the engine that scans it."""

    source: ConstrainedTable
    day_column: str
    metrics_by_day: MetricsByDay

    @property
    def day(self) -> Column:
        """Return the days under the column name that engines use."""
        return F.col(self.day_column).alias(RESULT_DAY)


def _name(i: int) -> str:
    return f"c{i}"


def _size(where: str | None) -> str:
    return f"rows where {where}"


def _observed(table: _Scanned, constraints: Mapping[int, Constraint], sets: Sets) -> _Found:
    found = _Found()
    bases: dict[int, Basis] = {}
    checked: dict[str | None, Column | None] = {None: None}
    readings: dict[str, MetricOfColumns] = {_size(None): MetricOfColumns(ROWS, {})}
    for i, constraint in constraints.items():
        where = constraint.where
        try:
            if where is not None and where not in checked:
                passed = F.coalesce(table.source.condition(where, "where"), F.lit(False))
                readings[_size(where)] = MetricOfColumns(ROWS, {f"w{len(checked)}": passed})
                checked[where] = passed
            basis = basis_of(constraint, table.source, sets)
        except ColumnMismatch as misfit:
            found.broken[_name(i)] = str(misfit)
            continue
        bases[i] = basis
        if isinstance(basis, ByRow) and basis.columns:
            columns = {
                f"{_name(i)}_{j}": _of_checked(column, checked[where])
                for j, column in enumerate(basis.columns)
            }
            readings[_name(i)] = MetricOfColumns(KINDS[constraint.kind].definition, columns)
    names = list(readings)
    for start in range(0, len(names), MAX_READINGS):
        _scan(table, {name: readings[name] for name in names[start : start + MAX_READINGS]}, found)
    for i, basis in bases.items():
        if isinstance(basis, ByKey):
            _count(table, basis, checked[constraints[i].where], _name(i), found)
    return found


def _of_checked(column: Column, checked: Column | None) -> Column:
    return column if checked is None else F.when(checked, column)


def _scan(table: _Scanned, readings: Mapping[str, MetricOfColumns], found: _Found) -> None:
    """Add the metrics of one scan; on failure, halve it until only what fails is left out."""
    columns = [
        column.alias(alias)
        for reading in readings.values()
        for alias, column in reading.columns.items()
    ]
    narrow = table.source.frame.select(table.day, *columns)
    try:
        by_day = table.metrics_by_day(narrow, readings)
    except QUERY_FAILURES as error:
        names = list(readings)
        if names == [_size(None)]:
            raise  # the rows themselves can't be read
        if len(names) == 1:
            found.broken[names[0]] = first_line(error)
            return
        # The count of rows comes first, so a table that can't be read raises at once.
        cut = 1 if names[0] == _size(None) else len(names) // 2
        _scan(table, {name: readings[name] for name in names[:cut]}, found)
        _scan(table, {name: readings[name] for name in names[cut:]}, found)
        return
    for text, metrics in by_day.items():
        found.metrics.update({(name, text): metric for name, metric in metrics.items()})


def _count(table: _Scanned, basis: ByKey, checked: Column | None, name: str, found: _Found) -> None:
    """Add the share of passing keys of a constraint."""
    frame = table.source.frame
    checked_rows = frame if checked is None else frame.where(checked)
    keys = [f"k{j}" for j in range(len(basis.keys))]
    aliased = (column.alias(key) for key, column in zip(keys, basis.keys, strict=True))
    some = reduce(lambda a, b: a | b, [F.col(key).isNotNull() for key in keys])
    counted = checked_rows.select(table.day, *aliased).where(some).groupBy(RESULT_DAY, *keys)
    judged = basis.passes(counted.agg(F.count(F.lit(1)).alias("n")))
    hits = F.when(F.col("hit"), F.col("n")).otherwise(F.lit(0))
    readings = {
        "rows": MetricOfColumns(SUM, {"n": F.col("n")}),
        "hits": MetricOfColumns(SUM, {"h": hits}),
    }
    try:
        by_day = table.metrics_by_day(judged.select(RESULT_DAY, "n", hits.alias("h")), readings)
    except QUERY_FAILURES as error:
        found.broken[name] = first_line(error)
        return
    for text, metrics in by_day.items():
        rows, passed = metrics["rows"], metrics["hits"]
        if rows.value and passed.value is not None:
            found.metrics[name, text] = AnalyzerMetric(passed.value / rows.value)
        else:
            found.metrics[name, text] = AnalyzerMetric(None, rows.reason or passed.reason)


def _row(
    found: _Found, name: str, constraint: Constraint, day: date, engine: str | None
) -> ConstraintRow:
    lower, upper = constraint.bounds
    rows = _rows(found, constraint, day)
    metric = _metric(found, name, constraint, rows, day)
    verdict = bound_verdict(metric.value, lower, upper, constraint.severity)
    return ConstraintRow(
        day=day,
        constraint=constraint.name,
        kind=constraint.kind,
        column=", ".join(constraint.named_columns) or None,
        where=constraint.where,
        severity=constraint.severity,
        lower=lower,
        upper=upper,
        observed=metric.value,
        verdict=verdict,
        reason=metric.reason,
        rows=rows,
        role=constraint.table,
        engine=engine,
    )


def _rows(found: _Found, constraint: Constraint, day: date) -> int | None:
    """Return the checked rows of the day, or None if they could not be counted."""
    whole = found.of(_size(None), day)
    if whole is None:
        return None if _size(None) in found.broken else 0
    counted = found.of(_size(constraint.where), day)
    return None if counted is None or counted.value is None else int(counted.value)


def _metric(
    found: _Found, name: str, constraint: Constraint, rows: int | None, day: date
) -> AnalyzerMetric:
    if name in found.broken:
        return AnalyzerMetric(None, found.broken[name])
    if constraint.kind == "rows":
        counted = found.of(_size(constraint.where), day)
        return (
            AnalyzerMetric(float(rows))
            if rows is not None
            else counted or AnalyzerMetric(None, _NO_ROWS)
        )
    if rows == 0:
        empty = constraint.where is None or found.of(_size(None), day) is None
        return AnalyzerMetric(None, _NO_ROWS if empty else NO_ROWS_CHECKED)
    metric = found.of(name, day)
    return metric if metric is not None else AnalyzerMetric(None, EVERY_VALUE_MISSING)


@dataclass(frozen=True)
class Evaluator:
    """An engine by its name in results. ``reason`` says why it was chosen, for the log."""

    name: str
    metrics_by_day: MetricsByDay
    reason: str


def chosen_engine(spark: SparkSession, choice: EngineChoice) -> Evaluator:
    """Return the chosen engine; raise SessionError if Deequ is chosen but unavailable.

    ``auto`` is Deequ where it is available, and the native engine elsewhere.
    """
    if choice == "native":
        return Evaluator("native", native_metrics_by_day, "it is configured")
    obstacle = deequ_obstacle(spark)
    if obstacle is None:
        why = "it is configured" if choice == "deequ" else "it is available"
        return Evaluator("deequ", deequ_metrics_by_day, why)
    if choice == "deequ":
        raise SessionError(unavailable(obstacle))
    return Evaluator("native", native_metrics_by_day, obstacle)


def unavailable(obstacle: str) -> str:
    """Return the error message for a configuration that requires Deequ where it is unavailable."""
    return (
        f"{obstacle}. Choose `auto` or `native`, or install the extra `deequ` and Deequ's jar on "
        "Spark 3.5"
    )


def native_metrics_by_day(
    frame: DataFrame, readings: Mapping[str, MetricOfColumns]
) -> dict[str, dict[str, AnalyzerMetric]]:
    """Compute metrics by day and name with Spark SQL alone; see ``MetricsByDay``.

    Every expression is available in Spark Connect and raises no error in ANSI mode.
    """
    places: dict[str, slice] = {}
    aggregates: list[Column] = []
    for name, reading in readings.items():
        made = reading.definition.aggregates(*(F.col(alias) for alias in reading.columns))
        places[name] = slice(1 + len(aggregates), 1 + len(aggregates) + len(made))
        aggregates += made
    named = [column.alias(f"a{i}") for i, column in enumerate(aggregates)]
    by_day = frame.groupBy(RESULT_DAY).agg(*named)
    rows = by_day.withColumn(RESULT_DAY, F.col(RESULT_DAY).cast("string")).collect()
    return {
        row[0]: {
            name: reading.definition.value(*row[places[name]]) for name, reading in readings.items()
        }
        for row in rows
    }
