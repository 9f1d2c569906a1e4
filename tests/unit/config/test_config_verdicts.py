"""Verdicts, incidents, retraining and sinks: what a configuration may say of them."""

from __future__ import annotations

import pytest

from modelwatch.model.config.columns import check_columns
from modelwatch.model.config.configuration import (
    ConfigurationError,
    MonitorConfig,
    evaluation_fingerprint,
    lines_of,
    parse_config,
)
from modelwatch.model.performance.thresholds import (
    DEFAULT_PERFORMANCE_THRESHOLDS,
    OF_REFERENCE,
    performance_thresholds,
)
from modelwatch.model.planning.window_specs import DEFAULT_THRESHOLDS
from modelwatch.stats.performance.metrics import PERFORMANCE
from modelwatch.stats.verdicts.chance import CHANCE_KEYS

PLAIN = """\
monitor: m
output: {path: o}
inputs: {table: {path: i}, id: id, day: {column: day}}
predictions: {score: score}
references: [{name: fixed, days: 2000-01-01}]
"""
LABELLED = (
    PLAIN
    + "labels: {table: {path: l}, id: id, day: {column: day}, label: came, due: {delay_days: 3}}\n"
)
BINARY = LABELLED + "performance: {task: binary, score: score, decision: {threshold: 0.5}}\n"
NUMBER = LABELLED + "performance: {task: regression, score: score}\n"
INPUTS = {
    "id": "bigint",
    "day": "date",
    "amount": "double",
    "shop": "string",
    "score": "double",
}
LABELS = {"id": "bigint", "day": "date", "came": "boolean"}


def read(more: str = "", text: str = PLAIN) -> MonitorConfig:
    return parse_config(text + more)


def problems(more: str, text: str = PLAIN) -> list[tuple[str, str]]:
    with pytest.raises(ConfigurationError) as raised:
        parse_config(text + more)
    return [(problem.place, problem.message) for problem in raised.value.problems]


def only(more: str, text: str = PLAIN) -> tuple[str, str]:
    (problem,) = problems(more, text)
    return problem


def test_nothing_has_to_be_said() -> None:
    config = read()
    assert config.verdicts.level == 0.05
    assert config.incidents.fails == 2
    assert config.retraining.policies == ()
    assert config.notify == ()


def test_default_thresholds_are_of_known_statistics_and_metrics() -> None:
    assert set(DEFAULT_THRESHOLDS) <= CHANCE_KEYS
    for task, thresholds in DEFAULT_PERFORMANCE_THRESHOLDS.items():
        assert all(task in PERFORMANCE[metric].tasks for metric in thresholds)
    assert set(PERFORMANCE) >= OF_REFERENCE


@pytest.mark.parametrize(
    ("windows", "data", "performance"),
    [
        ("[month, day, week]", ("day", "week"), ("week", "month")),
        ("[month, week]", ("week",), ("week", "month")),
        ("[day]", ("day",), ("day",)),
        ("[{name: last, trailing_days: 7}]", ("last",), ("last",)),
        ("[{name: storm, from: 2000-01-01, to: 2000-01-02}]", (), ()),
    ],
)
def test_incidents_follow_days_and_weeks_and_performance_longer_windows(
    windows: str, data: tuple[str, ...], performance: tuple[str, ...]
) -> None:
    config = read(f"windows: {windows}\n")
    assert config.incident_windows == data
    assert config.performance_windows == performance


def test_windows_of_incidents_can_be_chosen() -> None:
    config = read("incidents: {windows: [week], performance_windows: [month]}\n")
    assert config.incident_windows == ("week",)
    assert config.performance_windows == ("month",)


def test_windows_of_incidents_are_windows_of_the_monitor() -> None:
    place, message = only("windows: [week]\nincidents: {windows: [weak]}\n")
    assert place == "incidents.windows[0]"
    assert message == "there is no window 'weak'; did you mean 'week'?"


def test_a_window_that_is_there_once_makes_no_incidents() -> None:
    place, message = only(
        "windows: [day, {name: storm, from: 2000-01-01, to: 2000-01-02}]\n"
        "incidents: {windows: [storm]}\n"
    )
    assert (place, message.split(";")[0]) == ("incidents.windows[0]", "'storm' occurs once")


