"""An incident: failures of one cause, from the day they began to the day they were over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from modelwatch.model.contracts.constraint import Severity
from modelwatch.model.verdicts.row import Source, VerdictRow
from modelwatch.stats.value_names import ALL

Family = Literal["source", "data", "constraint", "performance", "estimate", "labels"]
"""What an incident is about: a whole table, a feature, a promise, or the model itself."""
State = Literal["open", "closed", "withdrawn"]
"""``withdrawn``: data were restated, and what had failed did not."""
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

FAMILIES: Mapping[Source, Family] = {
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
"""Figure of an incident that is half of the features of a table together."""


@dataclass(frozen=True, order=True)
class Subject:
    """What fails: the figures of one thing in one segment and one kind of window."""

    family: Family
    role: str
    name: str
    segmentation: str
    segment: str
    window: str

    @property
    def of_all_traffic(self) -> bool:
        """Whether it is of all rows rather than of a segment."""
        return self.segmentation == ALL

    def __str__(self) -> str:
        """All of it, for an identity."""
        parts = (self.family, self.role, self.name, self.segmentation, self.segment, self.window)
        return "\x1f".join(parts)


def subject_of(row: VerdictRow) -> Subject:
    """The subject of a verdict: drift and anomalies of a feature are one, and so on."""
    return Subject(
        FAMILIES[row.source], row.role, row.subject, row.segmentation, row.segment, row.window
    )


@dataclass(frozen=True, order=True)
class JudgedWindow:
    """A window that is over and whose figures of one source were judged.

    What has no verdict row in it passed, far from its threshold. ``model_version``: '*' for all
    versions together. ``rows``: of all traffic, None where not known.
    """

    source: Source
    window: str
    start: date
    end: date
    model_version: str = "*"
    rows: int | None = None


@dataclass(frozen=True)
class Action:
    """What a person did to an incident. ``until`` ends a mute."""

    incident_id: str
    action: ActionKind
    at: datetime
    by: str
    until: date | None = None
    note: str | None = None


@dataclass(frozen=True)
class Incident:
    """An incident as of a run, or one of the subjects that fail with it.

    ``parent_id`` is None for the incident itself; its children are the other subjects of the same
    cause. Days: ``since`` is the first one of the first window that failed, ``opened`` the last one
    of the window with which it was sure, ``last_failing`` that of the last window that failed,
    ``closed`` that of the window with which it was over. ``figure``, ``reference``,
    ``model_version``, ``value``, ``expected``, ``threshold``, ``effect``, ``rows`` and the window
    from ``worst_start`` to ``worst_end`` are those of the largest effect; ``effect_now`` is the
    effect in the last window, None if it is quiet. ``told_effect``: the effect last reported.
    ``kind`` and what comes after it say what kind of change it is and how it is told.
    ``touched_share``: share of the rows that the change must have touched at least. ``follows``:
    the feature whose change leads one to expect this one. ``spread`` says whether a value of
    another column carries the change: ``carrier_column`` and ``carrier_value``, with their share of
    the changed rows and of all.
    """

    id: str
    parent_id: str | None
    state: State
    severity: Severity
    family: Family
    role: str
    subject: str
    segmentation: str
    segment: str
    window: str
    since: date
    opened: date
    last_failing: date
    closed: date | None
    reopened: int
    failing_windows: int
    figure: str
    figures: tuple[str, ...]
    reference: str | None
    model_version: str
    value: float | None
    expected: float | None
    threshold: float | None
    effect: float
    effect_now: float | None
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
    told_effect: float
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    muted_until: date | None = None
    false_alarm_at: datetime | None = None
    kind: str | None = None
    confidence: float | None = None
    evidence: str | None = None
    shape: str | None = None
    since_lower: date | None = None
    since_upper: date | None = None
    touched_share: float | None = None
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
            self.family, self.role, self.subject, self.segmentation, self.segment, self.window
        )

    @property
    def is_open(self) -> bool:
        """Whether it lasts."""
        return self.state == "open"

    @property
    def of_all_traffic(self) -> bool:
        """Whether it is of all rows rather than of a segment."""
        return self.segmentation == ALL

    @property
    def calls(self) -> bool:
        """Whether somebody must look: it lasts, is a failure, and was not set aside."""
        return (
            self.is_open
            and self.parent_id is None
            and self.severity == "fail"
            and self.importance > 0
            and self.muted_until is None
            and self.acknowledged_at is None
        )

    @property
    def last_day(self) -> date:
        """The day it was over, or the last day it is known to have lasted."""
        return self.closed or self.last_failing


@dataclass(frozen=True)
class Event:
    """A change of an incident between two runs, or what a person did to it.

    ``day`` is the day it is of: of the window that opened or closed it. ``is_told``: whether it
    deserves a message of its own, rather than a line of the digest.
    """

    incident_id: str
    event: EventKind
    day: date
    detail: str
    is_told: bool
    by: str | None = None
