"""From tables to a first configuration, and a configuration held against its tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.io.addresses import source_place
from modelwatch.model.column_types import FRACTIONS, WHOLE_NUMBERS
from modelwatch.model.config import MonitorConfig, lines_of, parse_config
from modelwatch.model.day_guess import compared_time, date_partition, guess_day
from modelwatch.model.days import DayRange, shifted
from modelwatch.model.description import columns_told
from modelwatch.model.draft import draft
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.features import Feature, features_of, natural_kind
from modelwatch.model.guess import guess
from modelwatch.model.plan import Published, plan_of
from modelwatch.model.score_guess import scores_told
from modelwatch.model.short_histories import short_histories_told
from modelwatch.model.sources import DaySource, TableAddress
from modelwatch.model.table_facts import ColumnFacts, PartitionDistance, TableFacts
from modelwatch.model.window_volumes import Volume, silent_windows, windows_told
from modelwatch.pipelines.arrivals import inputs_volume
from modelwatch.pipelines.contracts import contract_files, held_to
from modelwatch.pipelines.cost import cost_text
from modelwatch.pipelines.frames import Sources, opened_sources, source_changes
from modelwatch.pipelines.history import History
from modelwatch.pipelines.score_facts import score_facts
from modelwatch.pipelines.validation import schemas_of
from modelwatch.spark.days import DAY, day_of, named, with_day
from modelwatch.spark.source_rows import taken_rows

ROWS = 20_000
"""Rows that are looked at, of each table."""
NEWEST_DAYS = 30
"""Days from which they are taken, so that few files of a long history are read."""
_COLUMNS_AT_ONCE = 100


def first_configuration(
    spark: SparkSession,
    inputs: TableAddress,
    predictions: TableAddress | None = None,
    id_columns: Sequence[str] = (),
    time_zone: str = "UTC",
) -> str:
    """The text of a configuration for tables of inputs and predictions.

    Looks at the schemas, at the days and partitions of all rows, and at ``ROWS`` rows of the newest
    days.
    SourceError if a table cannot be read or no column can tell the day or join the tables.
    """
    facts = facts_of(spark, inputs, time_zone)
    answers = None
    if predictions is not None:
        answers = facts_of(spark, predictions, time_zone, like=guess_day(facts).column)
    text = draft(guess(facts, answers, id_columns), facts.days, time_zone)
    # What is written must be right: a mistake here is ours and not the user's.
    parse_config(text, "the configuration that was drafted")
    return text


def facts_of(
    spark: SparkSession, address: TableAddress, time_zone: str = "UTC", like: str | None = None
) -> TableFacts:
    """What the schema and some rows of a table show; ``like``: the preferred name of its day."""
    frame = _delta_table(spark, address)
    plain = tuple(ColumnFacts(f.name, f.dataType.simpleString()) for f in frame.schema.fields)
    facts = TableFacts(address, plain, _partitions(spark, address))
    time, partition = compared_time(facts, like), date_partition(facts)
    if time is not None and partition is not None:
        facts = replace(facts, distance=_distance(frame, time, partition, time_zone))
    day = guess_day(facts, like)
    source = DaySource(
        column=None if day.time else day.column,
        time_column=day.column if day.time else None,
        partition_column=day.partition,
    )
    stored, frame = frame.schema, taken_rows(frame, source)
    ends = F.min(DAY), F.max(DAY), F.count(DAY), F.countDistinct(DAY)
    first, last, dated, days = with_day(frame, source, time_zone).agg(*ends).collect()[0]
    if last is None and frame.schema[day.column].dataType != stored[day.column].dataType:
        told = f"{day.column!r}, the only candidate for the day, has no value of the form yyyymmdd"
        raise SourceError([Problem("", None, told)], str(address))
    if last is not None:
        newest = DayRange(max(first, shifted(last, 1 - NEWEST_DAYS)), last)
        frame = with_day(frame, source, time_zone, list(newest)).drop(DAY)
        facts = replace(facts, days=DayRange(first, last), dated_rows=dated, days_with_rows=days)
    rows = frame.limit(ROWS).cache()
    count = rows.count()
    columns: list[ColumnFacts] = []
    names = frame.columns
    for start in range(0, len(names), _COLUMNS_AT_ONCE):
        columns += _columns(rows, names[start : start + _COLUMNS_AT_ONCE])
    likely = [c.name for c in columns if c.nulls == 0 and c.distinct > 0.9 * count > 0]
    unique = _unique(rows, count, likely)
    rows.unpersist()
    return replace(facts, columns=tuple(columns), rows=count, unique=unique)


def check(spark: SparkSession, config: MonitorConfig, text: str, folder: Path | None = None) -> str:
    """What a configuration makes of its tables, in words; SourceError if it does not fit them.

    ``folder``: of the configuration's file, from which the paths of contracts begin.
    """
    lines = lines_of(text)
    contracts = contract_files(config, folder or Path(), lines)
    sources = held_to(opened_sources(spark, config, lines), contracts)
    config, frames = sources.config, sources.frames
    volume = inputs_volume(sources)
    problems = (*_empty_reference(config, frames, lines), *_silent(config, volume, lines))
    if problems:
        raise SourceError(problems)
    features, not_profiled = features_of(config, schemas_of(frames))
    told = [f"Monitor {config.monitor} fits its tables"]
    told += [f"  table      {role}: {source.address}" for role, source in sources.opened.items()]
    told += [
        f"  contract   {c.contract}, version {c.version}" for c in (f.contract for f in contracts)
    ]
    told += [f"  columns    {line}" for line in columns_told(features, not_profiled)]
    told += [f"  windows    {line}" for line in windows_told(config, volume)]
    present, today = sources.opened["inputs"].present(), datetime.now(ZoneInfo(config.time_zone))
    performance = config.performance
    if performance is not None:
        several = performance.task == "multiclass"
        facts = score_facts(config, frames, features)
        wrong = scores_told(facts, performance.score_kind, multiclass=several)
        told += [f"  scores     {line}" for line in wrong]
    later = short_histories_told(config, present, today.date())
    told += [f"  not yet    {line}" for line in later]
    return "\n".join(told) + "\n" + _first_run(sources, features)


def _first_run(sources: Sources, features: Sequence[Feature]) -> str:
    """What a first run over all days of the tables would cost."""
    config = sources.config
    as_of = datetime.now(ZoneInfo(config.time_zone)).date()
    changes = source_changes(sources, History(()))
    plan = plan_of(config, features, changes, Published(), as_of)
    whole = f"  {'first run':<10} {len(plan.days):,} days, {len(plan.windows):,} windows\n"
    return whole + cost_text(sources, plan)


def _silent(
    config: MonitorConfig, volume: Volume | None, lines: dict[str, int]
) -> tuple[Problem, ...]:
    """A problem if no drift can ever be an incident, for lack of rows."""
    found = silent_windows(config, volume)
    return () if found is None else (Problem(found[0], lines.get(found[0]), found[1]),)


def _empty_reference(
    config: MonitorConfig, frames: dict[str, DataFrame], lines: dict[str, int]
) -> tuple[Problem, ...]:
    """A problem if the reference of the bins has no rows: nothing could be compared."""
    reference = config.binning_reference
    frame = frames[reference.role]
    source = reference.day if reference.table is not None else config.inputs.day
    if source is not None and reference.days is not None:
        frame = with_day(frame, source, config.time_zone, list(reference.days))
    if not frame.isEmpty():
        return ()
    place = f"references[{config.references.index(reference)}]"
    message = f"{reference.name!r} has no rows{f' on {reference.days}' if reference.days else ''}"
    line = lines.get(f"{place}.days", lines.get(place))
    return (Problem(place, line, f"{message}, and bins are fitted on it"),)


def _delta_table(spark: SparkSession, address: TableAddress) -> DataFrame:
    try:
        return source_place(address).read(spark)
    except AnalysisException as error:
        reason = str(error).strip().splitlines()[0]
        problem = Problem("", None, f"cannot be read as a Delta table: {reason}")
        raise SourceError((problem,), str(address)) from error


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


def _columns(rows: DataFrame, names: Sequence[str]) -> list[ColumnFacts]:
    types = {field.name: field.dataType.simpleString() for field in rows.schema.fields}
    numeric = [n for n in names if _is_number(types[n])]
    comparable = [n for n in names if natural_kind(types[n]) is not None]
    at = {name: i for i, name in enumerate(names)}
    first = _aggregated(
        rows,
        {
            **{f"nulls{at[n]}": F.count(F.when(named(n).isNull(), 1)) for n in names},
            **{f"distinct{at[n]}": F.approx_count_distinct(named(n)) for n in comparable},
            **{f"low{at[n]}": F.min(_finite(n)) for n in numeric},
            **{f"high{at[n]}": F.max(_finite(n)) for n in numeric},
        },
    )
    ends = {n: (first[f"low{at[n]}"], first[f"high{at[n]}"]) for n in numeric}
    inner: dict[str, Column] = {}
    for name, (low, high) in ends.items():
        if low is not None and high is not None:
            value = _finite(name)
            inner[f"low{at[name]}"] = F.min(F.when(value > F.lit(low), value))
            inner[f"high{at[name]}"] = F.max(F.when(value < F.lit(high), value))
    second = _aggregated(rows, inner)
    return [
        ColumnFacts(
            name=name,
            spark_type=types[name],
            nulls=int(first[f"nulls{at[name]}"] or 0),
            distinct=int(first.get(f"distinct{at[name]}") or 0),
            lowest=first.get(f"low{at[name]}"),
            highest=first.get(f"high{at[name]}"),
            second_lowest=second.get(f"low{at[name]}"),
            second_highest=second.get(f"high{at[name]}"),
        )
        for name in names
    ]


def _is_number(spark_type: str) -> bool:
    return spark_type.split("(")[0] in WHOLE_NUMBERS | FRACTIONS | {"decimal"}


def _finite(name: str) -> Column:
    value = named(name).cast("double")
    return F.when(F.abs(value) < F.lit(float("inf")), value)


def _aggregated(rows: DataFrame, figures: dict[str, Column]) -> dict[str, float | None]:
    if not figures:
        return {}
    found = rows.agg(*(column.alias(name) for name, column in figures.items())).collect()[0]
    return dict(found.asDict())


def _unique(rows: DataFrame, count: int, names: Sequence[str]) -> frozenset[str]:
    """The columns whose values all differ, counted exactly."""
    if not names:
        return frozenset()
    # One aggregation a column: several distinct counts in one would multiply the rows.
    exact = {name: rows.agg(F.countDistinct(named(name))).collect()[0][0] for name in names}
    return frozenset(name for name, distinct in exact.items() if distinct == count)
