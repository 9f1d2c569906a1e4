"""A configuration checked against the tables."""

from __future__ import annotations

import pytest

from modelwatch.model.config.columns import check_columns, tables_of
from modelwatch.model.config.configuration import MonitorConfig, lines_of, parse_config

TEXT = """\
monitor: m
output: {path: o}
inputs:
  table: {path: tables/inputs}
  id: id
  day: {column: day}
predictions:
  table: {path: tables/predictions}
  id: id
  day: {time_column: at, partition_column: p}
  score: score
  decision: decision
  model_version: {column: version}
references:
  - {name: fixed, days: 2000-01-01}
"""
INPUTS = {"id": "bigint", "day": "date", "amount": "double", "country": "string"}
PREDICTIONS = {
    "id": "int",
    "at": "timestamp",
    "p": "date",
    "score": "float",
    "decision": "boolean",
    "version": "string",
}
SCHEMAS = {"inputs": INPUTS, "predictions": PREDICTIONS}


def found(
    more: str = "", text: str = TEXT, **schemas: dict[str, str]
) -> list[tuple[str, int | None, str]]:
    whole = text + more
    config = parse_config(whole, statistics={"psi"})
    problems = check_columns(config, {**SCHEMAS, **schemas}, lines_of(whole))
    return [(problem.place, problem.line, problem.message) for problem in problems]


def without(column: str, schema: dict[str, str]) -> dict[str, str]:
    return {name: spark_type for name, spark_type in schema.items() if name != column}


def test_tables_that_fit_have_no_problems() -> None:
    assert found() == []


def test_a_missing_table_is_named_once() -> None:
    config = parse_config(TEXT, statistics={"psi"})
    problems = check_columns(config, {"predictions": PREDICTIONS}, lines_of(TEXT))
    assert [str(problem) for problem in problems] == [
        "inputs.table: there is no Delta table tables/inputs"
    ]
    assert problems[0].line == 4


@pytest.mark.parametrize(
    ("role", "column", "spark_type", "place"),
    [
        ("inputs", "id", "array<int>", "inputs.id[0]"),
        ("inputs", "day", "timestamp", "inputs.day.column"),
        ("inputs", "day", "string", "inputs.day.column"),
        ("predictions", "id", "map<int,int>", "predictions.id[0]"),
        ("predictions", "at", "date", "predictions.day.time_column"),
        ("predictions", "p", "string", "predictions.day.partition_column"),
        ("predictions", "score", "string", "predictions.score[0]"),
        ("predictions", "score", "boolean", "predictions.score[0]"),
        ("predictions", "decision", "struct<a:int>", "predictions.decision[0]"),
        ("predictions", "version", "array<string>", "predictions.model_version.column"),
    ],
)
def test_a_column_that_is_missing_or_of_a_wrong_type_is_named(
    role: str, column: str, spark_type: str, place: str
) -> None:
    schema = SCHEMAS[role]
    wrong = found(**{role: {**schema, column: spark_type}})
    assert wrong[0][0] == place
    assert all(part in wrong[0][2] for part in (column, f"tables/{role}", spark_type))
    missing = found(**{role: without(column, schema)})
    assert missing[0][0] == place
    assert f"tables/{role} has no column {column!r}" in missing[0][2]


def test_all_problems_are_found_at_once_with_lines() -> None:
    wrong = found(inputs={"x": "int"}, predictions=without("score", PREDICTIONS))
    assert [(place, line) for place, line, _ in wrong] == [
        ("inputs.id[0]", 5),
        ("inputs.day.column", 6),
        ("predictions.score[0]", 11),
    ]


def test_a_near_name_is_suggested() -> None:
    wrong = found(inputs={**without("day", INPUTS), "days": "date"})
    assert "did you mean 'days'?" in wrong[0][2]


def test_case_does_not_matter_unless_it_is_all_the_difference() -> None:
    assert found(inputs={**without("day", INPUTS), "DAY": "date"}) == []
    wrong = found(inputs={**INPUTS, "Day": "date"})
    assert wrong[0][2] == "column 'day' is ambiguous in tables/inputs: it has 'day' and 'Day'"


def test_ids_that_cannot_be_joined_are_refused() -> None:
    wrong = found(predictions={**PREDICTIONS, "id": "string"})
    assert wrong[0][2] == (
        "is string and cannot be joined with 'id' of the inputs, which is bigint"
    )
    assert found(predictions={**PREDICTIONS, "id": "bigint"}) == []


