"""What a reference suggests beyond clauses is a constraint that the reference satisfies."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter
from scipy.stats import binomtest

from modelwatch.model.contracts.constraint import Constraint
from modelwatch.model.contracts.facts import ReferenceColumn
from modelwatch.model.contracts.proposal import suggested_constraints
from modelwatch.model.onboarding.text_shape import TextShapes


def column(name: str = "x", spark_type: str = "string", **facts: Any) -> ReferenceColumn:
    return ReferenceColumn(name, spark_type, **{"by_day": ((1000, 0),), **facts})


def suggested(**facts: Any) -> list[dict[str, Any]]:
    """The keys of the constraints, read as a configuration would be."""
    return [yaml.safe_load(line) for line in suggested_constraints(column(**facts))]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (["1", "-2 ", "+3"], "integral"),
        (["1.5", ".5", "2."], "fractional"),
        (["1", "1.5"], "numeric"),
        (["true", "FALSE"], "boolean"),
    ],
)
def test_text_that_reads_as_another_type_keeps_it(values: list[str], named: str) -> None:
    found = suggested(values=dict.fromkeys(values, 300))
    assert {"kind": "data_type", "column": "x", "type": named} in found


@pytest.mark.parametrize("values", [["1", "a"], ["true", "1"], ["", "1"]])
def test_text_of_several_types_keeps_none(values: list[str]) -> None:
    assert not [c for c in suggested(values=dict.fromkeys(values, 300)) if c["kind"] == "data_type"]


def test_the_type_of_many_texts_is_read_off_their_shapes() -> None:
    ids = TextShapes(frozenset({"99", "9999"}), "10", "9998")
    assert suggested(texts=ids) == [{"kind": "data_type", "column": "x", "type": "integral"}]
    cut = TextShapes(frozenset({"99"}), "10", "99", complete=False)
    assert suggested(texts=cut) == []


def test_a_few_frequent_values_are_most_of_the_rows_of_a_day() -> None:
    rare = {f"rare {i}": 1 for i in range(18)}
    (found,) = suggested(values={"a": 600, "it's": 382, **rare}, by_day=((1000, 0), (2000, 0)))
    assert found["values"] == ["a", "it's"]
    lower = binomtest(1473, 1500).proportion_ci(0.998, "wilson").low
    assert found["lower"] == pytest.approx(lower, abs=0.001)
    assert found["lower"] <= lower


def test_values_of_like_frequency_are_no_frequent_ones() -> None:
    assert suggested(values={f"v{i}": 10 for i in range(50)}) == []


def test_a_suggestion_is_a_constraint_whatever_the_column_is_called() -> None:
    odd = column(name="a: 'b' #c", values=dict.fromkeys(["1", "2"], 10))
    adapter: TypeAdapter[Any] = TypeAdapter(Constraint)
    (line,) = suggested_constraints(odd)
    promise = adapter.validate_python({"name": "n", **yaml.safe_load(line)})
    assert promise.named_columns == ("a: 'b' #c",)


def test_of_sensitive_columns_and_of_numbers_nothing_is_suggested() -> None:
    values = dict.fromkeys(["1", "2"], 10)
    assert suggested_constraints(column(values=values, sensitive=True)) == ()
    assert suggested_constraints(column(spark_type="bigint", values=values)) == ()
