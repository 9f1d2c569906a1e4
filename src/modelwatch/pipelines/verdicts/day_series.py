"""Daily series that are compared with their own history: volume, repeated ids, coverage,
metrics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from modelwatch.evaluation.verdicts.metric_values import METRIC_VALUE_COLUMNS
from modelwatch.io.delta.snapshot import RowFilter
from modelwatch.io.store.output_tables import Store
from modelwatch.model.config.configuration import (
    MonitorConfig,
    labels_fingerprint,
    states_fingerprint,
)
from modelwatch.model.days import shifted
from modelwatch.model.planning.plan import Plan
from modelwatch.model.verdicts.row import VerdictSource
from modelwatch.pipelines.runs.history import RunHistory
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.pipelines.runs.stored_windows import StoredWindows, one_a_day
from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.day_numbers import day_number
from modelwatch.stats.value_names import ALL, ALL_VERSIONS
from modelwatch.stats.verdicts.expected_series import (
    HISTORY_DAYS_READ,
    HISTORY_OF_BATCHES,
    expected_series,
)

HISTORY_BATCHES = HISTORY_OF_BATCHES + 1
"""Number of earlier days with data that are used, if these go further back."""


@dataclass(frozen=True)
class DailySeries:
    """A metric by day, (n,), ascending. ``judged``: the days that need a verdict.

    A day is the first one of a ``window``, which ``ends`` on another day, (n,), unless it is a
    single day, and may be ``partial``, (n,). ``threshold``: the change from the expected value that
    matters: relative to it if ``relative``, otherwise in units of the metric, or in robust standard
    deviations if ``in_sd``. ``worse``: 1 or -1 if only an increase or only a decrease matters,
    otherwise 0. ``of_rows``: whether it is a share of the rows.
    """

    source: VerdictSource
    role: str
    subject: str
    metric: str
    days: Sequence[date]
    values: Floats
    rows: Sequence[int]
    judged: frozenset[date]
    threshold: float
    worse: int = 0
    relative: bool = False
    in_sd: bool = False
    of_rows: bool = False
    window: str = "day"
    ends: Sequence[date] = ()
    partial: Sequence[bool] = ()

    def metric_values(self) -> list[tuple[Any, ...]]:
        """Metric values of the judged days, in the columns of ``METRIC_VALUE_SCHEMA``."""
        if not self.days:
            return []
        numbers = np.array([day_number(day) for day in self.days])
        usual = expected_series(
            self.values,
            numbers,
            counts=self.relative,
            rows=np.array(self.rows) if self.of_rows else None,
            most_level=np.inf if self.in_sd else self.threshold,
        )
        expected, z = usual.expected[0], usual.z[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = self.values / expected - 1.0
        value = share if self.relative else z if self.in_sd else self.values - expected
        whole = [
            {
                **self._metric_value(day, rows, usual.reason[0, i]),
                "value": _known(value[i]),
                "expected": _known(expected[i]),
                "p_value": _known(usual.p_value[0, i]),
                "window_end": self.ends[i] if self.ends else day,
                "partial": bool(self.partial) and self.partial[i],
            }
            for i, (day, rows) in enumerate(zip(self.days, self.rows, strict=True))
            if day in self.judged
        ]
        return [tuple(one.get(name) for name in METRIC_VALUE_COLUMNS) for one in whole]

    def _metric_value(self, day: date, rows: int, reason: Any) -> dict[str, Any]:
        return {
            "source": self.source,
            "role": self.role,
            "subject": self.subject,
            "metric": self.metric,
            "model_version": ALL_VERSIONS,
            "segmentation": ALL,
            "segment": ALL,
            "window_name": self.window,
            "window_start": day,
            "threshold": self.threshold,
            "worse": self.worse,
            "row_count": rows,
            "reason": reason,
        }


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def volume_days(plan: Plan) -> frozenset[date]:
    """Days whose volume gets a verdict: computed days, and days whose windows are evaluated
    again."""
    return frozenset(plan.dates).union(w.start for w in plan.windows if w.name == "day")


def row_counts(run: Run, store: Store, request: Request) -> dict[date, tuple[int, ...]]:
    """The row account in the states of each day, as in feature_states.

    For the computed days, those whose volume gets a verdict, and the weeks before.
    """
    config, judged = request.config, volume_days(request.plan)
    if not judged:
        return {}
    generation = request.history.run_of_day(states_fingerprint(config))
    generation |= dict.fromkeys(request.days, run.run_id)
    needed = _recent(generation, judged)
    among: dict[str, Collection[Any]] = {
        "monitor": [config.monitor],
        "kind": ["rows"],
        "role": ["inputs"],
        "day": list(needed),
        "run_id": {*needed.values()},
    }
    names = ("day", "run_id", "counts")
    found: dict[date, Counts] = {}
    for row in store.rows("feature_states", RowFilter(among), *names).to_pylist():
        if needed[row["day"]] == row["run_id"]:
            cells = found.setdefault(row["day"], np.zeros(6, dtype=np.int64))
            cells += row["counts"]
    return {day: tuple(map(int, cells)) for day, cells in found.items()}


def row_totals(
    config: MonitorConfig, by_day: Mapping[date, tuple[int, ...]]
) -> dict[str, int | None]:
    """Rows read, repeated, and unmatched, over all days."""
    sums = [sum(held[i] for held in by_day.values()) for i in range(6)]
    rows, inputs, predictions, both, *repeated = sums
    if not config.two_tables:
        return {"input_rows": rows, "prediction_rows": rows if config.predictions else None}
    return {
        "input_rows": inputs + repeated[0],
        "prediction_rows": predictions + repeated[1],
        "duplicate_ids": sum(repeated),
        "unmatched_inputs": inputs - both,
        "unmatched_predictions": predictions - both,
    }


def volume_series(
    config: MonitorConfig, plan: Plan, counted: Mapping[date, tuple[int, ...]]
) -> list[DailySeries]:
    """Rows and repeated ids of each day, in the inputs and in a separate table of predictions.

    ``counted``: the row account of each day.
    """
    judged = volume_days(plan)
    if not judged:
        return []
    held = sorted(counted.items())
    of_inputs = [(day, n[1] + n[4], n[4]) for day, n in held]
    if not config.two_tables:
        of_inputs = [(day, n[0], 0) for day, n in held]
    roles = {"inputs": of_inputs}
    if config.two_tables:
        roles["predictions"] = [(day, n[2] + n[5], n[5]) for day, n in held]
    series = []
    for role, counts in roles.items():
        days = [day for day, _, _ in counts]
        rows = [int(n) for _, n, _ in counts]
        whole = np.array(rows, dtype=np.float64)
        repeated = np.array([n for _, _, n in counts], dtype=np.float64) / np.maximum(whole, 1.0)
        about: dict[str, Any] = {
            "source": "volume",
            "role": role,
            "subject": role,
            "days": days,
            "rows": rows,
            "judged": judged,
        }
        rules = config.verdicts
        if rules.volume is not None:
            series.append(
                DailySeries(
                    **about, metric="rows", values=whole, threshold=rules.volume, relative=True
                )
            )
        if rules.duplicates is not None and config.two_tables:
            series.append(
                DailySeries(
                    **about,
                    metric="duplicate_share",
                    values=repeated,
                    threshold=rules.duplicates,
                    worse=1,
                    of_rows=True,
                )
            )
    return series


def coverage_series(windows: StoredWindows, config: MonitorConfig, plan: Plan) -> list[DailySeries]:
    """Share of the due labels that arrived, by each kind of window that opens incidents."""
    threshold = config.verdicts.coverage
    if threshold is None or labels_fingerprint(config) is None:
        return []
    regression = config.performance is not None and config.performance.task == "regression"
    metric = "mae" if regression else "accuracy"
    kinds = {"day", *config.incident_windows, *config.performance_windows}
    judged: dict[str, frozenset[date]] = {}
    history_start: dict[str, date] = {}
    for spec in config.repeating_windows:
        starts = (w.start for w in plan.labels.windows if w.name == spec.name)
        judged[spec.name] = frozenset(starts if spec.name in kinds else ())
        if judged[spec.name]:
            before = _judged_before(windows.history, "labels", spec.name)
            history_start[spec.name] = _history_start(judged[spec.name], before)
    if not history_start:
        return []
    wanted = RowFilter(
        {
            "window_name": list(history_start),
            "segmentation": [ALL],
            "cohort": ["due"],
            "reference": [None],
            "metric": [metric],
        },
        {"window_start": min(history_start.values())},
    )
    names = ("model_version", "window_end", "partial", "due_rows", "coverage")
    rows = windows.rows("performance_metrics", "labels", wanted, names)
    by_kind: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        name, start = row["window_name"], row["window_start"]
        if history_start[name] <= start <= max(judged[name]) and row["due_rows"] > 0:
            by_kind[name].append(row)
    lengths = {spec.name: spec.trailing_days or 1 for spec in config.repeating_windows}
    held = {name: _apart(one_a_day(rows), lengths[name]) for name, rows in by_kind.items()}
    return [_coverage(held[name], name, judged[name], threshold) for name in sorted(held)]


def _coverage(
    held: Sequence[dict[str, Any]], window: str, judged: frozenset[date], threshold: float
) -> DailySeries:
    return DailySeries(
        source="labels",
        role="labels",
        subject="labels",
        metric="coverage",
        days=[row["window_start"] for row in held],
        values=np.array([row["coverage"] for row in held], dtype=np.float64),
        rows=[int(row["due_rows"]) for row in held],
        judged=judged,
        threshold=threshold,
        worse=-1,
        of_rows=True,
        window=window,
        ends=[row["window_end"] for row in held],
        partial=[bool(row["partial"]) for row in held],
    )


def _apart(rows: Sequence[dict[str, Any]], days: int) -> list[dict[str, Any]]:
    """Rows of windows that do not overlap, chosen backward from the newest one, so that each has
    its own labels."""
    chosen: list[dict[str, Any]] = []
    for row in reversed(rows):
        if not chosen or (chosen[-1]["window_start"] - row["window_start"]).days >= days:
            chosen.append(row)
    return chosen[::-1]


def profile_series(windows: StoredWindows, config: MonitorConfig, plan: Plan) -> list[DailySeries]:
    """Profile metrics that the configuration watches."""
    watched = config.verdicts.anomalies
    judged = frozenset(w.start for w in plan.windows if w.name == "day")
    if not watched or not judged:
        return []
    history_start = _history_start(judged, _judged_before(windows.history, "anomaly", "day"))
    metrics = {one.metric for one in watched}
    wanted = RowFilter(
        {"window_name": ["day"], "segmentation": [ALL], "metric": metrics},
        {"window_start": history_start},
    )
    names = ("model_version", "role", "feature", "metric", "value", "row_count")
    by_metric: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in windows.rows("profile_metrics", "anomaly", wanted, names):
        if row["value"] is not None and row["window_start"] <= max(judged):
            by_metric[row["role"], row["feature"], row["metric"]].append(row)
    series = []
    for (role, feature, metric), rows in sorted(by_metric.items()):
        thresholds = [
            w.threshold_in_sd for w in watched if w.metric == metric and w.feature in (feature, "*")
        ]
        if not thresholds:
            continue
        held = one_a_day(rows)
        series.append(
            DailySeries(
                source="anomaly",
                role=role,
                subject=feature,
                metric=metric,
                days=[row["window_start"] for row in held],
                values=np.array([row["value"] for row in held], dtype=np.float64),
                rows=[int(row["row_count"]) for row in held],
                judged=judged,
                threshold=min(thresholds),
                in_sd=True,
            )
        )
    return series


def _recent(generation: Mapping[date, str], judged: Iterable[date]) -> dict[date, str]:
    """The days that count, from some weeks or batches before the first judged one to the last."""
    history_start, until = _history_start(judged, generation), max(judged)
    return {day: run for day, run in generation.items() if history_start <= day <= until}


def _history_start(judged: Iterable[date], known: Iterable[date]) -> date:
    """The first known day that may show what is usual for the judged ones."""
    first = min(judged)
    before = sorted(day for day in known if day < first)[-HISTORY_BATCHES:]
    return min([shifted(first, -HISTORY_DAYS_READ), *before])


def _judged_before(history: RunHistory, source: VerdictSource, window: str) -> Iterable[date]:
    """First days of the windows of a kind that runs have judged."""
    judged = history.run_of_verdicts()
    return (start for of, name, start in judged if (of, name) == (source, window))
