"""The queries of what the pages of incidents show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from modelwatch.model.config.literals import string_literal, string_literals

DAYS_BEFORE_INCIDENT = 28
"""Number of days before an incident whose rows are compared with those of the incident."""


@dataclass(frozen=True)
class IncidentScope:
    """The rows and metrics of an incident."""

    incident_id: str
    area: str
    role: str
    subject: str
    segmentation: str
    segment: str
    window: str
    metric: str
    reference: str | None
    model_version: str
    onset: date
    last_failing: date
    worst_start: date
    worst_end: date


def incident_queries(mine: str, incidents: Sequence[IncidentScope]) -> dict[str, str]:
    """Queries by name of the series, histograms and history of some incidents.

    ``mine``: the condition that a row is of the monitor.
    """
    scopes = _scopes(incidents)
    # The rows are named by partition columns, so that most files are skipped.
    named = f"""{mine} AND feature_b IS NULL
              AND feature IN ({string_literals(sorted({one.subject for one in incidents}))})
              AND statistic IN ({string_literals(sorted({one.metric for one in incidents}))})"""
    drift = f"(SELECT * FROM drift_current WHERE {named})"
    same = """facts.role = asked.role AND facts.segmentation = asked.segmentation
              AND facts.segment = asked.segment"""
    series = """facts.window_name = asked.window_name
              AND facts.window_start >= date_sub(asked.onset, 90)
              AND facts.window_start <= date_add(asked.last_failing, 30)"""
    queries = {
        "incident_history": f"""
            SELECT * FROM incident_history WHERE {mine} AND incident_id IN
              ({string_literals([one.incident_id for one in incidents])})
            ORDER BY recorded_at, position LIMIT 2000""",
        "drift_of_incidents": f"""
            SELECT asked.incident_id, facts.segmentation, facts.segment, facts.window_start,
              facts.value, facts.threshold, facts.typical, facts.row_count
            FROM {scopes} JOIN {drift} AS facts
              ON facts.role = asked.role AND {series} AND facts.feature = asked.subject
              AND facts.statistic = asked.metric AND facts.reference = asked.reference
              AND facts.model_version = asked.model_version
              AND (
                facts.window_start = asked.worst_start
                OR facts.segmentation = asked.segmentation AND facts.segment = asked.segment)
            ORDER BY facts.window_start, facts.row_count DESC LIMIT 10000""",
        "verdicts_of_incidents": f"""
            SELECT asked.incident_id, facts.window_start, facts.window_end, facts.value,
              facts.expected, facts.threshold, facts.effect, facts.verdict
            FROM {scopes} JOIN (
                SELECT * FROM verdicts_current
                WHERE {mine} AND subject IN
                  ({string_literals(sorted({one.subject for one in incidents}))})
              ) AS facts
              ON {same} AND {series} AND facts.subject = asked.subject
              AND facts.metric = asked.metric
              AND coalesce(facts.reference, '') = coalesce(asked.reference, '')
            ORDER BY facts.window_start LIMIT 8000""",
        "constraints_of_incidents": f"""
            SELECT asked.incident_id, facts.day AS window_start, facts.observed AS value,
              facts.lower, facts.upper, facts.verdict
            FROM {scopes} JOIN constraints_current AS facts
              ON facts.{mine} AND asked.area = 'constraint'
              AND facts.constraint_name = asked.subject
              AND facts.day BETWEEN date_sub(asked.onset, 90) AND date_add(asked.last_failing, 30)
            ORDER BY facts.day LIMIT 8000""",
    }
    data = [one for one in incidents if one.area == "data"]
    if not data:
        return queries
    before = timedelta(days=DAYS_BEFORE_INCIDENT)
    first, last = min(one.onset for one in data) - before, max(one.worst_end for one in data)
    return queries | {
        "histograms_of_incidents": f"""
            SELECT incident_id, side, binning,
              sort_array(collect_list(struct(bin, row_count))) AS bins
            FROM (
              SELECT asked.incident_id, facts.binning, cells.bin, sum(cells.bin_rows) AS row_count,
                if(facts.day < asked.onset, 'before', 'after') AS side
              FROM {_scopes(data)} JOIN feature_states_current AS facts
                ON facts.{mine} AND {same} AND facts.feature = asked.subject
                AND facts.kind IN ('numeric', 'categorical')
                AND (
                  facts.day BETWEEN date_sub(asked.onset, {before.days}) AND asked.onset - 1
                  OR facts.day BETWEEN asked.worst_start AND asked.worst_end)
              LATERAL VIEW inline(
                transform(counts, (n, at) -> struct(coalesce(get(positions, at), at) AS bin,
                  n AS bin_rows))
              ) cells AS bin, bin_rows
              WHERE facts.day BETWEEN DATE '{first}' AND DATE '{last}' AND bin_rows > 0
              GROUP BY ALL)
            GROUP BY ALL LIMIT 400""",
    }


def _scopes(incidents: Sequence[IncidentScope]) -> str:
    """The incidents as an inline table named ``asked``."""
    rows = ", ".join(
        f"({string_literals([one.incident_id, one.area, one.role, one.subject])}, "
        f"{string_literals([one.segmentation, one.segment, one.window, one.metric])}, "
        f"{'NULL' if one.reference is None else string_literal(one.reference)}, "
        f"{string_literal(one.model_version)}, DATE '{one.onset}', DATE '{one.last_failing}', "
        f"DATE '{one.worst_start}', DATE '{one.worst_end}')"
        for one in incidents
    )
    return (
        f"(SELECT * FROM VALUES {rows} AS given(incident_id, area, role, subject, segmentation, "
        "segment, window_name, metric, reference, model_version, onset, last_failing, worst_start, "
        "worst_end)) AS asked"
    )
