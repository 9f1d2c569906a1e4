"""Which values of a binary column are positive, negative, or neither."""

from __future__ import annotations

from typing import Any

import pytest

from modelwatch.model.performance.label_sides import Sides, counted_as, sides_of
from modelwatch.model.performance.labels import Performance


def binary(**keys: Any) -> Performance:
    return Performance.model_validate(
        {"task": "binary", "score": ("s",), "decision": {"threshold": 0.5}, **keys}
    )


@pytest.mark.parametrize(
    ("positive", "kind", "negative"),
    [
        (None, "int", (0,)),
        (None, "decimal(3,1)", (0,)),
        ((0,), "bigint", (1,)),
        (("True",), "string", ("False",)),
        (("TRUE",), "string", ("FALSE",)),
        (("true", "1"), "string", ("false", "0")),
        (("Y",), "char(1)", ("N",)),
        (("Positive",), "varchar(10)", ("Negative",)),
    ],
)
def test_numbers_and_words_that_come_in_pairs_have_an_obvious_other_side(
    positive: tuple[object, ...] | None, kind: str, negative: tuple[object, ...]
) -> None:
    given = {} if positive is None else {"positive": positive}
    found = sides_of(binary(**given), kind)
    assert (found.negative, found.rest) == (negative, "nothing")


def test_a_truth_value_is_always_on_a_side() -> None:
    assert sides_of(binary(), "boolean") == Sides((True,), None, None)


@pytest.mark.parametrize(
    ("positive", "kind"),
    [(("churned",), "string"), (("tRUE",), "string"), ((2,), "int"), (("yes", "maybe"), "string")],
)
def test_without_an_obvious_other_side_every_other_value_is_negative_and_is_counted(
    positive: tuple[object, ...], kind: str
) -> None:
    found = sides_of(binary(positive=positive), kind)
    assert (found.negative, found.rest) == (None, "negative")


def test_a_named_other_side_leaves_the_rest_as_nothing() -> None:
    found = sides_of(binary(positive=("churned",), negative=("active",)), "string")
    assert found == Sides(("churned",), ("active",), "nothing")


def test_a_named_other_side_that_a_column_cannot_hold_leaves_its_own_one() -> None:
    performance = binary(positive=("yes", 1), negative=("no",))
    assert sides_of(performance, "int") == Sides((1,), (0,), "nothing")


def test_the_rest_is_negative_where_the_configuration_says_so() -> None:
    found = sides_of(binary(unmapped="negative"), "int")
    assert (found.negative, found.rest) == (None, "negative")


def test_a_value_of_no_class_counts_as_another_class_and_no_number_of_a_regression_does() -> None:
    several = Performance.model_validate(
        {"task": "multiclass", "classes": ("a", "b"), "decision": {"column": "d"}}
    )
    number = Performance.model_validate({"task": "regression", "score": ("s",)})
    assert counted_as(several, "string") == "another class"
    assert counted_as(number, "double") is None
