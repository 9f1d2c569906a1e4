"""Which rows Python workers read, in which form, and in how many tasks."""

from __future__ import annotations

from typing import Any

import pytest

from modelwatch.io.delta.footers import RequiresSpark
from modelwatch.model.profile.features import Feature
from modelwatch.pipelines.states.worker_reads import VALUES_A_TASK, form_of, tasks_of


def feature(kind: Any, spark_type: str, **of: Any) -> Feature:
    return Feature("x", "inputs", "x", kind, spark_type, **of)


@pytest.mark.parametrize(
    ("kind", "spark_type", "form"),
    [
        ("numeric", "double", "double"),
        ("numeric", "boolean", "double"),
        ("numeric", "bigint", "long"),
        ("numeric", "date", "day"),
        ("numeric", "timestamp", "micros"),
        ("numeric", "timestamp_ntz", "micros"),
        ("categorical", "string", "text"),
        ("categorical", "boolean", "text"),
        ("categorical", "int", "text"),
    ],
)
def test_a_feature_has_one_form(kind: str, spark_type: str, form: str) -> None:
    assert form_of(feature(kind, spark_type)) == form


@pytest.mark.parametrize(
    "other",
    [
        feature("numeric", "decimal(10,2)"),
        feature("numeric", "string"),
        feature("categorical", "double"),
        feature("categorical", "timestamp"),
        feature("categorical", "date"),
        feature("categorical", "string", sensitive=True, key="k"),
    ],
    ids=lambda f: f"{f.kind} {f.spark_type}",
)
def test_values_that_spark_computes_are_left_to_it(other: Feature) -> None:
    with pytest.raises(RequiresSpark, match="'x'"):
        form_of(other)


@pytest.mark.parametrize(
    ("values", "tasks"), [(0, 1), (1000, 1), (300_000, 4), (4 * VALUES_A_TASK + 1, 8)]
)
def test_tasks_are_as_many_as_end_together(values: int, tasks: int) -> None:
    assert tasks_of(values, 4) == tasks
