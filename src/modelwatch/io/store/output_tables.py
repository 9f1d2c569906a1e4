"""The output tables: created, checked, appended to, and published run by run."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from threading import Lock
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from modelwatch.io.delta.addresses import Place, output_place, quoted
from modelwatch.io.delta.commits import CommitRequiresSpark, append_table, discard_empty_log
from modelwatch.io.delta.concurrent_changes import is_concurrent, retried
from modelwatch.io.delta.locks import lock_folder
from modelwatch.io.delta.snapshot import (
    ALL_ROWS,
    LogUnreadable,
    RowFilter,
    Snapshot,
    local_snapshot,
)
from modelwatch.io.delta.store_folders import discard_empty_log_in_store
from modelwatch.io.delta.store_locks import writing_lock
from modelwatch.io.delta.table_schema import (
    VERSION_PROPERTY,
    OutputError,
    altered,
    check_schema,
    create_statement,
    expected_schema,
    gone,
)
from modelwatch.io.store.arrow_rows import fitted_table, rows_of, table_of
from modelwatch.io.store.fitted_rows import fitted_rows
from modelwatch.model.config.literals import string_literal
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.query_failures import QUERY_FAILURES
from modelwatch.spark.local_frames import frame_of_table
from modelwatch.tables import TABLES, Table
from modelwatch.tables.arrow import arrow_schema

_CONCURRENT_TABLES = 8
"""Number of tables that are checked or created at the same time, because most of it is waiting."""
_LAST_COMMIT = "spark.databricks.delta.lastCommitVersionInSession"
_COMMITTING = Lock()
"""Held while a thread writes until it has read its version, if that is the session's last."""

RUN_FIRST = "run the monitor first"
"""What to do before the first run."""


