"""The evidence from which the kind of change of an incident is determined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from modelwatch.model.days import DayRange, shifted
from modelwatch.model.incidents.incident import Incident
from modelwatch.stats.diagnosis.change_explanations import States

ChangeKind = Literal[
    "nulls",
    "filled_nulls",
    "sentinel",
    "constant",
    "scale_change",
    "swapped_columns",
    "swapped_codes",
    "rounded_values",
    "stale",
    "repeated_delivery",
    "new_type",
    "truncated_text",
    "duplicated_rows",
    "missing_rows",
    "outside_windows",
    "unseen_categories",
    "population_shift",
    "concept_shift",
    "label_rate_shift",
    "label_delay",
    "unmapped_values",
    "model_change",
]
UNDETERMINED = "undetermined"
DAYS_BEFORE = 28
DAYS_NOW = 14
DAYS_LATER = 7
FAILED_OF_DAYS = 0.5
"""Part of the days compared that must have failed, or they would show days of no fault."""


def compared_days(incident: Incident) -> tuple[DayRange, DayRange]:
    """The days before an incident and those in it that tell its kind: 28, and at most 14.

    The first failing days, because what came later may have changed for other reasons; of an
    incident that failed on few of its days, those of its largest effect.
    """
    first = incident.since
    before = DayRange(shifted(first, -DAYS_BEFORE), shifted(first, -1))
    now = DayRange(first, min(incident.last_failing, shifted(first, DAYS_NOW - 1)))
    worst = DayRange(incident.worst_start, incident.worst_end)
    failed = incident.failing_windows * len(worst)
    return before, worst if failed < FAILED_OF_DAYS * len(now) else now


@dataclass(frozen=True)
class FeatureChange:
    """A feature before and after an incident began: two states of one scope each, same bins."""

    name: str
    role: str
    before: States
    now: States


@dataclass(frozen=True)
class RepeatedDay:
    """A ``day`` of a feature and the one ``of`` which it may have the values.

    ``exact``: counts, sums and extremes are the same. ``varies``: the feature has several values.
    """

    day: date
    of: date
    exact: bool
    varies: bool


@dataclass(frozen=True)
class Evidence:
    """An incident and what was seen around it.

    ``incidents``: the incident, then its children. ``related``: the incidents at the same time,
    and their children. ``features``: of all features, in the segment of the incident, those that
    did not fail among them, for a swap has two sides; of the days of ``compared_days`` (the
    reference where there are none before). ``rows_ratio``: rows a
    day now over rows a day before. ``shape``: of the change, where it is known. ``new_version``:
    the model version that appeared shortly before. ``repeated``: by role and feature, the day in
    which it may repeat an earlier one; of all features, where the incident is of such days.
    """

    incidents: tuple[Incident, ...]
    related: tuple[Incident, ...] = ()
    features: tuple[FeatureChange, ...] = ()
    rows_ratio: float | None = None
    shape: str | None = None
    new_version: str | None = None
    repeated: Mapping[tuple[str, str], RepeatedDay] = field(default_factory=dict)

    @property
    def lead(self) -> Incident:
        """The incident itself."""
        return self.incidents[0]

    @property
    def failing(self) -> tuple[FeatureChange, ...]:
        """The features that fail, inputs first, the strongest first."""
        effects: dict[tuple[str, str], float] = {}
        for one in self.incidents:
            if one.family == "data":
                key = (one.role, one.subject)
                effects[key] = max(effects.get(key, 0.0), one.effect)
        found = [f for f in self.features if (f.role, f.name) in effects]
        return tuple(sorted(found, key=lambda f: (f.role != "inputs", -effects[f.role, f.name])))

    @property
    def figures(self) -> frozenset[str]:
        """All figures that fail."""
        return frozenset(figure for one in self.incidents for figure in one.figures)

    @property
    def metrics(self) -> frozenset[str]:
        """Metrics of performance that fail."""
        families = ("performance", "estimate")
        return frozenset(one.subject for one in self.incidents if one.family in families)

    def fails_elsewhere(self, role: str) -> bool:
        """Whether features of a role, or its table, fail here or at the same time, and began no
        more than a week after the incident: what comes later is not its cause."""
        latest = shifted(self.lead.since, DAYS_LATER)
        return any(
            one.role == role and one.family in ("data", "source") and one.since <= latest
            for one in (*self.incidents, *self.related)
        )

    def figures_of(self, feature: FeatureChange) -> frozenset[str]:
        """The figures of a feature that fail."""
        mine = (i for i in self.incidents if (i.role, i.subject) == (feature.role, feature.name))
        return frozenset(figure for one in mine for figure in one.figures)

    def worst_figure(self, feature: FeatureChange) -> str | None:
        """The figure of a failing feature farthest beyond its threshold, in the widest scope."""
        of = [i for i in self.incidents if (i.role, i.subject) == (feature.role, feature.name)]
        of.sort(key=lambda one: (not one.of_all_traffic, -one.effect))
        return of[0].figure if of else None


@dataclass(frozen=True)
class Clue:
    """What speaks for a kind of change: how much, 0 to 1, and in words."""

    score: float
    wording: str


Rule = Callable[[Evidence], "Clue | None"]
RULES: dict[ChangeKind, Rule] = {}
"""The rule of every kind of change; complete once ``modelwatch.model.diagnosis.change_kinds`` is
imported."""


def change_kind(kind: ChangeKind) -> Callable[[Rule], Rule]:
    """Registers the rule of a kind."""

    def register(rule: Rule) -> Rule:
        if kind in RULES:
            raise ValueError(f"two rules for {kind!r}")
        RULES[kind] = rule
        return rule

    return register
