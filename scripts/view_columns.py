"""The column names of the views, in order, parsed from their SQL without Spark.

Supports the SQL of this project: a WITH clause of named queries, a select list in which every
expression has a name, and ``alias.*``. A test compares the names with those of Spark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from modelwatch.io.store.views import views
from modelwatch.tables import TABLES

_COMMENT = re.compile(r"--[^\n]*")
_STRING = re.compile(r"'[^']*'")
_NAMED = re.compile(r"(?:WITH|,)?\s*([a-z_]+) AS \(")
_SOURCE = re.compile(r"\b(?:FROM|JOIN)\s+([a-z_]+)(?:\s+AS\s+([a-z_]+))?")
_NAME = re.compile(r"([\w`]+)\s*$")


@cache
def view_columns(view: str) -> tuple[str, ...]:
    """Names of the columns of a view, in order; ValueError for SQL of another form."""
    code = _STRING.sub("''", _COMMENT.sub("", views()[view]))
    return _columns(code.strip(), {})


def _columns(query: str, named: Mapping[str, str]) -> tuple[str, ...]:
    """Columns of a query; ``named``: queries of the WITH clause by name."""
    known = dict(named)
    if query.startswith("WITH"):
        at = 0
        while match := _NAMED.match(query, at):
            end = _end_of_parenthesis(query, match.end())
            known[match.group(1)] = query[match.end() : end].strip()
            at = end + 1
        query = query[at:].strip()
    if not query.startswith("SELECT"):
        raise ValueError(f"not a select: {query[:60]!r}")
    listed, rest = _select_list(query.removeprefix("SELECT").removeprefix(" DISTINCT"))
    return tuple(name for item in listed for name in _names(item, rest, known))


def _names(item: str, rest: str, known: Mapping[str, str]) -> Iterator[str]:
    """Column names of an entry of a select list; ``rest`` begins with FROM."""
    if not item.endswith("*"):
        name = _NAME.search(item)
        if name is None:
            raise ValueError(f"a column without a name: {item!r}")
        yield name.group(1).strip("`")
        return
    wanted = item.removesuffix("*").rstrip(".")
    for source, alias in _SOURCE.findall(rest.partition("UNION ALL")[0]):
        if wanted in ("", alias or source):
            if source in known:
                yield from _columns(known[source], known)
            elif source in TABLES:
                yield from TABLES[source].names
            else:
                yield from view_columns(source)


def _select_list(text: str) -> tuple[list[str], str]:
    """The entries of a select list, and the rest of the query from FROM on."""
    entries: list[str] = []
    depth = start = 0
    for at, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0 and sign == ",":
            entries.append(text[start:at].strip())
            start = at + 1
        if depth == 0 and re.match(r"\sFROM\b", text[at : at + 6]):
            return [*entries, text[start:at].strip()], text[at:]
    raise ValueError(f"a select without FROM: {text[:60]!r}")


def _end_of_parenthesis(text: str, at: int) -> int:
    """Position of the parenthesis that closes the one open at a position."""
    depth = 1
    while depth:
        depth += (text[at] == "(") - (text[at] == ")")
        at += 1
    return at - 1
