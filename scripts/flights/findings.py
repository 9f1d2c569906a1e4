"""Findings of the monitor in the flights of the demo; every number comes from its views.

Run: python -m scripts.flights.findings [--config conf/flights.yaml]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pyspark.sql import Row

from modelwatch.io.store.result_queries import ResultQueries
from modelwatch.model.config.configuration import parse_config
from modelwatch.pipelines.report.pages import report
from modelwatch.pipelines.runs.command_session import session_if_needed

Query = Callable[[str], list[Row]]
MEANING = {0: "nothing to report", 1: "something needs attention", 2: "the run failed"}

RUNS = """
SELECT as_of, days, windows, seconds, exit_code, spark_jobs FROM run_costs
WHERE outcome <> 'failed' ORDER BY started_at
"""
OPEN = "SELECT rank, sentence FROM open_incidents WHERE needs_attention ORDER BY rank"
# Closed incidents, in their order, without warnings.
OVER = """
SELECT onset, last_failing, subject, segmentation, segment, metric, value, kind
FROM incidents_current
WHERE parent_id IS NULL AND state = 'closed' AND severity = 'fail'
ORDER BY onset, subject
"""
RETRAIN = "SELECT policy, evidence FROM retraining_current WHERE decision = 'retrain'"
WORST_DAYS = """
SELECT day, observed, verdict FROM constraints_current
WHERE constraint_name = '{constraint}' AND verdict IN ('warn', 'fail')
ORDER BY observed, day LIMIT 8
"""
# Features of one window compared with January, the largest change first.
MOVED = """
SELECT role, feature, value FROM drift_current
WHERE window_name = '{window}' AND window_start = '{start}' AND reference = 'january'
  AND segmentation = 'all' AND statistic = '{statistic}' AND value IS NOT NULL
ORDER BY abs(value) DESC, feature LIMIT {limit}
"""
MEANS = """
SELECT profile.window_start AS start, profile.value AS mean, drift.value AS psi
FROM profile_current AS profile
LEFT JOIN drift_current AS drift
  ON drift.window_name = profile.window_name AND drift.window_start = profile.window_start
  AND drift.feature = profile.feature AND drift.segmentation = 'all'
  AND drift.reference = 'january' AND drift.statistic = 'psi'
  AND drift.model_version = profile.model_version
WHERE profile.window_name = 'month' AND profile.segmentation = 'all' AND profile.metric = 'mean'
  AND profile.feature = '{feature}'
ORDER BY start
"""
# The due cohort of each month in the newest run, with the estimate without labels.
REALISED = """
SELECT window_start, metric, value, lower, upper, coverage, estimate FROM performance_timeline
WHERE window_name = 'month' AND segmentation = 'all' AND metric = 'roc_auc'
ORDER BY window_start
"""
# One month as its labels arrived.
MATURED = """
SELECT as_of, cohort, value, coverage, labelled_rows, due_rows, note FROM performance_history
WHERE window_name = 'month' AND window_start = '2013-03-01' AND segmentation = 'all'
  AND metric = 'accuracy' AND reference IS NULL AND labelled_rows > 0
ORDER BY as_of, cohort
"""
ESTIMATED = """
SELECT as_of, value, lower, upper FROM performance_estimates
WHERE window_name = 'month' AND window_start = '2013-03-01' AND segmentation = 'all'
  AND metric = 'accuracy' AND value IS NOT NULL
ORDER BY as_of LIMIT 1
"""
CAUSES = """
SELECT DISTINCT window_start, split_name, part, effect, value, lower, upper FROM top_causes
WHERE window_name = 'month' AND reference = 'january' AND metric = 'accuracy' AND part <> '*'
  AND effect IN ('mix', 'within', 'new', 'vanished')
ORDER BY abs(value) DESC LIMIT 4
"""
COMPARED = """
SELECT window_start, metric, champion_value, challenger_value, value, lower, upper, verdict
FROM latest_comparison
WHERE window_name = 'month' AND segmentation = 'all'
  AND metric IN ('roc_auc', 'log_loss', 'verdict')
