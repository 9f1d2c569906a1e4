"""What kind of change an incident is, from the days before it and its own, as a run finds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scripts.evidence.day_states import DayStates, FeatureStates, Stacked
from scripts.evidence.figures import Reference
from scripts.evidence.world import day_of, number_of

from modelwatch.model.change_kinds import Evidence, FeatureChange, compared_days, kind_of_change
from modelwatch.model.days import DayRange
from modelwatch.model.incident import Incident
from modelwatch.pipelines.incident_evidence import FEWEST_BEFORE
from modelwatch.stats.categorical import categorical_stack
from modelwatch.stats.numeric import NumericStates, numeric_stack


def with_kinds(
    incidents: Sequence[Incident], reference: Reference, month: DayStates
) -> tuple[Incident, ...]:
    """The incidents, those without a parent with their kind, its confidence and evidence."""
    known = {one.id: one for one in incidents}
    found = []
    for one in incidents:
        if one.parent_id is None:
            related = [known[id] for id in one.related if id in known]
            children = [c for r in related for c in incidents if c.parent_id == r.id]
            evidence = _evidence(one, incidents, [*related, *children], reference, month)
            kind = kind_of_change(evidence)
            one = replace(one, kind=kind.kind, confidence=kind.confidence, evidence=kind.evidence)
        found.append(one)
    return tuple(found)


def _evidence(
    incident: Incident,
    incidents: Sequence[Incident],
    related: Sequence[Incident],
    reference: Reference,
    month: DayStates,
) -> Evidence:
    children = [one for one in incidents if one.parent_id == incident.id]
    earlier, now = compared_days(incident)
    sides = (reference.history, month)
    held = [day_of(n) for side in sides for n in side.days]
    if sum(day in earlier for day in held) < FEWEST_BEFORE:
        first, last = reference.period.reference
        earlier = DayRange(day_of(first), day_of(last))
    scope = (incident.segmentation, incident.segment)
    features = []
    for name in reference.plans.binnings:
        days = [side.features[scope, name] for side in sides if (scope, name) in side.features]
        two = [_rolled(days, period) for period in (earlier, now)]
        if two[0] is not None and two[1] is not None:
            role = reference.plans.role(name)
            features.append(FeatureChange(name, role, two[0], two[1]))
    return Evidence(
        incidents=(incident, *children),
        related=tuple(related),
        features=tuple(features),
        rows_ratio=_rows_ratio(features, len(earlier), len(now)),
    )


def _rolled(parts: Sequence[Stacked], period: DayRange) -> FeatureStates | None:
    """The state of the days of a period; None without rows."""
    if not parts:
        return None
    days = np.concatenate([part.days for part in parts])
    ends = [number_of(period.first), number_of(period.last) + 1]
    span = np.searchsorted(days, ends)
    if span[0] == span[1]:
        return None
    numeric = [part.states for part in parts if isinstance(part.states, NumericStates)]
    if numeric:
        return numeric_stack(numeric).roll_up(span[None, :])
    texts = [part.states for part in parts if not isinstance(part.states, NumericStates)]
    return categorical_stack(texts).roll_up(span[None, :])


def _rows_ratio(features: Sequence[FeatureChange], before: int, now: int) -> float | None:
    counts = [(int(f.before.rows[0]), int(f.now.rows[0])) for f in features]
    if not counts or not max(counts)[0]:
        return None
    rows_before, rows_now = max(counts)
    return (rows_now / now) / (rows_before / before)
