"""Responses of people to incidents, and their effect on the next run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from modelwatch.model.incidents.incident import Action, Incident, Subject

_MUTE_DAYS = 30
"""Days for which an incident is muted if no last day is given."""


@dataclass(frozen=True)
class Standing:
    """The state of an incident that follows from responses. ``muted_until`` is in force."""

    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    muted_until: date | None = None
    false_alarm_at: datetime | None = None


def standing(actions: Iterable[Action], as_of: date, onset: date) -> Standing:
    """The result of the actions on one incident. ``onset``: its first day, or that of its last
    return.

    An acknowledgment or mark from before the incident returned does not apply to its return.
    ``reopen`` cancels all earlier actions.
    """
    held = Standing()
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
        held = Standing(*acknowledged, muted, false_alarm)
    if held.muted_until is not None and held.muted_until < as_of:
        held = Standing(held.acknowledged_at, held.acknowledged_by, None, held.false_alarm_at)
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
