"""A world monitored with the settings that `init` writes: metrics, verdicts, and incidents."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

import numpy as np
from scripts.evidence.day_states import ROLES, DayStates, Scope, day_states
from scripts.evidence.kinds import explained
from scripts.evidence.metric_series import (
    FeatureKey,
    MetricSeries,
    Reference,
    drift_values,
    performance_values,
)
from scripts.evidence.series_metrics import series_metrics
from scripts.evidence.verdicts import REFERENCE, missing_rows, repeated_rows, verdict_rows
from scripts.evidence.windows import Windows, windows_over
from scripts.evidence.world import World, day_of, number_of

from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.incidents.folding import History, fold_incidents
from modelwatch.model.incidents.incident import Incident, JudgedWindow
from modelwatch.model.incidents.ranking import Weights
from modelwatch.model.planning.short_histories import short_references
from modelwatch.model.sources.freshness import missing_days
from modelwatch.model.verdicts.row import VerdictRow, VerdictSource

OF_WINDOWS: tuple[VerdictSource, ...] = ("drift", "performance", "estimate", "labels")
"""Sources with metrics for all kinds of window."""
OF_DAYS: tuple[VerdictSource, ...] = ("volume", "freshness", "constraint")


@dataclass(frozen=True)
class Seen:
    """Findings of a month: the verdicts that are not `pass`, and the incidents."""

    rows: tuple[VerdictRow, ...]
    incidents: tuple[Incident, ...]
    days: tuple[int, ...]
    windows: Windows

    @property
    def roots(self) -> tuple[Incident, ...]:
        """Incidents that need attention: those of severity `fail`, without their children."""
        return tuple(i for i in self.incidents if i.parent_id is None and i.severity == "fail")

    def children(self, root: Incident) -> tuple[Incident, ...]:
        """Child incidents of an incident."""
        return tuple(one for one in self.incidents if one.parent_id == root.id)


@dataclass(frozen=True)
class MonthMetrics:
    """Metrics of a month: drift by feature and scope, performance by scope, and daily series."""

    month: DayStates
    windows: Windows
    drift: Mapping[FeatureKey, list[MetricSeries]]
    performance: Mapping[Scope, list[MetricSeries]]
    series: list[MetricSeries]

    @property
    def all(self) -> list[MetricSeries]:
        """Together."""
        of_keys = (*self.drift.values(), *self.performance.values())
        return [*(metric for of_key in of_keys for metric in of_key), *self.series]


@dataclass(frozen=True)
class Watch:
    """A reference with the configuration that monitors it."""

    reference: Reference

    @classmethod
    def of(cls, world: World, config: MonitorConfig | None = None) -> Watch:
        """Everything known before the month begins; ``config`` replaces the draft of `init`."""
        return cls(Reference.of(world, config))

    @property
    def config(self) -> MonitorConfig:
        """The configuration, with windows that have enough rows."""
        return self.reference.config

    def month(self, world: World) -> DayStates:
        """The states of the days of the month."""
        days = world.rows["day"].to_numpy()
        first = int(np.searchsorted(days, self.reference.period.current[0]))
        return day_states(self.reference.plans, replace(world, rows=world.rows.iloc[first:]))

    def metrics(
        self, month: DayStates, as_of: int, like: MonthMetrics | None = None
    ) -> MonthMetrics:
        """All metrics of a month; those with equal states are taken from ``like``."""
        windows = windows_over(self.config, self.reference.period, month.days.tolist())
        if like is not None and not _equal(windows, like.windows):
            like = None
        drift = None if like is None else (like.month, like.drift)
        performance = None if like is None else (like.month, like.performance)
        return MonthMetrics(
            month,
            windows,
            drift_values(self.reference, month, windows, drift),
            performance_values(self.reference, month, windows, as_of, performance),
            self._series(month, as_of, like),
        )

    def _series(
        self, month: DayStates, as_of: int, like: MonthMetrics | None
    ) -> list[MetricSeries]:
        if like is not None and _same_series(month, like.month):
            return like.series
        return series_metrics(self.reference, month, as_of)

    def seen(self, world: World, like: MonthMetrics | None = None) -> Seen:
        """Findings of the month of a world, as of its day."""
        month = self.month(world)
        metrics = self.metrics(month, world.as_of, like)
        return self.named(self.judged(metrics, world.as_of), month, world)

    def named(self, seen: Seen, month: DayStates, world: World) -> Seen:
        """The findings, with the kind and location of each incident."""
        history = self._history(seen, world.as_of)
        if history is None:
            return replace(seen, incidents=())
        return replace(seen, incidents=explained(history, self.reference, month, world))

    def judged(self, metrics: MonthMetrics, as_of: int) -> Seen:
        """Findings from metrics; incidents have no kind yet."""
        rows = [*verdict_rows(metrics.all, self.config), *repeated_rows(metrics.month)]
        days = (*self.reference.history.days.tolist(), *metrics.month.days.tolist())
        return self.folded(Seen(tuple(rows), (), days, metrics.windows), as_of)

    def folded(self, seen: Seen, as_of: int) -> Seen:
        """Findings known on a day, from verdicts on completed windows; without kinds."""
        history = self._history(seen, as_of)
        if history is None:
            return replace(seen, incidents=())
        return replace(seen, incidents=fold_incidents(history, self.config, Weights()).incidents)

    def _history(self, seen: Seen, as_of: int) -> History | None:
        """The verdicts on completed windows; None if none of them fails."""
        windows = [*self._windows(seen, as_of)]
        held = {(w.source, w.window, w.start) for w in windows}
        rows = [row for row in seen.rows if row.source != "freshness"]
        known = [row for row in rows if (row.source, row.window, row.window_start) in held]
        overdue = self._overdue(seen, as_of)
        threshold = self.config.verdicts.volume or 1.0
        known += missing_rows(overdue, ROLES, threshold)
        windows += [JudgedWindow("freshness", "day", day, day) for day in overdue]
        if not any(row.fails for row in known):
            return None
        present = [day_of(day) for day in self.reference.history.days]
        return History(
            day_of(as_of),
            windows,
            known,
            features=Counter(self._features()),
            short_references=frozenset(REFERENCE for _ in short_references(self.config, present)),
        )

    def _windows(self, seen: Seen, as_of: int) -> Iterator[JudgedWindow]:
        """The completed windows of each source."""
        over = seen.windows
        for kind, start, end in zip(over.kinds, over.starts, over.ends, strict=True):
            if end < as_of:
                for source in OF_WINDOWS:
                    yield JudgedWindow(source, str(kind), day_of(start), day_of(end))
        first = self.reference.period.current[0]
        for day in seen.days:
            if first <= day < as_of:
                for source in OF_DAYS:
                    yield JudgedWindow(source, "day", day_of(day), day_of(day))

    def _overdue(self, seen: Seen, as_of: int) -> list[date]:
        """Days without rows that a run up to this day has found overdue."""
        first, last = self.reference.period.current
        if sum(day >= first for day in seen.days) == last - first + 1:
            return []
        late = self.config.verdicts.late_days
        found = overdue_days(seen.days, first, last, late)
        return sorted({day for run, days in found if run <= as_of for day in days})

    def _features(self) -> list[str]:
        plans = self.reference.plans
        return [plans.role(name) for name in plans.binnings]


@lru_cache(maxsize=256)
def overdue_days(
    days: tuple[int, ...], first: int, last: int, late_days: int
) -> tuple[tuple[int, tuple[date, ...]], ...]:
    """Days from ``first`` on that the run of each day, up to the day after ``last``, finds overdue;
    ``days`` are those with rows."""
    held = [day_of(n) for n in days]
    found = []
    for run in range(first + 1, last + 2):
        known = held[: bisect_left(days, run)]
        missing = missing_days(known, day_of(run), late_days)
        found.append((run, tuple(day for day in missing if number_of(day) >= first)))
    return tuple(found)


def _equal(one: Windows, other: Windows) -> bool:
    return np.array_equal(one.starts, other.starts) and np.array_equal(one.ends, other.ends)


def _same_series(one: DayStates, other: DayStates) -> bool:
    """Whether volume, repeated rows, and labels by day are equal."""
    pairs = [(one.days, other.days), (one.rows, other.rows), (one.repeated, other.repeated)]
    for scope in set(one.scores) | set(other.scores):
        if scope[0] == "all":
            if scope not in one.scores or scope not in other.scores:
                return False
            pairs.append((one.scores[scope][1].labelled, other.scores[scope][1].labelled))
    return all(np.array_equal(a, b) for a, b in pairs)


def subjects(seen: Seen) -> Sequence[str]:
    """The scopes of the incidents, as strings."""
    return sorted(f"{one.subject} {one.segment} {one.metric} {one.window}" for one in seen.roots)
