"""Stored states for the diagnosis of incidents: around their days, and of repeated days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.evaluation.drift.repeated_days import RequestedDays
from modelwatch.evaluation.states.rolled import TwoSpans
from modelwatch.io.store.output_tables import Store
from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.days import DayRange
from modelwatch.model.diagnosis.change_kinds import RepeatedDay
from modelwatch.model.diagnosis.incident_kinds import SurroundingsKey, surroundings_key
from modelwatch.model.incidents.episodes import AGAIN
from modelwatch.model.incidents.incident import Incident
from modelwatch.model.planning.window_changes import last_before
from modelwatch.pipelines.runs.history import of_days, of_runs
from modelwatch.pipelines.states.day_states import StatesOf
from modelwatch.spark.drift.evaluated_windows import repeated_days
from modelwatch.spark.states.rolled import states_by_side
from modelwatch.stats.day_numbers import day_number, numbered_day
from modelwatch.stats.states.day_states import EARLIER_DAYS
from modelwatch.stats.states.leave_out import FeatureStates


def states_around(
    store: Store,
    config: MonitorConfig,
    states: StatesOf,
    generation: Mapping[date, str],
    spans: Sequence[TwoSpans],
) -> list[dict[tuple[str, str], dict[int, FeatureStates]]]:
    """The stored states of the spans, in one query."""
    numbers = {
        number for span in spans for part in (span.before, span.now) for number in _all(part)
    }
    needed = {day: held for day, held in generation.items() if day_number(day) in numbers}
    frame = _states_of_days(store, config, {span.segmentation for span in spans}, needed)
    return states_by_side(frame, states.bins, spans)


def repeated_around(
    store: Store,
    config: MonitorConfig,
    states: StatesOf,
    leads: Sequence[Incident],
    generation: Mapping[date, str],
) -> Mapping[SurroundingsKey, Mapping[tuple[str, str], RepeatedDay]]:
    """The days that features may repeat, for failures on such days."""
    asked = {
        surroundings_key(one): RequestedDays(
            one.segmentation, one.segment, day_numbers(DayRange(one.worst_start, one.worst_end))
        )
        for one in leads
        if AGAIN in one.metrics
    }
    if not asked:
        return {}
    ordered = sorted(generation)
    wanted = {day for one in asked.values() for day in map(numbered_day, _all(one.days))}
    for one in asked.values():
        wanted.update(last_before(numbered_day(one.days[0]), ordered, EARLIER_DAYS))
    needed = {day: run for day, run in generation.items() if day in wanted}
    segmentations = {one.segmentation for one in asked.values()}
    distinct = sorted(set(asked.values()), key=str)
    found = repeated_days(
        _states_of_days(store, config, segmentations, needed), states.bins, distinct
    )
    repeated = {
        one: {
            key: RepeatedDay(numbered_day(held.day), numbered_day(held.of), held.exact, held.varies)
            for key, held in features.items()
        }
        for one, features in zip(distinct, found, strict=True)
    }
    return {key: repeated[one] for key, one in asked.items()}


def _states_of_days(
    store: Store, config: MonitorConfig, segmentations: Iterable[str], needed: Mapping[date, str]
) -> DataFrame:
    """States of inputs and predictions on some days."""
    stored = store.read("feature_states").where(
        (F.col("monitor") == config.monitor)
        & F.col("role").isin("inputs", "predictions")
        & F.col("segmentation").isin(*segmentations)
    )
    return of_runs(of_days(stored, needed), needed).withColumn("source", F.col("role"))


def day_numbers(days: DayRange) -> tuple[int, int]:
    """Numbers of the first and the last day, since the epoch."""
    return day_number(days.first), day_number(days.last)


def _all(span: tuple[int, int]) -> range:
    return range(span[0], span[1] + 1)
