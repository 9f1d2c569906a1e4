"""SQL on the views: statements answered as text, and a prompt for them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from pyspark.sql import DataFrame

from modelwatch.io.store.views import views
from modelwatch.io.terminal import complain, say
from modelwatch.pipelines.runs.queries import statements, table_text
from modelwatch.tables import TABLES

Query = Callable[[str], DataFrame]
"""The result of one statement."""
_LEAVE = frozenset({"exit", "quit", "q", "\\q"})


def answer(query: Query, text: str, max_rows: int) -> None:
    """Print the result of each statement of a text."""
    complete, rest = statements(text)
    for statement in (*complete, *([rest] if rest else [])):
        frame = query(statement)
        if not frame.columns:
            continue
        rows = frame.limit(max_rows + 1).collect()
        say(table_text(frame.columns, rows[:max_rows]), end="")
        if len(rows) > max_rows:
            say(f"... more than {max_rows} rows: use --rows to show more")


def prompt(query: Query, max_rows: int, read: Callable[[str], str] = input) -> None:
    """Answer statements, each ended with ``;``, until the input ends or ``exit`` is typed.

    Errors in a statement are printed, and the prompt continues.
    """
    names = sorted((*TABLES, *views()))
    say("Tables and views: " + ", ".join(names))
    say("End a statement with ;  leave with exit.")
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
                answer(query, statement, max_rows)
            except KeyboardInterrupt:
                complain("interrupted")
            except Exception as error:
                lines = [part for part in str(error).splitlines() if part.strip()]
                complain("\n".join(lines[:4]))


def _complete(names: list[str]) -> None:
    """Let the tab key complete the names of views, where the terminal can."""
    with suppress(ImportError):
        import readline

        def candidate(text: str, state: int) -> str | None:
            fitting = [name for name in names if name.startswith(text)]
            return fitting[state] if state < len(fitting) else None

        readline.set_completer(candidate)
        readline.parse_and_bind("tab: complete")
