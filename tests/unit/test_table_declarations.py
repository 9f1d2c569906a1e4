"""What every output table has, and its reference page."""

from __future__ import annotations

import re
from dataclasses import replace

import pyarrow as pa
import pytest
from scripts import reference_tables

from modelwatch.tables import TABLES, Column, Table
from modelwatch.tables.arrow import arrow_schema, arrow_type, spark_ddl

TABLE = pytest.mark.parametrize("table", [pytest.param(t, id=n) for n, t in TABLES.items()])


@TABLE
def test_every_column_says_what_it_means(table: Table) -> None:
    for column in table.columns:
        assert re.fullmatch(r"['`A-Z].{10,}\.", column.comment, re.S), column.name


@TABLE
def test_rows_say_first_whose_they_are(table: Table) -> None:
    assert table.names[0] == "monitor"
    assert not table.columns[0].nullable


@TABLE
def test_rows_of_runs_say_next_of_which_run_and_rows_of_people_of_none(table: Table) -> None:
    if table.of_runs:
        assert table.names[1] == "run_id"
        assert not table.columns[1].nullable
    else:
        assert "run_id" not in table.names


@TABLE
def test_the_key_distinguishes_runs(table: Table) -> None:
    assert ("run_id" in table.key) == table.of_runs


@TABLE
def test_every_type_has_an_arrow_type(table: Table) -> None:
    schema = arrow_schema(table)
    assert tuple(schema.names) == table.names
    assert [field.nullable for field in schema] == [c.nullable for c in table.columns]


def test_some_columns_can_be_asked_for_in_any_order() -> None:
    runs = TABLES["runs"]
    assert runs.ddl("as_of", "run_id") == "`as_of` date, `run_id` string NOT NULL"
    assert arrow_schema(runs, "as_of", "run_id").names == ["as_of", "run_id"]


def test_nested_types_are_read_whole() -> None:
    found = arrow_type("array<struct<a:decimal(38,0),b:array<date>>>")
    inner = pa.struct([("a", pa.decimal128(38, 0)), ("b", pa.list_(pa.date32()))])
    assert found == pa.list_(inner)


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match="interval"):
        arrow_type("interval")


def test_a_column_listed_twice_is_refused() -> None:
    column = Column("monitor", "string", "Twice.")
    with pytest.raises(ValueError, match="listed twice"):
        replace(TABLES["runs"], columns=(*TABLES["runs"].columns, column))


def test_a_key_that_is_no_column_is_refused() -> None:
    with pytest.raises(ValueError, match="surprise is not a column"):
        replace(TABLES["runs"], key=("surprise",))


def test_the_reference_page_is_current() -> None:
    assert reference_tables.main(["--check"]) == 0, "run python -m scripts.reference_tables"


@TABLE
def test_the_spark_types_of_an_arrow_schema_are_those_of_its_table(table: Table) -> None:
    assert spark_ddl(arrow_schema(table)) == table.ddl().replace(" NOT NULL", "")


def test_a_type_that_spark_gets_no_rows_of_is_refused() -> None:
    with pytest.raises(ValueError, match="no Spark type for uint8"):
        spark_ddl(pa.schema([("n", pa.uint8())]))
