"""The messages of a run: one for each incident that changed, and a digest of the rest."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from modelwatch.model.diagnosis.change_kinds import KIND_WORDS
from modelwatch.model.incidents.incident import (
    AREAS,
    Event,
    EventKind,
    Incident,
    JudgedWindow,
    Subject,
    subject_of,
)
from modelwatch.model.incidents.metric_labels import subject_words
from modelwatch.model.incidents.narrative import also_affected, sentence_of
from modelwatch.model.notification.message import (
    DIGEST,
    Bar,
    Details,
    Message,
    MessageLine,
    Part,
    message_id,
)
from modelwatch.model.notification.message_text import parts_text
from modelwatch.model.plain_text import counted, named, one_line, shortened
from modelwatch.model.verdicts.row import VerdictRow

_CHANGES: Mapping[EventKind, str] = {
    "opened": "new incident",
    "worsened": "incident got worse",
    "child_added": "incident reached the model",
    "closed": "incident closed",
    "reopened": "incident reopened",
    "withdrawn": "incident withdrawn after restated data",
}
"""Events with messages; if there are several, the first one in this order is in the title."""
LONGEST_NOTE = 500
"""Maximum length of the text of a person or event in a digest."""
LONGEST_LINE = 600
"""Maximum length of a sentence in a digest; the page of the incident has all of it."""
MOST_LINES = 200
"""Maximum number of lines of one part of a digest, of which the first are shown to people."""
MOST_WINDOWS = 30
"""Number of windows of a series, the latest ones."""
MOST_AFTER = 7
"""Number of windows of a series after the last that failed, so that a series shows its failure."""


def messages(
    events: Iterable[Event],
    incidents: Iterable[Incident],
    monitor: str,
    as_of: date,
    over: Sequence[Incident] = (),
    judged: tuple[Sequence[JudgedWindow], Sequence[VerdictRow]] = ((), ()),
) -> tuple[Message, ...]:
    """The messages of a run: one for each incident that changed, and one digest of the rest.

    The same run gives the same ids. Without events there is no message. ``over``: incidents that
    began and ended before a run saw them, which the digest lists with their days instead of their
    events. ``judged``: the windows and verdicts for sparklines.
    """
    known = {one.id: one for one in incidents}
    of_incident: dict[str, list[Event]] = defaultdict(list)
    rest: list[Event] = []
    past = {one.id for one in over}
    for event in events:
        if event.is_reported and event.event in _CHANGES and event.incident_id in known:
            of_incident[event.incident_id].append(event)
        else:
            rest.append(event)
    children: dict[str, list[Incident]] = defaultdict(list)
    for one in known.values():
        if one.parent_id is not None:
            children[one.parent_id].append(one)
    series = SeriesOf(*judged)
    found = [
        _message(known[id], children[id], of, monitor, series) for id, of in of_incident.items()
    ]
    found.sort(key=lambda message: (message.details.rank or 10**9, message.title))
    if rest:
        found.append(_digest(rest, known, monitor, as_of, past))
    return tuple(found)


def _message(
    incident: Incident,
    children: Sequence[Incident],
    events: Sequence[Event],
    monitor: str,
    series: SeriesOf,
) -> Message:
    order = list(_CHANGES)
    first = min(events, key=lambda event: order.index(event.event))
    kind = KIND_WORDS[incident.kind][0] if incident.kind in KIND_WORDS and incident.kind else None
    about = f"{subject_words(incident)}{f' ({kind})' if kind else ''}"
    body = [incident.sentence or sentence_of(incident)]
    if incident.spread == "everywhere":
        body.append("No value of another column explains the change.")
    others = also_affected(incident, children)
    if others is not None:
        body.append(others)
    return Message(
        message_id=message_id(monitor, incident.id, *(f"{e.event} {e.day}" for e in events)),
        monitor=monitor,
        event=first.event,
        incident_id=incident.id,
        severity=incident.severity,
        title=f"{monitor}: {_CHANGES[first.event]}: {about}",
        body="\n".join(body),
        query=incident.query,
        details=Details(
            area=incident.area,
            onset=incident.onset,
            window=incident.window,
            rank=incident.rank,
            series=series.of(incident),
        ),
    )


def _digest(
    events: Sequence[Event],
    known: Mapping[str, Incident],
    monitor: str,
    as_of: date,
    past: Collection[str],
) -> Message:
    of_incident: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        of_incident[event.incident_id].append(event)
    over = [MessageLine(_past(known[id]), id) for id in of_incident if id in past]
    changed = [
        MessageLine(_changed(id, of, known), id, tuple(event.event for event in of))
        for id, of in of_incident.items()
        if id not in past
    ]
    lasting = sorted(
        (one for one in known.values() if one.is_open and one.parent_id is None),
        key=lambda one: one.rank or 10**9,
    )
    standing = [MessageLine(_standing(one), one.id) for one in lasting]
    headed = (
        ("Past incidents, closed by now", over),
        ("What else changed", changed),
        (f"Open incidents ({len(standing)})", standing),
    )
    parts = tuple(_part(heading, lines) for heading, lines in headed if lines)
    ids = [f"{event.incident_id} {event.event} {event.day} {event.detail}" for event in events]
    return Message(
        message_id=message_id(monitor, DIGEST, str(as_of), *ids),
        monitor=monitor,
        event=DIGEST,
        incident_id=None,
        severity="warn",
        title=f"{monitor}: {_digest_title(len(over), len(changed), len(standing))}, as of {as_of}",
        body=parts_text(parts),
        details=Details(parts=parts),
    )


def _part(heading: str, lines: Sequence[MessageLine]) -> Part:
    return Part(heading, tuple(lines[:MOST_LINES]), max(0, len(lines) - MOST_LINES))


def _past(incident: Incident) -> str:
    days = f"{incident.onset} to {incident.last_failing}"
    return f"{days}: {_sentence(incident)}"


def _standing(incident: Incident) -> str:
    place = "" if incident.rank is None else f"{incident.rank}. "
    return f"{place}{_sentence(incident)}"


def _sentence(incident: Incident) -> str:
    return shortened(incident.sentence or sentence_of(incident), LONGEST_LINE)


def _changed(id: str, events: Sequence[Event], known: Mapping[str, Incident]) -> str:
    """What happened to an incident, in one line."""
    about = subject_words(known[id]) if id in known else f"incident {id}"
    return f"{about}: {'; '.join(dict.fromkeys(_happened(event) for event in events))}"


def _happened(event: Event) -> str:
    detail = shortened(one_line(event.detail), LONGEST_NOTE)
    by = f" by {named(event.by)}" if event.by else ""
    said = f": {detail}" if detail else ""
    words: Mapping[EventKind, str] = {
        "opened": f"opened on {event.day}",
        "child_added": f"now also affects {detail}",
        "worsened": f"got worse on {event.day}: {detail}",
        "closed": f"closed on {event.day}",
        "reopened": f"reopened on {event.day}",
        "restated": f"changed after restated data: {detail}",
        "withdrawn": "withdrawn after restated data",
        "acknowledged": f"acknowledged{by}{said}",
        "muted": f"muted {detail}",
        "unmuted": "unmuted",
        "false_alarm": f"marked as a false alarm{by}{said}",
    }
    return words[event.event]


def _digest_title(over: int, changed: int, lasting: int) -> str:
    parts = [counted(over, "past incident")] if over else []
    parts += [counted(changed, "update")] if changed else []
    parts.append(counted(lasting, "open incident") if lasting else "no open incidents")
    return ", ".join(parts)


class SeriesOf:
    """Series of incidents, from the judged windows and the verdicts that are close to a threshold
    or above it."""

    def __init__(self, windows: Sequence[JudgedWindow], rows: Sequence[VerdictRow]) -> None:
        """Groups the verdicts by subject."""
        self._starts: dict[tuple[str, str], set[date]] = defaultdict(set)
        for window in windows:
            self._starts[window.source, window.window].add(window.start)
        self._rows: dict[Subject, list[VerdictRow]] = defaultdict(list)
        for row in rows:
            self._rows[subject_of(row)].append(row)

    def of(self, incident: Incident) -> tuple[Bar, ...]:
        """The metric with the largest effect, until shortly after it last failed; empty without a
        verdict on it.

        A judged window without a row passed far below the threshold, and its effect is 0.
        """
        rows = [
            row
            for row in self._rows.get(incident.key, ())
            if (row.metric, row.reference, row.model_version)
            == (incident.metric, incident.reference, incident.model_version)
        ]
        if not rows:
            return ()
        sources = [source for source in AREAS if any(row.source == source for row in rows)]
        starts = set().union(*(self._starts[source, incident.window] for source in sources))
        effects: dict[date, float | None] = dict.fromkeys(starts, 0.0)
        for row in rows:
            effects[row.window_start] = row.effect if row.is_known else None
        days = sorted(effects)
        shown = days[: bisect_right(days, incident.last_failing) + MOST_AFTER][-MOST_WINDOWS:]
        return tuple(Bar(day, effects[day]) for day in shown)
