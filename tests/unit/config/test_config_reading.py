"""What a configuration says is what is read."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelwatch.model.config.configuration import (
    MonitorConfig,
    config_fingerprint,
    evaluation_fingerprint,
    parse_config,
    states_fingerprint,
)
from modelwatch.model.config.document import read_document
from modelwatch.model.config.section import Section, keys_of
from modelwatch.model.contracts.constraint import CONSTRAINT_TYPES
from modelwatch.model.days import DayRange
from modelwatch.model.notification.sinks import SINKS
from modelwatch.model.planning.window_specs import DEFAULT_THRESHOLDS
from modelwatch.model.retraining.policies import POLICIES

CONF = Path(__file__).parents[3] / "conf"
SMALLEST = """
monitor: m
output: {path: out}
inputs: {table: {path: in}, day: {column: day}}
references: [{name: january, days: 2013-01-01..2013-01-31}]
"""


def read(more: str = "", text: str = SMALLEST) -> MonitorConfig:
    return parse_config(text + more)


def test_the_smallest_configuration_has_documented_defaults() -> None:
    config = read()
    assert [window.name for window in config.windows] == ["day", "week", "month"]
    assert config.time_zone == "UTC"
    assert config.features.include == ("*",)
    assert (config.binning.bins, config.binning.max_values) == (200, 500)
    assert config.predictions is None
    assert config.effective_thresholds["psi"] == 0.2


def test_a_column_may_be_written_without_a_list() -> None:
    config = read(text=SMALLEST.replace("{column: day}", "{column: day}, id: payment"))
    assert config.inputs.id == ("payment",)


def test_days_are_a_range_or_a_single_day() -> None:
    assert read().references[0].days == DayRange(date(2013, 1, 1), date(2013, 1, 31))
    single = read(text=SMALLEST.replace("2013-01-01..2013-01-31", "2013-01-01"))
    assert single.references[0].days == DayRange(date(2013, 1, 1), date(2013, 1, 1))


def test_words_that_older_yaml_takes_for_booleans_stay_text() -> None:
    values = "constraints: [{name: c, kind: domain, column: x, values: [NO, on, yes, 012, 1e3]}]"
    assert read(values).constraints[0].values == ("NO", "on", "yes", 12, 1000.0)  # type: ignore[union-attr]


def test_numbers_of_any_spelling_are_numbers() -> None:
    options = "features: {columns: {x: {special_values: [-999, 1e3, -.5, 1., 2.5E-1]}}}"
    assert read(options).features.columns["x"].special_values == (-999, 1000, -0.5, 1, 0.25)


@pytest.mark.parametrize("name", ["a.b", "a b", "a`b", "a'b", 'a"b', "größe", "列", "[0]", "2013"])
def test_columns_may_have_any_name(name: str) -> None:
    quoted = yaml.safe_dump({"features": {"columns": {name: {"bins": 7}}, "exclude": [name]}})
    config = read(quoted)
    assert config.features.columns[name].bins == 7
    assert config.features.exclude == (name,)


def test_a_key_that_looks_like_a_number_is_a_name() -> None:
    assert "2013" in read("features: {columns: {2013: {bins: 7}}}").features.columns


def test_a_constraint_of_one_column_may_say_column_or_columns() -> None:
    one = read("constraints: [{name: c, kind: uniqueness, column: x}]")
    other = read("constraints: [{name: c, kind: uniqueness, columns: [x]}]")
    assert one == other


def test_shares_must_be_whole_unless_bounds_say_otherwise() -> None:
    config = read("constraints: [{name: c, kind: completeness, column: x}]")
    assert config.constraints[0].bounds == (1.0, None)


def test_the_bounds_of_a_range_are_of_its_values_and_share_is_observed() -> None:
    range_ = read("constraints: [{name: c, kind: range, column: x, lower: 0, share: 0.9}]")
    assert range_.constraints[0].lower == 0
    assert range_.constraints[0].bounds == (0.9, None)


def test_thresholds_replace_single_defaults_and_null_takes_one_away() -> None:
    config = read("thresholds: {psi: null, ks: 0.3}")
    assert config.effective_thresholds == {
        **{
            statistic: threshold
            for statistic, threshold in DEFAULT_THRESHOLDS.items()
            if statistic != "psi"
        },
        "ks": 0.3,
    }


def test_bins_are_fitted_on_the_first_fixed_reference_unless_one_is_named() -> None:
    references = (
        SMALLEST.splitlines()[-1]
        .replace("[", "[{name: lag, lag_days: 7}, ")
        .replace("]", ", {name: training, table: {path: t}}]")
    )
    text = "\n".join([*SMALLEST.splitlines()[:-1], references, ""])
    assert read(text=text).binning_reference.name == "january"
    assert read("binning: {reference: training}", text).binning_reference.name == "training"


def test_the_configuration_cannot_be_changed_after_it_is_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read().monitor = "other"  # type: ignore[misc]


def test_aliases_are_expanded() -> None:
    text = SMALLEST.replace("{column: day}", "&d {column: day}") + (
        "predictions: {table: {path: p}, id: a, day: *d, score: s}"
    )
    config = parse_config(text.replace("inputs: {", "inputs: {id: a, "))
    assert config.predictions is not None
    assert config.predictions.day == config.inputs.day


@pytest.mark.parametrize("name", ["example.yaml", "flights.yaml"])
def test_every_configuration_that_is_delivered_can_be_read(name: str) -> None:
    assert parse_config((CONF / name).read_text(encoding="utf-8"), name).monitor


def test_the_example_names_every_key() -> None:
    value = read_document((CONF / "example.yaml").read_text(encoding="utf-8")).value
    config = MonitorConfig.model_validate(value)
    seen: dict[type[Section], set[str]] = {}
    collect(config, value, seen)
    missing = {
        f"{section.__name__}.{key}"
        for section, keys in seen.items()
        for key in set(keys_of(section)) - keys
    }
    # Of two ways to say a thing the example shows the other in comments, and so other tasks.
    assert missing == {
        "TableAddress.name",
        "OutputAddress.schema",
        "ModelVersion.literal",
        "Due.column",
        "Performance.classes",
        "Performance.interval",
        "Performance.loss_model",
    } | {
        f"{kind.__name__}.{key}"
        for kind in CONSTRAINT_TYPES.values()
        for key in ("table", "where", "severity", "lower", "upper")
        if key not in seen[kind]
    } | {
        f"{kind.__name__}.cool_down_days"
        for kind in POLICIES.values()
        if "cool_down_days" not in seen[kind]
    }


def test_the_example_has_every_kind_of_constraint_policy_and_sink() -> None:
    config = parse_config((CONF / "example.yaml").read_text(encoding="utf-8"))
    assert {constraint.kind for constraint in config.constraints} == set(CONSTRAINT_TYPES)
    assert {policy.kind for policy in config.retraining.policies} == set(POLICIES)
    assert {sink.kind for sink in config.notify} == set(SINKS)


def collect(model: Any, value: Any, seen: dict[type[Section], set[str]]) -> None:
    """The keys that a document gives to each section, by section."""
    if isinstance(model, Section) and isinstance(value, dict):
        keys = seen.setdefault(type(model), set())
        for name, field in type(model).model_fields.items():
            key = field.alias or name
            if key in value:
                keys.add(key)
                collect(getattr(model, name), value[key], seen)
    elif isinstance(model, tuple) and isinstance(value, tuple):
        for item, part in zip(model, value, strict=True):
            collect(item, part, seen)
    elif isinstance(model, dict) and isinstance(value, dict):
        for key, item in model.items():
            collect(item, value[key], seen)


def test_comments_and_layout_change_no_fingerprint() -> None:
    assert config_fingerprint(read()) == config_fingerprint(read("\n# a comment\n"))
    assert config_fingerprint(read()) != config_fingerprint(read("description: x"))


@pytest.mark.parametrize(
    ("more", "states", "evaluation"),
    [
        ("description: x", False, False),
        ("constraints: [{name: c, kind: rows, lower: 1}]", False, False),
        ("thresholds: {psi: 0.3}", False, True),
        ("verdicts: {assumed_design_effect: 3}", False, True),
        ("verdicts: {level: 0.01}", False, True),
        ("windows: [day]", False, True),
        ("pairs: {top: 7}", False, True),
        ("pairs: {max_features: 7}", True, False),
        ("time_zone: Europe/Zurich", True, False),
        ("binning: {bins: 100}", True, False),
        ("features: {exclude: x}", True, False),
        ("segments: [{name: s, columns: x}]", True, False),
        ("predictions: {score: x}", True, False),
    ],
)
def test_fingerprints_show_what_a_change_makes_stale(
    more: str, states: bool, evaluation: bool
) -> None:
    assert (states_fingerprint(read()) != states_fingerprint(read(more))) is states
    assert (evaluation_fingerprint(read()) != evaluation_fingerprint(read(more))) is evaluation


def test_naming_the_default_binning_reference_changes_no_states() -> None:
    assert states_fingerprint(read()) == states_fingerprint(read("binning: {reference: january}"))


def test_every_key_has_a_description() -> None:
    undescribed = [
        f"{section.__name__}.{name}"
        for section in all_sections(Section)
        for name, field in section.model_fields.items()
        if not field.description
    ]
    assert undescribed == []


def all_sections(section: type[Section]) -> set[type[Section]]:
    return {section}.union(*(all_sections(below) for below in section.__subclasses__()))
