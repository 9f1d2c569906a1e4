"""SQL typed at the prompt."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from modelwatch.cli.answers import Form
from modelwatch.cli.sql_session import Query, answers_to, prompt
from modelwatch.io.store.result_queries import ResultQueries
from modelwatch.model.errors import SourceError
from modelwatch.model.sources.tables import OutputAddress

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def typed(*lines: str | type[BaseException]) -> Callable[[str], str]:
    waiting: Iterator[str | type[BaseException]] = iter(lines)

    def read(_: str) -> str:
        line = next(waiting, EOFError)
        if isinstance(line, str):
            return line
        raise line

    return read


@pytest.fixture
def query(spark: SparkSession) -> Query:
    return ResultQueries(OutputAddress(path="none"), lambda: spark).answer


def test_a_query_is_answered_as_a_table(query: Query, capsys: pytest.CaptureFixture[str]) -> None:
    answers_to(query, "select id, 'a;b' as `x y` from range(2)", 10, Form.TABLE)
    assert capsys.readouterr().out == "id  x y\n--  ---\n 0  a;b\n 1  a;b\n"


def test_columns_of_one_name_are_both_shown(
    query: Query, capsys: pytest.CaptureFixture[str]
) -> None:
    answers_to(query, "select 1 as a, 2 as a", 10, Form.TABLE)
    assert capsys.readouterr().out == "a  a\n-  -\n1  2\n"


def test_only_some_rows_are_shown(query: Query, capsys: pytest.CaptureFixture[str]) -> None:
    answers_to(query, "select id from range(5)", 3, Form.TABLE)
    wording = capsys.readouterr()
    assert wording.out.splitlines()[-1] == " 2"
    assert wording.err == "... more than 3 rows: use --rows to show more\n"


def test_the_prompt_takes_statements_of_several_lines_until_exit(
    query: Query, capsys: pytest.CaptureFixture[str]
) -> None:
    prompt(query, 10, Form.TABLE, typed("select", "1 as one;", "exit", "select 2 as two;"))
    out = capsys.readouterr().out
    assert "one\n---\n  1" in out
    assert "two" not in out


def test_the_prompt_survives_a_wrong_statement_and_an_interrupt(
    query: Query, capsys: pytest.CaptureFixture[str]
) -> None:
    prompt(
        query,
        10,
        Form.TABLE,
        typed("select no_such;", "select 3", KeyboardInterrupt, "select 4 as four;"),
    )
    wording = capsys.readouterr()
    assert "no_such" in wording.err
    assert "four\n----\n   4" in wording.out


def test_an_unknown_column_is_one_line_that_names_the_nearest(query: Query) -> None:
    with pytest.raises(SourceError) as refused:
        answers_to(query, "select id, idd from range(2)", None, Form.TABLE)
    assert str(refused.value) == "there is no column 'idd'; did you mean id?"


def test_an_unknown_view_is_one_line_that_names_the_nearest(query: Query) -> None:
    with pytest.raises(SourceError) as refused:
        answers_to(query, "select * from open_incident", None, Form.TABLE)
    assert "no table or view 'open_incident'; did you mean open_inc" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_all_rows_are_answered_in_json(query: Query, capsys: pytest.CaptureFixture[str]) -> None:
    answers_to(query, "select id, double('NaN') as x from range(150)", None, Form.JSON)
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 150
    assert rows[1] == {"id": 1, "x": None}