def test_thresholds_of_performance_replace_single_defaults_of_the_task() -> None:
    thresholds = read("verdicts: {performance: {accuracy: 0.02, roc_auc: null, f1: 0.1}}\n", BINARY)
    assert {
        key: threshold.threshold for key, threshold in thresholds.performance_thresholds.items()
    } == {
        "accuracy": 0.02,
        "calibration_bias": 0.1,
        "base_rate": 0.5,
        "f1": 0.1,
    }


def test_without_labels_there_are_no_thresholds_of_performance() -> None:
    assert read().performance_thresholds == {}


def test_a_threshold_of_a_loss_is_a_share_of_the_reference() -> None:
    thresholds = performance_thresholds("regression", {"bias": 0.5})
    assert thresholds["mae"].size(10.0) == 2.0
    assert thresholds["mae"].size(None) is None
    assert thresholds["bias"].size(10.0) == 0.5


@pytest.mark.parametrize(
    ("more", "text", "place", "message"),
    [
        ("thresholds: {ks_p_value: 0.1}", PLAIN, "thresholds.ks_p_value", "can have a threshold"),
        ("verdicts: {levl: 1}", PLAIN, "verdicts.levl", "did you mean 'level'?"),
        ("verdicts: {correction: holm}", PLAIN, "verdicts.correction", "benjamini_yekutieli"),
        (
            "verdicts: {performance: {accuracy: 0.1}}",
            PLAIN,
            "verdicts.performance",
            "needs the section performance",
        ),
        (
            "verdicts: {performance: {acuracy: 0.1}}",
            BINARY,
            "verdicts.performance.acuracy",
            "did you mean 'accuracy'?",
        ),
        (
            "verdicts: {performance: {accuracy: 0.1}}",
            NUMBER,
            "verdicts.performance.accuracy",
            "is not a metric of a regression task",
        ),
        (
            "verdicts: {anomalies: [{metric: meen, feature: x}]}",
            PLAIN,
            "verdicts.anomalies[0].metric",
            "did you mean 'mean'?",
        ),
        (
            "verdicts: {anomalies: [{metric: histogram, feature: x}]}",
            PLAIN,
            "verdicts.anomalies[0].metric",
            "is not a number",
        ),
        ("incidents: {fails: 4}", PLAIN, "incidents", "fails 4 exceeds of 3"),
        ("incidents: {clear: {below: 2}}", PLAIN, "incidents.clear.below", "at most 1"),
        (
            "retraining: {policies: [{name: a, kind: agee, days: 1}]}",
            PLAIN,
            "retraining.policies[0]",
            "did you mean 'age'?",
        ),
        (
            "retraining: {policies: [{name: a}]}",
            PLAIN,
            "retraining.policies[0]",
            "needs kind: age, labels, performance, estimate, drift",
        ),
        (
            "retraining: {policies: [{name: a, kind: age}]}",
            PLAIN,
            "retraining.policies[0].days",
            "is required",
        ),
        (
            "retraining: {policies: [{name: a, kind: age, day: 1, days: 1}]}",
            PLAIN,
            "retraining.policies[0].day",
            "did you mean 'days'?",
        ),
        (
            "retraining: {policies: [{name: a, kind: age, days: 1}, "
            "{name: a, kind: age, days: 2}]}",
            PLAIN,
            "retraining.policies[1].name",
            "'a' is already the name of retraining.policies[0]",
        ),
        (
            "retraining: {policies: [{name: a, kind: labels, rows: 1}]}",
            PLAIN,
            "retraining.policies[0]",
            "needs the section performance",
        ),
        (
            "retraining: {policies: [{name: a, kind: performance, metric: base_rate, "
            "tolerance: 0}]}",
            BINARY,
            "retraining.policies[0].metric",
            "has no better direction",
        ),
        (
            "retraining: {policies: [{name: a, kind: estimate, metric: mcc, tolerance: 0}]}",
            BINARY,
            "retraining.policies[0].metric",
            "is not estimated",
        ),
        (
            "notify: [{name: a, kind: slack}]",
            PLAIN,
            "notify[0]",
            "kind 'slack' is not known; known: file, webhook, email",
        ),
        (
            "notify: [{name: a, kind: webhook, url: 'https://x'}]",
            PLAIN,
            "notify[0].url",
            "did you mean 'url_env'?",
        ),
        (
            "notify: [{name: a, kind: webhook, format: teems, url_env: U}]",
            PLAIN,
            "notify[0].format",
            "did you mean 'teams'?",
        ),
        (
            "notify: [{name: a, kind: webhook, format: teams}]",
            PLAIN,
            "notify[0]",
            "url_env is required",
        ),
        (
            "notify: [{name: a, kind: webhook, format: pagerduty, url_env: U}]",
            PLAIN,
            "notify[0]",
            "routing_key_env and format: pagerduty go together",
        ),
        (
            "report: {path: s3://bucket/report}",
            PLAIN,
            "report.path",
            "pages are written to a folder",
        ),
        (
            "report: {path: report, link: reports.example.com}",
            PLAIN,
            "report.link",
            "is not a URL",
        ),
        ("report: {link: 'https://x'}", PLAIN, "report.path", "is required"),
        (
            "notify: [{name: a, kind: email, host: h, sender: me, to: you@x}]",
            PLAIN,
            "notify[0].sender",
            "is not an e-mail address",
        ),
        (
            "notify: [{name: a, kind: email, host: h, sender: me@x, to: you@x, user_env: U}]",
            PLAIN,
            "notify[0]",
            "must be set together",
        ),
        ("outliers: {fence: 0}", PLAIN, "outliers.fence", "at least 0.5"),
    ],
)
def test_what_is_wrong_is_reported_with_its_place(
    more: str, text: str, place: str, message: str
) -> None:
    found = problems(more + "\n", text)
    assert [(where, message in wording) for where, wording in found if where == place] == [
        (place, True)
    ]


