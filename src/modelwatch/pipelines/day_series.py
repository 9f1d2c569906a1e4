"""Daily series whose own history says what is usual: volume, repeated ids, coverage, metrics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from pyspark.sql import Column, Row
from pyspark.sql import functions as F

from modelwatch.io.store import Store
from modelwatch.model.config import labels_fingerprint, states_fingerprint
from modelwatch.model.verdict_row import ALL, ALL_VERSIONS, Source
from modelwatch.pipelines.history import of_days, of_runs
from modelwatch.pipelines.run import Request, Run
from modelwatch.pipelines.stored_windows import one_a_day, stored_windows
from modelwatch.spark.figures import FIGURE_NAMES
from modelwatch.stats.arrays import Floats
from modelwatch.stats.series import expected_series

HISTORY_DAYS = 70
"""Days before a day that may say what is usual for it: ten of its weekday."""
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class WatchedSeries:
    """A figure of each day, (n,), ascending; ``judged`` are the days that want a verdict.

    ``gate``: the change from what was expected that matters: a share of that if ``relative``, else
    in units of the figure, or in robust standard deviations if ``in_sd``. ``worse``: 1 or -1 where
    only a rise or only a fall matters, else 0.
    """

    source: Source
    role: str
    subject: str
    figure: str
    days: Sequence[date]
    values: Floats
    rows: Sequence[int]
    judged: frozenset[date]
    gate: float
    worse: int = 0
    relative: bool = False
    in_sd: bool = False

    def figures(self) -> list[tuple[Any, ...]]:
        """Figures of the judged days, as FIGURES has them."""
        if not self.days:
            return []
        numbers = np.array([day.toordinal() for day in self.days]) - _EPOCH
        usual = expected_series(self.values, numbers, counts=self.relative)
        expected, z = usual.expected[0], usual.z[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = self.values / expected - 1.0
        value = share if self.relative else z if self.in_sd else self.values - expected
        return [
            self._figure(day, rows, value[i], expected[i], usual.p_value[0, i], usual.reason[0, i])
            for i, (day, rows) in enumerate(zip(self.days, self.rows, strict=True))
            if day in self.judged
        ]

    def _figure(
        self, day: date, rows: int, value: float, expected: float, p_value: float, reason: Any
    ) -> tuple[Any, ...]:
        whole = {
            "source": self.source,
            "role": self.role,
            "subject": self.subject,
            "figure": self.figure,
            "model_version": ALL_VERSIONS,
            "segmentation": ALL,
            "segment": ALL,
            "window": "day",
            "window_start": day,
            "window_end": day,
            "partial": False,
            "value": _known(value),
            "expected": _known(expected),
            "gate": self.gate,
            "worse": self.worse,
            "p_value": _known(p_value),
            "rows": rows,
            "reason": reason,
        }
        return tuple(whole.get(name) for name in FIGURE_NAMES)


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


def volume_series(request: Request, counted: Mapping[date, tuple[int, ...]]) -> list[WatchedSeries]:
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
                WatchedSeries(
                    **about, figure="rows", values=whole, gate=rules.volume, relative=True
                )
            )
        if rules.duplicates is not None and config.two_tables:
            series.append(
                WatchedSeries(
                    **about,
                    figure="duplicate_share",
                    values=repeated,
                    gate=rules.duplicates,
                    worse=1,
                )
            )
    return series


def coverage_series(run: Run, store: Store, request: Request) -> list[WatchedSeries]:
    """Share of the due labels of each day that came in."""
    config, gate = request.config, request.config.verdicts.coverage
    judged = frozenset(w.start for w in request.plan.labels.windows if w.name == "day")
    fingerprint = labels_fingerprint(config)
    if gate is None or not judged or fingerprint is None:
        return []
    regression = config.performance is not None and config.performance.task == "regression"
    metric = "mae" if regression else "accuracy"
    stored = stored_windows(run, store, request, "performance_metrics", "labels", _since(judged))
    metrics = stored.where(
        _of_days_of_all_traffic(judged)
        & (F.col("cohort") == "due")
        & F.col("reference").isNull()
        & (F.col("metric") == metric)
        & (F.col("due_rows") > 0)
    )
    held = one_a_day(metrics.collect())
    return [
        WatchedSeries(
            source="labels",
            role="labels",
            subject="labels",
            figure="coverage",
            days=[row["window_start"] for row in held],
            values=np.array([row["coverage"] for row in held], dtype=np.float64),
            rows=[int(row["due_rows"]) for row in held],
            judged=judged,
            gate=gate,
            worse=-1,
        )
    ]


def profile_series(run: Run, store: Store, request: Request) -> list[WatchedSeries]:
    """Metrics of the profile that the configuration watches."""
    watched = request.config.verdicts.anomalies
    judged = frozenset(w.start for w in request.plan.windows if w.name == "day")
    if not watched or not judged:
        return []
    stored = stored_windows(run, store, request, "profile_metrics", "anomaly", _since(judged))
    metrics = stored.where(
        _of_days_of_all_traffic(judged)
        & F.col("metric").isin(*{one.metric for one in watched})
        & F.col("value").isNotNull()
    )
    by_figure: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in metrics.collect():
        by_figure[row["role"], row["feature"], row["metric"]].append(row)
    series = []
    for (role, feature, metric), rows in sorted(by_figure.items()):
        gates = [
            w.gate_in_sd for w in watched if w.metric == metric and w.feature in (feature, "*")
        ]
        if not gates:
            continue
        held = one_a_day(rows)
        series.append(
            WatchedSeries(
                source="anomaly",
                role=role,
                subject=feature,
                figure=metric,
                days=[row["window_start"] for row in held],
                values=np.array([row["value"] for row in held], dtype=np.float64),
                rows=[int(row["rows"]) for row in held],
                judged=judged,
                gate=min(gates),
                in_sd=True,
            )
        )
    return series


def _recent(generation: Mapping[date, str], judged: Iterable[date]) -> dict[date, str]:
    """The days that count, from some weeks before the first judged one to the last."""
    since, until = _since(judged), max(judged)
    return {day: run for day, run in generation.items() if since <= day <= until}


def _since(judged: Iterable[date]) -> date:
    return min(judged) - timedelta(days=HISTORY_DAYS)


def _of_days_of_all_traffic(judged: Iterable[date]) -> Column:
    of_all = (F.col("window") == "day") & (F.col("segmentation") == ALL)
    return of_all & (F.col("window_start") <= F.lit(max(judged)))