ORDER BY metric
"""
TRY = (
    "SELECT * FROM model_today",
    "SELECT rank, kind, onset, sentence, query FROM open_incidents ORDER BY rank",
    "SELECT rank, feature, statistic, value, psi FROM drift_ranking "
    "WHERE window_name = 'month' AND reference = 'january' ORDER BY rank LIMIT 10",
    "SELECT window_start, mean, value FROM feature_timeline WHERE feature = 'temperature' "
    "AND window_name = 'month' AND segmentation = 'all' AND reference = 'january' "
    "AND statistic = 'psi' ORDER BY window_start",
    "SELECT day, constraint_name, observed FROM failed_constraints ORDER BY day",
    "SELECT window_start, value, lower, upper, coverage, estimate FROM performance_timeline "
    "WHERE window_name = 'month' AND segmentation = 'all' AND metric = 'roc_auc' "
    "ORDER BY window_start",
    "SELECT as_of, days, seconds, seconds_by_stage FROM run_costs ORDER BY as_of",
)


@dataclass(frozen=True)
class Month:
    """Mean of a feature in a month, and its PSI compared with January."""

    start: date
    mean: float
    psi: float | None


def main(argv: list[str] | None = None) -> int:
    """Query the views and print the findings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--config", type=Path, default=Path("conf/flights.yaml"))
    path: Path = parser.parse_args(argv).config
    config = parse_config(path.read_text(encoding="utf-8"), str(path), folder=path.parent)
    with session_if_needed("modelwatch findings") as session:
        results = ResultQueries(config.output, session)
        reported = findings(lambda sql: [Row(**row) for row in results.answer(sql).records()])
        began = time.monotonic()
        page, size = report(results, config, str(path), path_of_report(config.output.path))
        seconds = time.monotonic() - began
    print("\n".join(reported))
    print(f"\nThe result tables are in {config.output}. Query them:\n")
    for query in TRY:
        print(f'  .venv/bin/modelwatch sql {path} "{query}"'.replace("`", r"\`"))
    print("\n  make sql    opens an SQL shell")
    print(
        f"\nThe same as {size / 1000:,.0f} kB of pages, written in {seconds:.0f} s, "
        f"to open in a browser:\n\n  {page.resolve()}"
    )
    return 0


def path_of_report(output: str | None) -> Path:
    """The folder of the pages, next to the result tables."""
    return Path("report") if output is None else Path(output).parent / "report"


def findings(query: Query) -> list[str]:
    """The lines to print, from the views."""
    # Planning is most of the time of a query, and sections are independent.
    with ThreadPoolExecutor(max_workers=4) as pool:
        reported = pool.map(lambda section: section(query), SECTIONS.values())
        return [
            line
            for title, lines in zip(SECTIONS, reported, strict=True)
            for line in ("", title, *(f"  {line}" for line in lines))
        ]


def _runs(query: Query) -> list[str]:
    return [
        f"as of {run.as_of}: {run.days} days and {run.windows} windows in {run.seconds:.0f} s; "
        f"exit code {run.exit_code}, {MEANING[run.exit_code]}"
        for run in query(RUNS)
    ] or ["the tables contain no run"]


def _storm(query: Query) -> list[str]:
    window = {"window": "storm", "start": "2013-02-08"}
    lines = day_lines(
        query(WORST_DAYS.format(constraint="aircraft_assigned")),
        "flights with an aircraft assigned, fewest first",
    )
    moved = query(MOVED.format(**window, statistic="psi", limit=5))
    lines += [f"largest drift compared with January (PSI): {ranked(moved)}"] if moved else []
    nulls = query(MOVED.format(**window, statistic="null_share_change", limit=3))
    return lines + (
        [f"change of the share of nulls compared with January: {ranked(nulls)}"] if nulls else []
    )


def _summer(query: Query) -> list[str]:
    lines = []
    for feature, unit in (("temperature", " °F"), ("probability", "")):
        months = [
            Month(r.start, r.mean, r.psi) for r in query(MEANS.format(feature=feature)) if r.mean
        ]
        lines.append(furthest_month(feature, unit, months))
    return lines


def furthest_month(feature: str, unit: str, months: list[Month]) -> str:
    """The month with the largest PSI compared with January."""
    compared = [month for month in months if month.psi is not None]
    if not compared:
        return f"{feature}: no month was compared with January"
    first, most = months[0], max(compared, key=lambda month: month.psi or 0.0)
    return (
        f"{feature} is furthest from January in {most.start:%B}: PSI {most.psi:.2f}, "
        f"mean {most.mean:.3g}{unit} ({first.mean:.3g}{unit} in {first.start:%B})"
    )


