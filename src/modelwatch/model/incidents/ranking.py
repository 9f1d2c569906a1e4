"""The order of incidents: by severity, effect, importance, traffic, and value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from modelwatch.model.incidents.episodes import Episode
from modelwatch.model.incidents.groups import Group
from modelwatch.model.incidents.incident import Area

MOST_EFFECT = 20.0
"""Effect above which effects count as equally large."""
AREA_WEIGHT: Mapping[Area, float] = {
    "source": 3.0,
    "performance": 3.0,
    "labels": 1.0,
    "estimate": 2.0,
    "data": 1.0,
    "constraint": 1.0,
}
"""The weight of each family: an entire table and the model itself matter more than a feature,
because only some features matter to the model."""
_WARN = 0.25
_LEAST_SHARE = 0.05
"""Share of the traffic below which the score of a segment does not decrease further."""
LEAST_IMPORTANCE = 0.25
_MOST_IMPORTANCE = 4.0
"""Bounds of a learned importance, because decisions alone are weak evidence."""


@dataclass(frozen=True)
class Weights:
    """The weights of failures.

    ``importance``: by feature; 1 if not given. ``value_share``: by segmentation and segment, its
    share of the business value if known. ``traffic``: rows by kind and first day of a window.
    """

    importance: Mapping[str, float] = field(default_factory=dict)
    value_share: Mapping[tuple[str, str], float] = field(default_factory=dict)
    traffic: Mapping[tuple[str, date], int] = field(default_factory=dict)

    def importance_of(self, episode: Episode) -> float:
        """The importance of its feature; 1 for other subjects."""
        subject = episode.subject
        if subject.area != "data":
            return 1.0
        return self.importance.get(subject.name, 1.0)

    def importance_of_group(self, group: Group) -> float:
        """The largest importance of its members."""
        return max(self.importance_of(member) for member in group.members)

    def traffic_share(self, episode: Episode) -> float | None:
        """Share of the rows of the window with the largest effect; None if unknown."""
        if episode.subject.of_all_traffic:
            return 1.0
        worst = episode.worst
        whole = self.traffic.get((worst.window, worst.window_start))
        if not whole or worst.rows is None:
            return None
        return min(1.0, worst.rows / whole)

    def score(self, group: Group) -> float:
        """The priority of an incident, without a unit; higher comes first."""
        lead = group.lead
        effect = max(member.effect for member in group.members)
        severity = 1.0 if any(m.severity == "fail" for m in group.members) else _WARN
        area = max(
            AREA_WEIGHT[group.subject.area],
            *(AREA_WEIGHT[m.subject.area] for m in group.members if _is_of_model(m)),
            0.0,
        )
        return (
            severity
            * area
            * math.sqrt(min(max(effect, 1.0), MOST_EFFECT))
            * self.importance_of_group(group)
            * math.sqrt(max(self._share(lead), _LEAST_SHARE))
        )

    def _share(self, lead: Episode) -> float:
        """The share of the business value if known, otherwise of the traffic, otherwise 1."""
        segment = (lead.subject.segmentation, lead.subject.segment)
        if not lead.subject.of_all_traffic and segment in self.value_share:
            return max(0.0, min(1.0, self.value_share[segment]))
        share = self.traffic_share(lead)
        return 1.0 if share is None else share


def _is_of_model(member: Episode) -> bool:
    """Whether the model itself fails."""
    return member.subject.area in ("performance", "estimate")


def importances(
    given: Mapping[str, float], learned: Mapping[str, float], features: Mapping[str, str]
) -> dict[str, float]:
    """The importance of each feature; 1 if nothing is known about it.

    ``given``: configured importance by feature, in any case; used as it is. ``learned``: influence
    on decisions by feature (0 to 1), relative to the mean, and limited to 0.25 to 4. ``features``:
    role by feature. Predictions have importance 1 unless configured.
    """
    configured = {name.lower(): weight for name, weight in given.items()}
    known = {name: one for name, one in learned.items() if math.isfinite(one)}
    mean = sum(known.values()) / len(known) if known else 0.0
    found = {}
    for name, role in features.items():
        weight = 1.0
        if role == "inputs" and name in known and mean > 0:
            weight = min(_MOST_IMPORTANCE, max(LEAST_IMPORTANCE, known[name] / mean))
        found[name] = configured.get(name.lower(), weight)
    return found
