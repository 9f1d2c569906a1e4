"""Metrics that are compared with their own history: volume, repeated rows, and label coverage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scripts.evidence.day_states import ROLES, WHOLE, DayStates
from scripts.evidence.metric_series import UNKNOWN_ROWS, MetricSeries, Reference
from scripts.evidence.windows import Windows, windows_over
from scripts.evidence.world import LABEL_DELAY, day_of, number_of

from modelwatch.evaluation.verdicts.metric_values import METRIC_VALUE_COLUMNS
from modelwatch.pipelines.verdicts.day_series import DailySeries


def series_metrics(reference: Reference, current: DayStates, as_of: int) -> list[MetricSeries]:
    """Metrics of the days of the evaluated time, and of longer windows of labels."""
    return [*_volume(reference, current), *_coverage(reference, current, as_of)]


def _volume(reference: Reference, current: DayStates) -> Iterator[MetricSeries]:
    """Row counts of inputs and predictions, which are equal here, and repeated rows."""
    rules, before = reference.config.verdicts, reference.history
    days = np.concatenate([before.days, current.days])
    rows = np.concatenate([before.rows + before.repeated, current.rows + current.repeated])
    repeated = np.concatenate([before.repeated, current.repeated])
    found = []
    if rules.volume is not None:
        found.append(_series("rows", days, rows.astype(float), rows, rules.volume, reference))
    if rules.duplicates is not None:
        share = repeated / np.maximum(rows, 1)
        found.append(
            _series("duplicate_share", days, share, rows, rules.duplicates, reference, worse=1)
        )
    for role in ROLES:
        for one in found:
            yield replace(one, role=role, subject=role)


def _series(
    metric: str,
    days: np.ndarray,
    values: np.ndarray,
    rows: np.ndarray,
    threshold: float,
    reference: Reference,
    worse: int = 0,
) -> MetricSeries:
    first = reference.period.current[0]
    series = DailySeries(
        source="volume",
        role="inputs",
        subject="inputs",
        metric=metric,
        days=[day_of(n) for n in days],
        values=values,
        rows=rows.tolist(),
        judged=frozenset(day_of(n) for n in days if n >= first),
        threshold=threshold,
        worse=worse,
        relative=metric == "rows",
        of_rows=metric != "rows",
    )
    return _metric_series(series)


def _coverage(reference: Reference, current: DayStates, as_of: int) -> Iterator[MetricSeries]:
    """Share of the due labels that arrived, for each kind of window that opens incidents."""
    config, before = reference.config, reference.history
    threshold = config.verdicts.coverage
    if threshold is None or config.labels is None or WHOLE not in current.scores:
        return
    sides = [one.scores[WHOLE] for one in (before, current) if WHOLE in one.scores]
    days = np.concatenate([numbers for numbers, _ in sides])
    rows = np.concatenate([states.rows for _, states in sides])
    labelled = np.concatenate([states.labelled for _, states in sides])
    whole = windows_over(config, reference.period, days.tolist(), whole=True)
    kinds = {"day", *config.incident_windows, *config.performance_windows}
    for kind in sorted(kinds & set(whole.kinds)):
        windows = whole.of(kind)
        windows = windows.take(np.flatnonzero(windows.ends + LABEL_DELAY <= as_of))
        if kind not in ("day", "week", "month"):
            windows = _apart(windows)
        spans = windows.spans(days)
        due, came = (_sums(one, spans) for one in (rows, labelled))
        held = np.flatnonzero(due > 0)
        if not len(held):
            continue
        windows = windows.take(held)
        starts = [day_of(n) for n in windows.starts]
        series = DailySeries(
            source="labels",
            role="labels",
            subject="labels",
            metric="coverage",
            days=starts,
            values=came[held] / due[held],
            rows=due[held].tolist(),
            judged=frozenset(d for d in starts if number_of(d) >= reference.period.current[0]),
            threshold=threshold,
            worse=-1,
            of_rows=True,
            window=str(kind),
            ends=[day_of(n) for n in windows.ends],
        )
        if series.judged:
            yield _metric_series(series)


def _apart(windows: Windows) -> Windows:
    """Trailing windows without overlap, starting with the newest."""
    kept: list[int] = []
    for at in range(len(windows) - 1, -1, -1):
        if not kept or windows.starts[kept[-1]] > windows.ends[at]:
            kept.append(at)
    return windows.take(np.array(kept[::-1], dtype=np.int64))


def _sums(values: np.ndarray, spans: np.ndarray) -> np.ndarray:
    running = np.concatenate([[0], np.cumsum(values)])
    return running[spans[:, 1]] - running[spans[:, 0]]


def _metric_series(series: DailySeries) -> MetricSeries:
    """The evaluated windows of a series, as in a run."""
    rows = [dict(zip(METRIC_VALUE_COLUMNS, row, strict=True)) for row in series.metric_values()]

    def floats(name: str) -> np.ndarray:
        return np.array([np.nan if row[name] is None else row[name] for row in rows], dtype=float)

    return MetricSeries(
        source=series.source,
        role=series.role,
        subject=series.subject,
        metric=series.metric,
        scope=WHOLE,
        windows=Windows(
            np.full(len(rows), series.window, dtype=object),
            np.array([number_of(row["window_start"]) for row in rows], dtype=np.int64),
            np.array([number_of(row["window_end"]) for row in rows], dtype=np.int64),
        ),
        value=floats("value"),
        threshold=floats("threshold"),
        p_value=floats("p_value"),
        rows=np.array([row["row_count"] for row in rows], dtype=np.int64),
        reference_rows=np.full(len(rows), UNKNOWN_ROWS),
        reason=np.array([*(row["reason"] for row in rows), None], dtype=object)[:-1],
        expected=floats("expected"),
        worse=series.worse,
    )