def test_a_secret_in_the_place_of_a_variable_is_not_repeated() -> None:
    place, message = only("notify: [{name: a, kind: webhook, url_env: 'https://x/s3cret'}]\n")
    assert place == "notify[0].url_env"
    assert "s3cret" not in message


def test_a_password_does_not_travel_unencrypted() -> None:
    place, message = only(
        "notify: [{name: a, kind: email, host: h, sender: a@b, to: c@d, user_env: U, "
        "password_env: P, tls: none}]\n"
    )
    assert (place, "unencrypted" in message) == ("notify[0]", True)


def found(more: str) -> list[tuple[str, str]]:
    text = BINARY + more
    wording = check_columns(
        parse_config(text), {"inputs": INPUTS, "labels": LABELS}, lines_of(text)
    )
    return [(problem.place, problem.message) for problem in wording]


def test_features_that_are_named_are_features() -> None:
    assert found("incidents: {importance: {amuont: 2, SHOP: 1}}\n") == [
        ("incidents.importance.amuont", "there is no feature 'amuont'; did you mean 'amount'?")
    ]


def test_a_watched_feature_has_the_metric() -> None:
    series = "{metric: mean, feature: shop}, {metric: mean, feature: '*'}"
    assert found(f"verdicts: {{anomalies: [{series}]}}\n") == [
        ("verdicts.anomalies[0].feature", "'shop' is categorical, and has no mean")
    ]


@pytest.mark.parametrize(
    ("more", "stale"),
    [
        ("verdicts: {level: 0.01}", True),
        ("thresholds: {psi: 0.3}", True),
        ("verdicts: {late_days: 2}", False),
        ("incidents: {fails: 1}", False),
        ("retraining: {grace_days: 1}", False),
        ("notify: [{name: a, kind: file, path: p}]", False),
        ("report: {path: report}", False),
    ],
)
def test_windows_are_judged_anew_when_what_verdicts_depend_on_changes(
    more: str, stale: bool
) -> None:
    changed = evaluation_fingerprint(read()) != evaluation_fingerprint(read(more + "\n"))
    assert changed is stale


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ("verdicts: {coverage: 0.2}\n", "verdicts.coverage"),
        (
            "windows: [week]\nverdicts: {anomalies: [{metric: mean, feature: amount}]}\n",
            "verdicts.anomalies",
        ),
        ("incidents: {windows: [month], history_days: 50}\n", "incidents.history_days"),
    ],
)
def test_what_can_never_alarm_is_refused(more: str, place: str) -> None:
    found, message = only(more)
    assert found == place
    assert "can never open an incident" in message


def test_the_default_of_coverage_needs_no_labels() -> None:
    assert read("verdicts: {late_days: 3}\n").verdicts.coverage == 0.1
