"""Values that were delivered before: of a feature, or of the whole table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from modelwatch.model.diagnosis.change_evidence import Evidence, FeatureChange, RepeatedDay
from modelwatch.model.diagnosis.change_kinds import KindOfChange, kind_of_change
from modelwatch.model.diagnosis.onset import day_words
from samples import numeric_binning, numeric_state
from verdict_rows import fold, on

DAY, EVE, BEFORE = date(2024, 1, 10), date(2024, 1, 9), date(2024, 1, 8)
VALUES = [float(n) for n in range(100)]


def feature(name: str) -> FeatureChange:
    binning = numeric_binning(VALUES)
    states = (numeric_state(binning, VALUES) for _ in range(2))
    return FeatureChange(name, "inputs", *states)


def wording(
    failing: tuple[str, ...], repeated: Mapping[str, RepeatedDay], **changes: Any
) -> KindOfChange:
    """The kind of an incident of stale values; ``repeated``: by feature, those that did not fail
    among them."""
    rows = [
        r
        for name in failing
        for r in on((5, 6), subject=name, **{"metric": "stale_share", **changes})
    ]
    features = tuple(feature(name) for name in repeated)
    days = {("inputs", name): day for name, day in repeated.items()}
    return kind_of_change(Evidence(fold(rows, features=50).incidents, (), features, repeated=days))


def test_a_feature_with_the_values_of_an_earlier_day_is_stale() -> None:
    found = wording(
        ("a",),
        {"a": RepeatedDay(DAY, EVE, True, True), "b": RepeatedDay(DAY, EVE, False, True)},
    )
    assert (found.kind, found.evidence) == (
        "stale",
        f"on {day_words(DAY)}, `a` repeats the values of {day_words(EVE)}",
    )


def test_a_feature_with_most_of_the_values_says_so() -> None:
    found = wording(
        ("a",),
        {"a": RepeatedDay(DAY, EVE, False, True), "b": RepeatedDay(DAY, EVE, False, True)},
    )
    assert found.evidence == f"on {day_words(DAY)}, `a` repeats most values of {day_words(EVE)}"


def test_a_table_all_of_whose_columns_repeat_one_day_was_delivered_again() -> None:
    repeated = {name: RepeatedDay(DAY, BEFORE, True, True) for name in ("a", "b", "c")}
    found = wording(("a", "b"), repeated)
    assert found.kind == "repeated_delivery"
    repeated = f"all columns repeat the values of {day_words(BEFORE)}"
    assert found.evidence == f"on {day_words(DAY)}, {repeated}"


def test_columns_that_never_vary_do_not_count() -> None:
    repeated = {name: RepeatedDay(DAY, EVE, True, True) for name in ("a", "b")}
    constant = RepeatedDay(DAY, BEFORE, True, False)
    assert wording(("a", "b"), {**repeated, "c": constant}).kind == "repeated_delivery"


def test_columns_that_repeat_different_days_are_no_delivery() -> None:
    repeated = {"a": RepeatedDay(DAY, EVE, True, True), "b": RepeatedDay(DAY, BEFORE, True, True)}
    assert wording(("a", "b"), repeated).kind == "stale"


def test_other_metrics_are_not_stale() -> None:
    repeated = {name: RepeatedDay(DAY, EVE, True, True) for name in ("a", "b")}
    assert wording(("a",), repeated, metric="psi").kind not in ("stale", "repeated_delivery")


def test_a_stale_feature_is_named_so_though_its_relation_to_others_fails_by_more() -> None:
    rows = [
        *on((5, 6), 2.0, subject="a", metric="stale_share"),
        *on((5, 6), 9.0, subject="a", metric="relation_error_change"),
    ]
    incidents = fold(rows, features=50).incidents
    day = {("inputs", "a"): RepeatedDay(DAY, EVE, True, True)}
    assert kind_of_change(Evidence(incidents, (), (feature("a"),), repeated=day)).kind == "stale"
