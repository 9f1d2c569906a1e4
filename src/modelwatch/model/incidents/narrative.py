"""The sentence of an incident."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from modelwatch.model.diagnosis.change_kinds import KIND_WORDS, KindOfChange
from modelwatch.model.diagnosis.onset import Onset, day_words
from modelwatch.model.incidents.evidence_query import evidence_query
from modelwatch.model.incidents.incident import EventKind, Incident
from modelwatch.model.incidents.metric_labels import (
    change_words,
    segment_words,
    subject_of_all,
    where_words,
)
from modelwatch.model.plain_text import counted, one_line, shortened
from modelwatch.model.planning.window_specs import CALENDAR
from modelwatch.model.quoted_values import code

UNDETERMINED_WORDS = ("undetermined", "the metric values that its query returns")
"""What an incident without a known kind of change is called, and what to check first."""
_SHAPES = {"step": "", "steps": "in several steps ", "ramp": "gradually "}
EVENT_WORDS: Mapping[EventKind, str] = {
    "opened": "opened",
    "child_added": "now also affects",
    "worsened": "got worse",
    "closed": "closed",
    "reopened": "reopened",
    "restated": "changed after restated data",
    "withdrawn": "withdrawn",
    "acknowledged": "acknowledged",
    "muted": "muted",
    "unmuted": "unmuted",
    "false_alarm": "marked as a false alarm",
}
"""What happened to an incident, in a line of a digest or of its history."""
MOST_WORDS = 40
"""Maximum number of words in a sentence; a quoted name or value counts as one."""
_QUOTED = re.compile(r"`[^`]*`|'(?:[^'\\]|\\.)*'")
LONGEST_SENTENCE = 2000
"""Maximum length of a sentence, regardless of the data."""
_NAMED = 3
"""Maximum number of subjects, or segments, that a message names."""


def narratives(
    incident: Incident,
    monitor: str,
    kind: KindOfChange | None = None,
    onset: Onset | None = None,
    min_rows: int = 0,
    fallen: str | None = None,
) -> Incident:
    """The incident with its kind, onset, sentence, and query.

    ``min_rows``: rows below which only their number is judged. ``fallen``: as in ``change_words``.
    """
    if kind is not None:
        incident = replace(
            incident, kind=kind.kind, confidence=kind.confidence, evidence=kind.evidence
        )
    if onset is not None:
        incident = replace(
            incident, shape=onset.shape, onset_lower=onset.lower, onset_upper=onset.upper
        )
    query = evidence_query(incident, monitor)
    sentence = sentence_of(incident, min_rows, fallen)
    return replace(incident, sentence=sentence, query=query)


def sentence_of(incident: Incident, min_rows: int = 0, fallen: str | None = None) -> str:
    """The incident in at most ``MOST_WORDS`` words.

    One sentence says what changed by how much, where, and since when. If the kind was examined, a
    second one states the likely kind with its evidence, and a third one what to check first.
    Evidence that is too long is left out, because it has a field of its own.
    """
    few = ", too few for other checks" if _hides_the_rest(incident, min_rows) else ""
    change = f"{change_words(incident, fallen)}{where_words(incident)}{few}, {_when(incident)}."
    if incident.kind is None:
        return shortened(one_line(change), LONGEST_SENTENCE)
    _, check = KIND_WORDS.get(incident.kind, UNDETERMINED_WORDS)
    whole = f"{change} {_kind_sentence(incident, incident.evidence)} Check {check}."
    if words_in(whole) > MOST_WORDS or len(whole) > LONGEST_SENTENCE:
        whole = f"{change} {_kind_sentence(incident)} Check {check}."
    return shortened(one_line(whole), LONGEST_SENTENCE)


def _kind_sentence(incident: Incident, evidence: str | None = None) -> str:
    if incident.kind is None or incident.kind not in KIND_WORDS:
        return "The kind of change is undetermined."
    called, _ = KIND_WORDS[incident.kind]
    because = f" ({evidence})" if evidence else ""
    return f"{_sure(incident.confidence or 0.0)} {called}{because}."


def words_in(text: str) -> int:
    """The number of words of a text; a quoted name or value counts as one."""
    return len(_QUOTED.sub("x", text).split())


def also_affected(incident: Incident, children: Sequence[Incident]) -> str | None:
    """What fails with an incident, each subject once with its segments; None for nothing."""
    others = [one for one in children if one.state == "open" or not incident.is_open]
    found = _besides(incident, others)
    return f"Also affected: {_listed(found)}." if found else None


def _besides(incident: Incident, others: Sequence[Incident]) -> list[str]:
    """What fails with an incident: its own subject in segments, then each other subject once."""
    segments: dict[str, dict[str, None]] = {subject_of_all(incident): {}}
    for one in others:
        held = segments.setdefault(subject_of_all(one), {})
        if not one.of_all_traffic and one.key != incident.key:
            held[segment_words(one)] = None
    own, *named = segments.items()
    if not incident.of_all_traffic:
        own[1].pop(segment_words(incident), None)
    found = [own] if own[1] else []
    return [f"{what} in {_listed(list(of), 1)}" if of else what for what, of in (*found, *named)]


def _listed(words: Sequence[str], most: int = _NAMED) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return f"{', '.join(words[:most])}{more}"


def _hides_the_rest(incident: Incident, min_rows: int) -> bool:
    """Whether so few rows arrived that no statistic of their values was judged."""
    fallen = incident.metric == "rows" and (incident.value or 0.0) < 0
    few = incident.rows is not None and incident.rows < min_rows
    return incident.area == "source" and few and (fallen or incident.metric == "missing_day")


def _when(incident: Incident) -> str:
    shape = incident.shape or ""
    first, about = incident.onset, ""
    if shape in _SHAPES and incident.onset_lower is not None and incident.onset_upper is not None:
        if incident.onset_lower == incident.onset_upper:
            first = incident.onset_lower
        else:
            about = "about "
    how = _SHAPES.get(shape, "")
    if incident.closed is None:
        when = f"{how}since {about}{day_words(first)}"
    elif incident.last_failing <= first:
        when = f"{how}on {day_words(first)}"
    else:
        when = f"{how}from {about}{day_words(first)} to {day_words(incident.last_failing)}"
    return f"{when} ({_windows(incident)})"


def _windows(incident: Incident) -> str:
    count = incident.failing_windows
    if incident.window in CALENDAR:
        return counted(count, incident.window)
    return f"{counted(count, 'window')} of {code(incident.window)}"


def _sure(confidence: float) -> str:
    if confidence >= 0.85:
        return "Almost certainly"
    return "Likely" if confidence >= 0.65 else "Possibly"
