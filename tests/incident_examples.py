"""Incidents of every kind, every metric, and every scope, as a run may report them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

from modelwatch.model.diagnosis.change_kinds import UNDETERMINED
from modelwatch.model.incidents.incident import MANY_FEATURES, Incident
from modelwatch.model.performance.value_accounts import UNMAPPED_SHARE
from modelwatch.model.planning.outside_windows import OUTSIDE_WORDS
from modelwatch.stats.drift import statistics  # noqa: F401 (registers the statistics)
from modelwatch.stats.drift.statistic import STATISTICS
from modelwatch.stats.performance.metrics import PERFORMANCE
from verdict_rows import fold, on, only

NAMES = ("amount", "merchant_category", "ab.c-d", "a name with several words in it", "back`tick")
"""Names of columns, of which a reader must see where they end."""
SEGMENTS = (
    ("all", "all"),
    ("merchant_category", "electronics"),
    ("channel", "(null)"),
    ("channel", "(other)"),
    ("origin", "EWR × a very long name of an airline"),
)
EVIDENCE: Mapping[str, str] = {
    "nulls": "40% of `amount` became null",
    "filled_nulls": "`amount` no longer has nulls, but 0 in 12% more rows",
    "sentinel": "12% of `temperature` is -999; before: -20 to 41.5",
    "constant": "71% of the rows of `amount` changed to 41",
    "scale_change": "100% of `amount` is 100x larger",
    "swapped_columns": "88% of `start_price` looks like the earlier `end_price`, and vice versa",
    "swapped_codes": "'north' and 'west' of `shop` swapped frequencies",
    "rounded_values": "all values of `amount` are integers",
    "stale": "on Mar 2, `amount` repeats most values of Mar 1",
    "repeated_delivery": "on Mar 2, all columns repeat the values of Mar 1",
    "new_type": "'Zu\\u0308rich' replaces 'Z\\xfcrich' in `city`",
    "truncated_text": "values of `city` are cut off after 12 characters, such as 'a long name '",
    "duplicated_rows": "12.3% of the rows of `inputs` repeat an id",
    "missing_rows": "92% of the rows with 'EWR' in `airport` are missing",
    "outside_windows": "12% of the new rows have no valid time",
    "unseen_categories": "12% of `shop` has new values: 'north', 'a longer name', 'west'",
    "population_shift": "no known fault explains the change of 12 features; it is gradual",
    "concept_shift": "ROC AUC, average precision, log loss changed; the inputs did not",
    "label_rate_shift": "base rate, bias changed; the ranking quality did not",
    "label_delay": "due labels are missing; 90% arrived before",
    "unmapped_values": "the configuration does not list them",
    "model_change": "the predictions moved at the same time; the inputs did not",
}
"""Evidence of each kind, as long as it gets."""
_DATA = ("null_share_change", 0.4), ("mean_change_in_sd", 23.2), ("sd_log_ratio", -1.1)
_ROLE_OF = {"labels": "labels", "values": "labels", "performance": "predictions"}


def incident_of(**changes: Any) -> Incident:
    """An open incident of three days with the fields of a feature of the inputs, unless changed."""
    return replace(_open(), **changes)


@cache
def _open() -> Incident:
    return only(fold(on((5, 6, 7), 20.0, metric="psi", value=1.7), 8))


def _in_scopes(**fields: Any) -> Iterator[Incident]:
    for segmentation, segment in SEGMENTS:
        yield incident_of(segmentation=segmentation, segment=segment, **fields)


def _metrics() -> Iterator[Mapping[str, Any]]:
    """What fails, by source, role, subject, and metric."""
    for metric, statistic in STATISTICS.items():
        low, high = statistic.range
        for value in {max(low, -0.123456), min(high, 2.34567)} - {0.0}:
            yield {"area": "data", "metric": metric, "value": value}
    for metric in PERFORMANCE:
        for value, expected in ((-0.0812345, 0.8312345), (0.02, None)):
            for area in ("performance", "estimate"):
                yield {
                    "area": area,
                    "role": "predictions",
                    "subject": metric,
                    "metric": metric,
                    "value": value,
                    "expected": expected,
                    "window": "week",
                }
    for metric in ("mean", "null_share", "distinct"):
        yield {"area": "data", "metric": metric, "value": 12.3456789, "expected": 3.1}
    table = {"area": "source", "subject": "inputs", "reference": None}
    yield {**table, "metric": "rows", "value": -0.923, "expected": 1234.0, "rows": 95}
    yield {**table, "metric": "rows", "value": 1.2, "expected": None}
    yield {**table, "metric": "duplicate_share", "value": 0.123}
    yield {**table, "metric": "missing_day", "value": None}
    yield {**table, "metric": MANY_FEATURES, "value": 17.0}
    for metric in OUTSIDE_WORDS:
        yield {**table, "metric": metric, "value": 0.123}
    labels = {"area": "labels", "role": "labels", "subject": "labels", "reference": None}
    yield {**labels, "metric": "coverage", "value": -0.3, "expected": 0.9}
    yield {**labels, "metric": "coverage", "value": -0.3, "expected": None}
    yield {**labels, "subject": "came", "metric": UNMAPPED_SHARE, "value": 0.03}
    constraint = {"area": "constraint", "subject": "amount is positive", "reference": None}
    for kind, value in (("rows", 12.0), ("completeness", 0.8765), ("mean", 0.1), ("sd", None)):
        yield {**constraint, "metric": kind, "value": value}


@cache
def incidents() -> tuple[Incident, ...]:
    """All of them: every metric in every scope, then every kind with and without an end."""
    return tuple(_incidents())


def _incidents() -> Iterator[Incident]:
    for fields in _metrics():
        yield from _in_scopes(**fields)
    for name in NAMES:
        for metric, value in _DATA:
            yield from _in_scopes(subject=name, metric=metric, value=value)
    for kind, evidence in {**EVIDENCE, UNDETERMINED: "two kinds are as likely"}.items():
        for confidence in (0.5, 0.7, 0.9):
            known = {"kind": kind, "confidence": confidence, "evidence": evidence}
            for metric, value in _DATA:
                yield from _in_scopes(metric=metric, value=value, **known)
            yield incident_of(**known, closed=date(2020, 2, 3), state="closed")
            yield incident_of(**known, role="predictions", subject="score")
            yield incident_of(
                **known,
                shape="steps",
                spread="value",
                carrier_column="merchant_category",
                carrier_value="electronics",
                carrier_changed_share=0.98,
                carrier_row_share=0.1,
            )
            yield incident_of(
                **known,
                shape="ramp",
                onset_lower=date(2020, 1, 9),
                onset_upper=date(2020, 1, 12),
                spread="everywhere",
            )
            for window, count in (("week", 1), ("month", 2), ("last_28_days", 5)):
                yield incident_of(**known, window=window, failing_windows=count)
