"""The columns of a source table, and their fingerprint."""

from __future__ import annotations

import hashlib

from pyspark.sql import DataFrame

from modelwatch.io.delta.sources import Source
from modelwatch.model.sources.health import ColumnOf
from modelwatch.query_failures import QUERY_FAILURES


def columns_of(rows: DataFrame) -> tuple[ColumnOf, ...]:
    """The columns, in order."""
    return tuple(
        ColumnOf(f.name, f.dataType.simpleString(), f.nullable) for f in rows.schema.fields
    )


def columns_fingerprint(source: Source) -> str:
    """Fingerprint of names, types, order, and nullability of a table's columns."""
    text = "\n".join(f"{c.name}\t{c.type}\t{c.nullable}" for c in columns_of(source.stored()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def columns_then(source: Source, version: int, table_id: str | None) -> tuple[ColumnOf, ...] | None:
    """The columns of an earlier version of the table with an id; None if it can no longer be read.

    Reads that version's log.
    """
    if table_id is not None and source.table_id is not None and table_id != source.table_id:
        return None
    try:
        return columns_of(source.place.read(source.session, version))
    except QUERY_FAILURES:
        return None
