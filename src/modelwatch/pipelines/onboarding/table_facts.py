"""What tables show before anything is configured: days, columns, and labels beside predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.io.delta.addresses import source_place
from modelwatch.model.config.column_types import INSTANTS, NUMBERS, TEXTS
from modelwatch.model.days import DayRange, shifted
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.onboarding.day_guess import DayGuess, compared_time, date_partition, guess_day
from modelwatch.model.onboarding.guess import LabelFacts
from modelwatch.model.onboarding.label_guess import DUE_SHARE, SAME_DAY, Delay, known_column
from modelwatch.model.onboarding.reference_guess import HISTORY_DAYS, DailyFigure
from modelwatch.model.onboarding.table_facts import (
    ColumnFacts,
    JoinedFacts,
    PartitionDistance,
    TableFacts,
)
from modelwatch.model.profile.features import natural_kind
from modelwatch.model.sources.tables import DaySource, TableAddress
from modelwatch.spark.days import DAY, day_of, local_date, named, with_day
from modelwatch.spark.onboarding.joined_facts import LABEL, joined_facts
from modelwatch.spark.onboarding.sample_facts import sample_facts
from modelwatch.spark.sources.rows import day_of_text, taken_rows
from modelwatch.stats.onboarding.reporting_delay import arrived_shares, delay_of_share

ROWS = 20_000
"""Rows that are looked at, of each table."""
NEWEST_DAYS = 30
"""Days from which they are taken, so that few files of a long history are read."""
_MOST_VALUES = 8_000_000
"""Values that are looked at, of all columns together: a wide table shows fewer rows."""
_FEWEST_ROWS = 2_000
_SPARE = 8.0
"""Standard deviations of the number of drawn rows that are drawn in addition."""
_READ_ROWS = 5_000_000
"""Rows of the newest days from which the others are drawn, at most."""
_FEWEST_DAYS = 3
_MOST_FIGURES = 40
_LONGEST_DELAY_DAYS = 366
_SLOTS = 1 << 20


def facts_of(
    spark: SparkSession, address: TableAddress, time_zone: str = "UTC", like: str | None = None
) -> TableFacts:
    """What the schema, the days of all rows, and some rows of the newest days of a table show.

    ``like``: the preferred name of its day. SourceError if it cannot be read or tells no day.
    """
    frame = delta_table(spark, address)
    plain = tuple(ColumnFacts(f.name, f.dataType.simpleString()) for f in frame.schema.fields)
    facts = TableFacts(address, plain, _partitions(spark, address))
    time, partition = compared_time(facts, like), date_partition(facts)
    if time is not None and partition is not None:
        facts = replace(facts, distance=_distance(frame, time, partition, time_zone))
    if not any(column.plain_type in INSTANTS | {"date"} for column in plain):
        # Text and integers can be seen to spell days by their values only.
        _, columns, _ = sample_facts(frame.limit(_FEWEST_ROWS))
        facts = replace(facts, columns=columns)
    day = guess_day(facts, like)
    stored, frame = frame, taken_rows(frame, day_source(day))
    dated = with_day(frame, day_source(day), time_zone)
    rows_by_day = {row[0]: int(row[1]) for row in dated.groupBy(DAY).count().collect()}
    if not rows_by_day:
        if frame.schema[day.column].dataType != stored.schema[day.column].dataType:
            wording = (
                f"{day.column!r} alone could tell the day, and no value of it reads as yyyymmdd"
            )
            raise SourceError([Problem("", None, wording)], str(address))
        return replace(facts, columns=plain)
    facts = replace(
        facts,
        days=DayRange(min(rows_by_day), max(rows_by_day)),
        dated_rows=sum(rows_by_day.values()),
        days_with_rows=len(rows_by_day),
        rows_by_day=rows_by_day,
    )
    newest = _newest_days(rows_by_day)
    rows = with_day(frame, day_source(day), time_zone, newest)
    wanted = min(ROWS, max(_FEWEST_ROWS, _MOST_VALUES // max(len(plain), 1)))
    held = sum(rows_by_day[one] for one in newest)
    if held > wanted:
        # Rows of all these days: the first ones may be of a single file, and so of a single day.
        enough = wanted + _SPARE * wanted**0.5
        rows = rows.sample(min(1.0, enough / held), seed=0).limit(wanted)
    count, columns, unique = sample_facts(rows)
    types = {column.name: column.spark_type for column in plain}
    # The day that text or integers spell is a date in these rows.
    spelled = {column.name for column in facts.columns if column.spells_days} & {day.column}
    columns = tuple(
        replace(c, spark_type=types[c.name], spells_days=c.spells_days or c.name in spelled)
        for c in columns
    )
    return replace(facts, columns=columns, rows=count, unique=unique)


def day_source(day: DayGuess) -> DaySource:
    """The day of a configuration as it was guessed."""
    return DaySource(
        column=None if day.time else day.column,
        time_column=day.column if day.time else None,
        partition_column=day.partition,
    )


def delta_table(spark: SparkSession, address: TableAddress) -> DataFrame:
    """The rows of a table; SourceError if it cannot be read."""
    try:
        return source_place(address).read(spark)
    except AnalysisException as error:
        reason = str(error).strip().splitlines()[0]
        problem = Problem("", None, f"cannot be read as a Delta table: {reason}")
        raise SourceError((problem,), str(address)) from error


def _newest_days(rows_by_day: dict[date, int]) -> list[date]:
    """The newest days with rows: some, and no more than hold ``_READ_ROWS``."""
    since = shifted(max(rows_by_day), 1 - NEWEST_DAYS)
    chosen: list[date] = []
    rows = 0
    for day in sorted(rows_by_day, reverse=True):
        full = rows + rows_by_day[day] > _READ_ROWS and len(chosen) >= _FEWEST_DAYS
        if day < since or full:
            break
        chosen.append(day)
        rows += rows_by_day[day]
    return chosen


def _partitions(spark: SparkSession, address: TableAddress) -> tuple[str, ...]:
    table = source_place(address).identifier
    detail = spark.sql(f"DESCRIBE DETAIL {table}").select("partitionColumns").collect()
    return tuple(detail[0]["partitionColumns"])


def _distance(frame: DataFrame, time: str, partition: str, time_zone: str) -> PartitionDistance:
    """How far the partition lies from the timestamp, over the whole table: one row can be apart."""
    day = day_of(frame, DaySource(time_column=time), time_zone)
    days = F.abs(F.datediff(named(partition), day))
    rows, timed, same, near = frame.agg(
        F.count(F.lit(1)),
        F.count(day),
        F.count(F.when(days == 0, 1)),
        F.count(F.when(days <= 1, 1)),
    ).collect()[0]
    return PartitionDistance(
        time, partition, rows, without_time=rows - timed, elsewhere=timed - same, apart=timed - near
    )


def daily_figures(
    spark: SparkSession, facts: TableFacts, features: Sequence[ColumnFacts], time_zone: str
) -> tuple[DailyFigure, ...]:
    """Means, shares of nulls and of the most frequent value of features, by day, in one query.

    Of the newest ``HISTORY_DAYS`` days and of at most ``_MOST_FIGURES`` features.
    """
    if not features or facts.days is None or facts.days_with_rows < 2:
        return ()
    source = day_source(guess_day(facts))
    frame = taken_rows(delta_table(spark, facts.address), source)
    since = shifted(facts.days.last, 1 - HISTORY_DAYS)
    rows = with_day(frame, source, time_zone, [d for d in facts.rows_by_day if d >= since])
    figures: dict[str, tuple[str, str, Column]] = {}
    scales: dict[str, Column] = {}
    for at, column in enumerate(features[:_MOST_FIGURES]):
        value = named(column.name)
        kind = natural_kind(column.spark_type)
        missing = F.avg(value.isNull().cast("double"))
        figures[f"n{at}"] = (f"the share of nulls of {column.name}", "share", missing)
        if kind == "numeric" and column.plain_type in NUMBERS:
            finite = value.cast("double")
            finite = F.when(F.abs(finite) < F.lit(float("inf")), finite)
            figures[f"m{at}"] = (f"the mean of {column.name}", "mean", F.avg(finite))
            scales[f"m{at}"] = F.stddev_samp(finite)
        elif kind == "categorical" and column.values:
            top = F.lit(column.values[0][0])
            share = F.avg((value == top).cast("double"))
            figures[f"t{at}"] = (f"the share of a value of {column.name}", "share", share)
    if not figures:
        return ()
    named_columns = [column.alias(key) for key, (_, _, column) in figures.items()]
    spreads = [column.alias(f"s{key}") for key, column in scales.items()]
    found = rows.groupBy(DAY).agg(*named_columns, *spreads).collect()
    result = []
    for key, (name, kind_of_figure, _) in figures.items():
        by_day = {row[DAY]: row[key] for row in found if row[key] is not None}
        if key in scales:
            spread = [row[f"s{key}"] for row in found if row[f"s{key}"]]
            within = float(np.median(spread)) if spread else 0.0
            by_day = {day: value / within for day, value in by_day.items()} if within else {}
        result.append(DailyFigure(name, kind_of_figure, by_day))
    return tuple(result)


def label_facts(
    spark: SparkSession,
    inputs: TableFacts,
    predictions: TableFacts | None,
    labels: TableFacts,
    label: ColumnFacts,
    identity: Sequence[str],
    label_id: Sequence[str],
    time_zone: str,
) -> LabelFacts:
    """What some predictions show beside their labels, and how long labels take to arrive."""
    answers, day = predictions or inputs, guess_day(inputs)
    rows = answers.dated_rows
    chosen = _side(spark, answers, "predictions", identity, time_zone, rows, day.column)
    of_labels = _of_ids(delta_table(spark, labels.address), label_id, answers.dated_rows)
    dates = _date_columns(labels)
    labelled = of_labels.select(
        *(named(name).cast("string").alias(f"__id{i}") for i, name in enumerate(label_id)),
        _plain_value(label).alias(LABEL),
        *(_as_date(labels, name, time_zone).alias(f"date-labels:{name}") for name in dates),
    )
    pairs = chosen.join(labelled, [f"__id{i}" for i in range(len(identity))])
    if predictions is not None:
        features = _side(spark, inputs, "inputs", identity, time_zone, rows, day.column)
        keys = [*(f"__id{i}" for i in range(len(identity))), DAY]
        pairs = pairs.join(features, keys, "left")
    shown = [
        F.datediff(named(name), F.col(DAY)).alias(name) if name.startswith("date-") else named(name)
        for name in pairs.columns
        if not name.startswith("__")
    ]
    joined = joined_facts(pairs.select(*shown).limit(ROWS))
    found = LabelFacts(labels, label, tuple(label_id), joined)
    return replace(found, delay=_delay(spark, found, answers, time_zone))


def _side(
    spark: SparkSession,
    table: TableFacts,
    role: str,
    identity: Sequence[str],
    time_zone: str,
    rows: int,
    like: str,
) -> DataFrame:
    """Rows of some ids, with their day, and each column under its role."""
    source = day_source(guess_day(table, like))
    frame = with_day(taken_rows(delta_table(spark, table.address), source), source, time_zone)
    columns = []
    for column in table.columns:
        if column.name in identity or column.name in source.columns:
            continue
        if column.plain_type in INSTANTS | {"date"} or column.spells_days:
            columns.append(
                _as_date(table, column.name, time_zone).alias(f"date-{role}:{column.name}")
            )
        elif column.plain_type in _PLAIN:
            columns.append(_plain_value(column).alias(f"{role}:{column.name}"))
    ids = [named(name).cast("string").alias(f"__id{i}") for i, name in enumerate(identity)]
    return _of_ids(frame, identity, rows).select(*ids, F.col(DAY), *columns)


_PLAIN = NUMBERS | TEXTS | {"boolean"}


def _plain_value(column: ColumnFacts) -> Column:
    value = named(column.name)
    return value.cast("double") if column.plain_type == "decimal" else value


def _of_ids(frame: DataFrame, identity: Sequence[str], rows: int) -> DataFrame:
    """Rows of about ``ROWS`` ids, the same ones in every table."""
    share = ROWS / max(rows, 1)
    if share >= 1.0:
        return frame
    slot = F.pmod(F.xxhash64(*(named(name).cast("string") for name in identity)), F.lit(_SLOTS))
    return frame.where(slot < F.lit(int(share * _SLOTS)))


def _date_columns(table: TableFacts) -> list[str]:
    return [c.name for c in table.columns if c.plain_type in INSTANTS | {"date"} or c.spells_days]


def _as_date(table: TableFacts, name: str, time_zone: str) -> Column:
    column = table.column(name)
    if column is not None and column.plain_type not in INSTANTS | {"date"}:
        return day_of_text(named(name).cast("string"))
    return local_date(named(name), column.spark_type if column else "date", time_zone)


def _delay(
    spark: SparkSession, found: LabelFacts, answers: TableFacts, time_zone: str
) -> Delay | None:
    """Days within which nearly all labels of a day arrive; None if the tables can't show it."""
    joined: JoinedFacts = found.joined
    days = [name for name, lag in joined.lags.items() if lag.same_day >= SAME_DAY]
    if not days:
        return None
    known = known_column(joined, days[0])
    frame = delta_table(spark, found.table.address)
    frame = frame.where(named(found.label.name).isNotNull())
    day = _as_date(found.table, days[0], time_zone)
    if known is None:
        rows = {r[0]: int(r[1]) for r in frame.groupBy(day.alias("d")).count().collect() if r[0]}
        return _delay_by_coverage(rows, answers)
    late = F.datediff(_as_date(found.table, known, time_zone), day)
    counted = frame.groupBy(day.alias("d"), late.alias("k")).count().collect()
    pairs = [(r[0], int(r[1]), int(r[2])) for r in counted if r[0] is not None and r[1] is not None]
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
    why = f"{DUE_SHARE:.0%} of the labels are known {days_of_share} days after the prediction."
    return Delay(days_of_share, why)


def _delay_by_coverage(rows: dict[date, int], answers: TableFacts) -> Delay | None:
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
    return Delay(days, f"Days that are {days} days old have as many labels as older ones.")
