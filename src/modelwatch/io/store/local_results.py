"""SQL on the results in a local folder, answered in this process by DuckDB.

A Spark query takes some tenths of a second whatever its size, and starting a session takes seconds.
The views are defined once, in Spark SQL, and translated.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from threading import Lock
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot.errors import SqlglotError

from modelwatch.errors import ModelwatchError
from modelwatch.io.delta.addresses import output_place
from modelwatch.io.delta.locks import lock_folder
from modelwatch.io.delta.snapshot import LogUnreadable, Snapshot, local_snapshot
from modelwatch.io.store.duckdb_dialect import GET, duckdb_sql
from modelwatch.io.store.views import named_in, sources_of, views
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

_SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET memory_limit = '2GB'",
    f"SET temp_directory = '{tempfile.gettempdir().replace(chr(39), chr(39) * 2)}'",
    "SET python_enable_replacements = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    # A statement can read the results, but no other file.
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


class UnsupportedStatement(ModelwatchError):
    """DuckDB cannot answer the statement."""


@dataclass(frozen=True)
class QueryResult:
    """Rows of a query in the order of its columns.

    Types are those of PySpark: structs are dictionaries, and times are local without time zone.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def records(self) -> list[dict[str, Any]]:
        """The rows by column."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class LocalResults:
    """Tables and views of an output in a local folder.

    ``runs``: its table of runs, read before all others, so that each run that counts has its rows.
    """

    output: OutputAddress
    runs: Snapshot
    _connection: duckdb.DuckDBPyConnection
    _made: set[str] = field(default_factory=set)
    _turn: Lock = field(default_factory=Lock)

    def answer(self, statement: str, most_rows: int | None = None) -> QueryResult:
        """The rows of a query in Spark SQL, at most a number of them.

        UnsupportedStatement if the statement is no query, or if DuckDB rejects it.
        """
        try:
            return _answer(self.table(statement, most_rows))
        except pa.ArrowInvalid as error:
            raise UnsupportedStatement(str(error)) from error

    def table(self, statement: str, most_rows: int | None = None) -> pa.Table:
        """The same in Arrow. Integers have 64 bits where DuckDB sums with more."""
        try:
            translated = duckdb_sql(statement)
            if translated is None:
                raise UnsupportedStatement("not a query")
            with self._turn:
                self._make(sources_of(named_in(statement)))
                found = self._connection.sql(translated)
                limited = found if most_rows is None else found.limit(most_rows)
                rows = limited.to_arrow_table()
            return rows.cast(pa.schema([one.with_type(_plain(one.type)) for one in rows.schema]))
        except (SqlglotError, duckdb.Error, pa.ArrowInvalid, LogUnreadable) as error:
            raise UnsupportedStatement(str(error)) from error

    def _make(self, wanted: Collection[str]) -> None:
        """Create the tables and views that are missing, in the order of their dependencies."""
        for name in TABLES:
            if name in wanted and name not in self._made:
                self._connection.register(name, self._rows(name))
                self._made.add(name)
        for name in views():
            if name in wanted and name not in self._made:
                definition = _view(name)
                if definition is None:
                    raise UnsupportedStatement(f"the view {name} is Spark SQL only")
                self._connection.execute(f'CREATE TEMP VIEW "{name}" AS {definition}')
                self._made.add(name)

    def _rows(self, table: str) -> pa.dataset.Dataset | pa.Table:
        schema = arrow_schema(TABLES[table])
        if table == "runs":
            return self.runs.dataset(schema)
        folder = lock_folder(output_place(self.output, table))
        if folder is None or not folder.exists():
            # The results were written by a release without this table.
            return schema.empty_table()
        return local_snapshot(folder).dataset(schema)


def local_results(output: OutputAddress) -> LocalResults | None:
    """The results of an output; None if this process cannot read them, or before the first run."""
    folder = lock_folder(output_place(output, "runs"))
    if folder is None:
        return None
    try:
        runs = local_snapshot(folder)
    except LogUnreadable:
        return None
    connection = duckdb.connect()
    for setting in _SETTINGS:
        connection.execute(setting)
    connection.execute(GET)
    return LocalResults(output, runs, connection)


_view = cache(lambda name: duckdb_sql(views()[name]))
"""The definition of a view in DuckDB's dialect; None if DuckDB cannot have it."""


def _answer(plain: pa.Table) -> QueryResult:
    columns = [
        [_local(value) for value in column.to_pylist(maps_as_pydicts="strict")]
        for column in plain.columns
    ]
    return QueryResult(tuple(plain.column_names), list(zip(*columns, strict=True)))


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type with which Spark sums: DuckDB sums integers as numbers of 128 bits."""
    if pa.types.is_decimal(kind) and kind.scale == 0:
        return pa.int64()
    if pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([one.with_type(_plain(one.type)) for one in kind])
    return kind


def _local(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone().replace(tzinfo=None)
    if isinstance(value, list):
        return [_local(item) for item in value]
    if isinstance(value, dict):
        return {name: _local(item) for name, item in value.items()}
    return value
