"""Kinds of incidents, from the days before and during them, as in a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from scripts.evidence.day_states import DayStates
from scripts.evidence.location import with_locations
from scripts.evidence.metric_series import Reference
from scripts.evidence.rolled import rolled
from scripts.evidence.world import World, day_of

from modelwatch.model.days import DayRange
from modelwatch.model.diagnosis.change_kinds import FeatureChange, compared_days
from modelwatch.model.diagnosis.incident_kinds import (
    KIND,
    LOCATION,
    Surroundings,
    SurroundingsKey,
    kind_of_incident,
    lead_of,
    leads_of_parts,
    surroundings_key,
    with_kinds_of_parts,
)
from modelwatch.model.incidents.folding import History, fold_incidents
from modelwatch.model.incidents.incident import Incident
from modelwatch.model.incidents.ranking import Weights
from modelwatch.pipelines.diagnosis.evidence import FEWEST_BEFORE, ExaminedIncidents


def explained(
    history: History, reference: Reference, month: DayStates, world: World
) -> tuple[Incident, ...]:
    """The incidents of a history with their kind and location.

    They are derived twice, as in a run: kind and location show which failures have one cause.
    """
    config, sides = reference.config, (reference.history, month)
    folded = fold_incidents(history, config, Weights())
    trees = _trees(folded.incidents)
    around: dict[SurroundingsKey, Surroundings] = {}
    parts: list[Incident] = []
    for root, children in trees:
        around |= {
            surroundings_key(one): _around(one, reference, sides)
            for one in leads_of_parts(root, children)
        }
        parts += with_kinds_of_parts(root, children, around)
    parts = with_locations([root for root, _ in trees], parts, reference, world)
    looked = ExaminedIncidents(tuple(parts), around)
    again = fold_incidents(replace(history, explained=looked.parts), config, Weights())
    found = {one.id: _with_findings(one, looked) for one in again.incidents}
    for root, children in _trees(found.values()):
        lead = lead_of(root, children)
        if surroundings_key(lead) not in around:
            around[surroundings_key(lead)] = _around(lead, reference, sides)
        related = [found[id] for id in root.related if id in found]
        of_related = [c for r in related for c in found.values() if c.parent_id == r.id]
        kind = kind_of_incident(root, children, [*related, *of_related], around)
        found[root.id] = replace(
            root, kind=kind.kind, confidence=kind.confidence, evidence=kind.evidence
        )
    return tuple(found.values())


def _trees(incidents: Iterable[Incident]) -> list[tuple[Incident, list[Incident]]]:
    """Incidents without a parent, each with its children."""
    known = list(incidents)
    return [
        (root, [one for one in known if one.parent_id == root.id])
        for root in known
        if root.parent_id is None
    ]


def _with_findings(incident: Incident, looked: ExaminedIncidents) -> Incident:
    found = looked.earlier_finding(incident)
    if found is None:
        return incident
    return replace(incident, **{name: getattr(found, name) for name in (*KIND, *LOCATION)})


def _around(incident: Incident, reference: Reference, sides: Sequence[DayStates]) -> Surroundings:
    earlier, now = compared_days(incident)
    held = [day_of(n) for side in sides for n in side.days]
    if sum(day in earlier for day in held) < FEWEST_BEFORE:
        first, last = reference.period.reference
        earlier = DayRange(day_of(first), day_of(last))
    scope = (incident.segmentation, incident.segment)
    features = []
    for name in reference.plans.binnings:
        days = [side.features[scope, name] for side in sides if (scope, name) in side.features]
        two = [rolled(days, period) for period in (earlier, now)]
        if two[0] is not None and two[1] is not None:
            role = reference.plans.role(name)
            features.append(FeatureChange(name, role, two[0], two[1]))
    return Surroundings(tuple(features), _rows_ratio(features, len(earlier), len(now)))


def _rows_ratio(features: Sequence[FeatureChange], before: int, now: int) -> float | None:
    counts = [(int(f.before.rows[0]), int(f.now.rows[0])) for f in features]
    if not counts or not max(counts)[0]:
        return None
    rows_before, rows_now = max(counts)
    return (rows_now / now) / (rows_before / before)
