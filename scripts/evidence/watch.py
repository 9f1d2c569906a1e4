"""A world watched with the default settings: figures, verdicts and incidents, as production has
them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from scripts.evidence.day_states import ROLES, DayStates, Scope, day_states
from scripts.evidence.figures import (
    LENGTHS,
    FeatureKey,
    Figures,
    Reference,
    drift_figures,
    performance_figures,
    windows_of,
)
from scripts.evidence.kinds import with_kinds
from scripts.evidence.series_figures import series_figures
from scripts.evidence.verdicts import Strictness, day_of, verdict_rows
from scripts.evidence.world import CURRENT, World, number_of

from modelwatch.model.config import MonitorConfig, parse_config
from modelwatch.model.incident import Incident, JudgedWindow
from modelwatch.model.incident_ranks import Weights
from modelwatch.model.incidents import History, fold_incidents
from modelwatch.model.verdict_row import Source, VerdictRow

DEFAULTS = """
monitor: evidence
output: {path: nowhere}
inputs: {table: {path: inputs}, id: id, day: {column: day}}
predictions:
  table: {path: predictions}
  id: id
  day: {column: day}
  score: probability
  decision: decision
labels:
  table: {path: labels}
  id: id
  day: {column: day}
  label: late
  known: {column: known}
  due: {column: due}
performance: {task: binary, score: probability, decision: {column: decision}}
references: [{name: before, days: 2020-12-21..2021-01-31}]
"""
"""A monitor that says no more than what it watches."""
SOURCES: tuple[tuple[Source, tuple[str, ...]], ...] = (
    ("drift", tuple(LENGTHS)),
    ("volume", ("day",)),
    ("labels", ("day",)),
    ("performance", tuple(LENGTHS)),
)


def default_config(more: str = "") -> MonitorConfig:
    """The defaults, with further sections of the configuration as YAML."""
    return parse_config(DEFAULTS + more, "evidence")


@dataclass(frozen=True)
class Seen:
    """What is seen of a month: the verdicts that are no pass, and the incidents."""

    rows: tuple[VerdictRow, ...]
    incidents: tuple[Incident, ...]

    @property
    def roots(self) -> tuple[Incident, ...]:
        """Incidents that call somebody: those of severity fail, without their children."""
        return tuple(i for i in self.incidents if i.parent_id is None and i.severity == "fail")

    def children(self, root: Incident) -> tuple[Incident, ...]:
        """What fails with an incident."""
        return tuple(one for one in self.incidents if one.parent_id == root.id)


@dataclass(frozen=True)
class MonthFigures:
    """The figures of a month: of drift and of performance by what they are of."""

    month: DayStates
    drift: Mapping[FeatureKey, list[Figures]]
    performance: Mapping[Scope, list[Figures]]
    series: list[Figures]

    @property
    def all(self) -> list[Figures]:
        """Together."""
        of_keys = (*self.drift.values(), *self.performance.values())
        return [*(figure for of_key in of_keys for figure in of_key), *self.series]


@dataclass(frozen=True)
class Watch:
    """A reference, watched by one configuration."""

    config: MonitorConfig
    reference: Reference

    @classmethod
    def of(cls, world: World, config: MonitorConfig) -> Watch:
        """What a monitor knows before the month begins."""
        return cls(config, Reference.of(world, config))

    @cached_property
    def strictness(self) -> Strictness:
        """How figures become verdicts."""
        rules = self.config.verdicts
        return Strictness(rules.level, rules.min_rows, rules.correction)

    def month(self, world: World) -> DayStates:
        """The states of the days of the month."""
        rows = world.rows[world.rows["day"] >= number_of(CURRENT[0])]
        return day_states(self.reference.plans, replace(world, rows=rows))

    def figures(
        self, month: DayStates, as_of: int, like: MonthFigures | None = None
    ) -> MonthFigures:
        """All that is judged of a month; what is as in another month is taken from there."""
        drift = None if like is None else (like.month, like.drift)
        performance = None if like is None else (like.month, like.performance)
        return MonthFigures(
            month,
            drift_figures(self.reference, month, drift),
            performance_figures(self.reference, month, performance),
            series_figures(self.reference, month, as_of),
        )

    def seen(self, world: World, like: MonthFigures | None = None) -> Seen:
        """The month of a world, on the day that it is looked at."""
        month = self.month(world)
        figures = self.figures(month, world.as_of, like)
        seen = self.judged(figures.all, world.as_of)
        plans, before = self.reference.plans, self.reference.states
        return replace(seen, incidents=with_kinds(seen.incidents, plans, before, month))

    def judged(self, figures: Sequence[Figures], as_of: int) -> Seen:
        """What comes of figures, incidents without their kind."""
        rows = verdict_rows(figures, self.strictness, self.config.incidents.clear.below)
        return self.folded(rows, as_of)

    def folded(self, rows: Sequence[VerdictRow], as_of: int) -> Seen:
        """What is seen on a day, of the verdicts on windows that are over; without kinds."""
        windows = [
            JudgedWindow(source, kind, day_of(start), day_of(start + LENGTHS[kind] - 1))
            for source, kinds in SOURCES
            for kind in kinds
            for start in windows_of(kind)
            if start + LENGTHS[kind] <= as_of
        ]
        held = {(w.window, w.start) for w in windows}
        known = [row for row in rows if (row.window, row.window_start) in held]
        features = Counter(ROLES[c.role] for c in self.reference.plans.tally.columns)
        history = History(day_of(as_of), windows, known, features=features)
        return Seen(tuple(known), fold_incidents(history, self.config, Weights()).incidents)
