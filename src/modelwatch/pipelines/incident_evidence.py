"""What incidents are: the kind of change and its day, from the states and verdicts around them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.io.store import Store
from modelwatch.model.change_kinds import (
    Evidence,
    FeatureChange,
    KindOfChange,
    RepeatedDay,
    compared_days,
    kind_of_change,
)
from modelwatch.model.config import states_fingerprint
from modelwatch.model.days import DayRange
from modelwatch.model.episodes import AGAIN
from modelwatch.model.incident import MANY_FEATURES, Incident, JudgedWindow
from modelwatch.model.incidents import Folded, History
from modelwatch.model.since import Since, since_of
from modelwatch.model.telling import told
from modelwatch.model.verdict_row import ALL_VERSIONS
from modelwatch.model.windows import last_before
from modelwatch.pipelines.history import of_days, of_runs
from modelwatch.pipelines.run import Request, Run
from modelwatch.pipelines.states import StatesOf
from modelwatch.spark.driver_rows import frame_of
from modelwatch.spark.repeated_days import DaysAsked, repeated_days
from modelwatch.spark.rolled_states import States, TwoSpans, two_states
from modelwatch.stats.changepoint import change
from modelwatch.stats.day_states import EARLIER_DAYS

FEWEST_BEFORE = 7
"""Days before an incident below which the reference stands in for them."""
DAYS_OF_SERIES = 60
"""Days before an incident among which its day is looked for."""
NEW_VERSION_DAYS = 7
MOST_EXPLAINED = 30
"""Incidents that a run explains, the first in rank first; the others are told without a kind."""
_EPOCH = date(1970, 1, 1)
_EXPLAINED = (
    "kind",
    "confidence",
    "evidence",
    "shape",
    "since_lower",
    "since_upper",
    "sentence",
    "query",
)
_SERIES = ("role", "subject", "figure", "segmentation", "segment", "window")
SeriesKey = tuple[str, ...]


@dataclass(frozen=True)
class _Asked:
    """An incident that is to be explained, with its children."""

    root: Incident
    children: tuple[Incident, ...]

    @property
    def lead(self) -> Incident:
        """The incident that stands for it: of a table half of whose features fail, the first."""
        features = [one for one in self.children if one.family == "data"]
        return features[0] if self.root.figure == MANY_FEATURES and features else self.root

    @property
    def is_of_repeated_days(self) -> bool:
        """Whether values that were delivered before are among what fails."""
        return any(AGAIN in one.figures for one in (self.root, *self.children))


def explained(
    run: Run,
    store: Store,
    request: Request,
    states: StatesOf,
    folded: Folded,
    history: History,
    verdicts: DataFrame,
) -> tuple[Incident, ...]:
    """The incidents with kind, day, sentence and query; those that are as they were keep theirs."""
    before = {one.id: one for one in history.previous}
    children: dict[str, list[Incident]] = defaultdict(list)
    for one in folded.incidents:
        if one.parent_id is not None:
            children[one.parent_id].append(one)
    roots = [one for one in folded.incidents if one.parent_id is None]
    news = [one for one in roots if not _is_as_it_was(one, before.get(one.id))]
    news.sort(key=lambda one: (one.rank or len(roots), -one.score, one.id))
    asked = [_Asked(one, tuple(children[one.id])) for one in news[:MOST_EXPLAINED]]
    kinds = _kinds(run, store, request, states, asked, roots, history)
    sinces = _sinces(verdicts, asked)
    monitor = request.config.monitor
    found = []
    for one in folded.incidents:
        kept = _kept(one, before.get(one.id))
        if one.state != "withdrawn" and not _is_as_it_was(one, before.get(one.id)):
            kept = told(
                kept,
                children[one.id],
                monitor,
                kinds.get(one.id),
                sinces.get(one.id),
                request.config.verdicts.min_rows,
            )
        found.append(kept)
    return tuple(found)


def _is_as_it_was(now: Incident, before: Incident | None) -> bool:
    return before is not None and _kept(now, before) == before


def _kept(now: Incident, before: Incident | None) -> Incident:
    """The incident with what was told of it before."""
    if before is None:
        return now
    return replace(now, **{name: getattr(before, name) for name in _EXPLAINED})


def _kinds(
    run: Run,
    store: Store,
    request: Request,
    states: StatesOf,
    asked: Sequence[_Asked],
    roots: Sequence[Incident],
    history: History,
) -> Mapping[str, KindOfChange]:
    if not asked:
        return {}
    generation = request.history.run_of_day(states_fingerprint(request.config))
    generation |= dict.fromkeys(request.days, run.run_id)
    spans = [_spans(one.root, generation, request) for one in asked]
    days = {day for before, now in spans for part in (before, now) for day in part}
    needed = {day: held for day, held in generation.items() if day in days}
    sides = two_states(
        _states_of_days(store, request, asked, needed),
        states.bins,
        [
            TwoSpans(one.root.segmentation, one.root.segment, _numbers(before), _numbers(now))
            for one, (before, now) in zip(asked, spans, strict=True)
        ],
    )
    repeated = _repeated(store, request, states, asked, generation)
    by_id = {one.root.id: one for one in asked}
    known = {one.id: one for one in roots}
    found = {}
    for one, (before, now), features in zip(asked, spans, sides, strict=True):
        related = [known[id] for id in one.root.related if id in known]
        related += [child for r in related if r.id in by_id for child in by_id[r.id].children]
        found[one.root.id] = kind_of_change(
            Evidence(
                incidents=(one.root, *one.children),
                related=tuple(related),
                features=tuple(
                    FeatureChange(name, role, *two) for (role, name), two in features.items()
                ),
                rows_ratio=_rows_ratio(list(features.values()), len(before), len(now)),
                new_version=_new_version(history.windows, one.root.since),
                repeated=repeated.get(one.root.id, {}),
            )
        )
    return found


def _spans(
    incident: Incident, generation: Mapping[date, str], request: Request
) -> tuple[DayRange, DayRange]:
    """The days that tell the kind of an incident: before it, or of the reference, and its own."""
    before, now = compared_days(incident)
    reference = request.config.binning_reference
    few = sum(day in generation for day in before) < FEWEST_BEFORE
    if few and reference.table is None and reference.days is not None:
        before = reference.days
    return before, now


def _repeated(
    store: Store,
    request: Request,
    states: StatesOf,
    asked: Sequence[_Asked],
    generation: Mapping[date, str],
) -> Mapping[str, Mapping[tuple[str, str], RepeatedDay]]:
    """The days that features may repeat, of incidents with a figure of such days."""
    stale = [one for one in asked if one.is_of_repeated_days]
    if not stale:
        return {}
    windows = [DayRange(one.lead.worst_start, one.lead.worst_end) for one in stale]
    ordered = sorted(generation)
    wanted = {day for days in windows for day in days}
    for days in windows:
        wanted.update(last_before(days.first, ordered, EARLIER_DAYS))
    needed = {day: run for day, run in generation.items() if day in wanted}
    frame = _states_of_days(store, request, stale, needed)
    found = repeated_days(
        frame,
        states.bins,
        [
            DaysAsked(one.root.segmentation, one.root.segment, _numbers(days))
            for one, days in zip(stale, windows, strict=True)
        ],
    )
    return {
        one.root.id: {
            key: RepeatedDay(_day(held.day), _day(held.of), held.exact, held.varies)
            for key, held in features.items()
        }
        for one, features in zip(stale, found, strict=True)
    }


def _states_of_days(
    store: Store, request: Request, asked: Sequence[_Asked], needed: Mapping[date, str]
) -> DataFrame:
    """States of inputs and predictions on some days, of the segmentations of incidents."""
    stored = store.read("feature_states").where(
        (F.col("monitor") == request.config.monitor)
        & F.col("role").isin("inputs", "predictions")
        & F.col("segmentation").isin(*{one.root.segmentation for one in asked})
    )
    return of_runs(of_days(stored, needed), needed).withColumn("source", F.col("role"))


def _day(number: int) -> date:
    return _EPOCH + timedelta(days=number)


def _numbers(days: DayRange) -> tuple[int, int]:
    return (days.first - _EPOCH).days, (days.last - _EPOCH).days


def _rows_ratio(states: Sequence[tuple[States, States]], before: int, now: int) -> float | None:
    """Rows a day now over rows a day before, of the feature that has most."""
    counts = [tuple(int(side.rows[0]) for side in two) for two in states]
    if not counts:
        return None
    rows_before, rows_now = max(counts)
    return (rows_now / now) / (rows_before / before) if rows_before else None


def _new_version(windows: Sequence[JudgedWindow], since: date) -> str | None:
    """The model version that appeared within a week before; not the first of all."""
    first: dict[str, date] = {}
    for window in windows:
        if window.model_version != ALL_VERSIONS:
            held = first.get(window.model_version, window.start)
            first[window.model_version] = min(held, window.start)
    if len(first) < 2:
        return None
    oldest = min(first.values())
    recent = [
        (day, version)
        for version, day in first.items()
        if day > oldest and 0 <= (since - day).days <= NEW_VERSION_DAYS
    ]
    return max(recent)[1] if recent else None


def _sinces(verdicts: DataFrame, asked: Sequence[_Asked]) -> Mapping[str, Since]:
    """Since when, by incident: from the series of its strongest figure.

    Not of days that repeat others, each of which is certain by itself.
    """
    asked = [one for one in asked if one.lead.figure != AGAIN]
    if not asked:
        return {}
    keys = {_series_key(one.lead): one for one in asked}
    first = min(one.root.since for one in asked) - timedelta(days=DAYS_OF_SERIES)
    session = verdicts.sparkSession
    wanted = frame_of(session, sorted(keys), ", ".join(f"{name} string" for name in _SERIES))
    rows = (
        verdicts.where(F.col("value").isNotNull() & (F.col("window_start") >= F.lit(first)))
        .join(F.broadcast(wanted), list(_SERIES), "left_semi")
        .select(*_SERIES, "window_start", "model_version", "reference", "value")
        .collect()
    )
    series: dict[SeriesKey, dict[date, float]] = defaultdict(dict)
    for row in sorted(rows, key=lambda row: row["model_version"], reverse=True):
        key = tuple(row[name] for name in _SERIES)
        lead = keys[key].lead
        if row["reference"] == lead.reference:
            # '*' sorts before every version, and comes last: all versions together count.
            series[key][row["window_start"]] = row["value"]
    found = {}
    for one in asked:
        held = series.get(_series_key(one.lead), {})
        begin = one.root.since - timedelta(days=DAYS_OF_SERIES)
        days = sorted(day for day in held if begin <= day <= one.root.last_failing)
        numbers = np.array([(day - _EPOCH).days for day in days], dtype=np.int64)
        values = np.array([held[day] for day in days], dtype=np.float64)
        found[one.root.id] = since_of(change(values, numbers), one.root.since)
    return found


def _series_key(incident: Incident) -> SeriesKey:
    return (
        incident.role,
        incident.subject,
        incident.figure,
        incident.segmentation,
        incident.segment,
        incident.window,
    )
