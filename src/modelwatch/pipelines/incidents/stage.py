"""The stage of a run that folds verdicts into incidents."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from modelwatch.evaluation.performance.business_values import CONFUSION_VALUE
from modelwatch.io.delta.snapshot import RowFilter
from modelwatch.io.store.arrow_rows import rows_of
from modelwatch.io.store.outbox import written
from modelwatch.io.store.output_tables import Store
from modelwatch.model.config.configuration import labels_fingerprint
from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.incidents.folding import History, changed, fold_incidents, newly_closed
from modelwatch.model.incidents.incident import Incident, JudgedWindow
from modelwatch.model.incidents.ranking import Weights, importances
from modelwatch.model.notification.incident_messages import messages
from modelwatch.model.planning.short_histories import short_references
from modelwatch.model.planning.window_volumes import with_judged_windows
from modelwatch.pipelines.diagnosis.evidence import examined_incidents, explained
from modelwatch.pipelines.incidents.current_verdicts import CurrentVerdicts, current_verdicts
from modelwatch.pipelines.incidents.rows import (
    EVENT_COLUMNS,
    INCIDENT_COLUMNS,
    action_of,
    event_rows,
    incident_row,
    newest_incidents,
    verdict_of,
)
from modelwatch.pipelines.runs.history import RunHistory
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.pipelines.runs.stored_windows import StoredWindows
from modelwatch.pipelines.states.day_states import StatesOf
from modelwatch.stats.attribution.slices import influence
from modelwatch.stats.states.binary import DECISIONS
from modelwatch.stats.states.binary_margins import LABEL_VALUES
from modelwatch.stats.value_names import ALL, ALL_VERSIONS
from modelwatch.tables import TABLES

LATELY_DAYS = 90
"""Number of days before the as-of day whose business value gives segments their weight."""
LEARNED_DAYS = 7
"""Number of days at the end of the reference whose decisions are used."""


@dataclass(frozen=True)
class FoundIncidents:
    """The incidents as of a run, including closed ones and children.

    ``over``: closed incidents that no earlier run reported as closed, the oldest first.
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
    """Fold, explain, and write the incidents as of the run, and their messages."""
    config, as_of = with_judged_windows(request.config, request.volume), request.plan.as_of
    kinds = {"day", *config.incident_windows, *config.performance_windows}
    first = _first_relevant_day(run, request, config)
    stored = StoredWindows(run, store, config.monitor, request.history)
    with current_verdicts(stored, kinds, first) as verdicts:
        with ThreadPoolExecutor(max_workers=1) as beside:
            worth = beside.submit(value_shares, stored, request.config, as_of)
            history = _history(store, request, verdicts)
        weights = _weights(importance, worth.result(), history.windows)
        folded = fold_incidents(history, config, weights)
        looked = examined_incidents(run, store, request, states, folded, history)
        if looked.parts:
            # The cause of each failure, and the affected rows, determine which failures have one
            # cause.
            history = replace(history, explained=looked.parts)
            folded = fold_incidents(history, config, weights)
        incidents = explained(request.config, folded, history, looked, verdicts)
    now = datetime.now(timezone.utc)
    rows = [incident_row(one, as_of) for one in changed(incidents, history.previous)]
    frames: dict[str, DataFrame | pa.Table] = {}
    if rows:
        frames["incidents"] = rows_of(TABLES["incidents"], INCIDENT_COLUMNS, rows)
    if folded.events:
        events = event_rows(folded.events, now)
        frames["incident_events"] = rows_of(TABLES["incident_events"], EVENT_COLUMNS, events)
    over = newly_closed(incidents, history.previous)
    known = {one.id for one in history.previous}
    unseen = [one for one in over if one.id not in known]
    judged = history.windows, history.rows
    letters = messages(folded.events, incidents, config.monitor, as_of, unseen, judged)
    if letters and config.notify:
        sinks = [sink.name for sink in config.notify]
        frames["outbox"] = written(run.spark, letters, sinks, now)
    run.append_all(store, config, frames)
    return FoundIncidents(incidents, over)


def _history(store: Store, request: Request, verdicts: CurrentVerdicts) -> History:
    config = request.config
    with ThreadPoolExecutor(max_workers=3) as pool:
        # Most of the time of a query is planning, and the queries are independent.
        previous = pool.submit(_previous, store, request.config, request.history)
        responses = pool.submit(
            store.rows, "incident_actions", RowFilter({"monitor": [config.monitor]})
        )
        windows = pool.submit(_windows, verdicts)
        rows = verdicts.informative(config.incidents.clear.below)
        return History(
            as_of=request.plan.as_of,
            windows=windows.result(),
            rows=[verdict_of(row) for row in rows],
            previous=previous.result(),
            actions=[action_of(row) for row in responses.result().to_pylist()],
            features=Counter(feature.role for feature in request.plan.features),
            short_references=short_references(
                config, request.sources.opened["inputs"].present() or ()
            ),
        )


def _first_relevant_day(run: Run, request: Request, config: MonitorConfig) -> date:
    """The first day whose verdicts may still matter."""
    back = config.incidents.history_days + due_delay_days(run, request.config, request.history)
    return request.plan.as_of - timedelta(days=back)