def _missing_weather(query: Query) -> list[str]:
    return day_lines(
        query(WORST_DAYS.format(constraint="weather_reported")),
        "flights with a weather report, fewest first",
    )


def day_lines(days: list[Row], what: str) -> list[str]:
    """Days on which a share is below its bound."""
    if not days:
        return [f"{what}: no day is below the bound"]
    reported = ", ".join(f"{row.day:%-d %b} {row.observed:.0%}" for row in days)
    return [f"{what}: {reported}"]


def ranked(rows: list[Row]) -> str:
    """Features with their values, in the given order."""
    return ", ".join(f"{row.feature} {row.value:.2f}" for row in rows)


def _realized(query: Query) -> list[str]:
    lines = []
    for row in query(REALISED):
        if row.value is None:
            continue
        guess = "" if row.estimate is None else f"; estimated without labels {row.estimate:.3f}"
        lines.append(
            f"{row.window_start:%b} {row.metric} {row.value:.3f} "
            f"({_ends(row)}, {row.coverage:.0%} of the due labels){guess}"
        )
    return lines or ["no label is due yet"]


def _matured(query: Query) -> list[str]:
    lines = [
        f"as of {row.as_of}: estimated {row.value:.3f} ({_ends(row)}), before any label is due"
        for row in query(ESTIMATED)
    ]
    for row in query(MATURED):
        reported = "unknown" if row.value is None else f"{row.value:.3f}"
        what = "realized" if row.cohort == "due" else "of early labels"
        note = f"; {row.note}" if row.note else ""
        lines.append(
            f"as of {row.as_of}: {what} {reported}, {row.labelled_rows or 0:,} of {row.due_rows:,} "
            f"labels{note}"
        )
    return lines or ["no run has computed it"]


def _causes(query: Query) -> list[str]:
    return [
        f"{row.window_start:%b}: {row.effect} of {row.split_name} {row.part}: {row.value:+.4f} "
        f"({_ends(row)})"
        for row in query(CAUSES)
    ] or ["nothing to compare yet"]


def _compared(query: Query) -> list[str]:
    lines = []
    for row in query(COMPARED):
        if row.metric == "verdict":
            lines.append(str(row.verdict))
        elif row.value is not None:
            lines.append(
                f"{row.window_start:%b} {row.metric}: champion {row.champion_value:.4f}, "
                f"challenger {row.challenger_value:.4f}, difference {row.value:+.4f} ({_ends(row)})"
            )
    return lines or ["the challenger has no due label yet"]


def _ends(row: Row) -> str:
    if row.lower is None or row.upper is None:
        return "too few days for an interval"
    return f"{row.lower:.3f} to {row.upper:.3f}"


def _over(query: Query) -> list[str]:
    lines = []
    for row in query(OVER):
        where = "" if row.segmentation == "all" else f" of {row.segmentation} {row.segment}"
        days = f"{row.onset:%-d %b}"
        if row.last_failing != row.onset:
            days += f" to {row.last_failing:%-d %b}"
        value = "" if row.value is None else f" {row.value:.3g}"
        kind = f" ({row.kind.replace('_', ' ')})" if row.kind not in (None, "undetermined") else ""
        lines.append(f"{days}: {row.subject}{where}, {row.metric}{value}{kind}")
    return lines or ["nothing yet"]


def _open(query: Query) -> list[str]:
    lines = [f"{row.rank}. {row.sentence}" for row in query(OPEN)]
    lines += [f"Train the model again ({row.policy}): {row.evidence}" for row in query(RETRAIN)]
    return lines or ["nothing"]


SECTIONS: Mapping[str, Callable[[Query], list[str]]] = {
    "The runs": _runs,
    "The storm of 8 and 9 February": _storm,
    "The summer": _summer,
    "Missing weather": _missing_weather,
    "Estimated and realized performance, by month": _realized,
    "Accuracy of March, as its labels arrived": _matured,
    "Why accuracy changed since January": _causes,
    "Comparison with the challenger": _compared,
    "Closed incidents": _over,
    "What needs attention now": _open,
}


if __name__ == "__main__":
    raise SystemExit(main())
