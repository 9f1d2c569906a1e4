"""Views on the output tables: generated from the definitions of the tables, or SQL files."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib import resources
from threading import Lock

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession

from modelwatch.io.delta.addresses import output_place, quoted, quoted_name
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.tables import TABLES
from modelwatch.tables.generation import GENERATIONS

_PROPERTY = "modelwatch.views"
"""Property of the views of a schema: the release that created them."""
_SHOW = re.compile(r"\s*SHOW\b", re.IGNORECASE)
_SOURCE = re.compile(r"\b(FROM|JOIN)\s+([a-z_]+)\b")


@cache
def views() -> dict[str, str]:
    """SQL of every view by name, in the order of their dependencies."""
    folder = resources.files("modelwatch") / "sql"
    texts = {
        file.name.removesuffix(".sql"): file.read_text(encoding="utf-8").strip()
        for room in folder.iterdir()
        if room.is_dir()
        for file in room.iterdir()
        if file.name.endswith(".sql")
    }
    texts |= {generation.view: generation.sql() for generation in GENERATIONS}
    texts |= {
        table.current.view: sql
        for table in TABLES.values()
        if table.current is not None and (sql := table.current_sql) is not None
    }
    ordered: dict[str, str] = {}

    def add(name: str) -> None:
        if name in ordered:
            return
        for _, source in _SOURCE.findall(texts[name]):
            if source in texts and source != name:
                add(source)
        ordered[name] = texts[name]

    for name in sorted(texts):
        add(name)
    return ordered


def view_name(output: OutputAddress, name: str) -> str:
    """The quoted name of a view: with its schema, or alone for a temporary view."""
    if output.schema_name is None:
        return quoted(name)
    return f"{quoted_name(output.schema_name)}.{quoted(name)}"


def sources_of(wanted: Collection[str]) -> frozenset[str]:
    """The tables and views that some views depend on, including themselves."""
    found: set[str] = set()
    left = list(wanted)
    while left:
        name = left.pop()
        if name in found or not (name in TABLES or name in views()):
            continue
        found.add(name)
        left += [source for _, source in _SOURCE.findall(views().get(name, ""))]
    return frozenset(found)


def view_statements(
    output: OutputAddress, wanted: Collection[str] | None = None
) -> tuple[str, ...]:
    """SQL statements that create some views and their dependencies, in order; all by default.

    In a schema, they are persistent views beside the tables. In a folder, which has no catalog,
    they are temporary views of the session, and so are the tables.
    """
    asked = sources_of((*TABLES, *views()) if wanted is None else wanted)
    return tuple(statement for _, statement in _statements(output, asked))


def _statements(output: OutputAddress, asked: Collection[str]) -> list[tuple[str, str]]:
    """Names of requested tables and views, with their dependencies, in order."""
    made = [(name, text) for name, text in views().items() if name in asked]
    if output.schema_name is not None:
        known = _names_in_schema(output)
        return [
            (
                name,
                f"CREATE OR REPLACE VIEW {known[name]} {_marked()} AS\n{_qualified(text, known)}",
            )
            for name, text in made
        ]
    rows = [
        (name, f"SELECT * FROM {output_place(output, name).identifier}")
        for name in TABLES
        if name in asked
    ]
    return [
        (name, f"CREATE OR REPLACE TEMPORARY VIEW {quoted(name)} AS\n{text}")
        for name, text in rows + made
    ]


def create_views(
    session: SparkSession, output: OutputAddress, wanted: Collection[str] | None = None
) -> None:
    """Create some views of an output, or all; the tables must exist. No Spark job."""
    for statement in view_statements(output, wanted):
        session.sql(statement)


def has_views(session: SparkSession, output: OutputAddress) -> bool:
    """Whether a schema has the views of this release: the last one, because they are created in
    order. Creating all of them takes seconds, in every run."""
    last = tuple(views())[-1]
    try:
        rows = session.sql(f"SHOW TBLPROPERTIES {view_name(output, last)}").collect()
    except AnalysisException:
        return False
    return _fingerprint() in {row["value"] for row in rows if row["key"] == _PROPERTY}


def _marked() -> str:
    return f"TBLPROPERTIES ('{_PROPERTY}' = '{_fingerprint()}')"


@cache
def _fingerprint() -> str:
    """Fingerprint of the SQL of all views."""
    return sha256("\n".join(views().values()).encode()).hexdigest()


def named_in(statement: str) -> frozenset[str]:
    """The tables and views that a statement names."""
    return frozenset(re.findall(r"\w+", statement.lower())) & {*TABLES, *views()}


@dataclass(frozen=True)
class ResultViews:
    """SQL on the tables and views of an output, from any thread.

    A temporary view is created when a statement first names it, because Spark takes some tenths of
    a second for each; SHOW lists all of them. Views of a schema are created together.
    """

    session: SparkSession
    output: OutputAddress
    _made: set[str] = field(default_factory=set)
    _turn: Lock = field(default_factory=Lock)

    def query(self, statement: str) -> DataFrame:
        """The lazy result of one statement; the tables must exist.

        The names of tables and views need no schema.
        """
        every = self.output.schema_name is not None or _SHOW.match(statement)
        wanted = sources_of((*TABLES, *views()) if every else named_in(statement))
        with self._turn:
            for name, made in _statements(self.output, wanted - self._made):
                self.session.sql(made)
                self._made.add(name)
        if self.output.schema_name is not None:
            statement = _qualified(statement, _names_in_schema(self.output))
        return self.session.sql(statement)


def _names_in_schema(output: OutputAddress) -> dict[str, str]:
    return {name: view_name(output, name) for name in (*TABLES, *views())}


def _qualified(text: str, known: dict[str, str]) -> str:
    """The statement with qualified names of tables and views; its own subqueries are unchanged."""

    def full(match: re.Match[str]) -> str:
        return f"{match.group(1)} {known.get(match.group(2), match.group(2))}"

    return _SOURCE.sub(full, text)