def due_delay_days(run: Run, config: MonitorConfig, history: RunHistory) -> int:
    """The maximum number of days after which labels are due, which is the age of their newest
    windows."""
    labels = config.labels
    if labels is None:
        return 0
    if labels.due.delay_days is not None:
        return labels.due.delay_days
    fingerprint = labels_fingerprint(config)
    held = {**history.published_labels(fingerprint).days, **run.label_days}
    return max(
        ((one.last_due - day).days for day, one in held.items() if one.last_due is not None),
        default=0,
    )


def _windows(verdicts: CurrentVerdicts) -> tuple[JudgedWindow, ...]:
    windows = (
        JudgedWindow(
            row["source"],
            row["window_name"],
            row["window_start"],
            row["window_end"],
            row["model_version"],
            row["row_count"],
        )
        for row in verdicts.windows()
    )
    return tuple(sorted(windows, key=lambda w: (w.start, w.end, w.window, w.source)))


def _previous(store: Store, config: MonitorConfig, history: RunHistory) -> tuple[Incident, ...]:
    order = {row["run_id"]: place for place, row in enumerate(history.runs)}
    if not order:
        return ()
    rows = store.rows("incidents", RowFilter({"monitor": [config.monitor]}))
    return newest_incidents(rows.to_pylist(), order)


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


def value_shares(
    windows: StoredWindows, config: MonitorConfig, as_of: date
) -> dict[tuple[str, str], float]:
    """Share of the business value by segmentation and segment; empty if no values are configured.

    By the values of cells, or by the first expression if cells have none, over the windows of the
    first configured kind in the last ``LATELY_DAYS`` days. Without segments or values, nothing is
    read.
    """
    performance = config.performance
    if performance is None or not config.segments or not config.performance_windows:
        return {}
    values = performance.values
    metric = CONFUSION_VALUE if values.cells is not None else next(iter(values.expressions), None)
    if metric is None:
        return {}
    first = as_of - timedelta(days=LATELY_DAYS)
    wanted = RowFilter(
        {"window_name": [config.performance_windows[0]], "metric": [metric], "statistic": ["sum"]},
        {"window_start": first},
    )
    names = ("segmentation", "segment", "model_version", "value")
    rows = windows.rows("business_metrics", "performance", wanted, names)
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows:
        apart = row["segmentation"] != ALL and row["model_version"] != ALL_VERSIONS
        if apart and row["value"] is not None:
            found[row["segmentation"], row["segment"]].append(row["value"])
    return shares_of(found)


def shares_of(
    values: Mapping[tuple[str, str], Sequence[float]],
) -> dict[tuple[str, str], float]:
    """Shares by segmentation and segment, of the absolute sums, because a loss matters as much.

    ``values``: finite numbers of any size.
    """
    largest = max((abs(value) for held in values.values() for value in held), default=0.0)
    if not largest:
        return {}
    # The sum of numbers near the largest double would overflow.
    sums = {key: math.fsum(value / largest for value in held) for key, held in values.items()}
    parts: dict[str, list[float]] = defaultdict(list)
    for (segmentation, _), value in sums.items():
        parts[segmentation].append(abs(value))
    # The order of rows varies; an exact sum does not depend on it.
    whole = {segmentation: math.fsum(held) for segmentation, held in parts.items()}
    return {key: abs(value) / whole[key[0]] for key, value in sums.items() if whole[key[0]]}


def feature_importances(run: Run, store: Store, request: Request) -> dict[str, float]:
    """The importance of each feature; 1 if nothing is known about it."""
    config = request.config
    features = {feature.name: feature.role for feature in request.plan.features}
    return importances(
        config.incidents.importance, _learned_importance(run, store, request), features
    )


def _learned_importance(run: Run, store: Store, request: Request) -> dict[str, float]:
    """By feature, how much the decisions of a binary model differ between its slices."""
    config, reference = request.config, request.config.binning_reference
    fingerprint = labels_fingerprint(config)
    binary = config.performance is not None and config.performance.task == "binary"
    if not binary or fingerprint is None or reference.table is not None or reference.days is None:
        return {}
    generation = request.history.run_of_label_day(fingerprint)
    generation |= dict.fromkeys(request.plan.labels.days, run.run_id)
    held = sorted(day for day in generation if day in reference.days)[-LEARNED_DAYS:]
    if not held:
        return {}
    needed = {day: generation[day] for day in held}
    among: dict[str, Collection[object]] = {
        "monitor": [config.monitor],
        "day": held,
        "run_id": {*needed.values()},
        "kind": ["slice"],
        "segmentation": ["all"],
        "name": [feature.name for feature in request.plan.features],
    }
    columns = ("day", "run_id", "name", "counts_length", "positions", "counts")
    found: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.int64]]] = {}
    for row in store.rows("performance_states", RowFilter(among), *columns).to_pylist():
        if needed[row["day"]] != row["run_id"]:
            continue
        cells = found.setdefault(row["name"], np.zeros(row["counts_length"], dtype=np.int64))
        np.add.at(cells, row["positions"], row["counts"])
    return {
        name: influence(cells.reshape(-1, DECISIONS, LABEL_VALUES).sum(axis=2)[:, :2])
        for name, cells in found.items()
    }
