"""What is told of an incident: one plain sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from modelwatch.model.change_kinds import UNDETERMINED, KindOfChange
from modelwatch.model.evidence_query import evidence_query
from modelwatch.model.figure_words import (
    carrier_words,
    figure_words,
    segment_words,
    subject_of_all,
    subject_words,
)
from modelwatch.model.incident import Incident
from modelwatch.model.plain_words import one_line, shortened
from modelwatch.model.since import Since

KIND_WORDS: Mapping[str, tuple[str, str]] = {
    "nulls": ("values that are missing", "what fills it upstream"),
    "filled_nulls": (
        "missing values that are filled in",
        "what writes a default where there is no value",
    ),
    "sentinel": ("a code in the place of values", "what writes it where there is no value"),
    "constant": ("a value that stands still", "the job or the sensor that feeds it"),
    "scale_change": ("another unit or scale", "the unit in which it is delivered"),
    "swapped_columns": ("swapped columns", "the order of columns where the table is written"),
    "swapped_codes": ("two codes that are swapped", "the table of codes of either side"),
    "rounded_values": ("values that are rounded", "the type of the column upstream"),
    "stale": (
        "values that were not refreshed",
        "the job that refreshes them, and whether it ran on that day",
    ),
    "repeated_delivery": ("an earlier day that was delivered again", "the delivery of that day"),
    "new_type": ("another type or writing", "the last change of the schema or of the code"),
    "truncated_text": ("text that is cut", "the width of the column where the table is written"),
    "duplicated_rows": ("rows that came twice", "the delivery of those days"),
    "missing_rows": ("rows that are missing", "the delivery of those days"),
    "outside_windows": (
        "rows that belong to no day that is read",
        "what writes the column that tells the day",
    ),
    "unseen_categories": ("values that it never had", "whether the model can know them"),
    "population_shift": ("a shift of the population", "who or what is scored now"),
    "concept_shift": ("another relation of inputs and labels", "retraining on newer labels"),
    "label_rate_shift": ("another rate of labels", "whether labels mean what they did"),
    "label_delay": ("labels that come late", "the source of the labels"),
    "unmapped_values": (
        "values in another spelling",
        "the spellings of the view unmapped_values, and the source of the column",
    ),
    "model_change": ("another model", "what was deployed at that time"),
}
"""What a kind is called, and what to look at."""
_SHAPES = {"step": "at once", "steps": "in several steps", "ramp": "gradually"}
LONGEST_SENTENCE = 2000
"""Characters of a sentence, whatever the data put into it."""
_NAMED = 3
"""Subjects, or segments, that a sentence names."""


def told(
    incident: Incident,
    children: Sequence[Incident],
    monitor: str,
    kind: KindOfChange | None = None,
    since: Since | None = None,
    min_rows: int = 0,
) -> Incident:
    """The incident with its kind, the day it goes back to, its sentence and its query.

    ``min_rows``: rows below which nothing but their number is judged.
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
    sentence = sentence_of(incident, children, min_rows)
    return replace(incident, sentence=sentence, query=query)


def sentence_of(incident: Incident, children: Sequence[Incident] = (), min_rows: int = 0) -> str:
    """What happened, where, since when, how sure, and what to look at; one sentence."""
    what = f"{subject_words(incident)}: {figure_words(incident)}"
    when = _when(incident)
    parts = [f"{what}{carrier_words(incident)}, {when}"]
    if incident.spread == "everywhere":
        parts.append("no value of another column carries it")
    if _hides_the_rest(incident, min_rows):
        parts.append("nothing else of it could be judged, for lack of rows")
    others = [one for one in children if one.state == "open" or not incident.is_open]
    parts += _besides(incident, others)
    if incident.kind in KIND_WORDS and incident.kind is not None:
        called, look = KIND_WORDS[incident.kind]
        sure = _sure(incident.confidence or 0.0)
        parts.append(f"{sure} {called} ({incident.evidence}); look at {look}")
    elif incident.kind == UNDETERMINED:
        parts.append("of what kind is undetermined; look at the figures of the query")
    return shortened(one_line("; ".join(parts) + "."), LONGEST_SENTENCE)


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
    found = []
    if own[1]:
        found.append(f"also in {_listed(list(own[1]))}")
    if named:
        every = [f"{what} in {_listed(list(of), 1)}" if of else what for what, of in named]
        found.append(f"with it {_listed(every)}")
    return found


def _listed(words: Sequence[str], most: int = _NAMED) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return f"{', '.join(words[:most])}{more}"


def _hides_the_rest(incident: Incident, min_rows: int) -> bool:
    """Whether so few rows came that no statistic of their values was judged."""
    fallen = incident.figure == "rows" and (incident.value or 0.0) < 0
    few = incident.rows is not None and incident.rows < min_rows
    return incident.family == "source" and few and (fallen or incident.figure == "missing_day")


def _when(incident: Incident) -> str:
    shape = _SHAPES.get(incident.shape or "")
    since = f"since {incident.since}"
    if shape and incident.since_lower is not None and incident.since_upper is not None:
        if incident.since_lower == incident.since_upper:
            since = f"since {incident.since_lower}, {shape}"
        else:
            between = f"between {incident.since_lower} and {incident.since_upper}"
            since = f"since {incident.since}, {shape} (it began {between})"
    windows = f"{incident.failing_windows} {incident.window}"
    windows += "s" if incident.failing_windows != 1 and incident.window in _PLURAL else ""
    ended = "" if incident.closed is None else f" until {incident.last_failing}"
    return f"{since}{ended} ({windows}{_by_chance(incident.adjusted_p)})"


_PLURAL = ("day", "week", "month")


def _by_chance(p: float | None) -> str:
    if p is None:
        return ""
    return ", by chance less than once in 10,000" if p < 1e-4 else f", by chance {p:.2g}"


def _sure(confidence: float) -> str:
    if confidence >= 0.85:
        return "almost surely"
    return "probably" if confidence >= 0.65 else "perhaps"
