"""The kind of change of incidents and of the features that fail with them, and its location."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from modelwatch.model.diagnosis.change_kinds import (
    Evidence,
    FeatureChange,
    KindOfChange,
    RepeatedDay,
    kind_of_change,
)
from modelwatch.model.incidents.incident import MANY_FEATURES, Incident, Subject
from modelwatch.model.incidents.shared_causes import LABEL_METRICS, SHIFTS
from modelwatch.stats.diagnosis.carriers import Carrier, Split, carriers, explained_by_mix
from modelwatch.stats.diagnosis.change_explanations import affected_share

KIND = ("kind", "confidence", "evidence", "affected_share")
"""Fields of an incident that describe the kind of change."""
LOCATION = (
    "follows",
    "spread",
    "carrier_column",
    "carrier_value",
    "carrier_changed_share",
    "carrier_row_share",
)
"""Fields of an incident that describe the location of its change."""
SurroundingsKey = tuple[Subject, date]
"""The key of requested states: a failing feature, and the first day of its worst window."""
FOLLOWS = 0.6
"""Part of the change of a feature that the shares of another feature must explain."""
FeatureKey = tuple[str, str]
"""Role and name of a feature."""


@dataclass(frozen=True)
class Surroundings:
    """What is known about the days before an incident and within it, in its segment.

    ``features``, ``rows_ratio``, and ``repeated`` as in ``Evidence``. ``new_version``: the model
    version that appeared shortly before.
    """

    features: tuple[FeatureChange, ...] = ()
    rows_ratio: float | None = None
    new_version: str | None = None
    repeated: Mapping[tuple[str, str], RepeatedDay] = field(default_factory=dict)


def surroundings_key(incident: Incident) -> SurroundingsKey:
    """The key of what is known around an incident."""
    return incident.key, incident.worst_start


def leads_of_parts(root: Incident, children: Iterable[Incident]) -> tuple[Incident, ...]:
    """The incident, and for each feature that fails with it, the failure that represents it."""
    leads = [part[0] for part in _parts(root, children).values()]
    if root.metric != MANY_FEATURES and root not in leads:
        leads.insert(0, root)
    return tuple(leads)


def with_kinds_of_parts(
    root: Incident, children: Sequence[Incident], around: Mapping[SurroundingsKey, Surroundings]
) -> tuple[Incident, ...]:
    """The incident and its children; features have the kind that their own failures show.

    A feature with a location keeps the kind that was found in the rows that carry its change.
    """
    found: dict[str, Incident] = {}
    for part in _parts(root, children).values():
        located = next((one for one in part if one.spread is not None), None)
        known = {} if located is None else {name: getattr(located, name) for name in LOCATION}
        # A change that is clear in the rows that carry it may be invisible in all rows.
        if located is not None and located.spread == "value" and located.kind not in SHIFTS:
            known |= {name: getattr(located, name) for name in KIND}
        else:
            known |= _found_of(part, around)
        for one in part:
            found[one.id] = replace(one, **known)
    return tuple(found.get(one.id, one) for one in (root, *children))


def _found_of(
    part: Sequence[Incident], around: Mapping[SurroundingsKey, Surroundings]
) -> dict[str, Any]:
    """The fields ``KIND`` of a part; empty if nothing is known around it."""
    seen = _seen(part, around)
    if seen is None or not seen.features:
        return {}
    kind = kind_of_change(_evidence(part, (), seen))
    touched = [
        affected_share(one.before, one.now)
        for one in seen.features
        if (one.role, one.name) == _feature(part[0])
    ]
    values = (kind.kind, kind.confidence, kind.evidence, touched[0] if touched else None)
    return dict(zip(KIND, values, strict=True))


def with_kinds_inside(
    incidents: Sequence[Incident], inside: Mapping[tuple[str, str], Surroundings]
) -> tuple[Incident, ...]:
    """Incidents with the kinds that the rows carrying their changes show.

    ``inside``: by role and name of a feature, what is known about the value that carries its
    change. A fault there is a fault, even if it affects few of all rows; otherwise the kind stays.
    """
    found: dict[str, Incident] = {}
    for feature, seen in inside.items():
        part = [one for one in incidents if one.area == "data" and _feature(one) == feature]
        kind = kind_of_change(_evidence(part, (), seen)) if part else None
        if kind is None or kind.kind in SHIFTS:
            continue
        for one in part:
            found[one.id] = replace(
                one, kind=kind.kind, confidence=kind.confidence, evidence=kind.evidence
            )
    return tuple(found.get(one.id, one) for one in incidents)


def kind_of_incident(
    root: Incident,
    children: Sequence[Incident],
    related: Sequence[Incident],
    around: Mapping[SurroundingsKey, Surroundings],
) -> KindOfChange:
    """The kind of an incident: for a broken feature, what its own failures show; otherwise, all
    that fails with it counts.

    The incident and its ``children`` have the kinds of their parts. ``related``: incidents at the
    same time, and their children.
    """
    lead = lead_of(root, children)
    own = _parts(root, children).get(_feature(lead), [])
    seen = _seen([lead, *own], around) or Surroundings()
    if own:
        found = next((one for one in own if one.kind not in SHIFTS), None)
        if found is not None:
            return _kind_of(found)
    return kind_of_change(_evidence((root, *children), _may_explain(root, children, related), seen))


def _kind_of(incident: Incident) -> KindOfChange:
    return KindOfChange(str(incident.kind), incident.confidence or 0.0, incident.evidence or "", ())


def lead_of(root: Incident, children: Sequence[Incident]) -> Incident:
    """The failure that represents an incident; the first, if half of the features of a table
    fail."""
    features = [one for one in children if one.area == "data"]
    return features[0] if root.metric == MANY_FEATURES and features else root


def _may_explain(
    root: Incident, children: Sequence[Incident], related: Sequence[Incident]
) -> tuple[Incident, ...]:
    """Related incidents that may explain a loss of performance: labels do not depend on a broken
    column."""
    metrics = {one.subject for one in (root, *children) if one.area == "performance"}
    if not metrics & LABEL_METRICS:
        return tuple(related)
    return tuple(one for one in related if one.area != "data" or one.kind in SHIFTS)


def _evidence(
    incidents: Sequence[Incident], related: tuple[Incident, ...], seen: Surroundings
) -> Evidence:
    return Evidence(
        incidents=tuple(incidents),
        related=related,
        features=seen.features,
        rows_ratio=seen.rows_ratio,
        new_version=seen.new_version,
        repeated=seen.repeated,
    )


def _parts(root: Incident, children: Iterable[Incident]) -> dict[tuple[str, str], list[Incident]]:
    """The failures of each feature: the incident first, then all traffic, the strongest first."""
    parts: dict[tuple[str, str], list[Incident]] = defaultdict(list)
    for one in (root, *children):
        if one.area == "data":
            parts[_feature(one)].append(one)
    for part in parts.values():
        part.sort(key=lambda one: (one is not root, not one.of_all_traffic, -one.effect, one.id))
    return dict(parts)


def _seen(
    part: Sequence[Incident], around: Mapping[SurroundingsKey, Surroundings]
) -> Surroundings | None:
    """What is known around the first failure of a feature about which something is known."""
    return next(
        (around[surroundings_key(one)] for one in part if surroundings_key(one) in around), None
    )


def _feature(incident: Incident) -> tuple[str, str]:
    return incident.role, incident.subject


def located(
    incidents: Sequence[Incident], splits: Mapping[FeatureKey, Sequence[Split]]
) -> tuple[Incident, ...]:
    """Incidents of features with their location, and the feature that each of them follows.

    ``splits``: by examined feature, its rows by the values of other columns. Features that fail are
    among these columns: they do not carry a change, but may explain it. If several values carry
    changes, the one that carries most changes is named.
    """
    failing = {one.subject for one in incidents if one.area == "data"}
    found: dict[FeatureKey, tuple[Carrier, ...]] = {}
    mixes: dict[tuple[str, str], float] = {}
    for feature, of in splits.items():
        found[feature] = carriers(split for split in of if split.column not in failing)
        for split in of:
            if split.column in failing and split.column != feature[1]:
                mixes[feature[1], split.column] = explained_by_mix(split)
    common = Counter(one.key for of in found.values() for one in of)
    chosen = {
        feature: max(of, key=lambda one: (common[one.key], one.strength), default=None)
        for feature, of in found.items()
    }
    leads = _leads(mixes)
    return tuple(_located(one, chosen, leads) for one in incidents)


def _leads(mixes: Mapping[tuple[str, str], float]) -> dict[str, str]:
    """The feature that another one follows; None follows a feature that follows it."""
    leads: dict[str, str] = {}
    for (name, other), explained in sorted(mixes.items(), key=lambda item: (-item[1], item[0])):
        if explained >= FOLLOWS and name not in leads and name not in _chain(leads, other):
            leads[name] = other
    return leads


def _chain(leads: Mapping[str, str], name: str) -> list[str]:
    """A feature, the one that it follows, the one that this follows, and so on."""
    chain = [name]
    while chain[-1] in leads:
        chain.append(leads[chain[-1]])
    return chain


def _located(
    one: Incident, chosen: Mapping[FeatureKey, Carrier | None], leads: Mapping[str, str]
) -> Incident:
    feature = one.role, one.subject
    if one.area != "data" or feature not in chosen:
        return one
    carrier = chosen[feature]
    one = replace(one, follows=leads.get(one.subject))
    if carrier is None:
        return replace(one, spread="everywhere")
    return replace(
        one,
        spread="value",
        carrier_column=carrier.column,
        carrier_value=carrier.value,
        carrier_changed_share=carrier.changed_share,
        carrier_row_share=carrier.row_share,
    )


def beginning_together(roots: Sequence[Incident], days: int) -> list[list[Incident]]:
    """Incidents without children, grouped by onset: at most ``days`` after the first of a group."""
    found: list[list[Incident]] = []
    for one in sorted(roots, key=lambda one: (one.onset, one.id)):
        if found and (one.onset - found[-1][0].onset).days <= days:
            found[-1].append(one)
        else:
            found.append([one])
    return found
