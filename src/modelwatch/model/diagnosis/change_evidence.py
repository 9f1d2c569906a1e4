"""The evidence from which the kind of change of an incident is determined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from modelwatch.model.days import DayRange, shifted
from modelwatch.model.incidents.incident import Incident
from modelwatch.stats.states.leave_out import FeatureStates

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
_DAYS_BEFORE = 28
DAYS_NOW = 14
DAYS_LATER = 7
FAILED_OF_DAYS = 0.5
"""Share of the compared days that must have failed; otherwise they would show days without a
fault."""


def compared_days(incident: Incident) -> tuple[DayRange, DayRange]:
    """The days before an incident and within it that show its kind: 28, and at most 14.

    The first failing days, because later ones may have changed for other reasons. If an incident
    failed on few of its days, those of its largest effect.
    """
    first = incident.onset
    before = DayRange(shifted(first, -_DAYS_BEFORE), shifted(first, -1))
    now = DayRange(first, min(incident.last_failing, shifted(first, DAYS_NOW - 1)))
    worst = DayRange(incident.worst_start, incident.worst_end)
    failed = incident.failing_windows * len(worst)
    return before, worst if failed < FAILED_OF_DAYS * len(now) else now


@dataclass(frozen=True)
class FeatureChange:
    """A feature before and after the onset of an incident: two states with equal bins, one scope
    each."""

    name: str
    role: str
    before: FeatureStates
    now: FeatureStates


@dataclass(frozen=True)
class RepeatedDay:
    """A ``day`` of a feature, and the day ``of`` which it may have the values.

    ``exact``: counts, sums, and extremes are equal. ``varies``: the feature has several values.
    """

    day: date
    of: date
    exact: bool
    varies: bool


@dataclass(frozen=True)
class Evidence:
    """An incident and the evidence around it.

    ``incidents``: the incident, followed by its children. ``related``: the incidents at the same
    time, and their children. ``features``: all features in the segment of the incident, including
    those that did not fail, because a swap has two sides; on ``compared_days``, or on the reference
    if there are none before. ``rows_ratio``: rows per day now, divided by rows per day before.
    ``shape``: of the change, if known. ``new_version``: the model version that appeared shortly
    before. ``repeated``: by role and feature, the day on which it may repeat an earlier one; for
    all features, if the incident has such days.
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
        """The failing features, inputs first, the strongest first."""
        effects: dict[tuple[str, str], float] = {}
        for one in self.incidents:
            if one.area == "data":
                key = (one.role, one.subject)
                effects[key] = max(effects.get(key, 0.0), one.effect)
        found = [f for f in self.features if (f.role, f.name) in effects]
        return tuple(sorted(found, key=lambda f: (f.role != "inputs", -effects[f.role, f.name])))

    @property
    def failing_metrics(self) -> frozenset[str]:
        """All failing metrics."""
        return frozenset(metric for one in self.incidents for metric in one.metrics)

    @property
    def metrics(self) -> frozenset[str]:
        """Failing performance metrics."""
        areas = ("performance", "estimate")
        return frozenset(one.subject for one in self.incidents if one.area in areas)

    def fails_elsewhere(self, role: str) -> bool:
        """Whether features of a role, or its table, fail here or at the same time, and began at
        most a week after the incident: later changes are not its cause."""
        latest = shifted(self.lead.onset, DAYS_LATER)
        return any(
            one.role == role and one.area in ("data", "source") and one.onset <= latest
            for one in (*self.incidents, *self.related)
        )

    def metrics_of(self, feature: FeatureChange) -> frozenset[str]:
        """The failing metrics of a feature."""
        mine = (i for i in self.incidents if (i.role, i.subject) == (feature.role, feature.name))
        return frozenset(metric for one in mine for metric in one.metrics)

    def worst_metric(self, feature: FeatureChange) -> str | None:
        """The metric of a failing feature with the largest effect, in the widest scope."""
        of = [i for i in self.incidents if (i.role, i.subject) == (feature.role, feature.name)]
        of.sort(key=lambda one: (not one.of_all_traffic, -one.effect))
        return of[0].metric if of else None


@dataclass(frozen=True)
class Clue:
    """The evidence for a kind of change: a score from 0 to 1, and words."""

    score: float
    wording: str


KindRule = Callable[[Evidence], "Clue | None"]
KIND_RULES: dict[ChangeKind, KindRule] = {}
"""The rule of every kind of change; complete after ``modelwatch.model.diagnosis.change_kinds`` is
imported."""


KIND_WORDS: dict[str, tuple[str, str]] = {}
"""What each kind of change is called in a sentence, and what to check first."""


def change_kind(kind: ChangeKind, *, called: str, check: str) -> Callable[[KindRule], KindRule]:
    """Registers the rule of a kind, what a sentence calls the kind, and what to check first."""

    def register(rule: KindRule) -> KindRule:
        if kind in KIND_RULES:
            raise ValueError(f"two rules for {kind!r}")
        if not called or not check:
            raise ValueError(f"{kind!r} has no words for a sentence")
        KIND_RULES[kind] = rule
        KIND_WORDS[kind] = called, check
        return rule

    return register
