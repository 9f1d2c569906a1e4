"""Which columns are features, and how they are profiled."""

from __future__ import annotations

import pytest

from modelwatch.model.config.configuration import MonitorConfig, parse_config
from modelwatch.model.profile.features import Feature, NotProfiled, features_of

INPUTS = {
    "id": "bigint",
    "day": "date",
    "amount": "double",
    "Country": "string",
    "raw.payload": "string",
}


def monitor(more: str = "", inputs: str = "") -> MonitorConfig:
    return parse_config(
        "monitor: m\noutput: {path: o}\n"
        f"inputs: {{table: {{path: i}}, id: id, day: {{column: day}}{inputs}}}\n"
        f"references: [{{name: fixed, days: 2000-01-01}}]\n{more}\n",
        statistics={"psi"},
    )


def names(config: MonitorConfig, **schemas: dict[str, str]) -> list[str]:
    features, _ = features_of(config, {"inputs": INPUTS, **schemas})
    return [feature.name for feature in features]


def one(spark_type: str, options: str = "") -> Feature | NotProfiled:
    config = monitor(f"features: {{columns: {{x: {options or '{}'}}}}}")
    features, not_profiled = features_of(config, {"inputs": {"x": spark_type}})
    return (*features, *not_profiled)[0]


@pytest.mark.parametrize(
    ("spark_type", "kind", "unit"),
    [
        ("tinyint", "numeric", None),
        ("bigint", "numeric", None),
        ("float", "numeric", None),
        ("decimal(38,10)", "numeric", None),
        ("date", "numeric", "days since 1970-01-01"),
        ("timestamp", "numeric", "microseconds since 1970-01-01"),
        ("timestamp_ntz", "numeric", "microseconds since 1970-01-01"),
        ("boolean", "categorical", None),
        ("string", "categorical", None),
        ("varchar(10)", "categorical", None),
    ],
)
def test_the_type_of_a_column_shows_its_kind(spark_type: str, kind: str, unit: str | None) -> None:
    feature = one(spark_type)
    assert isinstance(feature, Feature)
    assert (feature.kind, feature.unit) == (kind, unit)


@pytest.mark.parametrize(
    ("spark_type", "reason"),
    [
        ("array<int>", "type array; name values in it, as x[0]"),
        ("struct<a:int,b:decimal(1,0)>", "type struct; name its fields, as x.a"),
        ("map<string,int>", "type map; name values in it, as x['key']"),
        ("binary", "type binary"),
        ("interval day to second", "type interval day to second"),
        ("void", "type void"),
    ],
)
def test_other_types_are_named_as_not_profiled(spark_type: str, reason: str) -> None:
    assert one(spark_type) == NotProfiled("inputs", "x", spark_type, reason)


def test_a_number_may_be_taken_as_a_category() -> None:
    feature = one("int", "{type: categorical, max_values: 7}")
    assert isinstance(feature, Feature)
    assert (feature.kind, feature.max_values, feature.unit) == ("categorical", 7, None)


def test_options_of_a_column_go_before_those_of_all() -> None:
    config = monitor(
        "binning: {bins: 50, max_values: 9}\n"
        "features: {columns: {AMOUNT: {bins: 70, special_values: [-1]}}}"
    )
    amount, country, _ = features_of(config, {"inputs": INPUTS})[0]
    assert (amount.bins, amount.special_values, amount.max_values) == (70, (-1,), 9)
    assert (country.bins, country.max_values) == (50, 9)


def test_columns_with_another_meaning_are_no_features() -> None:
    assert names(monitor()) == ["amount", "Country", "raw.payload"]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("{include: [amount]}", ["amount"]),
        ("{include: ['*m*']}", ["amount"]),
        ("{include: [country]}", ["Country"]),
        ("{exclude: [raw.payload, 'COUN*']}", ["amount"]),
        ("{include: [amount, 'raw*'], exclude: amount}", ["raw.payload"]),
    ],
)
def test_features_are_chosen_by_names_and_patterns(choice: str, expected: list[str]) -> None:
    assert names(monitor(f"features: {choice}")) == expected


def test_a_column_with_brackets_is_chosen_by_its_name() -> None:
    config = monitor("features: {include: ['a[0]']}")
    features, _ = features_of(config, {"inputs": {"a[0]": "int", "a0": "int"}})
    assert [feature.column for feature in features] == ["a[0]"]


def test_scores_are_numeric_and_decisions_categories() -> None:
    config = monitor("predictions: {score: s, decision: [d, e], columns: {e: {type: numeric}}}")
    schema = {"id": "int", "day": "date", "x": "int", "s": "double", "d": "int", "e": "int"}
    features, _ = features_of(config, {"inputs": schema})
    assert [(f.role, f.name, f.kind) for f in features] == [
        ("inputs", "x", "numeric"),
        ("predictions", "s", "numeric"),
        ("predictions", "d", "categorical"),
        ("predictions", "e", "numeric"),
    ]


def test_predictions_of_a_table_of_their_own_take_nothing_from_the_inputs() -> None:
    config = monitor(
        "predictions: {table: {path: p}, id: id, day: {column: day}, score: S, "
        "model_version: {column: amount}}"
    )
    predictions = {"id": "bigint", "day": "date", "s": "float", "other": "int"}
    features, _ = features_of(config, {"inputs": INPUTS, "predictions": predictions})
    assert [(f.role, f.column) for f in features][-1] == ("predictions", "s")
    assert names(config, predictions=predictions) == ["amount", "Country", "raw.payload", "s"]


def test_time_and_partition_columns_are_no_features() -> None:
    config = parse_config(
        "monitor: m\noutput: {path: o}\n"
        "inputs: {table: {path: i}, day: {time_column: t, partition_column: p}}\n"
        "references: [{name: fixed, days: 2000-01-01}]\n",
        statistics={"psi"},
    )
    schema = {"T": "timestamp", "p": "date", "x": "int"}
    assert [f.name for f in features_of(config, {"inputs": schema})[0]] == ["x"]
