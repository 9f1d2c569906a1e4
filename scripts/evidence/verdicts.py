"""Verdicts on metrics, as a run computes them. All comparisons of one table, segmentation, and
window are corrected together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import numpy as np
from scripts.evidence.day_states import DayStates
from scripts.evidence.metric_series import MetricSeries
from scripts.evidence.world import day_of

from modelwatch.evaluation.verdicts.judgement import WHATEVER_ROWS
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.incidents.episodes import BY_CHANCE
from modelwatch.model.verdicts.row import VerdictRow, VerdictSource
from modelwatch.stats.value_names import ALL, ALL_VERSIONS
from modelwatch.stats.verdicts.judgement import FAIL, PASS, Judgement, judged

REFERENCE = "before"
"""Name of the reference in verdicts, regardless of its name in the configuration."""
_ARRAYS = ("value", "threshold", "p_value", "rows", "reference_rows", "reason")


def verdict_rows(metrics: Sequence[MetricSeries], config: MonitorConfig) -> list[VerdictRow]:
    """Verdicts that are not `pass`, or whose effect is above a fraction of the threshold.

    Only for subjects that failed at least once; others have no incident.
    """
    if not metrics:
        return []
    return list(_rows(metrics, config))


def _rows(metrics: Sequence[MetricSeries], config: MonitorConfig) -> Iterator[VerdictRow]:
    rules = config.verdicts
    owner = np.concatenate([np.full(len(one.windows), i) for i, one in enumerate(metrics)])
    at = np.concatenate([np.arange(len(one.windows)) for one in metrics])
    whole = [np.concatenate([getattr(one, name) for one in metrics]) for name in _ARRAYS]
    worse = np.array([one.worse for one in metrics])[owner]
    fewest = np.array([0 if one.source in WHATEVER_ROWS else rules.fewest_rows for one in metrics])
    fewest = fewest[owner]
    keys: dict[tuple[object, ...], int] = {}
    group = np.empty(len(owner), dtype=np.int64)
    place = 0
    for one in metrics:
        for kind, start in zip(one.windows.kinds, one.windows.starts, strict=True):
            key = (kind, int(start), one.scope[0], one.role)
            group[place] = keys.setdefault(key, len(keys))
            place += 1
    order = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[order], np.arange(len(keys) + 1))
    groups = []
    for n in range(len(keys)):
        mine = order[bounds[n] : bounds[n + 1]]
        found = judged(
            *(array[mine] for array in whole),
            level=rules.level,
            min_rows=fewest[mine],
            correction=rules.correction,
            worse_only=worse[mine],
        )
        groups.append((mine, found))
    subjects = [(one.source, one.role, one.subject, one.scope) for one in metrics]
    failing = {
        (subjects[owner[i]], _kind(metrics, owner, at, int(i)))
        for mine, found in groups
        for i in mine[found.verdict == FAIL]
    }
    if not failing:
        return
    below = config.incidents.clear.below
    for mine, found in groups:
        by_chance = found.adjusted_p >= BY_CHANCE
        kept = (found.verdict != PASS) | ((found.effect >= below) & ~by_chance)
        for n in np.flatnonzero(kept):
            i = int(mine[n])
            if (subjects[owner[i]], _kind(metrics, owner, at, i)) in failing:
                yield _row(metrics[owner[i]], int(at[i]), found, int(n))


def _kind(metrics: Sequence[MetricSeries], owner: np.ndarray, at: np.ndarray, i: int) -> str:
    return str(metrics[owner[i]].windows.kinds[at[i]])


def _row(one: MetricSeries, at: int, found: Judgement, n: int) -> VerdictRow:
    return VerdictRow(
        source=one.source,
        role=one.role,
        subject=one.subject,
        metric=one.metric,
        model_version=ALL_VERSIONS,
        segmentation=one.scope[0],
        segment=one.scope[1],
        window=str(one.windows.kinds[at]),
        window_start=day_of(one.windows.starts[at]),
        window_end=day_of(one.windows.ends[at]),
        reference=REFERENCE,
        value=_known(one.value[at]),
        expected=_known(one.expected[at]),
        threshold=_known(one.threshold[at]),
        effect=_known(found.effect[n]),
        p_value=_known(one.p_value[at]),
        adjusted_p=_known(found.adjusted_p[n]),
        comparisons=found.comparisons,
        verdict=found.verdict[n],
        reason=found.reason[n],
        rows=int(one.rows[at]),
    )


def missing_rows(
    overdue: Iterable[date], roles: Sequence[str], threshold: float
) -> list[VerdictRow]:
    """Verdicts on days that should have rows and have none, as in a run."""
    return [
        _failed("freshness", role, role, "missing_day", day, value=1.0, threshold=threshold, rows=0)
        for role in roles
        for day in overdue
    ]


def repeated_rows(month: DayStates) -> list[VerdictRow]:
    """Verdicts of the constraint that IDs are unique, for days on which they are not."""
    return [
        _failed(
            "constraint",
            "inputs",
            "one row per id",
            "uniqueness",
            day_of(day),
            value=float(rows - repeated) / float(rows + repeated),
            threshold=1.0,
            rows=int(rows + repeated),
        )
        for day, rows, repeated in zip(month.days, month.rows, month.repeated, strict=True)
        if repeated
    ]


def _failed(
    source: VerdictSource,
    role: str,
    subject: str,
    metric: str,
    day: date,
    *,
    value: float,
    threshold: float,
    rows: int,
) -> VerdictRow:
    return VerdictRow(
        source=source,
        role=role,
        subject=subject,
        metric=metric,
        model_version=ALL_VERSIONS,
        segmentation=ALL,
        segment=ALL,
        window="day",
        window_start=day,
        window_end=day,
        reference=None,
        value=value,
        expected=None,
        threshold=threshold,
        effect=1.0 / threshold,
        p_value=None,
        adjusted_p=None,
        comparisons=None,
        verdict="fail",
        reason=None,
        rows=rows,
    )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
