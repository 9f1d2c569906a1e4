"""SQL on the views: statements answered on stdout, and a prompt."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from difflib import get_close_matches

from pyspark.errors import PySparkException

from modelwatch.cli.answers import Form, answer
from modelwatch.io.store.local_results import QueryResult
from modelwatch.io.store.views import views
from modelwatch.io.terminal import print_error, say
from modelwatch.model.errors import Problem, SourceError
from modelwatch.pipelines.runs.queries import statements
from modelwatch.tables import TABLES

Query = Callable[[str, int | None], QueryResult]
"""The rows of a statement, at most a number of them."""
MAX_TABLE_ROWS = 100
"""Rows of a table answer, unless a number is given."""
_LEAVE = frozenset({"exit", "quit", "q", "\\q"})
_QUOTED = re.compile(r"`((?:[^`]|``)*)`")


def answers_to(query: Query, text: str, max_rows: int | None, form: Form) -> None:
    """Print the result of each statement of a script; SourceError, in one line, if one fails.

    ``max_rows``: rows to show per statement; by default 100 for a table, and all in other formats.
    """
    complete, rest = statements(text)
    limit = MAX_TABLE_ROWS if max_rows is None and form is Form.TABLE else max_rows
    for statement in (*complete, *([rest] if rest else [])):
        try:
            found = query(statement, None if limit is None else limit + 1)
        except PySparkException as error:
            raise SourceError([Problem("", None, sql_error(error))]) from error
        if not found.columns:
            continue
        answer(found.columns, found.rows[:limit], form)
        if limit is not None and len(found.rows) > limit:
            print_error(f"... more than {limit} rows: use --rows to show more")


def sql_error(error: PySparkException) -> str:
    """The error of a statement in one line: the unknown name, and the nearest names.

    The suggestions for columns come from Spark; those for tables are names of tables and views.
    """
    line = next((part for part in str(error).splitlines() if part.strip()), type(error).__name__)
    condition, _, wording = line.strip().removeprefix("[").partition("] ")
    before, _, after = wording.partition(" cannot be ")
    name = ".".join(part.replace("``", "`") for part in _QUOTED.findall(before))
    if condition.startswith("UNRESOLVED_COLUMN"):
        return _unknown("column", name, _QUOTED.findall(after))
    if condition == "TABLE_OR_VIEW_NOT_FOUND":
        near = get_close_matches(name.rpartition(".")[2], (*TABLES, *views()), n=3)
        return _unknown("table or view", name, near)
    return wording or line.strip()


def _unknown(what: str, name: str, near: Sequence[str]) -> str:
    also = f"; did you mean {', '.join(near[:3])}?" if near else ""
    return f"there is no {what} {name!r}{also}"


def prompt(
    query: Query, max_rows: int | None, form: Form, read: Callable[[str], str] = input
) -> None:
    """Answer statements that end with ``;`` until the input ends or ``exit`` is entered.

    Errors in a statement are printed, and the prompt continues.
    """
    names = sorted((*TABLES, *views()))
    print_error("Tables and views: " + ", ".join(names))
    print_error("End a statement with ;  leave with exit.")
    _complete(names)
    typed = ""
    while True:
        try:
            line = read("modelwatch> " if not typed else "        ...> ")
        except EOFError:
            say()
            return
        except KeyboardInterrupt:
            say()
            typed = ""
            continue
        if not typed and line.strip().rstrip(";").lower() in _LEAVE:
            return
        complete, typed = statements(f"{typed}\n{line}")
        for statement in complete:
            try:
                answers_to(query, statement, max_rows, form)
            except KeyboardInterrupt:
                print_error("interrupted")
            except Exception as error:
                lines = [part for part in str(error).splitlines() if part.strip()]
                print_error("\n".join(lines[:4]))


def _complete(names: list[str]) -> None:
    """Complete names of views with the tab key, if the terminal supports it."""
    with suppress(ImportError):
        import readline

        def candidate(text: str, state: int) -> str | None:
            fitting = [name for name in names if name.startswith(text)]
            return fitting[state] if state < len(fitting) else None

        readline.set_completer(candidate)
        readline.parse_and_bind("tab: complete")
