"""Changes of incidents between two runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from modelwatch.model.incidents.incident import Event, EventKind, Incident
from modelwatch.model.plain_text import counted
from modelwatch.stats.numerals import brief

WORSE_TIMES = 2.0
"""Factor by which the effect must exceed the last reported effect for an incident to have
worsened."""


def events_between(
    previous: Iterable[Incident], now: Sequence[Incident], as_of: date, begin: date
) -> tuple[tuple[Event, ...], tuple[Incident, ...]]:
    """The changes in order, and the incidents of the last run that no longer exist.

    ``begin``: the first day of the folded history. Incidents that ended before it stay as they
    were. Incidents within it that the history no longer supports are withdrawn.
    """
    before = {one.id: one for one in previous}
    here = {one.id for one in now}
    children: dict[str, list[Incident]] = defaultdict(list)
    for one in now:
        if one.parent_id is not None:
            children[one.parent_id].append(one)
    events: list[Event] = []
    for one in now:
        if one.parent_id is None:
            events += _changes(before.get(one.id), one, as_of)
            events += _new_children(before, one, children[one.id], as_of)
    gone = [_ended(one, begin) for one in before.values() if one.id not in here]
    withdrawn = [one for one in gone if one is not None]
    for one in withdrawn:
        if one.parent_id is None:
            heard = before[one.id].is_open and _is_heard(before[one.id])
            detail = "restated data no longer show it"
            kind: EventKind = "withdrawn" if one.state == "withdrawn" else "closed"
            events.append(Event(one.id, kind, as_of, detail, heard))
    return tuple(events), tuple(withdrawn)


def _ended(before: Incident, begin: date) -> Incident | None:
    """An incident that the history no longer supports; None for one that stays as it is."""
    if before.state == "withdrawn":
        return None
    if before.onset >= begin:
        return replace(before, state="withdrawn", rank=None, latest_effect=None)
    if before.is_open:
        # It closed before the history begins, so no run has seen it.
        return replace(before, state="closed", closed=begin, rank=None, latest_effect=None)
    return None


def _is_heard(incident: Incident) -> bool:
    """Whether an event deserves a notification."""
    return incident.importance > 0 and incident.muted_until is None


def _changes(before: Incident | None, now: Incident, as_of: date) -> Iterator[Event]:
    heard = _is_heard(now)
    was_open = before is not None and before.is_open
    came_back = before is not None and (
        (now.is_open and not was_open) or now.reopened > before.reopened
    )
    if before is None:
        # An incident that opened and closed before the first run is history, and is not reported.
        detail = f"{counted(now.failing_windows, 'window')} failed"
        yield Event(now.id, "opened", now.opened, detail, heard and now.is_open)
    elif came_back:
        yield Event(now.id, "reopened", now.last_failing, "it failed again", heard and now.is_open)
    elif (now.onset, now.opened) != (before.onset, before.opened):
        detail = f"it began on {now.onset} instead of {before.onset}"
        yield Event(now.id, "restated", as_of, detail, False)
    if (
        before is not None
        and was_open
        and now.reported_effect != before.reported_effect
        and now.is_open
    ):
        worth = heard and now.acknowledged_at is None
        detail = f"{brief(now.effect)} times its threshold"
        yield Event(now.id, "worsened", now.worst_start, detail, worth)
    if now.closed is not None and (before is None or was_open or came_back):
        worth = heard and was_open and now.false_alarm_at is None
        yield Event(now.id, "closed", now.closed, "", worth)
    yield from _by_people(before, now, as_of)


def _by_people(before: Incident | None, now: Incident, as_of: date) -> Iterator[Event]:
    """Actions of people since the last run, about which nobody is notified."""

    def news(name: str) -> bool:
        current = getattr(now, name)
        return current is not None and current != getattr(before, name, None)

    if now.acknowledged_at is not None and news("acknowledged_at"):
        day, by = now.acknowledged_at.date(), now.acknowledged_by
        yield Event(now.id, "acknowledged", day, "", False, by)
    if news("muted_until"):
        yield Event(now.id, "muted", as_of, f"until {now.muted_until}", False)
    if now.muted_until is None and before is not None and before.muted_until is not None:
        yield Event(now.id, "unmuted", as_of, "", False)
    if now.false_alarm_at is not None and news("false_alarm_at"):
        yield Event(now.id, "false_alarm", now.false_alarm_at.date(), "", False)


def _new_children(
    before: Mapping[str, Incident], parent: Incident, children: Sequence[Incident], as_of: date
) -> Iterator[Event]:
    """One event for all subjects that joined an existing incident.

    A notification is sent if the first of them is the model itself.
    """
    if parent.id not in before:
        return
    joined = [one for one in children if one.id not in before]
    if joined:
        names = sorted({_named(one) for one in joined})
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        of_model = [one for one in children if one.area in ("performance", "estimate")]
        reached = (
            parent.is_open and bool(of_model) and all(one.id not in before for one in of_model)
        )
        worth = reached and _is_heard(parent) and parent.acknowledged_at is None
        yield Event(parent.id, "child_added", max(one.opened for one in joined), shown, worth)


def _named(one: Incident) -> str:
    return one.subject if one.of_all_traffic else f"{one.subject} ({one.segment})"
