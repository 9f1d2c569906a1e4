"""The sentence of an incident."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from modelwatch.model.diagnosis.change_kinds import KindOfChange
from modelwatch.model.diagnosis.onset import Onset, day_words
from modelwatch.model.incidents.evidence_query import evidence_query
from modelwatch.model.incidents.incident import EventKind, Incident
from modelwatch.model.incidents.metric_labels import (
    change_words,
    segment_words,
    subject_of_all,
    where_words,
)
from modelwatch.model.plain_text import one_line, shortened
from modelwatch.model.planning.window_specs import CALENDAR
from modelwatch.model.quoted_values import code

KIND_WORDS: Mapping[str, tuple[str, str]] = {
    "nulls": ("missing values", "what fills the column upstream"),
    "filled_nulls": ("a default that replaces nulls", "which job writes the default"),
    "sentinel": ("a placeholder for missing values", "what writes it upstream"),
    "constant": ("a stuck value", "the job or sensor that writes it"),
    "scale_change": ("a unit change", "the upstream currency or unit conversion"),
    "swapped_columns": ("swapped columns", "the column order where the table is written"),
    "swapped_codes": ("two swapped codes", "the upstream code mapping"),
    "rounded_values": ("rounded values", "the column type upstream"),
    "stale": ("values that were not refreshed", "whether the refresh job ran"),
    "repeated_delivery": ("an earlier day delivered again", "the delivery of that day"),
    "new_type": ("a new type or format", "recent schema and code changes upstream"),
    "truncated_text": ("truncated strings", "the column width upstream"),
    "duplicated_rows": ("duplicate rows", "the deliveries of those days"),
    "missing_rows": ("missing rows", "the deliveries of those days"),
    "outside_windows": ("wrong event times", "what writes the time and partition columns"),
    "unseen_categories": ("new categories", "whether the model knows them"),
    "population_shift": ("a population shift", "who or what is scored now"),
    "concept_shift": ("a concept shift", "whether to retrain on newer labels"),
    "label_rate_shift": ("a change of the label rate", "whether the label definition changed"),
    "label_delay": ("late labels", "the label source"),
    "unmapped_values": ("a new spelling of values", "the view `unmapped_values`"),
    "model_change": ("a model change", "recent deployments"),
}
"""What a kind is called, and what to check first."""
UNDETERMINED_WORDS = ("undetermined", "the metric values that its query returns")
"""The same of an incident that no known kind of change explains."""
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
"""Words of a sentence; a name or value in quotes counts as one."""
_QUOTED = re.compile(r"`[^`]*`|'(?:[^'\\]|\\.)*'")
LONGEST_SENTENCE = 2000
"""Characters of a sentence, whatever the data put into it."""
_NAMED = 3
"""Subjects, or segments, that a message names."""


def narratives(
    incident: Incident,
    monitor: str,
    kind: KindOfChange | None = None,
    since: Onset | None = None,
    min_rows: int = 0,
) -> Incident:
    """The incident with its kind, the day on which it began, its sentence and its query.

    ``min_rows``: rows below which only their number is evaluated.
    """
    if kind is not None:
        incident = replace(
            incident, kind=kind.kind, confidence=kind.confidence, evidence=kind.evidence
        )
    if since is not None:
        incident = replace(
            incident, shape=since.shape, since_lower=since.lower, since_upper=since.upper
        )
    query = evidence_query(incident, monitor)
    sentence = sentence_of(incident, min_rows)
    return replace(incident, sentence=sentence, query=query)


def sentence_of(incident: Incident, min_rows: int = 0) -> str:
    """The incident in at most ``MOST_WORDS`` words.

    A sentence says what changed by how much, where and since when; of an incident whose kind was
    looked for, another one says the likely kind with its evidence, and a third one what to check
    first. Evidence that is too long is left out: it is a field of its own.
    """
    few = ", too few for other checks" if _hides_the_rest(incident, min_rows) else ""
    change = f"{change_words(incident)}{where_words(incident)}{few}, {_when(incident)}."
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
    """The words of a text, of which each name or value in quotes is one."""
    return len(_QUOTED.sub("x", text).split())


def also_affected(incident: Incident, children: Sequence[Incident]) -> str | None:
    """What fails with an incident, each subject once with its segments; None for nothing."""
    others = [one for one in children if one.state == "open" or not incident.is_open]
    found = _besides(incident, others)
    return f"Also affected: {_listed(found)}." if found else None


def _besides(incident: Incident, others: Sequence[Incident]) -> list[str]:
    """What fails with an incident: its own subject in segments, then other subjects once each."""
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
    """Whether so few rows came that no statistic of their values was judged."""
    fallen = incident.figure == "rows" and (incident.value or 0.0) < 0
    few = incident.rows is not None and incident.rows < min_rows
    return incident.family == "source" and few and (fallen or incident.figure == "missing_day")


def _when(incident: Incident) -> str:
    shape = incident.shape or ""
    first, about = incident.since, ""
    if shape in _SHAPES and incident.since_lower is not None and incident.since_upper is not None:
        if incident.since_lower == incident.since_upper:
            first = incident.since_lower
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
        return f"{count} {incident.window}{'s' * (count != 1)}"
    return f"{count} window{'s' * (count != 1)} of {code(incident.window)}"


def _sure(confidence: float) -> str:
    if confidence >= 0.85:
        return "Almost certainly"
    return "Likely" if confidence >= 0.65 else "Possibly"