class Store:
    """The output tables of one schema or folder.

    Tables are append-only. Rows have the id of their run, and count once ``publish`` has written
    the run's row to ``runs``. Until then, no view shows them; if the run dies, none ever will.
    """

    def __init__(self, session: SparkSession, output: OutputAddress) -> None:
        """Locates the tables; nothing is read or written yet."""
        self.session = session
        self.output = output
        self._schemas: dict[str, StructType] = {}

    def place(self, table: str) -> Place:
        """The place of an output table."""
        return output_place(self.output, table)

    def prepare(
        self, tables: Collection[str] = tuple(TABLES), written: Collection[str] = ()
    ) -> None:
        """Create missing tables, and add missing columns.

        OutputError, before any write, if a table was altered so that rows no longer fit, lost
        columns of its version, or is missing although it is among those ``written`` by runs. No
        Spark job if everything is in order.
        """
        # All problems are found before anything is created.
        with ThreadPoolExecutor(max_workers=_CONCURRENT_TABLES) as pool:
            found = dict(zip(tables, pool.map(self._schema_of, tables), strict=True))
        for name in written:
            if found.get(name, True) is None:
                raise gone(name, self.place(name))
        missing = {
            name: self._lacking(TABLES[name], schema)
            for name, schema in found.items()
            if schema is not None
        }
        for name, columns in missing.items():
            if columns and self._version(name) >= TABLES[name].version:
                raise altered(name, self.place(name), f"it lost columns {', '.join(columns)}")
        absent = [TABLES[name] for name, schema in found.items() if schema is None]
        for schema_name in {self.place(spec.name).schema_identifier for spec in absent} - {None}:
            self.session.sql(f"CREATE SCHEMA IF NOT EXISTS {schema_name}")
        with ThreadPoolExecutor(max_workers=_CONCURRENT_TABLES) as pool:
            list(pool.map(self._create, absent))
        for name, schema in found.items():
            if schema is not None and missing[name]:
                self._add_columns(TABLES[name])
            elif schema is not None:
                self._schemas[name] = schema

    def exists(self, table: str) -> bool:
        """Whether the table exists."""
        return self._schema_of(table) is not None

    def require_results(self, hint: str = "") -> None:
        """SourceError before the first run, which may end with a hint."""
        if not self.exists("runs"):
            raise no_results(self.output, hint)

    def read(self, table: str) -> DataFrame:
        """All rows of a table, published or not."""
        return self._stored(table)

    def snapshot(self, table: str) -> Snapshot | None:
        """The files of the newest version of a table; None if only Spark can read them."""
        folder = lock_folder(self.place(table))
        if folder is None:
            return None
        try:
            return local_snapshot(folder)
        except LogUnreadable:
            return None

    def rows(self, table: str, wanted: RowFilter = ALL_ROWS, *names: str) -> pa.Table:
        """Selected rows of a table, published or not, in some columns.

        All columns by default; columns that an older table lacks are null. No Spark job if this
        process can read the files.
        """
        spec = TABLES[table]
        schema = arrow_schema(spec, *(names or spec.names))
        snapshot = self.snapshot(table)
        if snapshot is not None:
            try:
                return snapshot.table(schema, wanted)
            except LogUnreadable:
                # The format of a file is not supported, or the file has been removed in the
                # meantime.
                pass
        return self._collected(spec, wanted, schema.names)

    def few(
        self,
        table: str,
        wanted: RowFilter,
        most_bytes: int,
        *names: str,
        where: ds.Expression | None = None,
    ) -> pa.Table | None:
        """As ``rows``, if this process can read the files and they have at most a number of bytes;
        otherwise None. ``where``: a further condition."""
        snapshot = self.snapshot(table)
        if snapshot is None or snapshot.of(wanted).bytes > most_bytes:
            return None
        try:
            return snapshot.table(arrow_schema(TABLES[table], *names), wanted, where)
        except LogUnreadable:
            return None

    def _collected(self, spec: Table, wanted: RowFilter, names: Sequence[str]) -> pa.Table:
        frame = self._stored(spec.name)
        for name, values in wanted.among.items():
            among = F.col(name).isin(*(value for value in values if value is not None))
            frame = frame.where(among | F.col(name).isNull() if None in values else among)
        for name, least in wanted.lower_bounds.items():
            frame = frame.where(F.col(name) >= F.lit(least))
        held = [row.asDict(True) for row in frame.select(*set(names) & {*frame.columns}).collect()]
        return table_of(spec, names, held)

    def models(self, place: str | None) -> str | None:
        """Folder for fitted models: ``place``, otherwise beside tables in a folder; None for a
        schema."""
        if place is None and self.output.path is not None:
            return f"{self.output.path.rstrip('/')}/models"
        return place

    def stored_models(self, place: str | None) -> str | None:
        """Folder of the models that published runs have fitted."""
        return self.models(place)

    def append(self, table: str, rows: DataFrame | pa.Table, run_id: str) -> int:
        """Append the rows of a run, and return the Delta version written.

        ``rows`` has columns of the table in any order. ``run_id`` is added; missing nullable
        columns become null, and so do numbers that are not finite. ValueError, before any work, if
        columns do not fit. Threads wait for one another, except for tables with locks. Rows in this
        process are written by it, without a Spark job, if possible.
        """
        spec, place = TABLES[table], self.place(table)
        folder = _folder_here(place)
        held = fitted_table(spec, rows, run_id) if isinstance(rows, pa.Table) else None

        def frame() -> DataFrame:
            if held is not None:
                return frame_of_table(self.session, held, spec.ddl())
            return fitted_rows(spec, expected_schema(spec, self.session), rows, run_id)

        fitted = frame() if held is None else None

        def write() -> int:
            if held is not None and folder is not None:
                try:
                    return append_table(folder, held, run_id)
                except CommitRequiresSpark:
                    # If the log is not readable here, the effect is the same.
                    pass
            place.append(frame() if fitted is None else fitted, {"userMetadata": run_id})
            return self._last_version(place, run_id)

        with nullcontext() if folder else _COMMITTING:
            return retried(self.session, write, place)

    def publish(self, row: Mapping[str, Any]) -> int:
        """Append the row of a run to ``runs``; with outcome 'published', its results count from now
        on.

        Missing columns become null. Returns the Delta version written.
        """
        spec = TABLES["runs"]
        unknown = sorted(set(row) - set(spec.names))
        if unknown:
            raise ValueError(f"table runs has no column {', '.join(unknown)}")
        values = tuple(row.get(name) for name in spec.names)
        version = self.append("runs", rows_of(spec, spec.names, [values]), str(row["run_id"]))
        if spec.compact_every and version % spec.compact_every == 0:
            self._compact(spec)
        return version

    def check_runs(self) -> None:
        """Raises OutputError if a column of ``runs`` has the wrong type."""
        schema = self._schema_of("runs")
        if schema is not None:
            self._lacking(TABLES["runs"], schema)

    def runs(self, monitor: str) -> DataFrame:
        """Rows of ``runs`` of a monitor. OutputError if a column has the wrong type."""
        rows = self.read("runs")
        self._lacking(TABLES["runs"], rows.schema)
        return rows.where(F.col("monitor") == monitor)

    def _stored(self, table: str) -> DataFrame:
        return self.place(table).read(self.session)

    def _schema_of(self, table: str) -> StructType | None:
        if table in self._schemas:
            return self._schemas[table]
        snapshot = self.snapshot(table)
        if snapshot is not None:
            return StructType.fromJson(json.loads(snapshot.metadata["schemaString"]))
        try:
            return self._stored(table).schema
        except AnalysisException as error:
            if _is_missing(error):
                return None
            raise OutputError(f"output table {table} at {self.place(table)}: {error}") from error

    def _lacking(self, spec: Table, schema: StructType) -> tuple[str, ...]:
        return check_schema(
            spec, expected_schema(spec, self.session), schema, self.place(spec.name)
        )

    def _version(self, table: str) -> int:
        """Version of the schema recorded in an existing table; 0 if there is none."""
        snapshot = self.snapshot(table)
        if snapshot is not None:
            return int(dict(snapshot.metadata["configuration"]).get(VERSION_PROPERTY, 0))
        asked = f"SHOW TBLPROPERTIES {self.place(table).identifier}"
        properties = {row["key"]: row["value"] for row in self.session.sql(asked).collect()}
        return int(properties.get(VERSION_PROPERTY, 0))

    def _create(self, spec: Table) -> None:
        place = self.place(spec.name)

        def create() -> None:
            discard_empty_log(lock_folder(place))
            discard_empty_log_in_store(self.session, place)
            self.session.sql(create_statement(spec, place))

        retried(self.session, create, place)
        # Another process may have created it first, with its own version of the code.
        if self._lacking(spec, self._stored(spec.name).schema):
            self._add_columns(spec)

    def _add_columns(self, spec: Table) -> None:
        """Evolve by an empty append: Delta then adds what is missing, including nested fields."""
        place = self.place(spec.name)
        missing = self._lacking(spec, self._stored(spec.name).schema)
        # New columns are null in existing rows.
        empty = self.session.createDataFrame([], spec.ddl().replace(" NOT NULL", ""))
        changes = [
            f"ALTER COLUMN {quoted(column.name)} COMMENT {string_literal(column.comment)}"
            for column in spec.columns
            if column.name in missing
        ]
        changes.append(f"SET TBLPROPERTIES ({string_literal(VERSION_PROPERTY)} = '{spec.version}')")

        def evolve() -> None:
            place.append(empty, {"mergeSchema": "true"})
            for change in changes:
                self.session.sql(f"ALTER TABLE {place.identifier} {change}")

        retried(self.session, evolve, place)

    def _last_version(self, place: Place, run_id: str) -> int:
        folder = _folder_here(place)
        if folder is not None:
            # No other process commits while this one holds the lock.
            return max(
                int(commit.stem) for commit in (folder / "_delta_log").glob(f"{20 * '[0-9]'}.json")
            )
        last = self.session.conf.get(_LAST_COMMIT, None)
        if last is not None:
            return int(last)
        history = self.session.sql(f"DESCRIBE HISTORY {place.identifier}")
        found = history.where(F.col("userMetadata") == run_id).agg(F.max("version")).first()
        if found is None or found[0] is None:
            raise OutputError(f"{place}: the commit of run {run_id} is not in the table's history")
        return int(found[0])

    def _compact(self, spec: Table) -> None:
        """Merge small files; a concurrent run that does the same is not an error."""
        try:
            with writing_lock(self.session, self.place(spec.name)):
                self.session.sql(f"OPTIMIZE {self.place(spec.name).identifier}")
        except QUERY_FAILURES as error:
            if not is_concurrent(error):
                raise


def no_results(output: OutputAddress, hint: str = "") -> SourceError:
    """The error of a reader of an output in which no run has published anything."""
    message = f"there are no results yet{hint and ': '}{hint}"
    return SourceError([Problem("", None, message)], str(output))


def _folder_here(place: Place) -> Path | None:
    """The folder of an existing table on a disk of this machine; None for other tables.

    A plain path may lead to another disk: that of a server of Spark Connect, or HDFS.
    """
    folder = lock_folder(place)
    return folder if folder is not None and (folder / "_delta_log").is_dir() else None


def _is_missing(error: AnalysisException) -> bool:
    text = str(error)
    return any(
        sign in text
        for sign in (
            "TABLE_OR_VIEW_NOT_FOUND",
            "SCHEMA_NOT_FOUND",
            "DELTA_TABLE_NOT_FOUND",
            "DELTA_MISSING_DELTA_TABLE",
            "DELTA_PATH_DOES_NOT_EXIST",
            "PATH_NOT_FOUND",
            "is not a Delta table",
            "doesn't exist",
        )
    )
