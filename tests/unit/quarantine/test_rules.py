"""Rules in the configuration: what they may say, and what they change."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from modelwatch.model.config.columns import check_columns
from modelwatch.model.config.configuration import (
    ConfigurationError,
    MonitorConfig,
    Rule,
    labels_fingerprint,
    parse_config,
    states_fingerprint,
)
from modelwatch.model.quarantine.releases import ReleaseRequest, releases_of
from modelwatch.model.quarantine.rules import RowAccount, RuleCount, stop_message, stopping

ONE: dict[str, Any] = {
    "monitor": "m",
    "output": {"path": "o"},
    "inputs": {"table": {"path": "i"}, "id": "id", "day": {"column": "day"}},
    "references": [{"name": "r", "days": "2020-01-01..2020-01-02"}],
}
TWO: dict[str, Any] = {
    **ONE,
    "predictions": {
        "table": {"path": "p"},
        "id": "id",
        "day": {"column": "day"},
        "score": "score",
    },
}
LABELLED: dict[str, Any] = {
    **TWO,
    "labels": {
        "table": {"path": "l"},
        "id": "id",
        "day": {"column": "day"},
        "label": "y",
        "due": {"delay_days": 1},
    },
    "performance": {"task": "binary", "score": "score", "decision": {"threshold": 0.5}},
}
MUST = {"name": "positive", "treatment": "quarantine", "must": "x > 0"}
DAY = date(2020, 1, 2)


def config(of: dict[str, Any], *rules: dict[str, Any], **more: Any) -> MonitorConfig:
    return parse_config(json.dumps({**of, "rules": rules, **more}))


def problems(of: dict[str, Any], *rules: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigurationError) as wording:
        config(of, *rules)
    return [str(problem) for problem in wording.value.problems]


@pytest.mark.parametrize(
    ("of", "rule", "wording"),
    [
        (
            ONE,
            {"name": "a", "treatment": "warn"},
            "rules[0]: needs one of must or duplicates or without",
        ),
        (
            ONE,
            {**MUST, "without": "predictions"},
            "rules[0]: needs one of must or duplicates or without, not both must and without",
        ),
        (
            ONE,
            {**MUST, "treatment": "delete"},
            "rules[0].treatment: 'delete' is not known; known: fail, quarantine, exclude, warn",
        ),
        (ONE, {**MUST, "table": "predictions"}, "rules[0].table: there is no section predictions"),
        (TWO, {**MUST, "table": "labels"}, "rules[0].table: there is no section labels"),
        (
            ONE,
            {"name": "a", "treatment": "warn", "without": "predictions"},
            "rules[0].without: there is no section predictions",
        ),
        (
            {**ONE, "predictions": {"score": "score"}},
            {"name": "a", "treatment": "warn", "without": "predictions"},
            "rules[0].without: inputs and predictions are in the same table, so no row lacks the "
            "other",
        ),
        (
            TWO,
            {"name": "a", "treatment": "warn", "without": "inputs"},
            "rules[0]: a row of the inputs cannot lack itself: name another table",
        ),
        (
            {**ONE, "inputs": {"table": {"path": "i"}, "day": {"column": "day"}}},
            {"name": "a", "treatment": "warn", "duplicates": {}},
            "rules[0].duplicates.key: is required: inputs.id is not set",
        ),
    ],
)
def test_a_rule_that_can_mean_nothing_is_reported_with_its_place(
    of: dict[str, Any], rule: dict[str, Any], wording: str
) -> None:
    assert problems(of, rule) == [wording]


def test_two_rules_of_one_name_are_refused() -> None:
    assert problems(ONE, MUST, MUST) == [
        "rules[1].name: 'positive' is already the name of rules[0]"
    ]


def test_predictions_without_a_table_of_their_own_are_checked_against_rules_as_inputs() -> None:
    rule = {**MUST, "table": "predictions"}
    one = config({**ONE, "predictions": {"score": "score"}}, rule)
    assert one.rules_of("inputs") == one.rules
    assert config(TWO, rule).rules_of("inputs") == ()


def test_a_key_that_is_no_column_is_reported() -> None:
    rule = {"name": "a", "treatment": "warn", "duplicates": {"key": ["idd"]}}
    schema = {"inputs": {"id": "string", "day": "date", "x": "double"}}
    (problem,) = check_columns(config(ONE, rule), schema)
    assert str(problem) == "rules[0].duplicates.key: i has no column 'idd'; did you mean 'id'?"


def test_only_rules_that_keep_rows_out_make_days_due_again() -> None:
    """A rule that warns or stops holds from the next day on."""
    plain = states_fingerprint(config(TWO))
    assert states_fingerprint(config(TWO, MUST)) != plain
    assert states_fingerprint(config(TWO, {**MUST, "treatment": "warn"})) == plain
    assert states_fingerprint(config(TWO, {**MUST, "treatment": "fail"})) == plain
    wording = {**MUST, "description": "why", "tolerance": 0.5}
    assert states_fingerprint(config(TWO, wording)) == states_fingerprint(config(TWO, MUST))


def test_rules_of_labels_change_performance_only() -> None:
    rule = {"name": "o", "table": "labels", "treatment": "exclude", "without": "predictions"}
    plain, ruled = config(LABELLED), config(LABELLED, rule)
    assert states_fingerprint(plain) == states_fingerprint(ruled)
    assert labels_fingerprint(plain) != labels_fingerprint(ruled)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (MUST, "positive: not (x > 0)"),
        (
            {"name": "d", "treatment": "warn", "duplicates": {"key": ["a", "b"], "more_than": 2}},
            "d: more than 2 of one a, b on a day",
        ),
        (
            {"name": "w", "treatment": "warn", "without": "predictions"},
            "w: none of the predictions has the id and day",
        ),
    ],
)
def test_a_reason_says_what_a_row_fails_and_no_value_of_it(
    rule: dict[str, Any], reason: str
) -> None:
    assert config(TWO, rule).rules[0].reason == reason


def account(failed: int, judged: int = 1000, day: date = DAY) -> RowAccount:
    counts = (RuleCount("whole", "fail", judged, failed, '{"id":"k"}'),)
    return RowAccount(day, "inputs", judged, judged, 0, 0, 0, 0, counts)


@pytest.mark.parametrize(("failed", "stops"), [(0, False), (10, False), (11, True), (1000, True)])
def test_a_run_stops_when_more_rows_fail_than_are_tolerated(failed: int, stops: bool) -> None:
    rule = Rule.model_validate(
        {"name": "whole", "treatment": "fail", "must": "x > 0", "tolerance": 0.01}
    )
    assert bool(list(stopping([account(failed)], [rule]))) == stops


def test_the_first_day_that_stops_a_run_is_reported_with_the_ways_out() -> None:
    rule = Rule.model_validate({"name": "whole", "treatment": "fail", "must": "x > 0"})
    accounts = [account(7), account(3, day=DAY - timedelta(days=1)), account(0)]
    ((found, day, count),) = stopping(accounts, [rule])
    assert stop_message(found, day, count, "i", 4) == (
        "rule 'whole' stops the run: 3 of 1000 rows of i at version 4 on 2020-01-01 fail it, such "
        'as {"id":"k"}. Nothing is published. Correct the rows, raise the share that the rule '
        "tolerates, or set its treatment to quarantine or exclude"
    )


def response(
    action: Any, minute: int, rule: str | None = "a", key: str | None = None
) -> ReleaseRequest:
    at = datetime(2020, 1, 3, 12, minute)
    return ReleaseRequest(action, DAY, "inputs", rule, key, at)


def test_of_contrary_things_that_people_say_the_last_one_counts() -> None:
    recorded = [response("withdraw", 2), response("release", 1), response("release", 3, None, "k")]
    found = releases_of(recorded)
    assert found.of("inputs").rules == {}
    assert found.of("inputs").keys == {"k"}
    again = releases_of([*recorded, response("release", 4)])
    assert again.of("inputs").rules == {"a": {DAY}}
    assert not again.of("labels")


def test_taking_all_back_is_something_said_too() -> None:
    assert releases_of([response("withdraw", 1)]).recorded
    assert not releases_of([]).recorded
