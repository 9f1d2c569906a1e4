"""Facts about tables before anything is configured: days, columns, and labels with predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from modelwatch.model.config.column_types import NUMERIC_TYPES, TIMESTAMP_TYPES
from modelwatch.model.days import DayRange, shifted
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.onboarding.day_guess import compared_time, date_partition, guess_day
from modelwatch.model.onboarding.guess import LabelFacts
from modelwatch.model.onboarding.label_guess import DUE_SHARE, SAME_DAY, Delay, known_column
from modelwatch.model.onboarding.reference_guess import DailyMetric, searched_days
from modelwatch.model.onboarding.table_facts import ColumnFacts, TableFacts
from modelwatch.model.plain_text import counted
from modelwatch.model.profile.features import natural_kind
from modelwatch.pipelines.onboarding.joined_labels import LabelJoin
from modelwatch.pipelines.onboarding.table_rows import (
    RequestedMetric,
    TableRows,
    TableSide,
    is_date,
)
from modelwatch.stats.onboarding.reporting_delay import arrived_shares, delay_of_share

_SAMPLED_ROWS = 20_000
"""Maximum number of rows per table that are read."""
NEWEST_DAYS = 30
"""Number of days from which they are taken, so that few files of a long history are read."""
_MOST_VALUES = 8_000_000
"""Maximum number of values over all columns: of a wide table, fewer rows are read."""
_FEWEST_ROWS = 2_000
_READ_ROWS = 5_000_000
"""Maximum number of rows of the newest days from which the sample is drawn."""
_FEWEST_DAYS = 3
_MOST_METRICS = 40
_LONGEST_DELAY_DAYS = 366
_ROUNDING = 1e-12
"""Deviations below this share of the mean are those of the computation."""


def facts_of(rows: TableRows, time_zone: str = "UTC", like: str | None = None) -> TableFacts:
    """What the schema, the days of all rows, and some rows of the newest days of a table show.

    ``like``: the preferred name of its day. SourceError if it tells no day.
    """
    facts = TableFacts(rows.address, rows.columns, rows.partitions)
    time, partition = compared_time(facts, like), date_partition(facts)
    if time is not None and partition is not None:
        facts = replace(facts, distance=rows.distance(time, partition, time_zone))
    if not any(column.plain_type in TIMESTAMP_TYPES | {"date"} for column in rows.columns):
        # Only the values show whether strings and integers contain days.
        facts = replace(facts, columns=rows.first_facts(_FEWEST_ROWS))
    day = guess_day(facts, like)
    rows_by_day = rows.rows_by_day(day, time_zone)
    types = {column.name: column.spark_type for column in rows.columns}
    if not rows_by_day:
        if types[day.column] not in TIMESTAMP_TYPES | {"date"}:
            wording = (
                f"{day.column!r} alone could tell the day, and no value of it reads as yyyymmdd"
            )
            raise SourceError([Problem("", None, wording)], str(rows.address))
        return replace(facts, columns=rows.columns)
    facts = replace(
        facts,
        days=DayRange(min(rows_by_day), max(rows_by_day)),
        dated_rows=sum(rows_by_day.values()),
        days_with_rows=len(rows_by_day),
        rows_by_day=rows_by_day,
    )
    newest = _newest_days(rows_by_day)
    wanted = min(_SAMPLED_ROWS, max(_FEWEST_ROWS, _MOST_VALUES // max(len(types), 1)))
    held = sum(rows_by_day[one] for one in newest)
    count, columns, unique = rows.sample_facts(day, time_zone, newest, held, wanted)
    # A string or integer that contains the day is a date in these rows.
    spelled = {column.name for column in facts.columns if column.spells_days} & {day.column}
    columns = tuple(
        replace(c, spark_type=types[c.name], spells_days=c.spells_days or c.name in spelled)
        for c in columns
    )
    return replace(facts, columns=columns, rows=count, unique=unique)


def _newest_days(rows_by_day: Mapping[date, int]) -> list[date]:
    """The newest days with rows: some, and no more than hold ``_READ_ROWS``."""
    first_day = shifted(max(rows_by_day), 1 - NEWEST_DAYS)
    chosen: list[date] = []
    rows = 0
    for day in sorted(rows_by_day, reverse=True):
        full = rows + rows_by_day[day] > _READ_ROWS and len(chosen) >= _FEWEST_DAYS
        if day < first_day or full:
            break
        chosen.append(day)
        rows += rows_by_day[day]
    return chosen


def daily_metrics(
    rows: TableRows, facts: TableFacts, features: Sequence[ColumnFacts], time_zone: str
) -> tuple[DailyMetric, ...]:
    """Means, shares of nulls and of the most frequent value of features, by day, in one query.

    Of the newest days, in which a reference is searched for, and of at most ``_MOST_METRICS``
    features.
    """
    if not features or facts.days is None or facts.days_with_rows < 2:
        return ()
    first_day = shifted(facts.days.last, 1 - searched_days(facts.rows_by_day))
    asked: list[RequestedMetric] = []
    named: dict[str, tuple[str, str]] = {}
    for at, column in enumerate(features[:_MOST_METRICS]):
        name, kind = column.name, natural_kind(column.spark_type)
        asked.append(RequestedMetric(f"n{at}", name, "nulls"))
        named[f"n{at}"] = f"the share of nulls of {name}", "share"
        if kind == "numeric" and column.plain_type in NUMERIC_TYPES:
            asked += [
                RequestedMetric(f"m{at}", name, "mean"),
                RequestedMetric(f"sm{at}", name, "sd"),
            ]
            named[f"m{at}"] = f"the mean of {name}", "mean"
        elif kind == "categorical" and column.values:
            asked.append(RequestedMetric(f"t{at}", name, "share", column.values[0][0]))
            named[f"t{at}"] = f"the share of a value of {name}", "share"
    days = [day for day in facts.rows_by_day if day >= first_day]
    found = rows.metrics_by_day(guess_day(facts), time_zone, days, asked)
    result = []
    for key, (name, metric_kind) in named.items():
        by_day = found[key]
        if metric_kind == "mean":
            # The deviation of equal numbers is a rounding error.
            least = {day: _ROUNDING * abs(value) for day, value in by_day.items()}
            spread = [v for day, v in found[f"s{key}"].items() if v > least.get(day, 0.0)]
            within = float(np.median(spread)) if spread else 0.0
            by_day = {day: value / within for day, value in by_day.items()} if within else {}
        result.append(DailyMetric(name, metric_kind, by_day))
    return tuple(result)


def label_facts(
    inputs: TableSide,
    predictions: TableSide | None,
    labels: TableSide,
    label: ColumnFacts,
    time_zone: str,
) -> LabelFacts:
    """Facts about some predictions joined with their labels, and the delay of the labels.

    The table of labels has no day: any of its dates may be that of the prediction.
    """
    answers = predictions or inputs
    others = inputs if predictions is not None else None
    joined = LabelJoin(
        answers, others, labels, label.name, time_zone, _SAMPLED_ROWS, _same_day(answers, labels)
    )
    found = LabelFacts(labels.facts, label, labels.id, joined.facts())
    return replace(found, delay=_delay(labels.rows, found, answers.facts, time_zone))


def _same_day(answers: TableSide, labels: TableSide) -> str | None:
    """The date of labels with the name of the predictions' day, if their id occurs on many days."""
    own = answers.facts.column(answers.id[0]) if len(answers.id) == 1 else None
    if own is None or not own.unique_with or answers.day is None:
        return None
    found = labels.facts.column(answers.day.column)
    return found.name if found is not None and is_date(found) else None


