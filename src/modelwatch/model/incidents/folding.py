"""Verdicts folded into incidents by a pure function: the same history gives the same incidents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.incidents.episodes import Episode, episodes_of
from modelwatch.model.incidents.events import WORSE_TIMES, events_between
from modelwatch.model.incidents.groups import Group, grouped, realm_of
from modelwatch.model.incidents.identity import child_id, group_ids
from modelwatch.model.incidents.incident import (
    MANY_FEATURES,
    Action,
    Event,
    Incident,
    JudgedWindow,
    Subject,
    by_incident,
    false_alarms,
    response_state,
    subject_of,
)
from modelwatch.model.incidents.ranking import Weights
from modelwatch.model.incidents.shared_causes import NAMELESS, SharedCauses
from modelwatch.model.verdicts.row import VerdictRow, VerdictSource
from modelwatch.stats.value_names import ALL_VERSIONS

OF_THE_WORLD = (NAMELESS - {None}) | {"model_change"}
"""Kinds of change that ordinary new days may cause: different values, and so different
predictions."""
MOST_RELATED = 5
"""Maximum number of simultaneous incidents of other kinds that are named."""


@dataclass(frozen=True)
class History:
    """The input of the fold.

    ``windows``: every completed and judged window, one per source and model version. ``rows``: the
    verdicts in them that did not pass, or whose effect is at least ``clear.below``. ``previous``:
    the latest row of every incident, including children. ``actions``: all responses of people.
    ``features``: their number by role. ``explained``: incidents whose kind of change was determined
    since. ``short_references``: names of the references with fewer than seven days.
    """

    as_of: date
    windows: Sequence[JudgedWindow]
    rows: Sequence[VerdictRow]
    previous: Sequence[Incident] = ()
    actions: Sequence[Action] = ()
    features: Mapping[str, int] = field(default_factory=dict)
    explained: Sequence[Incident] = ()
    short_references: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Folded:
    """Incidents as of a run, each followed by its children, and the changes since the last run."""

    incidents: tuple[Incident, ...]
    events: tuple[Event, ...]

    @property
    def open(self) -> tuple[Incident, ...]:
        """Open incidents without children, the most urgent first."""
        last = [one for one in self.incidents if one.is_open and one.parent_id is None]
        return tuple(sorted(last, key=lambda one: one.rank or 0))

    @property
    def roots(self) -> tuple[Incident, ...]:
        """All incidents without children."""
        return tuple(one for one in self.incidents if one.parent_id is None)


def fold_incidents(history: History, config: MonitorConfig, weights: Weights) -> Folded:
    """The incidents of a history, and their events since the previous ones."""
    columns = {one.name: one.named_columns for one in config.constraints}
    causes = SharedCauses.of_incidents(history.previous, history.explained, columns)
    short = history.short_references
    episodes = [with_claim(one, causes, short) for one in _episodes(history, config)]
    groups = grouped(episodes, history.features, config.incidents.join_windows, causes)
    ids = group_ids(config.monitor, groups, history.previous)
    before = {one.id: one for one in history.previous}
    actions = by_incident(history.actions)
    begin = min((window.start for window in history.windows), default=history.as_of)
    incidents: list[Incident] = []
    for group, id in zip(groups, ids, strict=True):
        root = _standing(_root(group, id, weights), actions, history.as_of, group.begins[-1])
        incidents.append(_continued(root, before.get(id), begin))
        for member in group.members[0 if group.broad_role else 1 :]:
            child = _standing(_child(member, id, weights), actions, history.as_of, member.onset)
            incidents.append(_continued(child, before.get(child.id), begin))
    incidents = _ranked(_with_related(incidents))
    events, withdrawn = events_between(history.previous, incidents, history.as_of, begin)
    return Folded((*incidents, *withdrawn), events)


def changed(incidents: Iterable[Incident], previous: Iterable[Incident]) -> tuple[Incident, ...]:
    """The incidents that differ from their last written rows."""
    known = {one.id: one for one in previous}
    return tuple(one for one in incidents if known.get(one.id) != one)


def newly_closed(
    incidents: Iterable[Incident], previous: Iterable[Incident]
) -> tuple[Incident, ...]:
    """The incidents without children that closed since the last run, sorted by onset."""
    closed = {one.id for one in previous if one.state != "open"}
    found = [one for one in incidents if one.state == "closed" and one.parent_id is None]
    return tuple(
        sorted((one for one in found if one.id not in closed), key=lambda one: (one.onset, one.id))
    )


def _episodes(history: History, config: MonitorConfig) -> list[Episode]:
    windows = _judged(history.windows, config)
    versions = {
        (window.source, window.window, window.start)
        for window in history.windows
        if window.model_version == ALL_VERSIONS
    }
    rows: dict[Subject, dict[date, list[VerdictRow]]] = defaultdict(lambda: defaultdict(list))
    for row in history.rows:
        together = (row.source, row.window, row.window_start) in versions
        if not together or row.model_version == ALL_VERSIONS:
            rows[subject_of(row)][row.window_start].append(row)
    marks = false_alarms(history.actions, history.previous)
    found: list[Episode] = []
    for subject in sorted(rows):
        sources = {row.source for of in rows[subject].values() for row in of}
        followed = sorted(
            {w.start: w for source in sources for w in windows[source, subject.window]}.values(),
            key=lambda w: w.start,
        )
        found += episodes_of(
            subject, followed, rows[subject], config.incidents, marks.get(subject, ())
        )
    return found


def _judged(
    windows: Iterable[JudgedWindow], config: MonitorConfig
) -> Mapping[tuple[VerdictSource, str], list[JudgedWindow]]:
    """The windows of the kinds that can open incidents, by source and kind."""
    kinds: dict[VerdictSource, tuple[str, ...]] = {
        "drift": config.incident_windows,
        "anomaly": config.incident_windows,
        "performance": config.performance_windows,
        "estimate": config.performance_windows,
    }
    found: dict[tuple[VerdictSource, str], list[JudgedWindow]] = defaultdict(list)
    for window in windows:
        if window.source not in kinds or window.window in kinds[window.source]:
            found[window.source, window.window].append(window)
    return found


def _root(group: Group, id: str, weights: Weights) -> Incident:
    severe = any(member.severity == "fail" for member in group.members)
    incident = replace(
        _child(group.lead, id, weights),
        id=id,
        parent_id=None,
        state="open" if group.is_open else "closed",
        severity="fail" if severe else "warn",
        onset=group.onset,
        opened=group.opened,
        last_failing=group.last_failing,
        closed=group.closed,
        reopened=len(group.begins) - 1,
        importance=weights.importance_of_group(group),
        score=weights.score(group),
        children=len(group.members) - (0 if group.broad_role else 1),
    )
    if group.broad_role is None:
        return incident
    failing = {member.subject.name for member in group.members if member.subject.of_all_traffic}
    return replace(
        incident,
        area="source",
        role=group.broad_role,
        subject=group.broad_role,
        metric=MANY_FEATURES,
        metrics=(MANY_FEATURES,),
        value=float(len(failing)),
        expected=0.0,
        threshold=None,
    )


def _child(member: Episode, parent_id: str, weights: Weights) -> Incident:
    worst, subject, last = member.worst, member.subject, member.spans[-1]
    p_values = [span.adjusted_p for span in member.spans if span.adjusted_p is not None]
    return Incident(
        id=child_id(parent_id, subject),
        parent_id=parent_id,
        state="open" if member.is_open else "closed",
        severity=member.severity,
        area=subject.area,
        role=subject.role,
        subject=subject.name,
        segmentation=subject.segmentation,
        segment=subject.segment,
        window=subject.window,
        onset=member.onset,
        opened=member.opened,
        last_failing=last.last_failing,
        closed=last.closed,
        reopened=len(member.spans) - 1,
        failing_windows=member.failing_windows,
        metric=worst.metric,
        metrics=tuple(sorted(set().union(*(span.metrics for span in member.spans)))),
        reference=worst.reference,
        model_version=worst.model_version,
        value=worst.value,
        expected=worst.expected,
        threshold=worst.threshold,
        effect=member.effect,
        latest_effect=last.latest_effect,
        adjusted_p=min(p_values, default=None),
        rows=worst.rows,
        worst_start=worst.window_start,
        worst_end=worst.window_end,
        traffic_share=weights.traffic_share(member),
        importance=weights.importance_of(member),
        score=weights.score(Group((member,))),
        rank=None,
        children=0,
        related=(),
        reported_effect=member.effect,
    )


def _standing(
    incident: Incident, actions: Mapping[str, Sequence[Action]], as_of: date, onset: date
) -> Incident:
    held = response_state(actions.get(incident.id, ()), as_of, onset)
    return replace(
        incident,
        acknowledged_at=held.acknowledged_at,
        acknowledged_by=held.acknowledged_by,
        muted_until=held.muted_until,
        false_alarm_at=held.false_alarm_at,
    )


def _continued(incident: Incident, before: Incident | None, begin: date) -> Incident:
    """An incident with what only the last run knows: reported effects, and days before the
    history."""
    if before is None or before.state == "withdrawn":
        return incident
    grown = incident.effect >= WORSE_TIMES * before.reported_effect
    worse = grown or (incident.severity == "fail" and before.severity == "warn")
    incident = replace(
        incident, reported_effect=incident.effect if worse else before.reported_effect
    )
    if before.onset >= begin:
        return incident
    return replace(
        incident,
        onset=min(before.onset, incident.onset),
        opened=min(before.opened, incident.opened),
        reopened=max(before.reopened, incident.reopened),
        failing_windows=max(before.failing_windows, incident.failing_windows),
    )


def _with_related(incidents: Sequence[Incident]) -> list[Incident]:
    """Each root with the roots of other kinds that fail at the same time."""
    roots = [one for one in incidents if one.parent_id is None]
    found: list[Incident] = []
    for one in incidents:
        others = [
            other
            for other in roots
            if one.parent_id is None
            and realm_of(one.area, one.role) != realm_of(other.area, other.role)
            and one.onset <= (date.max if other.is_open else other.last_day)
            and other.onset <= (date.max if one.is_open else one.last_day)
        ]
        others.sort(key=lambda other: (-other.score, other.id))
        found.append(replace(one, related=tuple(other.id for other in others[:MOST_RELATED])))
    return found


def _ranked(incidents: Sequence[Incident]) -> list[Incident]:
    lasting = [one for one in incidents if one.is_open and one.parent_id is None]
    lasting.sort(key=lambda one: (-one.score, one.onset, one.id))
    ranks = {one.id: rank for rank, one in enumerate(lasting, 1)}
    return [replace(one, rank=ranks.get(one.id)) for one in incidents]


def with_claim(episode: Episode, causes: SharedCauses, short_references: frozenset[str]) -> Episode:
    """The episode, with severity ``warn`` if its reference cannot distinguish its change from a new
    day.

    Fewer than seven days do not include each weekday, and do not show how much days differ: any
    distribution may change as much without a fault. Nulls, codes, units, unseen values, and
    repeated deliveries are faults regardless of that, and keep their severity; so do changes whose
    kind is not known yet. Estimates of performance follow the distribution of the scores.
    ``short_references``: names of the references with fewer than seven days.
    """
    if episode.severity != "fail" or not _is_unclaimed(episode, causes, short_references):
        return episode
    return replace(episode, spans=tuple(replace(span, severity="warn") for span in episode.spans))


def _is_unclaimed(episode: Episode, causes: SharedCauses, short_references: frozenset[str]) -> bool:
    if episode.worst.reference not in short_references:
        return False
    if episode.worst.source == "estimate":
        return True
    return episode.subject.area == "data" and causes.of([episode]).kind in OF_THE_WORLD
