"""Views of an output as DataFrames, without views in the catalog or the session."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from modelwatch.io.delta.addresses import output_place, quoted
from modelwatch.io.store.views import sources_of, views
from modelwatch.model.config.section import did_you_mean
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.tables import TABLES


def check_view_name(name: str) -> None:
    """Raises ValueError, with the nearest names, for an unknown table or view."""
    known = (*TABLES, *views())
    if name not in known:
        raise ValueError(f"there is no table or view {name!r}{did_you_mean(name, known)}")


def view_frame(session: SparkSession, output: OutputAddress, name: str) -> DataFrame:
    """A lazy table or view by name; the tables must exist.

    Temporary views would replace those with the same name of the user, and those of another output.
    """
    return session.sql(view_query(output, name))


def view_query(output: OutputAddress, name: str) -> str:
    """A view as one SQL query, whose sources are common table expressions."""
    wanted = sources_of([name])
    parts = [
        (table, f"SELECT * FROM {output_place(output, table).identifier}")
        for table in TABLES
        if table in wanted
    ]
    parts += [(view, text) for view, text in views().items() if view in wanted]
    # The definition may end with a comment.
    expressions = ",\n".join(f"{quoted(part)} AS (\n{text}\n)" for part, text in parts)
    return f"WITH {expressions}\nSELECT * FROM {quoted(name)}"
