"""The SQL query on the views that shows the evidence of an incident."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from modelwatch.model.config.literals import string_literal
from modelwatch.model.days import shifted
from modelwatch.model.incidents.incident import MANY_FEATURES, Incident
from modelwatch.model.performance.value_accounts import UNMAPPED_SHARE
from modelwatch.model.planning.outside_windows import OUTSIDE_WORDS
from modelwatch.stats.drift.statistic import STATISTICS

_DAYS_BEFORE = 21
"""Days before the onset that are shown as well."""


@dataclass(frozen=True)
class _Shown:
    """The part of a view that is shown: columns, and columns with one or several values."""

    view: str
    columns: str
    order: str
    equal: Mapping[str, str | None]
    one_of: Mapping[str, tuple[str, ...]]
    day: str = "window_start"


def evidence_query(incident: Incident, monitor: str) -> str:
    """A query for the metrics of an incident by window, beginning before its onset."""
    shown = _shown(incident)
    first = shifted(incident.onset, -_DAYS_BEFORE)
    conditions = [f"monitor = {string_literal(monitor)}"]
    conditions += [
        f"{name} = {string_literal(v)}" for name, v in shown.equal.items() if v is not None
    ]
    conditions += [
        f"{name} IN ({', '.join(string_literal(value) for value in values)})"
        for name, values in shown.one_of.items()
    ]
    conditions.append(f"{shown.day} >= DATE '{first}'")
    where = " AND ".join(conditions)
    return f"SELECT {shown.columns} FROM {shown.view} WHERE {where} ORDER BY {shown.order}"


def _shown(incident: Incident) -> _Shown:
    scope = {
        "window_name": incident.window,
        "segmentation": incident.segmentation,
        "segment": incident.segment,
    }
    if incident.metric == UNMAPPED_SHARE:
        columns = "day, subject, counted_as, spelling, row_count, share"
        return _Shown("unmapped_values", columns, "day, row_count DESC", {}, {}, day="day")
    if incident.area == "constraint":
        columns = "day, observed, lower, upper, verdict, reason, row_count"
        named = {"constraint_name": incident.subject}
        return _Shown("constraints_current", columns, "day", named, {}, day="day")
    if incident.area == "data" and incident.metric in STATISTICS:
        return _Shown(
            "feature_timeline",
            "window_start, statistic, value, threshold, row_count, mean, sd, null_share",
            "statistic, window_start",
            {
                **scope,
                "role": incident.role,
                "feature": incident.subject,
                "model_version": incident.model_version,
                "reference": incident.reference,
            },
            {"statistic": incident.metrics},
        )
    if incident.area == "performance":
        return _Shown(
            "performance_timeline",
            "window_start, metric, value, lower, upper, coverage, labelled_rows, estimate",
            "metric, window_start",
            {**scope, "model_version": incident.model_version},
            {"metric": incident.metrics},
        )
    if incident.metric in OUTSIDE_WORDS:
        wording = (
            "as_of, check_name, expected, observed, value, threshold, verdict, reason, examples"
        )
        checks = tuple(metric for metric in incident.metrics if metric in OUTSIDE_WORDS)
        mine = {"role": incident.role}
        order = "as_of, check_name"
        return _Shown(
            "source_health_current", wording, order, mine, {"check_name": checks}, "as_of"
        )
    judged = (
        "window_start, subject, metric, value, expected, threshold, effect, adjusted_p, verdict"
    )
    if incident.metric == MANY_FEATURES:
        failing = {**scope, "role": incident.role, "source": "drift", "verdict": "fail"}
        order = "window_start, effect DESC, subject"
        return _Shown("verdicts_current", judged, order, failing, {})
    mine = {**scope, "role": incident.role, "subject": incident.subject}
    order = "metric, window_start"
    return _Shown("verdicts_current", judged, order, mine, {"metric": incident.metrics})
