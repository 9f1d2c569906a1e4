"""The state of a monitor as a file for the textfile collector of node exporter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from modelwatch.io.store.result_queries import ResultQueries
from modelwatch.io.text_files import replace_text
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.config.literals import string_literal
from modelwatch.model.report.openmetrics import MetricFamily, Sample, openmetrics_text

_MOST_SERIES = 500
"""Maximum number of series per family, because each costs memory in Prometheus."""
_Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Gauge:
    """A metric family of a query: the column of its value, and those of its labels."""

    name: str
    help: str
    query: str
    value: str
    labels: tuple[str, ...] = ()
    unit: str = ""


_LAST_RUN = "last_run"
QUERIES = {
    _LAST_RUN: """
        SELECT started_at, finished_at, outcome, exit_code FROM runs
        WHERE {mine} AND outcome <> 'maintained' ORDER BY finished_at DESC LIMIT 1""",
    "published": "SELECT max(finished_at) AS finished_at FROM published_runs WHERE {mine}",
    "newest": "SELECT max(day) AS day FROM current_days WHERE {mine}",
    "incidents": """
        SELECT
            severity,
            if(needs_attention, 'true', 'false') AS needs_attention,
            count(*) AS incidents
        FROM open_incidents WHERE {mine} GROUP BY ALL""",
    "effects": """
        SELECT incident_id, severity, coalesce(kind, '') AS kind, subject, effect
        FROM open_incidents WHERE {mine} ORDER BY needs_attention DESC, rank LIMIT {most}""",
    "performance": """
        SELECT model_version, metric, window_name,
          max_by(value, window_start) AS value, max_by(lower, window_start) AS lower,
          max_by(upper, window_start) AS upper, max_by(coverage, window_start) AS coverage
        FROM performance_timeline
        WHERE {mine} AND segmentation = 'all' AND NOT partial AND value IS NOT NULL
        GROUP BY ALL LIMIT {most}""",
    "estimates": """
        SELECT model_version, metric, window_name, max_by(estimate, window_start) AS estimate
        FROM performance_timeline
        WHERE {mine} AND segmentation = 'all' AND NOT partial AND estimate IS NOT NULL
        GROUP BY ALL LIMIT {most}""",
    "drift": """
        SELECT role, feature, window_name, max(abs(value) / threshold) AS ratio
        FROM drift_ranking
        WHERE {mine} AND threshold > 0 AND feature_b IS NULL
        GROUP BY ALL ORDER BY ratio DESC LIMIT {most}""",
    "health": """
        SELECT role, check_name, count_if(verdict IN ('warn', 'fail')) AS failing
        FROM source_health_current WHERE {mine} GROUP BY ALL""",
    "retraining": """
        SELECT model_version, policy, if(decision = 'retrain', 1, 0) AS retrain
        FROM retraining_current WHERE {mine}""",
}
"""By name, the queries of the gauges, with placeholders for the monitor and the number of
series."""
_PERFORMANCE = ("model_version", "metric", "window_name")
_GAUGES = (
    _Gauge(
        "last_run_timestamp_seconds",
        "When the last run ended, whatever its outcome.",
        _LAST_RUN,
        "finished_at",
        unit="seconds",
    ),
    _Gauge(
        "last_run_duration_seconds",
        "How long the last run took.",
        _LAST_RUN,
        "seconds",
        unit="seconds",
    ),
    _Gauge(
        "last_run_exit_code",
        "Exit code of the last run: 0 nothing needs attention, 1 something does, 2 it failed.",
        _LAST_RUN,
        "exit_code",
    ),
    _Gauge(
        "last_published_timestamp_seconds",
        "When the last run with results ended.",
        "published",
        "finished_at",
        unit="seconds",
    ),
    _Gauge(
        "newest_day_timestamp_seconds",
        "Begin of the newest day with data.",
        "newest",
        "day",
        unit="seconds",
    ),
    _Gauge(
        "open_incidents",
        "Open incidents by severity, and whether they need attention.",
        "incidents",
        "incidents",
        ("severity", "needs_attention"),
    ),
    _Gauge(
        "incident_effect",
        "Effect of an open incident in thresholds.",
        "effects",
        "effect",
        ("incident_id", "severity", "kind", "subject"),
    ),
    _Gauge(
        "performance",
        "Realized performance in the newest complete window with labels.",
        "performance",
        "value",
        _PERFORMANCE,
    ),
    _Gauge(
        "performance_lower",
        "Lower end of the 95 percent interval of the performance.",
        "performance",
        "lower",
        _PERFORMANCE,
    ),
    _Gauge(
        "performance_upper",
        "Upper end of the 95 percent interval of the performance.",
        "performance",
        "upper",
        _PERFORMANCE,
    ),
    _Gauge(
        "label_coverage_ratio",
        "Share of the due predictions that have a label.",
        "performance",
        "coverage",
        _PERFORMANCE,
        unit="ratio",
    ),
    _Gauge(
        "performance_estimate",
        "Estimated performance in the newest complete window.",
        "estimates",
        "estimate",
        _PERFORMANCE,
    ),
    _Gauge(
        "drift_threshold_ratio",
        "Largest drift of a feature in the newest complete window, in thresholds.",
        "drift",
        "ratio",
        ("role", "feature", "window_name"),
        unit="ratio",
    ),
    _Gauge(
        "source_failing_checks",
        "Checks of a source table that do not pass.",
        "health",
        "failing",
        ("role", "check_name"),
    ),
    _Gauge(
        "retraining_recommended",
        "Whether a policy recommends to train the model again.",
        "retraining",
        "retrain",
        ("model_version", "policy"),
    ),
)


def export_openmetrics(results: ResultQueries, config: MonitorConfig, path: Path) -> int:
    """Write the file atomically, and return the number of samples.

    SourceError before the first run.
    """
    results.require()
    mine = f"monitor = {string_literal(config.monitor)}"
    rows = {
        name: results.answer(query.format(mine=mine, most=_MOST_SERIES)).records()
        for name, query in QUERIES.items()
    }
    metric_families = families_of(config.monitor, rows)
    replace_text(path, openmetrics_text(metric_families))
    return sum(len(metric_family.samples) for metric_family in metric_families)


def families_of(monitor: str, rows: Mapping[str, Sequence[_Row]]) -> list[MetricFamily]:
    """The metric families of a monitor, from the rows of each query."""
    prepared = {name: [_with_seconds(row) for row in found] for name, found in rows.items()}
    return [
        MetricFamily(
            gauge.name,
            gauge.help,
            tuple(_samples(monitor, gauge, prepared[gauge.query])),
            gauge.unit,
        )
        for gauge in _GAUGES
    ]


def _samples(monitor: str, gauge: _Gauge, rows: Iterable[_Row]) -> Iterable[Sample]:
    for row in rows:
        value = row.get(gauge.value)
        if value is not None:
            labels = {"monitor": monitor, **{name: str(row[name]) for name in gauge.labels}}
            yield Sample(_seconds(value), labels)


def _with_seconds(row: _Row) -> _Row:
    if row.get("started_at") is None or row.get("finished_at") is None:
        return row
    return {**row, "seconds": (row["finished_at"] - row["started_at"]).total_seconds()}


def _seconds(value: Any) -> float:
    """A number unchanged; a timestamp or day as seconds since 1970 in UTC."""
    if isinstance(value, datetime):
        # Answers have local time without a time zone.
        return value.timestamp()
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=timezone.utc).timestamp()
    return float(value)
