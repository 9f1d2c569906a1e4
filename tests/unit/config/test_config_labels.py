"""Labels, performance and challengers: what a configuration may say of them."""

from __future__ import annotations

import pytest

from modelwatch.model.config.columns import check_columns, tables_of
from modelwatch.model.config.configuration import (
    ConfigurationError,
    labels_fingerprint,
    lines_of,
    parse_config,
    performance_fingerprint,
    states_fingerprint,
)

PLAIN = """\
monitor: m
output: {path: o}
inputs: {table: {path: i}, id: id, day: {column: day}}
predictions:
  table: {path: p}
  id: id
  day: {column: day}
  score: [score, other]
  decision: decided
references: [{name: fixed, days: 2000-01-01}]
"""
LABELS = (
    "labels: {table: {path: l}, id: id, day: {column: day}, label: came, due: {delay_days: 3}}\n"
)
BINARY = "performance: {task: binary, score: score, decision: {threshold: 0.5}}\n"
SCHEMAS = {
    "inputs": {"id": "bigint", "day": "date", "amount": "double"},
    "predictions": {
        "id": "int",
        "day": "date",
        "score": "double",
        "other": "double",
        "decided": "boolean",
        "due": "date",
    },
    "labels": {"id": "bigint", "day": "date", "came": "boolean", "known": "timestamp"},
}


def problems(text: str) -> list[tuple[str, str]]:
    with pytest.raises(ConfigurationError) as raised:
        parse_config(text)
    return [(problem.place, problem.message) for problem in raised.value.problems]


def found(text: str, **schemas: dict[str, str]) -> list[tuple[str, str]]:
    config = parse_config(text)
    wording = check_columns(config, {**SCHEMAS, **schemas}, lines_of(text))
    return [(problem.place, problem.message) for problem in wording]


def performance(**keys: str) -> str:
    inside = ", ".join(f"{key}: {value}" for key, value in keys.items())
    return f"{PLAIN}{LABELS}performance: {{{inside}}}\n"


def test_a_missing_threshold_is_reported_as_what_it_is() -> None:
    ((place, message),) = problems(performance(task="binary", score="score"))
    assert place == "performance"
    assert "decision is required for a binary task: a threshold" in message


@pytest.mark.parametrize(
    ("keys", "wording"),
    [
        ({"task": "multiclass", "decision": "{column: decided}"}, "classes are required"),
        (
            {"task": "multiclass", "score": "[score]", "classes": "[a, b]"},
            "score names 1 column(s) for 2 classes",
        ),
        ({"task": "multiclass", "classes": "[a, b]"}, "needs score or decision"),
        (
            {"task": "binary", "score": "score", "decision": "{threshold: 1}", "classes": "[a, b]"},
            "classes apply to a multiclass task",
        ),
        ({"task": "regression"}, "score is required"),
        (
            {"task": "regression", "score": "score", "decision": "{column: decided}"},
            "decision does not apply",
        ),
        ({"task": "regression", "score": "score", "interval": "[a]"}, "interval is two columns"),
        (
            {"task": "regression", "score": "score", "values": "{true_positive: 1}"},
            "values by cell apply to a binary task",
        ),
        (
            {
                "task": "binary",
                "score": "score",
                "decision": "{threshold: 1}",
                "loss_model": "{path: models}",
            },
            "loss_model applies to a regression task",
        ),
        (
            {"task": "binary", "score": "score", "decision": "{}"},
            "needs one of column or threshold",
        ),
        (
            {
                "task": "binary",
                "score": "score",
                "decision": "{threshold: 1}",
                "attributed_metrics": "[acuracy]",
            },
            "did you mean 'accuracy'?",
        ),
        (
            {"task": "regression", "score": "score", "score_kind": "rank"},
            "score_kind does not apply to a regression task",
        ),
        (
            {
                "task": "binary",
                "score": "score",
                "score_kind": "rank",
                "decision": "{threshold: 1}",
                "attributed_metrics": "[brier]",
            },
            "the Brier score needs probabilities",
        ),
        (
            {
                "task": "binary",
                "score": "score",
                "score_kind": "log-odds",
                "decision": "{threshold: 1}",
            },
            "logit",
        ),
        ({"task": "binari", "score": "score"}, "did you mean 'binary'?"),
    ],
)
def test_what_does_not_fit_the_task_is_reported(keys: dict[str, str], wording: str) -> None:
    assert any(wording in message for _, message in problems(performance(**keys)))


