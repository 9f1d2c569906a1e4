"""Verdicts, incidents, and retraining checked against the other sections."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from math import ceil

from modelwatch.model.config.cross_checks import Parts
from modelwatch.model.config.document import Path
from modelwatch.model.config.section import did_you_mean
from modelwatch.model.planning.window_specs import CALENDAR, WindowSpec, length_days
from modelwatch.stats.estimation.estimates import ESTIMATED
from modelwatch.stats.estimation.multiclass import ESTIMATED_MULTICLASS
from modelwatch.stats.performance.metrics import PERFORMANCE
from modelwatch.stats.profile.metrics import METRICS
from modelwatch.stats.states.score_batch import Task

_Found = Iterator[tuple[Path, str]]
_ESTIMATED: dict[Task, tuple[str, ...]] = {
    "binary": tuple(ESTIMATED),
    "multiclass": ESTIMATED_MULTICLASS,
    "regression": ("mae", "rmse"),
}
"""Metrics that are estimated while labels are not due, by task."""


def verdict_checks(parts: Parts) -> list[tuple[Path, str]]:
    """Problems between verdicts, incidents, retraining, and other sections, as (path, message)."""
    return [
        *_watched(parts),
        *_thresholds(parts),
        *_windows(parts),
        *_silences(parts),
        *_policies(parts),
    ]


def _watched(parts: Parts) -> _Found:
    if parts.verdicts is None:
        return
    numbers = [key for key, metric in METRICS.items() if metric.unit != "JSON"]
    for index, series in enumerate(parts.verdicts.anomalies):
        if series.metric not in numbers:
            wording = (
                "is not a number" if series.metric in METRICS else "is not a metric of the profile"
            )
            path: Path = ("verdicts", "anomalies", index, "metric")
            yield path, f"{series.metric!r} {wording}{_known(series.metric, numbers)}"


def _thresholds(parts: Parts) -> _Found:
    if parts.verdicts is None:
        return
    if parts.verdicts.performance and "performance" not in parts.named:
        yield ("verdicts", "performance"), "needs the section performance"
    if parts.performance is None:
        return
    metrics = _metrics(parts.performance.task)
    for metric in parts.verdicts.performance:
        if metric not in metrics:
            wording = f"is not a metric of a {parts.performance.task} task"
            yield ("verdicts", "performance", metric), f"{wording}{_known(metric, metrics)}"


def _windows(parts: Parts) -> _Found:
    if parts.incidents is None or not parts.all_windows:
        return
    kinds: dict[str, str] = {spec.name: spec.kind for _, spec in parts.windows}
    if "windows" not in parts.named:
        kinds = {name: name for name in CALENDAR}
    repeating = [name for name, kind in kinds.items() if kind != "custom"]
    for key in ("windows", "performance_windows"):
        for index, name in enumerate(getattr(parts.incidents, key)):
            path: Path = ("incidents", key, index)
            if name not in kinds:
                yield path, f"there is no window {name!r}{_known(name, repeating)}"
            elif name not in repeating:
                yield path, f"{name!r} occurs once; incidents need recurring windows"


def _silences(parts: Parts) -> _Found:
    """Settings that can never open an incident."""
    verdicts, incidents = parts.verdicts, parts.incidents
    asked = verdicts.model_fields_set if verdicts is not None else set()
    unlabelled = "labels" not in parts.named
    if verdicts is not None and "coverage" in asked and verdicts.coverage and unlabelled:
        yield ("verdicts", "coverage"), "can never open an incident: it needs the section labels"
    if not parts.all_windows:
        return
    specs = [spec for _, spec in parts.windows]
    if "windows" not in parts.named:
        specs = [WindowSpec(name=name) for name in CALENDAR]
    repeating = [spec for spec in specs if spec.kind != "custom"]
    if verdicts is not None and verdicts.anomalies and "day" not in {s.name for s in specs}:
        yield (
            ("verdicts", "anomalies"),
            "can never open an incident: series are daily, so windows must contain day",
        )
    if incidents is None:
        return
    for spec in repeating:
        named = spec.name in (*incidents.windows, *incidents.performance_windows)
        needed = ceil(incidents.fails * length_days(spec))
        if named and needed > incidents.history_days:
            wording = (
                f"{spec.name} can never open an incident: {incidents.fails} of these windows take "
                f"{needed} days"
            )
            yield ("incidents", "history_days"), wording


def _policies(parts: Parts) -> _Found:
    for index, policy in parts.policies:
        path: Path = ("retraining", "policies", index)
        labelled = policy.kind in ("labels", "performance", "estimate")
        if labelled and "performance" not in parts.named:
            yield path, f"a policy of kind {policy.kind} needs the section performance"
        if policy.kind not in ("performance", "estimate") or parts.performance is None:
            continue
        task = parts.performance.task
        of_task = _metrics(task) if policy.kind == "performance" else _ESTIMATED[task]
        fitting = [key for key in of_task if PERFORMANCE[key].better != "neutral"]
        if policy.metric in fitting:
            continue
        if policy.metric in of_task:
            wording = "has no better direction"
        elif policy.kind == "estimate" and policy.metric in _metrics(task):
            wording = "is not estimated"
        else:
            wording = f"is not a metric of a {task} task"
        yield (*path, "metric"), f"{policy.metric!r} {wording}{_known(policy.metric, fitting)}"


def _metrics(task: Task) -> tuple[str, ...]:
    return tuple(key for key, metric in PERFORMANCE.items() if task in metric.tasks)


def _known(word: str, known: Collection[str]) -> str:
    return did_you_mean(word, known) or f"; known: {', '.join(known)}"
