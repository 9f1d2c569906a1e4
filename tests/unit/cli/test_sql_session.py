"""What a person reads who mistypes a name."""

from __future__ import annotations

from pyspark.errors import AnalysisException

from modelwatch.cli.sql_session import sql_error


def test_an_unknown_column_is_named_with_the_nearest_ones() -> None:
    text = (
        "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column or function parameter with name `psy` cannot"
        " be resolved. Did you mean one of the following? [`psi`, `day`, `value`, `segment`].; line"
        " 1 pos 7;\n'Project ['psy]\n"
    )
    error = sql_error(AnalysisException(text))
    assert error == "there is no column 'psy'; did you mean psi, day, value?"


def test_an_unknown_table_is_named_with_the_nearest_views() -> None:
    text = (
        "[TABLE_OR_VIEW_NOT_FOUND] The table or view `open_incident` cannot be found. Verify the"
        " spelling and correctness of the schema and catalog.\nIf you did not qualify the name"
    )
    error = sql_error(AnalysisException(text))
    assert error.startswith("there is no table or view 'open_incident'; did you mean open_inc")


def test_any_other_error_is_its_first_line_without_its_condition() -> None:
    text = "\n[PARSE_SYNTAX_ERROR] Syntax error at or near 'FORM'.(line 1, pos 9)\n\n== SQL =="
    error = sql_error(AnalysisException(text))
    assert error == "Syntax error at or near 'FORM'.(line 1, pos 9)"
