"""Metrics of a day's rows, each as Spark SQL and as one of Deequ's analyzers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TypeAlias

from pyspark.sql import Column
from pyspark.sql import functions as F

RESULT_DAY = "day"
EVERY_VALUE_MISSING = "every value is missing"
_UNDEFINED = "undefined for these values"


@dataclass(frozen=True)
class AnalyzerMetric:
    """The result of an engine for a metric and day: a value, or null with the reason."""

    value: float | None
    reason: str | None = None


@dataclass(frozen=True)
class Analyzer:
    """One of Deequ's analyzers by its name in pydeequ, with its arguments."""

    name: str
    arguments: tuple[str, ...] = ()
    where: str | None = None


Analyzed: TypeAlias = Callable[..., Analyzer]
Aggregated: TypeAlias = Callable[..., tuple[Column, ...]]
Computed: TypeAlias = Callable[..., AnalyzerMetric]


@dataclass(frozen=True)
class MetricDefinition:
    """A metric of columns, as each engine computes it. Raises ValueError if one cannot.

    ``analyzer`` takes column names and returns Deequ's analyzer. ``aggregates`` takes columns and
    returns Spark's aggregates; ``value`` takes their values on a day and returns the metric.
    """

    analyzer: Analyzed
    aggregates: Aggregated
    value: Computed

    def __post_init__(self) -> None:
        """Check that both engines are defined."""
        absent = [field.name for field in fields(self) if not callable(getattr(self, field.name))]
        if absent:
            raise ValueError(f"a metric needs {' and '.join(absent)}")


@dataclass(frozen=True)
class MetricOfColumns:
    """A metric and its columns, by their names in the rows passed to engines."""

    definition: MetricDefinition
    columns: Mapping[str, Column]


MetricsByDay: TypeAlias = Callable[..., dict[str, dict[str, AnalyzerMetric]]]
"""Metrics by day (as text) and name, of rows with a date column ``day`` and of readings by name, in
one aggregation however many days there are. A day without rows is not in the result."""


def metric_of(value: float | None) -> AnalyzerMetric:
    """Return the metric of a value: null means that no row has a value, NaN that it is
    undefined."""
    if value is None:
        return AnalyzerMetric(None, EVERY_VALUE_MISSING)
    return AnalyzerMetric(None, _UNDEFINED) if math.isnan(value) else AnalyzerMetric(float(value))


def _rows(*flags: Column) -> tuple[Column, ...]:
    return (F.count(F.lit(1)) if not flags else _true(flags[0]),)


def _true(flag: Column) -> Column:
    return F.count(F.when(flag, F.lit(1)))


def _share(count: int, true: int) -> AnalyzerMetric:
    return metric_of(true / count if count else None)


def _mean(total: float | None, count: int) -> AnalyzerMetric:
    return metric_of(None if total is None else total / count)


def _correlation(
    covariance: float | None, sd_one: float | None, sd_other: float | None
) -> AnalyzerMetric:
    if covariance is None or sd_one is None or sd_other is None:
        return metric_of(None)
    # Two square roots, because the product of both sums may overflow a double.
    return metric_of(covariance / sd_one / sd_other if sd_one and sd_other else math.nan)


ROWS = MetricDefinition(
    lambda *flags: Analyzer("Size", where=_only(flags)),
    _rows,
    metric_of,
)
"""The number of rows, or of those for which a flag is true."""
SHARE = MetricDefinition(
    # The flag is null for rows that do not count, and Deequ's `where` excludes those.
    lambda flag: Analyzer("Compliance", (flag, flag), where=f"{flag} IS NOT NULL"),
    lambda flag: (F.count(flag), _true(flag)),
    _share,
)
"""The share of true values of a flag among those that are not null."""
SUM = MetricDefinition(
    lambda count: Analyzer("Sum", (count,)),
    lambda count: (F.sum(count),),
    metric_of,
)
"""The sum of counts."""
MEAN = MetricDefinition(
    lambda number: Analyzer("Mean", (number,)),
    lambda number: (F.sum(number), F.count(number)),
    _mean,
)
"""The mean of doubles."""
SD = MetricDefinition(
    lambda number: Analyzer("StandardDeviation", (number,)),
    lambda number: (F.stddev_pop(number),),
    metric_of,
)
"""The standard deviation of doubles, divided by n."""
CORRELATION = MetricDefinition(
    lambda one, other: Analyzer("Correlation", (one, other)),
    # Spark's corr divides by zero where a column is constant, which ANSI mode makes an error.
    lambda one, other: (F.covar_pop(one, other), F.stddev_pop(one), F.stddev_pop(other)),
    _correlation,
)
"""Pearson's correlation of two columns of doubles that are null in the same rows."""


def _only(flags: Sequence[str]) -> str | None:
    return flags[0] if flags else None
