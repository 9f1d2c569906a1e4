"""Constraints checked against the data of each day: observed value, verdict, and why unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import reduce

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from modelwatch.deequ.kinds import FrequencyShare, Measure, Moment, Sets, Share, measure_of
from modelwatch.deequ.scan import DAY, Analyzer, AnalyzerMetric, metrics_by_day
from modelwatch.deequ.source import ConstrainedTable, Misfit, first_line
from modelwatch.errors import instance_of
from modelwatch.model.contracts.constraint import Constraint
from modelwatch.model.verdicts.bounds import judge

MAX_ANALYZERS = 100
"""Analyzers of one scan; docs/decisions/0005-constraints.md has the figures."""
EVERY_VALUE_MISSING = "every value is missing"
NO_ROWS = "no rows"
NO_ROWS_CHECKED = "no rows satisfy where"


@dataclass(frozen=True)
class ConstraintRow:
    """One row of the table constraint_results, without monitor and run. ``role``: of its table."""

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


@dataclass(frozen=True)
class _Task:
    """An analyzer and the columns that it reads."""

    analyzer: Analyzer
    columns: Mapping[str, Column] = field(default_factory=dict)


@dataclass
class _Found:
    """Metrics by name and day (as text), and why there are none of a name."""

    metrics: dict[tuple[str, str], AnalyzerMetric] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)

    def of(self, name: str, day: date) -> AnalyzerMetric | None:
        """The metric; None where the day has no rows."""
        if name in self.broken:
            return AnalyzerMetric(None, self.broken[name])
        return self.metrics.get((name, day.isoformat()))


def constraint_results(
    frames: Mapping[str, DataFrame],
    constraints: Sequence[Constraint],
    days: Sequence[date],
    sets: Sets | None = None,
    day_column: str = "__day",
) -> list[ConstraintRow]:
    """A row for each constraint and day, in the order of the constraints.

    ``frames`` has the rows of the days by role ('inputs', 'predictions'), with a date column
    ``day_column``; ``sets`` the tables that constraints of kind foreign_set name. One scan serves
    up to ``MAX_ANALYZERS`` constraints of a role; uniqueness and foreign_set take one each;
    the number of Spark jobs does not depend on the number of days. What can't be observed is
    'unknown' with a reason; a source that can't be read at all raises Spark's error.
    """
    rows: dict[int, list[ConstraintRow]] = {}
    for role in dict.fromkeys(constraint.table for constraint in constraints):
        numbered = {i: c for i, c in enumerate(constraints) if c.table == role}
        if role in frames:
            found = _observed(ConstrainedTable(frames[role]), numbered, sets or {}, day_column)
        else:
            found = _Found(broken={_name(i): f"there is no table of {role}" for i in numbered})
        for i, constraint in numbered.items():
            rows[i] = [_row(found, _name(i), constraint, day) for day in days]
    return [row for i in sorted(rows) for row in rows[i]]


def _name(i: int) -> str:
    return f"c{i}"


def _size(where: str | None) -> str:
    return f"rows where {where}"


def _observed(
    source: ConstrainedTable, constraints: Mapping[int, Constraint], sets: Sets, day_column: str
) -> _Found:
    found = _Found()
    measures: dict[int, Measure] = {}
    checked: dict[str | None, Column | None] = {None: None}
    tasks: dict[str, _Task] = {_size(None): _Task(Analyzer("Size"))}
    for i, constraint in constraints.items():
        where = constraint.where
        try:
            if where is not None and where not in checked:
                passed = F.coalesce(source.condition(where, "where"), F.lit(False))
                alias = f"w{len(checked)}"
                checked[where] = passed
                tasks[_size(where)] = _Task(Analyzer("Size", where=alias), {alias: passed})
            measures[i] = measure_of(constraint, source, sets)
        except Misfit as misfit:
            found.broken[_name(i)] = str(misfit)
            continue
        if isinstance(measures[i], Share | Moment):
            tasks[_name(i)] = _task(_name(i), measures[i], checked[where])
    day = F.col(day_column).alias(DAY)
    names = list(tasks)
    for start in range(0, len(names), MAX_ANALYZERS):
        batch = {name: tasks[name] for name in names[start : start + MAX_ANALYZERS]}
        _scan(source.frame, day, batch, found)
    for i, measure in measures.items():
        if isinstance(measure, FrequencyShare):
            _count(source.frame, day, measure, checked[constraints[i].where], _name(i), found)
    return found


def _task(name: str, measure: Measure, checked: Column | None) -> _Task:
    def of_checked(column: Column) -> Column:
        return column if checked is None else F.when(checked, column)

    if isinstance(measure, Share):
        # The flag is null for rows that don't count, and Deequ's where leaves those out.
        analyzer = Analyzer("Compliance", (name, name), where=f"{name} IS NOT NULL")
        return _Task(analyzer, {name: of_checked(measure.flag)})
    measure = instance_of(measure, Moment)
    columns = {f"{name}_{j}": of_checked(c) for j, c in enumerate(measure.columns)}
    return _Task(Analyzer(measure.analyzer, tuple(columns)), columns)


def _scan(frame: DataFrame, day: Column, tasks: Mapping[str, _Task], found: _Found) -> None:
    """Add the metrics of one scan; halve it until only what fails at run time is left out."""
    columns = {alias: column for task in tasks.values() for alias, column in task.columns.items()}
    narrow = frame.select(day, *(column.alias(alias) for alias, column in columns.items()))
    try:
        by_day = metrics_by_day(narrow, {name: task.analyzer for name, task in tasks.items()})
    except (PySparkException, Py4JJavaError) as error:
        names = list(tasks)
        if names == [_size(None)]:
            raise  # the rows themselves can't be read
        if len(names) == 1:
            found.broken[names[0]] = first_line(error)
            return
        # The count of rows comes first, so a table that can't be read raises at once.
        cut = 1 if names[0] == _size(None) else len(names) // 2
        _scan(frame, day, {name: tasks[name] for name in names[:cut]}, found)
        _scan(frame, day, {name: tasks[name] for name in names[cut:]}, found)
        return
    for text, metrics in by_day.items():
        found.metrics.update({(name, text): metric for name, metric in metrics.items()})


def _count(
    frame: DataFrame,
    day: Column,
    measure: FrequencyShare,
    checked: Column | None,
    name: str,
    found: _Found,
) -> None:
    kept = frame if checked is None else frame.where(checked)
    keys = [f"k{j}" for j in range(len(measure.keys))]
    aliased = (column.alias(key) for key, column in zip(keys, measure.keys, strict=True))
    some = reduce(lambda a, b: a | b, [F.col(key).isNotNull() for key in keys])
    counted = kept.select(day, *aliased).where(some).groupBy(DAY, *keys)
    judged = measure.passes(counted.agg(F.count(F.lit(1)).alias("n")))
    narrow = judged.select(DAY, "n", F.when(F.col("hit"), F.col("n")).otherwise(0).alias("h"))
    try:
        by_day = metrics_by_day(
            narrow, {"rows": Analyzer("Sum", ("n",)), "hits": Analyzer("Sum", ("h",))}
        )
    except (PySparkException, Py4JJavaError) as error:
        found.broken[name] = first_line(error)
        return
    for text, metrics in by_day.items():
        rows, hits = metrics["rows"], metrics["hits"]
        if rows.value and hits.value is not None:
            found.metrics[name, text] = AnalyzerMetric(hits.value / rows.value)
        else:
            found.metrics[name, text] = AnalyzerMetric(None, rows.reason or hits.reason)


def _row(found: _Found, name: str, constraint: Constraint, day: date) -> ConstraintRow:
    lower, upper = constraint.bounds
    rows = _rows(found, constraint, day)
    metric = _metric(found, name, constraint, rows, day)
    verdict = judge(metric.value, lower, upper, constraint.severity)
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
    )


def _rows(found: _Found, constraint: Constraint, day: date) -> int | None:
    """Rows of the day that are checked; None if Deequ could not count them."""
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
            else counted or AnalyzerMetric(None, NO_ROWS)
        )
    if rows == 0:
        empty = constraint.where is None or found.of(_size(None), day) is None
        return AnalyzerMetric(None, NO_ROWS if empty else NO_ROWS_CHECKED)
    metric = found.of(name, day)
    if metric is None or (metric.reason or "").startswith("Empty state"):
        return AnalyzerMetric(None, EVERY_VALUE_MISSING)
    return metric
