"""Views as single queries."""

from __future__ import annotations

import re

import pytest

from modelwatch.io.store.view_frames import check_view_name, view_query
from modelwatch.io.store.views import views
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.tables import TABLES

_EXPRESSION = re.compile(r"\b([a-z_]+) AS \($", re.M)


@pytest.mark.parametrize("name", ["profile_metrics", "drift_current", "model_today"])
def test_a_query_has_what_it_reads_before_it(name: str) -> None:
    query = view_query(OutputAddress(schema="lake.results"), name)
    made = re.findall(r"^(?:WITH )?`([a-z_]+)` AS \($", query, re.M)
    assert made[-1] == name
    assert query.endswith(f"SELECT * FROM `{name}`")
    for at, part in enumerate(made):
        read = re.findall(r"\b(?:FROM|JOIN)\s+([a-z_]+)\b", views().get(part, ""))
        assert {one for one in read if one in (*TABLES, *views())} <= set(made[:at])


def test_no_expression_within_a_view_has_the_name_of_a_table_or_view() -> None:
    # Spark refuses a name that stands for something else outside.
    inner = {found for text in views().values() for found in _EXPRESSION.findall(text)}
    assert inner
    assert not inner & {*TABLES, *views()}


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    check_view_name("runs")
    with pytest.raises(ValueError, match="did you mean 'drift_current'"):
        check_view_name("drift_curent")
