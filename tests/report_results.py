"""The rows behind a report of a made-up monitor, as the queries give them."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import numpy as np

from modelwatch.report.results import Results, Span

FIRST, DAYS, WEEKS = date(2024, 1, 1), 90, 13
LAST = FIRST + timedelta(days=DAYS - 1)
ONSET = FIRST + timedelta(days=70)
EDGES = [-np.inf, *np.linspace(0.0, 10.0, 101), np.inf]
DAY = timedelta(days=1)


def results(
    features: int = 25,
    name: str = "feature",
    value: str = "value",
    sensitive: frozenset[str] = frozenset(),
    text: str = "The mean of it moved.",
) -> Results:
    """A monitor with some features, the first of which fails from ``ONSET`` on.

    ``name`` begins the name of every feature, ``value`` each of its categories and segments, and
    ``text`` stands wherever data may put a sentence.
    """
    random = np.random.default_rng(7)
    names = [f"{name}{at}" if at else name for at in range(features)]
    span = Span(
        FIRST,
        LAST,
        "day",
        "week",
        "start",
        ("month", date(2024, 3, 1), date(2024, 3, 31)),
        ("month", date(2024, 2, 1), date(2024, 2, 29)),
        (FIRST, FIRST + 27 * DAY),
    )
    rows = {
        **_standing(names[0], value, text),
        **_overview(names),
        **_features(names, value, random),
        **_performance(value, text, random),
        **_sources(names[0], text),
        **_incident_rows(names[0], value, text, random),
    }
    made = datetime(2024, 3, 31, 6, tzinfo=timezone.utc)
    return Results(
        "shop", text, "conf/shop.yaml", "binary", LAST + DAY, made, "0.1.0", span, sensitive, rows
    )


def incident(subject: str, value: str, text: str, **changed: Any) -> dict[str, Any]:
    """A row of the view of incidents."""
    return {
        "incident_id": "a1b2c3d4",
        "parent_id": None,
        "state": "open",
        "severity": "fail",
        "area": "data",
        "role": "inputs",
        "subject": subject,
        "segmentation": "all",
        "segment": "all",
        "window_name": "day",
        "onset": ONSET,
        "opened": ONSET + DAY,
        "last_failing": LAST,
        "closed": None,
        "reopened": 0,
        "failing_windows": 20,
        "metric": "mean_change_in_sd",
        "metrics": ["mean_change_in_sd", "psi"],
        "reference": "start",
        "model_version": "*",
        "value": 2.34567,
        "expected": 0.0,
        "threshold": 0.5,
        "effect": 4.69,
        "latest_effect": 4.5,
        "adjusted_p": 1e-9,
        "row_count": 1000,
        "worst_start": ONSET + 5 * DAY,
        "worst_end": ONSET + 5 * DAY,
        "traffic_share": 1.0,
        "importance": 1.0,
        "score": 4.0,
        "rank": 1,
        "children": 1,
        "related": [],
        "reported_effect": 4.69,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "muted_until": None,
        "false_alarm_at": None,
        "kind": "scale_change",
        "confidence": 0.9,
        "evidence": text,
        "shape": "step",
        "onset_lower": ONSET,
        "onset_upper": ONSET,
        "affected_share": 0.5,
        "follows": None,
        "spread": "value",
        "carrier_column": "site",
        "carrier_value": value,
        "carrier_changed_share": 0.9,
        "carrier_row_share": 0.3,
        "sentence": text,
        "query": f"SELECT * FROM feature_timeline WHERE feature = '{subject}'",
        **changed,
    }


def _standing(subject: str, value: str, text: str) -> dict[str, list[dict[str, Any]]]:
    day = {
        "model_version": "v1",
        "day": LAST,
        "state": "needs_attention",
        "sentence": text,
        "value": 1000.0,
    }
    return {
        "windows": [
            {"window_name": "day", "window_start": FIRST + n * DAY, "window_end": FIRST + n * DAY}
            for n in range(DAYS)
        ],
        "runs": [
            {
                "as_of": FIRST + n * DAY,
                "outcome": "published",
                "days": 1,
                "input_rows": 1000,
                "seconds": 30.0 + n % 5,
                "spark_jobs": 60,
                "bytes_read": 123456,
            }
            for n in range(DAYS, 60, -1)
        ],
        "incidents": [
            incident(subject, value, text),
            incident(subject, value, text, incident_id="c0", parent_id="a1b2c3d4", segment=value),
            incident(
                subject, value, text, incident_id="e5f6", state="closed", closed=ONSET - 30 * DAY,
                onset=ONSET - 40 * DAY, last_failing=ONSET - 31 * DAY, rank=None,
            ),
        ],
        "today": [
            {**day, "section": "1 health", "subject": "v1"},
            {
                **day,
                "section": "3 performance",
                "subject": "roc_auc",
                "value": 0.7654321,
                "lower": 0.75,
                "upper": 0.78,
                "coverage": 0.98,
                "window_start": date(2024, 2, 1),
                "window_end": date(2024, 2, 29),
            },
        ],
        "retraining": [
            {
                "policy": text,
                "decision": "retrain",
                "evidence": text,
                "training_first": FIRST,
                "training_last": LAST,
                "broken_days": [ONSET],
            }
        ],
        "comparison": [
            {
                "champion": "v1",
                "challenger": value,
                "window_name": "month",
                "metric": metric,
                "verdict": text,
                "value": 0.0123 if metric == "roc_auc" else None,
                "champion_value": 0.76,
                "challenger_value": 0.78,
                "lower": 0.004,
                "upper": 0.02,
                "window_start": date(2024, 2, 1),
                "window_end": date(2024, 2, 29),
                "row_count": 29000,
            }
            for metric in ("roc_auc", "verdict")
        ],
    }  # fmt: skip


def _overview(names: list[str]) -> dict[str, list[dict[str, Any]]]:
    heat = [
        {
            "role": "inputs",
            "subject": names[0],
            "window_start": ONSET + n * DAY,
            "window_end": ONSET + n * DAY,
            "effect": 4.0 + n / 10,
            "metric": "mean_change_in_sd",
        }
        for n in range(20)
    ]
    heat += [
        {
            "role": "inputs",
            "subject": name,
            "window_start": FIRST + (7 * at % DAYS) * DAY,
            "window_end": FIRST + (7 * at % DAYS + 6 * (at % 2)) * DAY,
            "effect": 1.2,
            "metric": "psi",
        }
        for at, name in enumerate(names[1:])
        if at % 3 == 0
    ]
    return {
        "heat": heat,
        "judged": [{"source": "drift", "window_start": FIRST + n * DAY} for n in range(28, DAYS)],
        "volume": [
            {"role": role, "day": FIRST + n * DAY, "row_count": 1000.0 + 10 * (n % 7)}
            for role in ("inputs", "predictions")
            for n in range(DAYS)
            if n != 50
        ],
        "volume_verdicts": [
            {
                "role": "inputs",
                "metric": "rows",
                "value": -0.4,
                "window_start": FIRST + 51 * DAY,
                "window_end": FIRST + 51 * DAY,
            }
        ],
    }


def _features(
    names: list[str], value: str, random: np.random.Generator
) -> dict[str, list[dict[str, Any]]]:
    def points(size: float, threshold: float | None = None) -> list[dict[str, Any]]:
        drawn = random.random(WEEKS) * size
        return [
            {
                "window_start": FIRST + 7 * n * DAY,
                "value": float(drawn[n]),
                "threshold": threshold,
                "typical": None if threshold is None else threshold / 9,
            }
            for n in range(WEEKS)
        ]

    def series(metric: str, size: float, kind: str = "metric") -> list[dict[str, Any]]:
        return [
            {
                "role": "inputs",
                "feature": name,
                kind: metric,
                "points": points(size, 0.2 if kind == "statistic" else None),
                "text": None,
            }
            for name in names
        ]

    def bins(categorical: bool, shift: int) -> list[dict[str, int]]:
        if categorical:
            return [{"bin": at, "row_count": 100 + at + shift} for at in range(8)]
        return [{"bin": at, "row_count": int(100 + at * shift)} for at in range(3, 103)]

    categorical = {name: at % 5 == 4 for at, name in enumerate(names)}
    return {
        "drift_series": [
            *series("psi", 0.1, "statistic"),
            # The first feature is above the threshold of this one, the others are not.
            *series("mean_change_in_sd", 0.5, "statistic")[:1],
        ],
        "profile_series": [
            *series("q05", 1.0),
            *series("q50", 2.0),
            *series("q95", 3.0),
            *series("null_share", 0.05),
        ],
        "binnings": [
            {
                "feature": name,
                "fingerprint": "f",
                "kind": "categorical" if categorical[name] else "numeric",
                "edges": None if categorical[name] else EDGES,
                "categories": [f"{value}{at}" for at in range(5)] if categorical[name] else None,
            }
            for name in names
        ],
        "histograms": [
            {
                "side": side,
                "role": "inputs",
                "feature": name,
                "binning": "f",
                "bins": bins(categorical[name], at),
            }
            for name in names
            for at, side in enumerate(("reference", "current"))
        ],
        "segment_verdicts": [
            {
                "role": "inputs",
                "subject": names[0],
                "segmentation": "site",
                "segment": value,
                "effect": 5.0,
                "metric": "psi",
                "value": 1.0,
                "fails": True,
                "row_count": 300,
            }
        ],
    }


def _performance(
    value: str, text: str, random: np.random.Generator
) -> dict[str, list[dict[str, Any]]]:
    weeks = [FIRST + 7 * n * DAY for n in range(12)]
    metrics = ("roc_auc", "accuracy", "precision", "recall")
    timeline = [
        {
            "window_name": "week",
            "window_start": day,
            "window_end": day + 6 * DAY,
            "partial": False,
            "model_version": "v1",
            "metric": metric,
            "value": 0.7 + random.random() / 20,
            "lower": 0.69,
            "upper": 0.76,
            "coverage": 0.97,
            "labelled_rows": 6800,
            "estimate": 0.72,
            "estimate_lower": 0.7,
            "estimate_upper": 0.74,
        }
        for day in weeks
        for metric in metrics
    ]
    month = {
        "window_name": "month",
        "window_start": date(2024, 2, 1),
        "window_end": date(2024, 2, 29),
    }
    timeline.append({**timeline[1], **month, "value": 0.72})
    cause = {
        **month,
        "model_version": "v1",
        "metric": "accuracy",
        "split": "segmentation",
        "split_name": "site",
        "part": value,
        "value": -0.012,
        "lower": -0.02,
        "upper": -0.004,
        "row_count": 3000,
        "reference": "start",
    }
    return {
        "performance": timeline,
        "value": [
            {
                **month,
                "model_version": "v1",
                "metric": "confusion_value",
                "statistic": "sum",
                "value": 1234.5,
                "lower": 1100.0,
                "upper": 1300.0,
            }
        ],
        "causes": [{**cause, "effect": "within"}, {**cause, "effect": "excess", "value": 0.03}],
        "changes": [{**cause, "part": "*", "effect": "total", "value": -0.03}],
        "segments": [
            {
                "model_version": "v1",
                "segmentation": "site",
                "segment": value,
                "metric": metric,
                "value": 0.6,
                "lower": 0.55,
                "upper": 0.65,
                "p_value": 0.001,
                "labelled_rows": 3000,
            }
            for metric in ("roc_auc", "selection_rate_difference")
        ],
        "maturity": [
            {
                **month,
                "model_version": "v1",
                "age_days": age,
                "labelled_rows": 1000,
                "coverage": min(1.0, age / 30),
            }
            for age in range(40)
        ],
        "scores": [
            {
                "model_version": "v1",
                "bin": 3 + at,
                "decision": int(at > 10),
                "label": label,
                "row_count": 10 + (at if label == 2 else 20 - at),
                "scores": (10 + (at if label == 2 else 20 - at)) * (at + 0.5) / 20,
            }
            for at in range(20)
            for label in (1, 2)
        ],
        "retold": [{"text": text}],
    }


def _sources(subject: str, text: str) -> dict[str, list[dict[str, Any]]]:
    checked = {
        "role": "inputs",
        "subject": subject,
        "expected": text,
        "observed": text,
        "onset": ONSET,
        "reason": text,
        "as_of": LAST,
    }
    return {
        "health": [
            {**checked, "check_name": "freshness", "day": LAST, "verdict": "fail"},
            {
                **checked,
                "role": "labels",
                "check_name": "freshness",
                "day": LAST - 30 * DAY,
                "verdict": "pass",
                "onset": None,
                "reason": None,
            },
            {
                **checked,
                "role": "challenger:next",
                "check_name": "freshness",
                "day": LAST - 2 * DAY,
                "verdict": "pass",
                "onset": None,
                "reason": None,
            },
            {**checked, "check_name": "volume", "day": ONSET, "verdict": "warn"},
            {**checked, "check_name": "schema", "day": None, "verdict": "fail"},
        ],
        "constraints": [
            {
                "constraint_name": text,
                "kind": "completeness",
                "column_name": subject,
                "severity": "fail",
                "lower": 0.95,
                "upper": None,
                "observed": 0.9,
                "verdict": "fail",
                "days": 90,
                "passed": 80,
                "failing": [ONSET + n * DAY for n in range(10)],
                "reason": text,
            }
        ],
        "accounts": [
            {
                "day": ONSET,
                "role": "inputs",
                "rows_in": 1000,
                "passed": 990,
                "quarantined": 10,
                "excluded": 0,
                "released": 0,
                "warned": 3,
            }
        ],
        "rules": [
            {
                "role": "inputs",
                "rule_name": text,
                "treatment": "quarantine",
                "failed": 10,
                "judged": 1000,
                "days": 1,
                "last": ONSET,
            }
        ],
    }


def _incident_rows(
    subject: str, value: str, text: str, random: np.random.Generator
) -> dict[str, list[dict[str, Any]]]:
    drawn = random.random(DAYS) * 0.2
    mine = {"incident_id": "a1b2c3d4"}
    return {
        "incident_history": [
            {**mine, "day": ONSET, "event": "opened", "responded_by": None, "detail": text},
            {**mine, "day": LAST, "event": "acknowledge", "responded_by": text, "detail": text},
        ],
        "drift_of_incidents": [
            {
                **mine,
                "segmentation": "all",
                "segment": "all",
                "window_start": FIRST + n * DAY,
                "value": float(drawn[n]) + (2.3 if FIRST + n * DAY >= ONSET else 0.0),
                "threshold": 0.5,
                "typical": 0.1,
                "row_count": 1000,
            }
            for n in range(DAYS)
        ]
        + [
            {
                **mine,
                "segmentation": "site",
                "segment": segment,
                "window_start": ONSET + 5 * DAY,
                "value": change,
                "threshold": 0.5,
                "typical": None,
                "row_count": 300,
            }
            for segment, change in ((value, 4.0), ("other", 0.1))
        ],
        "histograms_of_incidents": [
            {
                **mine,
                "side": side,
                "binning": "f",
                "bins": [{"bin": at, "row_count": 100 + shift * at} for at in range(3, 103)],
            }
            for side, shift in (("before", 0), ("after", 3))
        ],
    }
