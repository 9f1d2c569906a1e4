"""How a run evaluates stored states: the windows of its plan, and their references."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.evaluation.drift.question import (
    EvaluatedBlock,
    EvaluatedFeature,
    Evaluation,
)
from modelwatch.evaluation.planning.windows import WindowReference
from modelwatch.model.config.column_types import TIMESTAMP_TYPES
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.planning.reference_days import reference_days
from modelwatch.model.planning.window_changes import days_before, last_before
from modelwatch.model.planning.windows import Window
from modelwatch.model.profile.features import Feature
from modelwatch.pipelines.runs.history import of_days, of_runs
from modelwatch.pipelines.states.day_states import StatesOf
from modelwatch.spark.states.groups import grouped
from modelwatch.stats.profile.metrics import Unit


def evaluation_of(states: StatesOf, windows: Sequence[Window]) -> Evaluation:
    """The windows and every reference of the configuration."""
    config = states.config
    return Evaluation(
        features={
            (f.role, f.name): EvaluatedFeature(states.bins[f.role, f.name], unit_of(f))
            for f in states.features
        },
        blocks={
            role: EvaluatedBlock(names, fingerprint)
            for role, (names, fingerprint) in states.blocks.items()
        },
        windows=tuple(windows),
        references=window_references(config, windows),
        thresholds=config.effective_thresholds,
        top_pairs=config.pairs.top,
        assumed_design_effect=config.verdicts.assumed_design_effect,
        day_rows=config.verdicts.fewest_rows
        if any(w.name == "day" for w in config.windows)
        else None,
    )


def unit_of(feature: Feature) -> Unit:
    """The unit of the numbers of a feature."""
    if feature.kind == "categorical":
        return "number"
    if feature.spark_type == "date":
        return "day"
    return "microsecond" if feature.spark_type in TIMESTAMP_TYPES else "number"


def window_references(
    config: MonitorConfig, windows: Sequence[Window]
) -> tuple[WindowReference, ...]:
    """The references of the configuration with their days for each window."""
    found = []
    for reference in config.references:
        ranges = [reference_days(reference, window) for window in windows]
        found.append(
            WindowReference(
                name=reference.name,
                days=tuple(None if r is None else (r.first, r.last) for r in ranges),
                source=reference.role if reference.table is not None else None,
                whole_table=reference.table is not None and reference.day is None,
                fixed=reference.kind == "fixed",
                segments=reference.compares_segments,
            )
        )
    return tuple(found)


def days_needed(config: MonitorConfig, windows: Sequence[Window]) -> frozenset[date]:
    """Days of the windows and of their references, except references with a table of their own."""
    needed = {day for window in windows for day in window.days}
    for reference in config.references:
        if reference.table is None:
            ranges = {reference_days(reference, window) for window in windows}
            needed |= {day for r in ranges if r is not None for day in r}
    return frozenset(needed)


def _days_before(
    config: MonitorConfig, windows: Sequence[Window], known: Collection[date]
) -> Iterator[date]:
    """Days with states before each window with which its days are compared."""
    ordered, count = sorted(known), days_before(config)
    for start in {window.start for window in windows}:
        yield from last_before(start, ordered, count)


def states_needed(
    config: MonitorConfig,
    features: Sequence[Feature],
    stored: DataFrame,
    windows: Sequence[Window],
    run_of_day: Mapping[date, str],
    run_of_reference: Mapping[str, str],
) -> DataFrame:
    """The stored states that the windows need, as returned by ``grouped``.

    With ``source`` (the role of the table) in addition to ``role`` (the role of the feature).
    """
    mine = stored.where((F.col("monitor") == config.monitor) & (F.col("kind") != "rows"))
    wanted = days_needed(config, windows).union(_days_before(config, windows, run_of_day))
    needed = {day: run for day, run in run_of_day.items() if day in wanted}
    traffic = mine.where(F.col("role").isin("inputs", "predictions"))
    frames = [of_runs(of_days(traffic, needed), needed)]
    answers = [f.name for f in features if f.role == "predictions"]
    for role, run in run_of_reference.items():
        frames.append(mine.where((F.col("role") == role) & (F.col("run_id") == run)))
    of_answer = F.col("role").startswith("reference:") & F.col("feature").isin(answers)
    of_input = F.col("role").startswith("reference:")
    return grouped(
        reduce(DataFrame.unionByName, frames)
        .withColumn("source", F.col("role"))
        .withColumn(
            "role",
            F.when(of_answer, F.lit("predictions"))
            .when(of_input, F.lit("inputs"))
            .otherwise(F.col("role")),
        )
    )
