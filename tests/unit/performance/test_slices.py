"""By which features performance is kept."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from modelwatch.model.config.configuration import MonitorConfig, labels_fingerprint, parse_config
from modelwatch.model.performance.labels import MOST_SLICES
from modelwatch.model.performance.slices import (
    sliced_features,
    unsliced_features,
    with_chosen_slices,
)
from modelwatch.model.profile.features import Feature


def monitor(slices: str = "", importance: str = "{}") -> MonitorConfig:
    return parse_config(
        "monitor: m\noutput: {path: o}\n"
        "inputs: {table: {path: i}, id: id, day: {column: day}}\n"
        "predictions: {table: {path: p}, id: id, day: {column: day}, score: score}\n"
        "references: [{name: fixed, days: 2000-01-01}]\n"
        "labels: {table: {path: l}, id: id, day: {column: day}, label: y, due: {delay_days: 3}}\n"
        "performance: {task: binary, score: score, decision: {threshold: 0.5}"
        f"{slices and ', slices: '}{slices}}}\n"
        f"incidents: {{importance: {importance}}}\n"
    )


def features(count: int) -> tuple[Feature, ...]:
    score = Feature("score", "predictions", "score", "numeric", "double")
    return (
        *(Feature(f"f{i}", "inputs", f"f{i}", "numeric", "double") for i in range(count)),
        score,
    )


def names(found: tuple[Feature, ...]) -> list[str]:
    return [feature.name for feature in found]


def test_by_default_the_first_of_many_features_are_taken() -> None:
    found = sliced_features(monitor(), features(50))
    assert names(found) == [f"f{i}" for i in range(MOST_SLICES)]


def test_few_features_are_all_taken_but_the_score() -> None:
    assert names(sliced_features(monitor(), features(3))) == ["f0", "f1", "f2"]


def test_important_features_come_before_the_order_of_the_tables() -> None:
    config = monitor(importance="{F40: 3, f45: 2, f0: 0}")
    found = names(sliced_features(config, features(50)))
    assert found == [*(f"f{i}" for i in range(1, MOST_SLICES - 1)), "f40", "f45"]


def test_what_is_not_taken_is_reported() -> None:
    left = names(unsliced_features(monitor(), features(22)))
    assert left == ["f20", "f21"]


def test_a_configuration_that_names_its_slices_takes_exactly_these() -> None:
    config = monitor("[f49, F3]", importance="{f1: 9}")
    assert names(sliced_features(config, features(50))) == ["f3", "f49"]


def test_all_and_none_remain_possible() -> None:
    assert len(sliced_features(monitor("true"), features(50))) == 50
    assert sliced_features(monitor("false"), features(50)) == ()


def test_a_choice_that_is_spelled_out_is_the_same_choice() -> None:
    config = monitor(importance="{f40: 3}")
    spelled = with_chosen_slices(config, features(50))
    assert sliced_features(spelled, features(50)) == sliced_features(config, features(50))
    assert with_chosen_slices(spelled, features(60)) == spelled


def fingerprint(count: int, **options: Any) -> str | None:
    return labels_fingerprint(with_chosen_slices(monitor(**options), features(count)))


def test_another_choice_makes_performance_stale() -> None:
    assert fingerprint(50) != fingerprint(50, importance="{f40: 3}")


def test_importance_that_changes_no_choice_makes_nothing_stale() -> None:
    assert fingerprint(50) == fingerprint(50, importance="{f3: 3}")
    assert fingerprint(5) == fingerprint(5, importance="{f3: 0}")


@given(count=st.integers(MOST_SLICES + 1, 60), more=st.integers(1, 20))
def test_columns_that_are_added_to_many_change_no_choice(count: int, more: int) -> None:
    assert fingerprint(count) == fingerprint(count + more)


def test_columns_that_are_added_to_few_join_them_without_a_new_start() -> None:
    assert fingerprint(5) == fingerprint(8)
