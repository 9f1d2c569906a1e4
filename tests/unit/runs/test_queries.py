"""SQL as it is typed, and results as text."""

from __future__ import annotations

from datetime import date

import pytest

from modelwatch.pipelines.runs.queries import statements, table_text


@pytest.mark.parametrize(
    ("text", "complete", "rest"),
    [
        ("", (), ""),
        ("select 1", (), "select 1"),
        ("select 1;", ("select 1",), ""),
        ("select 1; select 2;\nselect", ("select 1", "select 2"), "select"),
        ("select ';';", ("select ';'",), ""),
        ('select ";", `a;b`;', ('select ";", `a;b`',), ""),
        ("select 'it''s;';", ("select 'it''s;'",), ""),
        (r"select '\';';", (r"select '\';'",), ""),
        ("select 1 -- no; end\n;", ("select 1",), ""),
        ("select /* ; */ 1;", ("select   1",), ""),
        ("select 'open;", (), "select 'open;"),
        (";;", (), ""),
    ],
)
def test_a_statement_ends_where_its_semicolon_is(
    text: str, complete: tuple[str, ...], rest: str
) -> None:
    assert statements(text) == (complete, rest)


def test_a_table_aligns_numbers_to_the_right_and_leaves_null_empty() -> None:
    rows = [("a", 1, 0.123456789, None), ("longer", 100, 2.0, date(2020, 1, 1))]
    assert table_text(["name", "n", "x", "day"], rows) == (
        "name      n         x  day\n"
        "------  ---  --------  ----------\n"
        "a         1  0.123457\n"
        "longer  100         2  2020-01-01\n"
    )


def test_a_table_without_rows_has_its_columns() -> None:
    assert table_text(["a", "bc"], []) == "a  bc\n-  --\n"


def test_long_cells_are_cut_and_stay_on_one_line() -> None:
    line = table_text(["a"], [("x\n" * 100,)]).splitlines()[2]
    assert len(line) == 60
    assert line.endswith("...")