@pytest.mark.parametrize(
    ("text", "place", "wording"),
    [
        (PLAIN + LABELS, "labels", "needs the section performance"),
        (PLAIN + BINARY, "performance", "needs the section labels"),
        (
            PLAIN + "comparison: {champion: a, challenger: b}\n",
            "comparison",
            "needs the section performance",
        ),
        (
            PLAIN + LABELS.replace("id: id", "id: [a, b]") + BINARY,
            "labels.id",
            "names 2 column(s), and predictions.id names 1",
        ),
        (
            PLAIN + LABELS + BINARY.replace("score: score", "score: scor"),
            "performance.score[0]",
            "did you mean 'score'?",
        ),
        (
            PLAIN + LABELS + BINARY + "comparison: {champion: a, challenger: a}\n",
            "comparison",
            "are the same version",
        ),
        (
            PLAIN
            + LABELS
            + BINARY.replace("{threshold: 0.5}", "{column: decided}")
            + "challengers: [{name: c, table: {path: c}, id: id, day: {column: day}, score: s}]\n",
            "challengers[0].decision",
            "no threshold",
        ),
    ],
)
def test_sections_that_do_not_fit_each_other_are_reported(
    text: str, place: str, wording: str
) -> None:
    assert any(where == place and wording in message for where, message in problems(text))


def test_labels_without_predictions_are_reported() -> None:
    text = "".join(
        line
        for line in PLAIN.splitlines(keepends=True)
        if not line.startswith(("predictions", "  "))
    )
    assert ("labels", "needs the section predictions") in problems(text + LABELS + BINARY)


def test_tables_that_fit_have_no_problem() -> None:
    assert found(PLAIN + LABELS + BINARY) == []
    assert tables_of(parse_config(PLAIN + LABELS + BINARY))["labels"].path == "l"


@pytest.mark.parametrize(
    ("column", "spark_type", "place"),
    [
        ("id", "string", "labels.id[0]"),
        ("day", "string", "labels.day.column"),
        ("came", "array<int>", "labels.label"),
    ],
)
def test_a_column_of_the_labels_that_cannot_serve_is_reported(
    column: str, spark_type: str, place: str
) -> None:
    labels = {**SCHEMAS["labels"], column: spark_type}
    assert place in [where for where, _ in found(PLAIN + LABELS + BINARY, labels=labels)]


def test_positive_values_that_the_label_cannot_hold_are_reported() -> None:
    ((place, message),) = found(PLAIN + LABELS + BINARY.replace("}\n", ", positive: ['yes']}\n"))
    assert place == "performance.positive"
    assert "'came'" in message


@pytest.mark.parametrize(
    ("keys", "spark_type", "wording"),
    [
        ("", "string", "is not set, and its default [true, 1] names no value that column 'came'"),
        ("", "string", 'in quotes, such as positive: ["true"]'),
        (", positive: [1]", "string", 'such as positive: ["1"]'),
        (", positive: ['1']", "int", "the number without quotes, such as positive: [1]"),
        (", positive: ['yes']", "boolean", "write positive: [true] without quotes"),
        (", positive: ['yes'], negative: [0]", "string", 'such as negative: ["0"]'),
    ],
)
def test_what_to_write_for_a_side_that_the_label_cannot_hold_is_reported(
    keys: str, spark_type: str, wording: str
) -> None:
    labels = {**SCHEMAS["labels"], "came": spark_type}
    (message,) = (
        message
        for _, message in found(
            PLAIN + LABELS + BINARY.replace("}\n", f"{keys}}}\n"), labels=labels
        )
    )
    assert wording in message


def test_the_other_side_belongs_to_a_binary_task() -> None:
    text = performance(task="regression", score="score", negative="[0]")
    assert any("apply to a binary task" in message for _, message in problems(text))


def test_a_due_column_is_looked_for_in_inputs_and_predictions() -> None:
    due = LABELS.replace("delay_days: 3", "column: due")
    assert found(PLAIN + due + BINARY) == []
    ((place, _),) = found(PLAIN + due.replace("column: due", "column: dew") + BINARY)
    assert place == "labels.due.column"


def test_labels_do_not_change_the_states_of_features() -> None:
    plain, labelled = parse_config(PLAIN), parse_config(PLAIN + LABELS + BINARY)
    assert states_fingerprint(plain) == states_fingerprint(labelled)
    assert labels_fingerprint(plain) is None
    assert performance_fingerprint(plain) is None


@pytest.mark.parametrize(
    ("change", "states", "asked"),
    [
        (("threshold: 0.5", "threshold: 0.6"), True, False),
        (("delay_days: 3", "delay_days: 4"), True, False),
        (("{threshold: 0.5}", "{threshold: 0.5}, values: {true_positive: 2}"), False, True),
        (("{threshold: 0.5}", "{threshold: 0.5}, values: {expressions: {a: amount}}"), True, False),
        (("references", "windows: [day]\nreferences"), False, True),
        (
            ("{threshold: 0.5}", "{threshold: 0.5}, attributed_metrics: [accuracy, recall]"),
            False,
            True,
        ),
    ],
)
def test_only_what_they_depend_on_makes_results_stale(
    change: tuple[str, str], states: bool, asked: bool
) -> None:
    text = PLAIN + LABELS + BINARY
    one, other = parse_config(text), parse_config(text.replace(*change))
    assert (labels_fingerprint(one) != labels_fingerprint(other)) is states
    assert (performance_fingerprint(one) != performance_fingerprint(other)) is asked
