"""Which failures have a common cause: splits failures with a common onset into incidents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations

from modelwatch.model.incidents.episodes import Episode
from modelwatch.model.incidents.incident import Incident, Subject

SHIFTS = frozenset({None, "undetermined", "population_shift", "missing_rows", "duplicated_rows"})
"""Kinds of change that are caused by missing or additional rows. All others are faults of a column:
a change of the rows does not explain them, and they do not explain a change of another column."""
NAMELESS = frozenset({None, "undetermined", "population_shift"})
"""Kinds of change that say that something changed, but not why."""
RELATION = "relation_error_change"
"""Metric of a feature that fails because another feature does."""
LABEL_METRICS = frozenset({"base_rate"})
"""Metrics of labels only, which a fault of a column does not affect."""
SLACK = 0.1
"""Share of the rows by which estimates of the affected rows may differ."""
_KIND_BY_METRIC: Mapping[str, str] = {
    "null_share_change": "nulls",
    "nan_share_change": "nulls",
    "filled_share": "filled_nulls",
    "rounded_values": "rounded_values",
    "stale_share": "stale",
    "unseen_share_change": "unseen_categories",
}
"""The kind of a feature whose states were not examined, by its failing metrics; the first that
applies."""
EVERYWHERE = ("", "")
"""The carrier of a change that no value of another column carries."""
CausePart = tuple[str, str, str]
"""A unit that has one cause by itself: family, role, and name; a table and its roles are one
unit."""


@dataclass(frozen=True)
class SharedCause:
    """What is known about a failing feature.

    ``kind`` of change. ``carrier``: the column and value that carry it, ``EVERYWHERE`` if there is
    none, None if it was not examined. ``touched``: the share of the rows that the change must have
    affected at least. ``follows``: the feature whose change explains this one.
    """

    kind: str | None = None
    carrier: tuple[str, str] | None = None
    touched: float | None = None
    follows: str | None = None

    @property
    def is_fault(self) -> bool:
        """Whether it is a fault of the column, instead of a change of the rows or of the world."""
        return self.kind not in SHIFTS and self.follows is None

    @property
    def is_named(self) -> bool:
        """Whether it says by itself what happened."""
        return self.kind not in NAMELESS and self.follows is None


@dataclass(frozen=True)
class SharedCauses:
    """What is known about failing features, by subject, and the columns of constraints by name."""

    found: Mapping[Subject, Sequence[tuple[date, date, SharedCause]]] = field(default_factory=dict)
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of_incidents(
        cls,
        previous: Iterable[Incident],
        explained: Iterable[Incident],
        columns: Mapping[str, tuple[str, ...]],
    ) -> SharedCauses:
        """What incidents and their children say about their features.

        ``explained`` is newer than ``previous``, and takes precedence.
        """
        found: dict[Subject, list[tuple[date, date, SharedCause]]] = defaultdict(list)
        for one in (*explained, *previous):
            if one.area == "data" and one.kind is not None and one.state != "withdrawn":
                last = date.max if one.is_open else one.last_day
                found[one.key].append((one.onset, last, cause_of(one)))
        return cls(found, columns)

    def of(self, part: Sequence[Episode]) -> SharedCause:
        """The cause of the episodes of a feature: what was found, otherwise what its metrics
        suggest."""
        for episode in sorted(part, key=_widest):
            last = date.max if episode.is_open else episode.last_day
            for onset, until, cause in self.found.get(episode.subject, ()):
                if episode.onset <= until and onset <= last:
                    return cause
        metrics = {metric for episode in part for span in episode.spans for metric in span.metrics}
        return SharedCause(
            next((kind for f, kind in _KIND_BY_METRIC.items() if f in metrics), None)
        )


def cause_of(incident: Incident) -> SharedCause:
    """What an explained incident says about its subject."""
    carrier = None
    if incident.carrier_column is not None and incident.carrier_value is not None:
        carrier = (incident.carrier_column, incident.carrier_value)
    elif not incident.of_all_traffic and incident.kind not in SHIFTS:
        # A shift in one segment may be smaller in others; a fault is not.
        carrier = (incident.segmentation, incident.segment)
    elif incident.spread == "everywhere":
        carrier = EVERYWHERE
    return SharedCause(incident.kind, carrier, incident.affected_share, incident.follows)


def by_cause(members: Sequence[Episode], causes: SharedCauses) -> list[list[Episode]]:
    """Episodes of data with a common onset, as sets with one cause each.

    Missing or repeated rows explain all changes in the table except faults of a column. Features
    have one cause if they broke in the same way and not in different rows, if they broke in the
    same value of another column, or if one follows from the other. Predictions have the cause of
    the inputs if those changed in as many rows. A constraint has the cause of its columns.
    """
    parts = _parts(members)
    known = {part: causes.of(episodes) for part, episodes in parts.items()}
    tables = [part for part in parts if part[0] == "source"]
    inputs = [part for part in parts if part[0] == "data" and part[1] != "predictions"]
    answers = [part for part in parts if part[0] == "data" and part[1] == "predictions"]
    sets = _Sets(parts)
    for one, other in combinations(inputs, 2):
        if _same_cause(one, other, known, parts):
            sets.join(one, other)
    for one in tables:
        for other in inputs:
            if not known[other].is_fault and known[other].follows is None:
                sets.join(one, other)
    for answer in answers[1:]:
        sets.join(answers[0], answer)
    before = sets.tops([*tables, *inputs])
    if answers and before and _reaches(known, inputs, answers, bool(tables)):
        sets.join(max(before, key=lambda top: _weight(sets.of(top), known, parts)), answers[0])
    for part in parts:
        if part[0] == "constraint":
            _join_constraint(part, sets, causes, parts)
    return [
        sorted((e for part in sets.of(top) for e in parts[part]), key=_order)
        for top in sets.tops(list(parts))
    ]


def explains_performance(
    members: Sequence[Episode], model: Sequence[Episode], causes: SharedCauses
) -> bool:
    """Whether a change of data may explain metrics that began to change with it.

    A fault of a column does not affect labels. The effect of broken constraints on a model is
    unknown. The change of a segment does not explain one of all traffic.
    """
    data = [one for one in members if one.subject.area in ("data", "source")]
    whole = any(one.subject.of_all_traffic for one in data)
    if not data or (not whole and any(one.subject.of_all_traffic for one in model)):
        return False
    if not any(one.subject.name in LABEL_METRICS for one in model):
        return True
    parts = _parts(data)
    return not any(causes.of(of).is_fault for part, of in parts.items() if part[0] == "data")


def _parts(members: Sequence[Episode]) -> dict[CausePart, list[Episode]]:
    parts: dict[CausePart, list[Episode]] = defaultdict(list)
    for one in members:
        subject = one.subject
        if subject.area == "source":
            parts["source", "", ""].append(one)
        else:
            parts[subject.area, subject.role, subject.name].append(one)
    return dict(parts)


class _Sets:
    """Parts that are joined to sets."""

    def __init__(self, parts: Iterable[CausePart]) -> None:
        self._top = {part: part for part in parts}

    def top(self, part: CausePart) -> CausePart:
        while self._top[part] != part:
            part = self._top[part]
        return part

    def join(self, one: CausePart, other: CausePart) -> None:
        self._top[self.top(other)] = self.top(one)

    def tops(self, parts: Sequence[CausePart]) -> list[CausePart]:
        return list(dict.fromkeys(self.top(part) for part in parts))

    def of(self, top: CausePart) -> list[CausePart]:
        return [part for part in self._top if self.top(part) == top]


def _same_cause(
    one: CausePart,
    other: CausePart,
    known: Mapping[CausePart, SharedCause],
    parts: Mapping[CausePart, Sequence[Episode]],
) -> bool:
    a, b = known[one], known[other]
    if a.follows == other[2] or b.follows == one[2]:
        return True
    if _is_relation(parts[one]) or _is_relation(parts[other]):
        return True
    apart = a.carrier is not None and b.carrier is not None and a.carrier != b.carrier
    if a.carrier == b.carrier and a.carrier not in (None, EVERYWHERE):
        return True
    return not apart and (a.kind == b.kind if a.is_fault or b.is_fault else True)


def _is_relation(part: Sequence[Episode]) -> bool:
    """Whether a feature fails only by its relation to the others."""
    return all(span.metrics == {RELATION} for episode in part for span in episode.spans)


def _reaches(
    known: Mapping[CausePart, SharedCause],
    inputs: Sequence[CausePart],
    answers: Sequence[CausePart],
    rows_changed: bool,
) -> bool:
    """Whether the inputs changed in as many rows as the predictions must have."""
    shares = [known[part].touched for part in inputs]
    if rows_changed or not shares or any(share is None for share in shares):
        return True
    wanted = max(known[part].touched or 0.0 for part in answers)
    return wanted <= sum(share or 0.0 for share in shares) + SLACK


def _weight(
    of: Sequence[CausePart],
    known: Mapping[CausePart, SharedCause],
    parts: Mapping[CausePart, Sequence[Episode]],
) -> tuple[float, float]:
    """How much a set may have changed the predictions of a model."""
    touched = sum(known[part].touched or 0.0 for part in of)
    return touched, max(episode.effect for part in of for episode in parts[part])


def _join_constraint(
    part: CausePart, sets: _Sets, causes: SharedCauses, parts: Mapping[CausePart, Sequence[Episode]]
) -> None:
    """A constraint with the feature of its column, otherwise with the table, otherwise with similar
    constraints.

    If the columns of a constraint are unknown, the strongest feature is the most likely one.
    """
    columns = {column.lower() for column in causes.columns.get(part[2], ())}
    features = [other for other in parts if other[0] == "data"]
    homes = [one for one in features if one[2].lower() in columns]
    homes = homes or [one for one in parts if one[0] == "source"]
    if not homes and not columns:
        homes = sorted(features, key=lambda one: -max(e.effect for e in parts[one]))
    if homes:
        sets.join(homes[0], part)
        return
    metric = {span.worst.metric for episode in parts[part] for span in episode.spans}
    for other in parts:
        if other[0] != "constraint" or other == part:
            continue
        theirs = {column.lower() for column in causes.columns.get(other[2], ())}
        kinds = {span.worst.metric for episode in parts[other] for span in episode.spans}
        if not columns or not theirs or columns & theirs or metric & kinds:
            sets.join(other, part)


def _widest(episode: Episode) -> tuple[bool, float]:
    return not episode.subject.of_all_traffic, -episode.effect


def _order(episode: Episode) -> tuple[date, date, str]:
    return episode.onset, episode.opened, str(episode.subject)
