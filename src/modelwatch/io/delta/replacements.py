"""Rows of a Delta table on a local disk replaced by pyarrow, as one commit.

A file that contains replaced rows is written again without them, together with the new rows. As in
``commits``, data files are written first and the commit last.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
from pyspark.sql.types import StructType

from modelwatch.io.delta.commits import (
    CommitRequiresSpark,
    check_appendable,
    committed_replacement,
    written_file,
)
from modelwatch.io.delta.snapshot import LogUnreadable, Snapshot, local_snapshot
from modelwatch.tables.arrow import arrow_type

MOST_REWRITTEN_BYTES = 256 << 20
"""Bytes of the files that are written again, above which Spark replaces rows."""
_ATTEMPTS = 5


def replace_in_table(
    folder: Path, rows: pa.Table, replaced: ds.Expression, user_metadata: str
) -> int:
    """Replace the rows that match a condition on the columns, and return the version written.

    Must be called while this process holds the lock of the table. ``rows`` has the columns of the
    table in any order. Raises CommitRequiresSpark, before anything is committed, if the table is
    partitioned, or if only Spark can read it, has the types of its columns, or makes the next
    commit.
    """
    for _ in range(_ATTEMPTS):
        try:
            snapshot = local_snapshot(folder)
            schema = _schema_of(snapshot)
            check_appendable(snapshot, rows.schema)
            if snapshot.metadata.get("partitionColumns") or set(rows.column_names) != set(
                schema.names
            ):
                raise CommitRequiresSpark(f"{folder}: the table has other columns, or partitions")
            files = [
                replace(snapshot, files=(file,))
                for file in snapshot.files
                if replace(snapshot, files=(file,)).dataset(schema).count_rows(filter=replaced)
            ]
            if sum(file.bytes for file in files) > MOST_REWRITTEN_BYTES:
                raise CommitRequiresSpark(f"{folder}: much is written again")
            # A row for which the condition is null does not match it.
            unmatched = ~replaced | replaced.is_null()
            others = [file.table(schema, where=unmatched) for file in files]
            whole = pa.concat_tables([*others, rows.select(schema.names).cast(schema)])
        except (LogUnreadable, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise CommitRequiresSpark(str(error)) from error
        # delta-rs takes a column without statistics, in a file that has some, for one that holds no
        # value, and its filters then find nothing.
        added = [written_file(snapshot, whole)] if whole.num_rows else []
        gone = [one for file in files for one in file.files]
        version = snapshot.version + 1
        if committed_replacement(snapshot, version, added, gone, whole.num_rows, user_metadata):
            return version
        # A writer without the lock committed first. The rows that remain may be different now.
    raise CommitRequiresSpark(f"{folder}: other writers were first {_ATTEMPTS} times")


def _schema_of(snapshot: Snapshot) -> pa.Schema:
    """The columns of a table in Arrow; CommitRequiresSpark for a type that is not known here."""
    columns = StructType.fromJson(json.loads(snapshot.metadata["schemaString"]))
    try:
        return pa.schema([(one.name, arrow_type(one.dataType.simpleString())) for one in columns])
    except ValueError as error:
        raise CommitRequiresSpark(f"{snapshot.folder}: {error}") from error
