"""Views over the output tables, one SQL file each."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from pyspark.sql import SparkSession

import modelwatch
from modelwatch.io.addresses import output_place, quoted, quoted_name
from modelwatch.model.sources import OutputAddress
from modelwatch.tables import TABLES

_SOURCE = re.compile(r"\b(FROM|JOIN)\s+([a-z_]+)\b")


@cache
def views() -> dict[str, str]:
    """SQL of every view by name, those that others read first."""
    folder = resources.files(modelwatch) / "sql"
    texts = {
        file.name.removesuffix(".sql"): file.read_text(encoding="utf-8").strip()
        for file in folder.iterdir()
        if file.name.endswith(".sql")
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


def view_statements(output: OutputAddress) -> tuple[str, ...]:
    """SQL statements that make all views, in order.

    In a schema they are persistent views beside the tables. In a folder, which no catalog knows,
    they are temporary views of the session, and so are the tables under their own names.
    """
    if output.schema_name is not None:
        schema = quoted_name(output.schema_name)
        known = {name: f"{schema}.{quoted(name)}" for name in (*TABLES, *views())}
        return tuple(
            f"CREATE OR REPLACE VIEW {known[name]} AS\n{_qualified(text, known)}"
            for name, text in views().items()
        )
    tables = (
        f"CREATE OR REPLACE TEMPORARY VIEW {quoted(name)} AS\n"
        f"SELECT * FROM {output_place(output, name).identifier}"
        for name in TABLES
    )
    return (
        *tables,
        *(
            f"CREATE OR REPLACE TEMPORARY VIEW {quoted(name)} AS\n{text}"
            for name, text in views().items()
        ),
    )


def create_views(session: SparkSession, output: OutputAddress) -> None:
    """Make all views of an output; the tables must exist. No Spark job."""
    for statement in view_statements(output):
        session.sql(statement)


def _qualified(text: str, known: dict[str, str]) -> str:
    """The statement with tables and views named in full; its own subqueries stay as they are."""

    def full(match: re.Match[str]) -> str:
        return f"{match.group(1)} {known.get(match.group(2), match.group(2))}"

    return _SOURCE.sub(full, text)
