"""Incidents, and the responses of people to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from modelwatch.model.contracts.constraint import Severity
from modelwatch.model.verdicts.row import VerdictRow, VerdictSource
from modelwatch.stats.value_names import ALL

Area = Literal["source", "data", "constraint", "performance", "estimate", "labels"]
"""The kind of subject: an entire table, a feature, a constraint, or the model itself."""
IncidentState = Literal["open", "closed", "withdrawn"]
"""``withdrawn``: restated data no longer fails."""
EventKind = Literal[
    "opened",
    "child_added",
    "worsened",
    "closed",
    "reopened",
    "restated",
    "withdrawn",
    "acknowledged",
    "muted",
    "unmuted",
    "false_alarm",
]
Spread = Literal["value", "everywhere"]
"""Whether one value of another column carries a change, or none does."""
ActionKind = Literal["acknowledge", "mute", "unmute", "false_alarm", "reopen"]

AREAS: Mapping[VerdictSource, Area] = {
    "drift": "data",
    "anomaly": "data",
    "constraint": "constraint",
    "performance": "performance",
    "estimate": "estimate",
    "labels": "labels",
    "values": "labels",
    "volume": "source",
    "freshness": "source",
    "arrival": "source",
}
MANY_FEATURES = "features"
"""Metric of an incident that consists of half of the features of a table."""
_MUTE_DAYS = 30
"""Days for which an incident is muted if no last day is given."""


@dataclass(frozen=True, order=True)
class Subject:
    """What fails: the metrics of one subject in one segment and one kind of window."""

    area: Area
    role: str
    name: str
    segmentation: str
    segment: str
    window: str

    @property
    def of_all_traffic(self) -> bool:
        """Whether it concerns all traffic instead of a segment."""
        return self.segmentation == ALL

    def __str__(self) -> str:
        """All fields, for an identity."""
        parts = (self.area, self.role, self.name, self.segmentation, self.segment, self.window)
        return "\x1f".join(parts)


def subject_of(row: VerdictRow) -> Subject:
    """The subject of a verdict; drift and anomalies of a feature are one subject, and so on."""
    return Subject(
        AREAS[row.source], row.role, row.subject, row.segmentation, row.segment, row.window
    )


@dataclass(frozen=True, order=True)
class JudgedWindow:
    """A completed window in which the metrics of one source were judged.

    A subject without a verdict row in it passed, far from its threshold. ``model_version``: '*' for
    all versions together. ``rows``: of all traffic; None if unknown.
    """

    source: VerdictSource
    window: str
    start: date
    end: date
    model_version: str = "*"
    rows: int | None = None


@dataclass(frozen=True)
class Action:
    """An action of a person on an incident. ``until`` ends a mute."""

    incident_id: str
    action: ActionKind
    at: datetime
    by: str
    until: date | None = None
    note: str | None = None


@dataclass(frozen=True)
class Incident:
    """An incident as of a run, or one of the subjects that fail with it.

    ``parent_id`` is None for the incident itself; its children are the other subjects with the same
    cause. Days: ``onset`` is the first day of the first window that failed, ``opened`` the last day
    of the window that confirmed it, ``last_failing`` that of the last window that failed, and
    ``closed`` that of the window that ended it. ``metric``, ``reference``, ``model_version``,
    ``value``, ``expected``, ``threshold``, ``effect``, ``rows``, and the window from
    ``worst_start`` to ``worst_end`` are those of the largest effect. ``latest_effect`` is that of
    the last window, None if it is quiet. ``reported_effect``: the effect that was reported last.
    ``kind`` and the following fields describe the kind of change and its sentence.
    ``affected_share``: the share of the rows that the change must have affected at least.
    ``follows``: the feature whose change explains this one. ``spread``: whether a value of another
    column carries the change: ``carrier_column`` and ``carrier_value``, with their share of the
    changed rows and of all rows.
    """

    id: str
    parent_id: str | None
    state: IncidentState
    severity: Severity
    area: Area
    role: str
    subject: str
    segmentation: str
    segment: str
    window: str
    onset: date
    opened: date
    last_failing: date
    closed: date | None
    reopened: int
    failing_windows: int
    metric: str
    metrics: tuple[str, ...]
    reference: str | None
    model_version: str
    value: float | None
    expected: float | None
    threshold: float | None
    effect: float
    latest_effect: float | None
    adjusted_p: float | None
    rows: int | None
    worst_start: date
    worst_end: date
    traffic_share: float | None
    importance: float
    score: float
    rank: int | None
    children: int
    related: tuple[str, ...]
    reported_effect: float
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    muted_until: date | None = None
    false_alarm_at: datetime | None = None
    kind: str | None = None
    confidence: float | None = None
    evidence: str | None = None
    shape: str | None = None
    onset_lower: date | None = None
    onset_upper: date | None = None
    affected_share: float | None = None
    follows: str | None = None
    spread: Spread | None = None
    carrier_column: str | None = None
    carrier_value: str | None = None
    carrier_changed_share: float | None = None
    carrier_row_share: float | None = None
    sentence: str | None = None
    query: str | None = None

    @property
    def key(self) -> Subject:
        """The subject that leads it."""
        return Subject(
            self.area, self.role, self.subject, self.segmentation, self.segment, self.window
        )

    @property
    def is_open(self) -> bool:
        """Whether it lasts."""
        return self.state == "open"

    @property
    def of_all_traffic(self) -> bool:
        """Whether it concerns all traffic instead of a segment."""
        return self.segmentation == ALL

    @property
    def needs_attention(self) -> bool:
        """Whether it is open, of severity `fail`, and neither acknowledged nor muted."""
        return (
            self.is_open
            and self.parent_id is None
            and self.severity == "fail"
            and not self.is_set_aside
        )

    @property
    def is_set_aside(self) -> bool:
        """Whether a person or the configuration says that nobody is to be notified."""
        muted = self.importance <= 0 or self.muted_until is not None
        return muted or self.acknowledged_at is not None

    @property
    def last_day(self) -> date:
        """The day on which it closed, or the last day on which it is known to have lasted."""
        return self.closed or self.last_failing


@dataclass(frozen=True)
class Event:
    """A change of an incident between two runs, or an action of a person.

    ``day``: the day of the window that opened or closed it. ``is_reported``: whether it gets a
    message of its own instead of a line in the digest.
    """

    incident_id: str
    event: EventKind
    day: date
    detail: str
    is_reported: bool
    by: str | None = None


@dataclass(frozen=True)
class ResponseState:
    """The state of an incident that follows from responses. ``muted_until`` is in force."""

    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    muted_until: date | None = None
    false_alarm_at: datetime | None = None


def response_state(actions: Iterable[Action], as_of: date, onset: date) -> ResponseState:
    """The result of the actions on one incident. ``onset``: its first day, or that of its last
    return.

    An acknowledgment or mark from before the incident returned does not apply to its return.
    ``reopen`` cancels all earlier actions.
    """
    held = ResponseState()
    for action in sorted(actions, key=lambda one: one.at):
        acknowledged = (held.acknowledged_at, held.acknowledged_by)
        muted, false_alarm = held.muted_until, held.false_alarm_at
        if action.action == "acknowledge" and action.at.date() >= onset:
            acknowledged = (action.at, action.by)
        elif action.action == "mute":
            muted = action.until or action.at.date() + timedelta(days=_MUTE_DAYS)
        elif action.action == "unmute":
            muted = None
        elif action.action == "false_alarm" and action.at.date() >= onset:
            false_alarm = action.at
        elif action.action == "reopen":
            acknowledged, muted, false_alarm = (None, None), None, None
        held = ResponseState(*acknowledged, muted, false_alarm)
    if held.muted_until is not None and held.muted_until < as_of:
        held = ResponseState(held.acknowledged_at, held.acknowledged_by, None, held.false_alarm_at)
    return held


def false_alarms(
    actions: Sequence[Action], incidents: Iterable[Incident]
) -> Mapping[Subject, tuple[date, ...]]:
    """By subject, the days on which a person marked it, or an incident that contains it."""
    subjects: dict[str, set[Subject]] = defaultdict(set)
    for incident in incidents:
        subjects[incident.id].add(incident.key)
        if incident.parent_id is not None:
            subjects[incident.parent_id].add(incident.key)
    marks: dict[Subject, set[date]] = defaultdict(set)
    for id, of in by_incident(actions).items():
        taken_back = [one.at for one in of if one.action == "reopen"]
        for action in of:
            if action.action == "false_alarm" and all(at < action.at for at in taken_back):
                for subject in subjects.get(id, ()):
                    marks[subject].add(action.at.date())
    return {subject: tuple(sorted(days)) for subject, days in marks.items()}


def by_incident(actions: Iterable[Action]) -> Mapping[str, list[Action]]:
    """Actions by incident."""
    found: dict[str, list[Action]] = defaultdict(list)
    for action in actions:
        found[action.incident_id].append(action)
    return found
