"""Rows that a command appends beside runs, without Spark where this process can commit them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyspark.sql import SparkSession

from modelwatch.io.delta.addresses import output_place
from modelwatch.io.delta.commits import CommitRequiresSpark, append_table
from modelwatch.io.delta.locks import lock_folder, table_lock
from modelwatch.io.store.arrow_rows import fitted_table, table_of
from modelwatch.io.store.output_tables import Store
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.tables import TABLES


def append_rows(
    output: OutputAddress,
    table: str,
    rows: Sequence[Mapping[str, Any]],
    user_metadata: str,
    session: Callable[[], SparkSession],
) -> None:
    """Append rows by column name to a table that is not written by runs.

    ``session`` is called if only Spark can write the table, or if an older release created the
    output without it.
    """
    spec = TABLES[table]
    held = fitted_table(
        spec, table_of(spec, spec.names, [dict(row) for row in rows]), user_metadata
    )
    place = output_place(output, table)
    folder = lock_folder(place)
    if folder is not None and (folder / "_delta_log").is_dir():
        try:
            with table_lock(place):
                append_table(folder, held, user_metadata)
            return
        except CommitRequiresSpark:
            # Nothing has been committed.
            pass
    store = Store(session(), output)
    store.prepare((table,))
    store.append(table, held, user_metadata)
