"""Names of columns are words that no common engine reserves: queries need no quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb
import pytest
from scripts.view_columns import view_columns

from architecture.reserved_words import RESERVED
from modelwatch.io.store.views import views
from modelwatch.tables import TABLES

_FIELD = re.compile(r"(\w+):")
_NAMED_BY_OTHERS = {"databricks_profile_metrics", "databricks_drift_metrics"}
"""Views with the columns that another product documents."""


def reserved_by(name: str) -> set[str]:
    """Engines that reserve a word."""
    return {engine for engine, words in RESERVED.items() if name.lower() in words}


def names() -> Iterator[tuple[str, str]]:
    """Tables and views, with the names of their columns and of the fields of their structs."""
    for table in TABLES.values():
        for column in table.columns:
            yield table.name, column.name
            yield from ((table.name, field) for field in _FIELD.findall(column.type))
    for view in views().keys() - _NAMED_BY_OTHERS:
        yield from ((view, name) for name in view_columns(view))


def test_no_column_of_a_table_or_view_needs_quotes() -> None:
    found = {(place, name): reserved_by(name) for place, name in names()}
    assert {at: engines for at, engines in found.items() if engines} == {}


def test_duckdb_reads_every_column_without_quotes() -> None:
    distinct = sorted({name for _, name in names()})
    listed = ", ".join(f"1 AS {name}" for name in distinct)
    found = duckdb.sql(f"SELECT {', '.join(distinct)} FROM (SELECT {listed})")
    assert found.columns == distinct


@pytest.mark.parametrize("name", ["window", "rows", "constraint", "table", "where", "by", "rule"])
def test_the_lists_know_words_that_engines_reserve(name: str) -> None:
    assert reserved_by(name)
