"""The plan of a run: what it has to compute, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from modelwatch.model.config.fingerprints import evaluation_fingerprint, states_fingerprint
from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.days import DayRange
from modelwatch.model.performance.slices import sliced_features
from modelwatch.model.plain_text import counted
from modelwatch.model.planning.label_plan import (
    EMPTY_LABEL_PLAN,
    LabelPlan,
    PublishedLabels,
    label_plan_of,
)
from modelwatch.model.planning.retention import Retired, retired
from modelwatch.model.planning.window_changes import days_before, windows_touching
from modelwatch.model.planning.windows import Window
from modelwatch.model.profile.features import Feature, NotProfiled
from modelwatch.model.sources.change import SourceChange

Reason = Literal["new", "changed", "requested", "configuration changed"]


@dataclass(frozen=True)
class Published:
    """What published runs of a monitor have left; by default nothing.

    ``days`` have states with ``states_fingerprint``, and so do ``references``, the names of
    references with a table of their own. ``bins``: whether bins were fitted. ``retired_before``:
    states of earlier days were removed, except those of fixed references.
    """

    states_fingerprint: str | None = None
    evaluation_fingerprint: str | None = None
    as_of: date | None = None
    days: frozenset[date] = frozenset()
    references: frozenset[str] = frozenset()
    bins: bool = False
    labels: PublishedLabels = field(default_factory=PublishedLabels)
    retired_before: date | None = None


@dataclass(frozen=True)
class PlannedDay:
    """A day to compute, of inputs and predictions together; ``roles``: those that changed."""

    day: date
    reason: Reason
    roles: tuple[str, ...]


@dataclass(frozen=True)
class PlannedReference:
    """A reference with a table of its own whose states must be computed; None for all days."""

    name: str
    table: str
    version: int
    days: DayRange | None
    reason: Reason


@dataclass(frozen=True)
class Scan:
    """One scan: its purpose, tables, columns, and number of days (None for all)."""

    purpose: str
    tables: tuple[str, ...]
    columns: tuple[str, ...]
    days: int | None


@dataclass(frozen=True)
class Plan:
    """The work of a run. ``left_out``: changed days that are left to a later run."""

    monitor: str
    as_of: date
    sources: tuple[SourceChange, ...] = ()
    days: tuple[PlannedDay, ...] = ()
    references: tuple[PlannedReference, ...] = ()
    windows: tuple[Window, ...] = ()
    features: tuple[Feature, ...] = ()
    not_profiled: tuple[NotProfiled, ...] = ()
    segmentations: tuple[str, ...] = ()
    scans: tuple[Scan, ...] = ()
    states: int = 0
    left_out: tuple[date, ...] = ()
    reasons: tuple[str, ...] = field(default=())
    labels: LabelPlan = EMPTY_LABEL_PLAN

    @property
    def dates(self) -> list[date]:
        """Days to compute."""
        return [planned.day for planned in self.days]

    @property
    def nothing_to_do(self) -> bool:
        """Whether there are neither states to compute nor windows to evaluate."""
        return not (self.days or self.references or self.windows or self.labels)


def plan_of(
    config: MonitorConfig,
    features: Sequence[Feature],
    source_changes: Sequence[SourceChange],
    published: Published,
    as_of: date,
    requested_days: DayRange | None = None,
    not_profiled: Sequence[NotProfiled] = (),
) -> Plan:
    """The work of a run: new and changed days, and the windows that depend on them.

    ``requested_days`` are computed whether they changed or not, and no others. Days from ``as_of``
    on are left to a later run. If the configuration of states changed, every day is due.
    """
    stale = published.states_fingerprint not in (None, states_fingerprint(config))
    known = frozenset[date]() if stale else published.days
    traffic = [c for c in source_changes if c.role in ("inputs", "predictions")]
    gone = retired(config, published.retired_before)
    all_due = _due(traffic, known, published.days)
    due = {day for day in all_due if day not in gone}
    chosen = due
    if requested_days is not None:
        present = {day for change in traffic for day in change.present or ()}
        chosen = {day for day in due | known | present if day in requested_days}
        chosen = {day for day in chosen if day not in gone}
    days = tuple(
        _planned(day, traffic, published, stale, requested_days is not None)
        for day in sorted(chosen)
        if day < as_of
    )
    asked_anew = published.evaluation_fingerprint not in (None, evaluation_fingerprint(config))
    # The rows of a reference may have changed with the configuration.
    references = _references(config, source_changes, published, stale or asked_anew)
    windows = windows_touching(
        config,
        known.union(planned.day for planned in days),
        [planned.day for planned in days],
        as_of,
        last_as_of=published.as_of,
        all_windows=asked_anew or bool(references) or stale,
        gone=gone,
        days_before=days_before(config),
    )
    scans = _scans(config, features, source_changes, days, references, published, stale)
    computed = frozenset(planned.day for planned in days)
    labels = label_plan_of(
        config,
        source_changes,
        published.labels,
        known | computed,
        computed,
        as_of,
        requested_days,
        gone,
    )
    return Plan(
        monitor=config.monitor,
        as_of=as_of,
        sources=tuple(source_changes),
        days=days,
        references=references,
        windows=windows,
        features=tuple(features),
        not_profiled=tuple(not_profiled),
        segmentations=tuple(segmentation.name for segmentation in config.segments),
        scans=(*scans, *_label_scans(config, features, source_changes, labels)),
        states=_most_states(config, features, days, references),
        left_out=tuple(sorted(due - {planned.day for planned in days})),
        reasons=_reasons(stale, asked_anew, references) + _retired_reasons(source_changes, gone),
        labels=labels,
    )


def _due(
    traffic: Iterable[SourceChange], known: frozenset[date], ever: frozenset[date]
) -> set[date]:
    due: set[date] = set()
    for change in traffic:
        present = change.present or frozenset()
        due |= change.days | (present - known)
        if change.all_days:
            # A day without rows now may have had some before.
            due |= present | ever
    return due if known == ever else due | ever


def _planned(
    day: date,
    traffic: Iterable[SourceChange],
    published: Published,
    stale: bool,
    requested: bool,
) -> PlannedDay:
    roles = tuple(c.role for c in traffic if c.all_days or day in c.days)
    reason: Reason = "changed" if day in published.days else "new"
    if requested:
        reason = "requested"
    elif stale and day in published.days:
        reason = "configuration changed"
    return PlannedDay(day, reason, roles)


def _references(
    config: MonitorConfig,
    changes: Iterable[SourceChange],
    published: Published,
    anew: bool,
) -> tuple[PlannedReference, ...]:
    by_role = {change.role: change for change in changes}
    planned = []
    for reference in config.references:
        change = by_role.get(reference.role)
        if reference.table is None or change is None:
            continue
        reason: Reason = "changed" if reference.name in published.references else "new"
        if anew and reason == "changed":
            reason = "configuration changed"
        elif reason == "changed" and not _reference_changed(change, reference.days):
            continue
        planned.append(
            PlannedReference(reference.name, change.table, change.version, reference.days, reason)
        )
    return tuple(planned)


def _reference_changed(change: SourceChange, days: DayRange | None) -> bool:
    if change.all_days or change.from_version is None:
        return True
    return any(days is None or day in days for day in change.days)


def _reasons(
    stale: bool, asked_anew: bool, references: Sequence[PlannedReference]
) -> tuple[str, ...]:
    reasons = []
    if stale:
        reasons.append("the configuration of the states changed: all days are computed again")
    elif asked_anew:
        reasons.append("windows, references or thresholds changed: all windows are evaluated again")
    elif references:
        names = ", ".join(reference.name for reference in references)
        reasons.append(f"a reference changed ({names}): all windows are evaluated again")
    return tuple(reasons)


def _retired_reasons(changes: Iterable[SourceChange], gone: Retired) -> tuple[str, ...]:
    # A reference with a table of its own has no day states that could be retired.
    own = (change for change in changes if not change.role.startswith("reference:"))
    days = sorted({day for change in own for day in change.days if day in gone})
    if not days:
        return ()
    return (
        f"rows of {counted(len(days), 'day')} from {days[0]} changed, but states before "
        f"{gone.before} were removed (retention.states_days): metrics of these days stay as they "
        "are",
    )


def _scans(
    config: MonitorConfig,
    features: Sequence[Feature],
    changes: Sequence[SourceChange],
    days: Sequence[PlannedDay],
    references: Sequence[PlannedReference],
    published: Published,
    stale: bool,
) -> tuple[Scan, ...]:
    tables = {change.role: change.table for change in changes}
    traffic = tuple(tables[role] for role in ("inputs", "predictions") if role in tables)
    columns = tuple(feature.column for feature in features)
    scans = []
    if stale or not published.bins:
        fitted = config.binning_reference
        table = (tables.get(fitted.role, str(fitted.table or "")),) if fitted.table else traffic
        count = len(fitted.days) if fitted.days else None
        scans.append(Scan(f"fit the bins on {fitted.name}", table, columns, count))
    for reference in references:
        count = len(reference.days) if reference.days else None
        scans.append(
            Scan(f"states of reference {reference.name}", (reference.table,), columns, count)
        )
    if days:
        scans.append(Scan("states of all features", traffic, columns, len(days)))
    for role in ("inputs", "predictions"):
        rules = config.rules_of(role)
        if days and rules:
            what = f"{counted(len(rules), 'rule')} of the {role}"
            scans.append(Scan(what, (tables.get(role, role),), (), len(days)))
    for role in ("inputs", "predictions"):
        checked = [c for c in config.constraints if c.table == role]
        if days and checked:
            named = dict.fromkeys(name for c in checked for name in c.named_columns)
            table = (tables.get(role, tables.get("inputs", role)),)
            what = counted(len(checked), "constraint")
            scans.append(Scan(f"{what} of the {role}", table, tuple(named), len(days)))
    return tuple(scans)


def _label_scans(
    config: MonitorConfig,
    features: Sequence[Feature],
    changes: Sequence[SourceChange],
    labels: LabelPlan,
) -> tuple[Scan, ...]:
    if not labels.days or config.labels is None or config.performance is None:
        return ()
    tables = {change.role: change.table for change in changes}
    roles = ("inputs", "predictions", "labels", *(r for r in tables if r.startswith("challenger:")))
    sliced = [feature.column for feature in sliced_features(config, features)]
    columns = dict.fromkeys([*config.performance.score, config.labels.label, *sliced])
    read = tuple(tables[role] for role in roles if role in tables)
    return (Scan("predictions with their labels", read, tuple(columns), len(labels.days)),)


def _most_states(
    config: MonitorConfig,
    features: Sequence[Feature],
    days: Sequence[PlannedDay],
    references: Sequence[PlannedReference],
) -> int:
    """Maximum number of rows of feature_states, with one model version per day."""
    segments = 1 + sum(segmentation.most_segments for segmentation in config.segments)
    scopes = len(days) + sum(
        1 if reference.days is None else len(reference.days) for reference in references
    )
    numeric = any(feature.kind == "numeric" for feature in features)
    pairs = 1 if numeric and config.pairs.max_features else 0
    return scopes * segments * (len(features) + pairs)
