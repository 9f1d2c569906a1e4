"""The queries for a report: first the state of the results, then the content of its pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from modelwatch.model.config.literals import string_literal, string_literals
from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.pipelines.report.incident_queries import IncidentScope, incident_queries
from modelwatch.report.results import Span

MOST_INCIDENTS = 40
"""Maximum number of incidents with pages: open ones by rank, then the most recently closed."""
LONGEST_DAYS = 400
"""Number of days before the newest one that a report covers."""
_FEATURE_STATISTICS = ("psi", "null_share_change", "unseen_share_change")
_FEATURE_METRICS = (
    "mean",
    "q05",
    "q50",
    "q95",
    "null_share",
    "unseen_share",
    "special_share",
    "distinct",
)


def standing_queries(config: MonitorConfig) -> dict[str, str]:
    """Queries for the state of the results, by name."""
    mine = f"monitor = {string_literal(config.monitor)}"
    reference = string_literal(config.binning_reference.name)
    return {
        "runs": f"SELECT * FROM run_costs WHERE {mine} ORDER BY started_at DESC LIMIT 120",
        "windows": f"""
            SELECT window_name, window_start, window_end FROM current_windows WHERE {mine}""",
        "reference": f"""
            SELECT array_min(fitted_days) AS first, array_max(fitted_days) AS last
            FROM binnings JOIN published_runs
              ON binnings.monitor = published_runs.monitor
              AND binnings.run_id = published_runs.run_id
            WHERE binnings.{mine} AND binnings.reference = {reference}
              AND fitted_days IS NOT NULL
            ORDER BY created_at DESC LIMIT 1""",
        "labelled": f"""
            SELECT DISTINCT window_name, window_start, window_end FROM performance_current
            WHERE {mine} AND cohort = 'due' AND segmentation = 'all' AND reference IS NULL
              AND labelled_rows > 0 AND NOT partial""",
        "incidents": f"""
            SELECT * FROM incidents_current WHERE {mine} AND state <> 'withdrawn'
            ORDER BY state = 'open' DESC, parent_id IS NULL DESC, rank ASC NULLS LAST,
              last_failing DESC, effect DESC LIMIT 600""",
        "today": f"""
            SELECT * FROM model_today WHERE {mine} ORDER BY model_version, section, position
            LIMIT 400""",
        "retraining": f"""
            SELECT * FROM retraining_current WHERE {mine}
            ORDER BY model_version, policy LIMIT 50""",
        "comparison": f"""
            SELECT * FROM latest_comparison WHERE {mine} AND segmentation = 'all'
            ORDER BY challenger, window_name, window_start, metric LIMIT 300""",
    }


def page_queries(
    config: MonitorConfig, span: Span, incidents: Sequence[IncidentScope]
) -> dict[str, str]:
    """Queries for the content of the pages, by name."""
    mine = f"monitor = {string_literal(config.monitor)}"
    queries = {
        **_overview_queries(mine, span, config.incident_windows),
        **_performance_queries(config, mine, span),
        **_source_queries(mine, span),
        **_feature_queries(mine, span),
    }
    if incidents:
        queries |= incident_queries(mine, incidents)
    return queries


def _overview_queries(mine: str, span: Span, windows: Sequence[str]) -> Mapping[str, str]:
    days = _days(span, "window_start")
    return {
        "heat": f"""
            SELECT role, subject, window_start, window_end, max(effect) AS effect,
              max_by(metric, effect) AS metric
            FROM verdicts_current
            WHERE {mine} AND window_name IN ({string_literals(windows)}) AND segmentation = 'all'
              AND source IN ('drift', 'anomaly') AND verdict IN ('warn', 'fail') AND {days}
            GROUP BY ALL ORDER BY effect DESC, role, subject, window_start LIMIT 40000""",
        "judged": f"""
            SELECT DISTINCT source, window_start FROM current_verdict_windows
            WHERE {mine} AND window_name = {string_literal(span.short)} AND {days}""",
        "volume": f"""
            SELECT role, day, max(row_count) AS row_count FROM (
              SELECT role, feature, window_start AS day, sum(value) AS row_count
              FROM profile_current
              WHERE {mine} AND window_name = {string_literal(span.short)} AND segmentation = 'all'
                AND metric = 'rows' AND model_version <> '*' AND {days}
              GROUP BY ALL)
            GROUP BY ALL ORDER BY day, role""",
        "volume_verdicts": f"""
            SELECT role, source, metric, window_start, window_end, value, expected, threshold,
              effect, verdict
            FROM verdicts_current
            WHERE {mine} AND source IN ('volume', 'freshness', 'labels') AND segmentation = 'all'
              AND verdict IN ('warn', 'fail') AND {days}
            ORDER BY window_start, role, source, metric LIMIT 3000""",
    }


def _performance_queries(config: MonitorConfig, mine: str, span: Span) -> Mapping[str, str]:
    if config.performance is None:
        return {}
    kinds = ", ".join(string_literal(spec.name) for spec in config.repeating_windows)
    queries = {
        "performance": f"""
            SELECT window_name, window_start, window_end, partial, model_version, metric, value,
              lower, upper, coverage, due_rows, labelled_rows, note, estimate, estimate_lower,
              estimate_upper, early_value
            FROM performance_timeline
            WHERE {mine} AND segmentation = 'all' AND window_name IN ({kinds})
              AND (value IS NOT NULL OR estimate IS NOT NULL) AND {_days(span, "window_start")}
            ORDER BY window_start, window_name, model_version, metric LIMIT 30000""",
        "value": f"""
            SELECT window_name, window_start, model_version, metric, statistic, value, lower, upper,
              coverage
            FROM business_current
            WHERE {mine} AND segmentation = 'all' AND window_name IN ({kinds}) AND NOT partial
              AND value IS NOT NULL AND {_days(span, "window_start")}
            ORDER BY window_start, window_name, model_version, metric, statistic LIMIT 3000""",
        "causes": f"""
            SELECT * FROM top_causes WHERE {mine} ORDER BY window_name, metric, rank LIMIT 600""",
        "changes": f"""
            SELECT changes.window_name, changes.window_start, model_version, reference, metric,
              split_name, value
            FROM change_attributions AS changes JOIN performance_runs AS evaluated
              ON changes.monitor = evaluated.monitor AND changes.run_id = evaluated.run_id
              AND changes.window_name = evaluated.window_name
              AND changes.window_start = evaluated.window_start
            WHERE changes.{mine} AND evaluated.latest AND part = '*' AND effect = 'total'
              AND value IS NOT NULL AND (changes.window_name, changes.window_start) IN (
                SELECT window_name, max(window_start) FROM top_causes WHERE {mine}
                GROUP BY window_name)
            ORDER BY 1, 2, 3, 4, 5, 6 LIMIT 3000""",
    }
    if span.labelled is None:
        return queries
    window, first, last = span.labelled
    at = f"window_name = {string_literal(window)} AND window_start = DATE '{first}'"
    return queries | {
        "segments": f"""
            SELECT model_version, segmentation, segment, metric, value, lower, upper, p_value,
              due_rows, labelled_rows
            FROM performance_current
            WHERE {mine} AND {at} AND segmentation <> 'all' AND cohort = 'due'
              AND reference IS NULL AND value IS NOT NULL
            ORDER BY labelled_rows DESC, segmentation, segment, model_version, metric LIMIT 3000""",
        "maturity": f"""
            SELECT window_name, window_start, model_version, age_days, row_count, labelled_rows,
              coverage
            FROM label_maturity_current
            WHERE {mine} AND window_name = {string_literal(window)} AND segmentation = 'all'
              AND window_start >= DATE '{first - timedelta(days=130)}' AND coverage IS NOT NULL
            ORDER BY window_start, age_days LIMIT 4000""",
        "scores": f"""
            SELECT model_version, bin, decision, label, sum(row_count) AS row_count,
              sum(scores) / power(2, 30) AS scores
            FROM (
              SELECT states.model_version,
                position % (counts_length div 6) AS bin,
                position div (3 * (counts_length div 6)) AS decision,
                (position div (counts_length div 6)) % 3 AS label,
                cell_rows AS row_count, cell_scores AS scores
              FROM performance_states_current AS states
              JOIN performance_windows_current AS evaluated
                ON states.monitor = evaluated.monitor
                AND states.day BETWEEN evaluated.window_start AND evaluated.window_end
              LATERAL VIEW inline(
                arrays_zip(states.due_days, states.positions, states.counts, states.sums)
              ) cells AS due_day, position, cell_rows, cell_scores
              WHERE states.{mine} AND states.kind = 'binary' AND states.segmentation = 'all'
                AND evaluated.{at.replace(" AND window_start", " AND evaluated.window_start")}
                AND states.day BETWEEN DATE '{first}' AND DATE '{last}'
                AND due_day <= evaluated.as_of AND cell_rows > 0)
            GROUP BY ALL ORDER BY model_version, bin LIMIT 20000""",
    }


def _source_queries(mine: str, span: Span) -> Mapping[str, str]:
    return {
        "health": f"""
            SELECT role, check_name, day, subject, expected, observed, value, verdict, onset,
              reason, as_of
            FROM source_health_current
            WHERE {mine}
              AND (day IS NULL OR check_name = 'freshness' OR verdict IN ('warn', 'fail'))
            ORDER BY verdict = 'fail' DESC, day DESC, role, check_name, subject LIMIT 1500""",
        "constraints": f"""
            SELECT constraint_name, kind, column_name, severity, max_by(lower, day) AS lower,
              max_by(upper, day) AS upper, max_by(observed, day) AS observed,
              max_by(verdict, day) AS verdict, count(*) AS days,
              count_if(verdict = 'pass') AS passed, count_if(verdict = 'undefined') AS undefined,
              sort_array(collect_list(if(verdict IN ('warn', 'fail'), day, NULL))) AS failing,
              max_by(reason, day) AS reason
            FROM constraints_current WHERE {mine} AND {_days(span, "day")}
            GROUP BY constraint_name, kind, column_name, severity
            ORDER BY constraint_name LIMIT 1000""",
        "accounts": f"""
            SELECT day, role, rows_in, passed, quarantined, excluded, released, warned
            FROM row_accounts_current WHERE {mine} AND {_days(span, "day")}
            ORDER BY day, role LIMIT 3000""",
        "rules": f"""
            SELECT role, rule_name, treatment, sum(failed) AS failed, sum(judged) AS judged,
              count(*) AS days, max(day) AS last
            FROM rule_failures WHERE {mine} AND {_days(span, "day")} GROUP BY ALL
            ORDER BY failed DESC, role, rule_name LIMIT 200""",
    }


def _feature_queries(mine: str, span: Span) -> Mapping[str, str]:
    scope = f"{mine} AND window_name = {string_literal(span.timeline)} AND segmentation = 'all'"
    days = _days(span, "window_start")
    queries = {
        "drift_series": f"""
            SELECT role, feature, statistic,
              sort_array(collect_list(struct(window_start, value, threshold, typical))) AS points
            FROM (
              SELECT role, feature, statistic, window_start, max(threshold) AS threshold,
                max_by(typical, struct(model_version = '*', row_count)) AS typical,
                max_by(value, struct(model_version = '*', row_count)) AS value
              FROM drift_current
              WHERE {scope} AND reference = {string_literal(span.reference_name)}
                AND feature_b IS NULL AND NOT partial AND {days}
                AND (statistic IN ({string_literals(_FEATURE_STATISTICS)}) OR threshold > 0)
              GROUP BY ALL)
            GROUP BY ALL
            HAVING statistic IN ({string_literals(_FEATURE_STATISTICS)})
              OR max(abs(value) / threshold) >= 1
            ORDER BY role, feature, statistic LIMIT 6000""",
        "profile_series": f"""
            SELECT role, feature, metric,
              sort_array(collect_list(struct(window_start, value))) AS points,
              max_by(text, window_start) AS text
            FROM (
              SELECT role, feature, metric, window_start,
                max_by(value, struct(model_version = '*', row_count)) AS value, max(text) AS text
              FROM profile_current
              WHERE {scope} AND metric IN ({string_literals(_FEATURE_METRICS)})
                AND NOT partial AND {days}
              GROUP BY ALL)
            GROUP BY ALL ORDER BY role, feature, metric LIMIT 12000""",
        "binnings": f"""
            SELECT role, feature, fingerprint, first(kind) AS kind, first(edges) AS edges,
              first(categories) AS categories
            FROM binnings WHERE {mine} AND role <> 'segments' GROUP BY ALL LIMIT 2000""",
    }
    if span.current is None:
        return queries
    window, first, last = span.current
    sides = [f"states.day BETWEEN DATE '{first}' AND DATE '{last}'"]
    referred = f"states.role = {string_literal('reference:' + span.reference_name)}"
    if span.reference is not None:
        referred = f"states.day BETWEEN DATE '{span.reference[0]}' AND DATE '{span.reference[1]}'"
    sides.append(referred)
    each = " UNION ALL ".join(
        f"SELECT '{side}' AS side, states.* FROM feature_states_current AS states WHERE {where}"
        for side, where in zip(("current", "reference"), sides, strict=True)
    )
    return queries | {
        "histograms": _bins_query(mine, f"({each})", "side, role, feature, binning"),
        "segment_verdicts": f"""
            SELECT role, subject, segmentation, segment, max(effect) AS effect,
              max_by(metric, effect) AS metric, max_by(value, effect) AS value,
              max(verdict IN ('warn', 'fail')) AS fails, max(row_count) AS row_count
            FROM verdicts_current
            WHERE {mine} AND window_name = {string_literal(window)}
              AND window_start = DATE '{first}' AND segmentation <> 'all'
              AND source IN ('drift', 'anomaly') AND effect >= 0.8
            GROUP BY ALL ORDER BY effect DESC LIMIT 1500""",
    }


def _bins_query(mine: str, rows: str, key: str) -> str:
    """Count vectors added up by some columns, as nonzero positions."""
    return f"""
        SELECT {key}, sort_array(collect_list(struct(bin, row_count))) AS bins FROM (
          SELECT {key}, bin, sum(bin_rows) AS row_count FROM {rows}
          LATERAL VIEW inline(
            transform(counts, (n, at) -> struct(coalesce(get(positions, at), at) AS bin,
              n AS bin_rows))
          ) cells AS bin, bin_rows
          WHERE {mine} AND kind IN ('numeric', 'categorical') AND segmentation = 'all'
            AND bin_rows > 0
          GROUP BY ALL)
        GROUP BY ALL LIMIT 5000"""


def _days(span: Span, column: str) -> str:
    return f"{column} BETWEEN DATE '{span.first}' AND DATE '{span.last}'"
