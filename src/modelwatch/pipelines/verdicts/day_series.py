"""Daily series whose own history says what is usual: volume, repeated ids, coverage, metrics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from typing import Any

import numpy as np
from pyspark.sql import Column, Row
from pyspark.sql import functions as F

from modelwatch.io.store.output_tables import Store
from modelwatch.model.config.configuration import (
    MonitorConfig,
    labels_fingerprint,
    states_fingerprint,
)
from modelwatch.model.days import shifted
from modelwatch.model.verdicts.row import Source
from modelwatch.pipelines.runs.history import of_days, of_runs
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.pipelines.runs.stored_windows import one_a_day, stored_windows
from modelwatch.spark.verdicts.metric_values import FIGURE_NAMES
from modelwatch.stats.arrays import Floats
from modelwatch.stats.day_numbers import day_number
from modelwatch.stats.value_names import ALL, ALL_VERSIONS
from modelwatch.stats.verdicts.expected_series import (
    HISTORY_DAYS_READ,
    HISTORY_OF_BATCHES,
    expected_series,
)

HISTORY_BATCHES = HISTORY_OF_BATCHES + 1
"""Days with data before it that may, where these go further back."""


@dataclass(frozen=True)
class DailySeries:
    """A figure of each day, (n,), ascending; ``judged`` are the days that want a verdict.

    A day is the first one of a ``window``, which ``ends`` on another, (n,), if it is not a day, and
    may be ``partial``, (n,).

    ``threshold``: the change from what was expected that matters: a share of that if ``relative``,
    else in units of the figure, or in robust standard deviations if ``in_sd``. ``worse``: 1 or -1
    where only a rise or only a fall matters, else 0. ``of_rows``: it is a share of the rows.
    """

    source: Source
    role: str
    subject: str
    figure: str
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

    def figures(self) -> list[tuple[Any, ...]]:
        """Figures of the judged days, as FIGURES has them."""
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
                **self._figure(day, rows, usual.reason[0, i]),
                "value": _known(value[i]),
                "expected": _known(expected[i]),
                "p_value": _known(usual.p_value[0, i]),
                "window_end": self.ends[i] if self.ends else day,
                "partial": bool(self.partial) and self.partial[i],
            }
            for i, (day, rows) in enumerate(zip(self.days, self.rows, strict=True))
            if day in self.judged
        ]
        return [tuple(one.get(name) for name in FIGURE_NAMES) for one in whole]

    def _figure(self, day: date, rows: int, reason: Any) -> dict[str, Any]:
        return {
            "source": self.source,
            "role": self.role,
            "subject": self.subject,
            "figure": self.figure,
            "model_version": ALL_VERSIONS,
            "segmentation": ALL,
            "segment": ALL,
            "window": self.window,
            "window_start": day,
            "threshold": self.threshold,
            "worse": self.worse,
            "rows": rows,
            "reason": reason,
        }


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def volume_days(request: Request) -> frozenset[date]:
    """Days whose volume gets a verdict: those computed, and those whose windows are anew."""
    return frozenset(request.days).union(w.start for w in request.plan.windows if w.name == "day")


def row_counts(run: Run, store: Store, request: Request) -> dict[date, tuple[int, ...]]:
    """The account that the states keep of the rows of each day, as in feature_states.

    Of the days computed, of those whose volume gets a verdict, and of the weeks before.
    """
    config, judged = request.config, volume_days(request)
    if not judged:
        return {}
    generation = request.history.run_of_day(states_fingerprint(config))
    generation |= dict.fromkeys(request.days, run.run_id)
    needed = _recent(generation, judged)
    kept = store.read("feature_states").where(
        (F.col("monitor") == config.monitor)
        & (F.col("kind") == "rows")
        & (F.col("role") == "inputs")
    )
    sums = [F.sum(F.col("counts")[i]) for i in range(6)]
    found = of_runs(of_days(kept, needed), needed).groupBy("day").agg(*sums).collect()
    return {row["day"]: tuple(value or 0 for value in row[1:]) for row in found}


def row_totals(
    config: MonitorConfig, by_day: Mapping[date, tuple[int, ...]]
) -> dict[str, int | None]:
    """Rows read, repeated and unmatched, of all days together."""
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


def volume_series(request: Request, counted: Mapping[date, tuple[int, ...]]) -> list[DailySeries]:
    """Rows and repeated ids of each day, of inputs and of predictions in a table of their own.

    ``counted``: the account of the rows of each day.
    """
    config, judged = request.config, volume_days(request)
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
                    **about, figure="rows", values=whole, threshold=rules.volume, relative=True
                )
            )
        if rules.duplicates is not None and config.two_tables:
            series.append(
                DailySeries(
                    **about,
                    figure="duplicate_share",
                    values=repeated,
                    threshold=rules.duplicates,
                    worse=1,
                    of_rows=True,
                )
            )
    return series


def coverage_series(run: Run, store: Store, request: Request) -> list[DailySeries]:
    """Share of the due labels that came in, by each kind of window that makes incidents."""
    config, threshold = request.config, request.config.verdicts.coverage
    if threshold is None or labels_fingerprint(config) is None:
        return []
    regression = config.performance is not None and config.performance.task == "regression"
    metric = "mae" if regression else "accuracy"
    kinds = {"day", *config.incident_windows, *config.performance_windows}
    judged: dict[str, frozenset[date]] = {}
    since: dict[str, date] = {}
    for spec in config.repeating_windows:
        starts = (w.start for w in request.plan.labels.windows if w.name == spec.name)
        judged[spec.name] = frozenset(starts if spec.name in kinds else ())
        if judged[spec.name]:
            before = _judged_before(request, "labels", spec.name)
            since[spec.name] = _since(judged[spec.name], before)
    if not since:
        return []
    first = min(since.values())
    stored = stored_windows(run, store, request, "performance_metrics", "labels", first)
    wanted = [
        _of_all_traffic(name, judged[name]) & (F.col("window_start") >= F.lit(day))
        for name, day in since.items()
    ]
    metrics = stored.where(
        reduce(or_, wanted)
        & (F.col("cohort") == "due")
        & F.col("reference").isNull()
        & (F.col("metric") == metric)
        & (F.col("due_rows") > 0)
    )
    by_kind: dict[str, list[Row]] = defaultdict(list)
    for row in metrics.collect():
        by_kind[row["window"]].append(row)
    lengths = {spec.name: spec.trailing_days or 1 for spec in config.repeating_windows}
    held = {name: _apart(one_a_day(rows), lengths[name]) for name, rows in by_kind.items()}
    return [_coverage(held[name], name, judged[name], threshold) for name in sorted(held)]


def _coverage(
    held: Sequence[Row], window: str, judged: frozenset[date], threshold: float
) -> DailySeries:
    return DailySeries(
        source="labels",
        role="labels",
        subject="labels",
        figure="coverage",
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


def _apart(rows: Sequence[Row], days: int) -> list[Row]:
    """Rows of windows that do not overlap, chosen from the newest back: each has its own labels."""
    kept: list[Row] = []
    for row in reversed(rows):
        if not kept or (kept[-1]["window_start"] - row["window_start"]).days >= days:
            kept.append(row)
    return kept[::-1]


def profile_series(run: Run, store: Store, request: Request) -> list[DailySeries]:
    """Metrics of the profile that the configuration watches."""
    watched = request.config.verdicts.anomalies
    judged = frozenset(w.start for w in request.plan.windows if w.name == "day")
    if not watched or not judged:
        return []
    since = _since(judged, _judged_before(request, "anomaly", "day"))
    stored = stored_windows(run, store, request, "profile_metrics", "anomaly", since)
    metrics = stored.where(
        _of_all_traffic("day", judged)
        & F.col("metric").isin(*{one.metric for one in watched})
        & F.col("value").isNotNull()
    )
    by_figure: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in metrics.collect():
        by_figure[row["role"], row["feature"], row["metric"]].append(row)
    series = []
    for (role, feature, metric), rows in sorted(by_figure.items()):
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
                figure=metric,
                days=[row["window_start"] for row in held],
                values=np.array([row["value"] for row in held], dtype=np.float64),
                rows=[int(row["rows"]) for row in held],
                judged=judged,
                threshold=min(thresholds),
                in_sd=True,
            )
        )
    return series


def _recent(generation: Mapping[date, str], judged: Iterable[date]) -> dict[date, str]:
    """The days that count, from some weeks or batches before the first judged one to the last."""
    since, until = _since(judged, generation), max(judged)
    return {day: run for day, run in generation.items() if since <= day <= until}


def _since(judged: Iterable[date], known: Iterable[date]) -> date:
    """The first day that may say what is usual for the judged ones, of those that are known."""
    first = min(judged)
    before = sorted(day for day in known if day < first)[-HISTORY_BATCHES:]
    return min([shifted(first, -HISTORY_DAYS_READ), *before])


def _judged_before(request: Request, source: Source, window: str) -> Iterable[date]:
    """First days of the windows of a kind that runs have judged."""
    judged = request.history.run_of_verdicts()
    return (start for of, name, start in judged if (of, name) == (source, window))


def _of_all_traffic(window: str, judged: Iterable[date]) -> Column:
    of_all = (F.col("window") == window) & (F.col("segmentation") == ALL)
    return of_all & (F.col("window_start") <= F.lit(max(judged)))
