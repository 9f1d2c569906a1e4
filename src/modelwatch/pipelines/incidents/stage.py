"""The stage of a run that folds verdicts into incidents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from modelwatch.io.store.outbox import written
from modelwatch.io.store.output_tables import Store
from modelwatch.model.config.configuration import labels_fingerprint
from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.incidents.episodes import BY_CHANCE
from modelwatch.model.incidents.folding import History, changed, fold_incidents, over_since
from modelwatch.model.incidents.incident import Incident, JudgedWindow
from modelwatch.model.incidents.ranking import Weights
from modelwatch.model.notification.incident_messages import messages
from modelwatch.model.planning.window_volumes import with_judged_windows
from modelwatch.pipelines.diagnosis.evidence import explained, looked_into
from modelwatch.pipelines.incidents.rows import (
    EVENT_COLUMNS,
    INCIDENT_COLUMNS,
    action_of,
    event_rows,
    incident_row,
    newest_incidents,
    verdict_of,
)
from modelwatch.pipelines.incidents.segment_values import value_shares
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.pipelines.runs.stored_windows import generations
from modelwatch.pipelines.states.day_states import StatesOf
from modelwatch.spark.local_frames import frame_of
from modelwatch.spark.persisted import persisted
from modelwatch.stats.value_names import ALL, ALL_VERSIONS
from modelwatch.tables import TABLES

MOST_A_WINDOW = 1000
"""Verdicts of a window that are folded, the largest effects first."""
_SUBJECT = ("source", "role", "subject", "segmentation", "segment", "window")
_FAMILY = ("source", "window", "window_start")


@dataclass(frozen=True)
class FoundIncidents:
    """The incidents as of a run, those that are over and children among them.

    ``over``: those that are over and that no run before had told to be, the oldest first.
    """

    all: tuple[Incident, ...]
    over: tuple[Incident, ...]


def write_incidents(
    run: Run,
    store: Store,
    request: Request,
    states: StatesOf,
    importance: Mapping[str, float],
) -> FoundIncidents:
    """Fold, explain and write the incidents as of the run, and the messages that tell of them."""
    config, as_of = with_judged_windows(request.config, request.volume), request.plan.as_of
    with persisted(current_verdicts(run, store, request, config)) as verdicts:
        with ThreadPoolExecutor(max_workers=1) as beside:
            worth = beside.submit(value_shares, run, store, request)
            history = _history(store, request, verdicts)
        weights = _weights(importance, worth.result(), history.windows)
        folded = fold_incidents(history, config, weights)
        looked = looked_into(run, store, request, states, folded, history)
        if looked.parts:
            # What broke, and in which rows, tells which failures have one cause.
            history = replace(history, explained=looked.parts)
            folded = fold_incidents(history, config, weights)
        incidents = explained(request, folded, history, looked, verdicts)
    now = datetime.now(timezone.utc)
    rows = [incident_row(one, as_of) for one in changed(incidents, history.previous)]
    frames = {}
    if rows:
        frames["incidents"] = _frame(run, "incidents", INCIDENT_COLUMNS, rows)
    if folded.events:
        events = event_rows(folded.events, now)
        frames["incident_events"] = _frame(run, "incident_events", EVENT_COLUMNS, events)
    over = over_since(incidents, history.previous)
    known = {one.id for one in history.previous}
    unseen = [one for one in over if one.id not in known]
    judged = history.windows, history.rows
    letters = messages(folded.events, incidents, config.monitor, as_of, unseen, judged)
    if letters and config.notify:
        sinks = [sink.name for sink in config.notify]
        frames["outbox"] = written(run.spark, letters, sinks, now)
    run.append_all(store, config, frames)
    return FoundIncidents(incidents, over)


def _history(store: Store, request: Request, verdicts: DataFrame) -> History:
    config = request.config
    said = store.read("incident_actions").where(F.col("monitor") == config.monitor)
    telling = _informative(verdicts, config.incidents.clear.below)
    with ThreadPoolExecutor(max_workers=3) as at_once:
        # Most of a query is its planning, and none of these waits for another.
        previous = at_once.submit(_previous, store, request)
        actions = at_once.submit(said.collect)
        windows = at_once.submit(_windows, verdicts)
        rows = telling.collect()
        return History(
            as_of=request.plan.as_of,
            windows=windows.result(),
            rows=[verdict_of(row) for row in rows],
            previous=previous.result(),
            actions=[action_of(row) for row in actions.result()],
            features=Counter(feature.role for feature in request.plan.features),
        )


def _frame(
    run: Run, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> DataFrame:
    return frame_of(run.spark, rows, TABLES[table].ddl(*columns))


def current_verdicts(run: Run, store: Store, request: Request, config: MonitorConfig) -> DataFrame:
    """The verdicts that count, of windows that are over and may still matter."""
    back = config.incidents.history_days + due_delay_days(run, request)
    since = request.plan.as_of - timedelta(days=back)
    kinds = {"day", *config.incident_windows, *config.performance_windows}
    mine = store.read("verdicts").where(
        (F.col("monitor") == config.monitor)
        & (F.col("window_start") >= F.lit(since))
        & F.col("window").isin(*kinds)
        & ~F.col("partial")
    )
    counting = generations(run, request, None, since)
    return mine.join(F.broadcast(counting), [*_FAMILY, "run_id"], "left_semi")


def due_delay_days(run: Run, request: Request) -> int:
    """Days after which labels are due, at most: the newest windows of them are so old."""
    labels = request.config.labels
    if labels is None:
        return 0
    if labels.due.delay_days is not None:
        return labels.due.delay_days
    fingerprint = labels_fingerprint(request.config)
    held = {**request.history.published_labels(fingerprint).days, **run.label_days}
    return max(
        ((one.last_due - day).days for day, one in held.items() if one.last_due is not None),
        default=0,
    )


def _windows(current: DataFrame) -> tuple[JudgedWindow, ...]:
    found = (
        current.where(F.col("segmentation") == ALL)
        .groupBy(*_FAMILY, "window_end", "model_version")
        .agg(F.max("rows").alias("rows"))
        .collect()
    )
    windows = (
        JudgedWindow(
            row["source"],
            row["window"],
            row["window_start"],
            row["window_end"],
            row["model_version"],
            row["rows"],
        )
        for row in found
    )
    return tuple(sorted(windows, key=lambda w: (w.start, w.end, w.window, w.source)))


def _informative(current: DataFrame, below: float) -> DataFrame:
    """What did not pass, or not by far, of subjects that failed at least once."""
    fails = F.col("verdict").isin("fail", "warn")
    by_chance = F.coalesce(F.col("adjusted_p") >= BY_CHANCE, F.lit(False))
    of_subject = Window.partitionBy(*_SUBJECT)
    of_window = Window.partitionBy(*_FAMILY).orderBy(
        F.desc(fails), F.desc_nulls_last("effect"), *_SUBJECT, "figure", "model_version"
    )
    return (
        current.where((F.col("verdict") != "pass") | ((F.col("effect") >= below) & ~by_chance))
        .withColumn("ever", F.max(fails).over(of_subject))
        .where("ever")
        .withColumn("place", F.row_number().over(of_window))
        .where(F.col("place") <= MOST_A_WINDOW)
    )


def _previous(store: Store, request: Request) -> tuple[Incident, ...]:
    rows = store.read("incidents").where(F.col("monitor") == request.config.monitor)
    order = {row["run_id"]: place for place, row in enumerate(request.history.runs)}
    return newest_incidents(_collected(rows, order), order)


def _collected(rows: DataFrame, order: Mapping[str, int]) -> list[Row]:
    return rows.collect() if order else []


def _weights(
    importance: Mapping[str, float],
    value_share: Mapping[tuple[str, str], float],
    windows: Sequence[JudgedWindow],
) -> Weights:
    traffic: dict[tuple[str, date], int] = {}
    for window in windows:
        key = (window.window, window.start)
        if window.rows is not None and window.source == "drift":
            together = window.model_version == ALL_VERSIONS
            traffic[key] = window.rows if together else max(window.rows, traffic.get(key, 0))
    return Weights(importance=importance, value_share=value_share, traffic=traffic)