def _delay(rows: TableRows, found: LabelFacts, answers: TableFacts, time_zone: str) -> Delay | None:
    """Days within which nearly all labels of a day arrive; None if the tables can't show it."""
    days = [name for name, lag in found.joined.lags.items() if lag.same_day >= SAME_DAY]
    if not days:
        return None
    known = known_column(found.joined, days[0])
    pairs = rows.arrivals(found.label.name, days[0], known, time_zone)
    if known is None:
        return _delay_by_coverage({day: count for day, _, count in pairs}, answers)
    pairs = [(d, max(k, 0), n) for d, k, n in pairs if k <= _LONGEST_DELAY_DAYS]
    if not pairs:
        return None
    newest = max(d.toordinal() + k for d, k, _ in pairs)
    first = max(min(d.toordinal() for d, _, _ in pairs), newest - 2 * _LONGEST_DELAY_DAYS)
    counts = np.zeros((newest - first + 1, max(k for _, k, _ in pairs) + 1), dtype=np.int64)
    for d, k, n in pairs:
        if d.toordinal() >= first:
            counts[d.toordinal() - first, k] += n
    ages = newest - first - np.arange(len(counts), dtype=np.int64)
    days_of_share = delay_of_share(arrived_shares(counts, ages), DUE_SHARE)
    within = counted(days_of_share, "day")
    why = f"{DUE_SHARE:.0%} of the labels are known within {within} of the prediction."
    return Delay(days_of_share, why)


def _delay_by_coverage(rows: Mapping[date, int], answers: TableFacts) -> Delay | None:
    """From the newest days, which have fewer labels than older ones."""
    shares = {day: min(rows.get(day, 0) / count, 1.0) for day, count in answers.rows_by_day.items()}
    if len(shares) < _FEWEST_DAYS or answers.days is None:
        return None
    ordered = sorted(shares)
    usual = float(np.median([shares[day] for day in ordered[: max(len(ordered) // 2, 1)]]))
    if usual <= 0:
        return None
    complete = [day for day in ordered if shares[day] >= DUE_SHARE * usual]
    days = (answers.days.last - max(complete)).days
    return Delay(
        days, f"Days that are {counted(days, 'day')} old have as many labels as older ones."
    )