@pytest.mark.parametrize(
    ("more", "place", "message"),
    [
        ("features: {include: [amuont]}", "features.include[0]", "did you mean 'amount'?"),
        ("features: {exclude: ['x*']}", "features.exclude[0]", "no column that fits 'x*'"),
        ("features: {columns: {x: {bins: 7}}}", "features.columns.x", "no column 'x'"),
        ("features: {columns: {id: {bins: 7}}}", "features.columns.id", "is not a feature"),
        (
            "features: {columns: {country: {type: numeric}}}",
            "features.columns.country.type",
            "cannot be numeric",
        ),
        (
            "features: {columns: {country: {special_values: [1]}}}",
            "features.columns.country.special_values",
            "it is categorical",
        ),
        (
            "features: {columns: {amount: {max_values: 3}}}",
            "features.columns.amount.max_values",
            "max_values applies to categorical columns only",
        ),
        ("features: {exclude: '*'}", "features", "has no feature"),
        ("segments: [{name: s, columns: [x]}]", "segments[0].columns[0]", "no column 'x'"),
        ("pairs: {columns: [amount, country]}", "pairs.columns[1]", "not a numeric feature"),
        (
            "constraints: [{name: c, kind: mean, column: country, lower: 1}]",
            "constraints[0].column",
            "must be a number",
        ),
        (
            "constraints: [{name: c, kind: completeness, table: predictions, column: amount}]",
            "constraints[0].column",
            "tables/predictions has no column 'amount'",
        ),
    ],
)
def test_a_choice_that_the_table_cannot_meet_is_named(more: str, place: str, message: str) -> None:
    wrong = found(more)
    assert [(wrong[0][0], wrong[0][1])] == [(place, 16)]
    assert message in wrong[0][2]


def test_a_segment_may_be_of_a_column_of_the_predictions() -> None:
    assert found("segments: [{name: s, columns: decision}]") == []


def test_a_name_in_both_tables_must_be_left_out_of_one() -> None:
    wrong = found(inputs={**INPUTS, "score": "double"})
    assert wrong[0][0] == "features.exclude"
    more = "features: {exclude: score}"
    assert found(more, inputs={**INPUTS, "score": "double"}) == []


ANOTHER = "  - {name: other, table: {path: tables/other}}\n"


def test_a_reference_table_may_lack_features_unless_it_carries_the_bins() -> None:
    other = {"amount": "int"}
    assert found(ANOTHER, **{"reference:other": other}) == []
    wrong = found(ANOTHER + "binning: {reference: other}", **{"reference:other": other})
    assert {place for place, _, _ in wrong} == {"references[1].table"}
    assert "on which its bins are fitted" in wrong[0][2]


def test_a_reference_of_other_types_cannot_be_compared() -> None:
    wrong = found(ANOTHER, **{"reference:other": {"amount": "string", "country": "string"}})
    assert "column 'amount' of tables/other is string, and double" in wrong[0][2]


def test_a_foreign_set_must_have_its_column() -> None:
    more = (
        "constraints: [{name: c, kind: foreign_set, column: country, "
        "set: {table: {name: a.b}, column: code}}]"
    )
    assert found(more, **{"set:c": {"kode": "string"}})[0][0] == "constraints[0].set.column"
    assert found(more)[0][:2] == ("constraints[0].set.table", 16)


def test_predictions_in_the_inputs_table_are_looked_up_there() -> None:
    text = TEXT[: TEXT.index("predictions")] + TEXT[TEXT.index("references") :]
    text += "predictions: {score: amount, decision: missing}\n"
    assert found(text=text) == [
        ("predictions.decision[0]", 9, "tables/inputs has no column 'missing'"),
    ]


def test_every_table_of_the_configuration_has_a_role() -> None:
    config: MonitorConfig = parse_config(TEXT + ANOTHER, statistics={"psi"})
    assert {role: str(address) for role, address in tables_of(config).items()} == {
        "inputs": "tables/inputs",
        "predictions": "tables/predictions",
        "reference:other": "tables/other",
    }


@pytest.mark.parametrize(
    ("spark_type", "hint"),
    [
        ("bigint", "for nanoseconds timestamp_micros(at div 1000)"),
        ("string", "read a view with to_timestamp(at, ...)"),
    ],
)
def test_a_time_whose_unit_or_form_is_unknown_says_how_a_view_shows_it(
    spark_type: str, hint: str
) -> None:
    ((place, _, message),) = found(predictions={**PREDICTIONS, "at": spark_type})
    assert place == "predictions.day.time_column"
    assert f"is {spark_type}, and must be a timestamp" in message
    assert hint in message


def test_a_time_without_zone_shows_a_day() -> None:
    assert found(predictions={**PREDICTIONS, "at": "timestamp_ntz"}) == []
