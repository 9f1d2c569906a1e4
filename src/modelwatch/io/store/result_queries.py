"""SQL on the results of a monitor: in this process if it can read them, otherwise by Spark."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from threading import Lock
from typing import Any

import pyarrow as pa
from pyspark.sql import Row, SparkSession

from modelwatch.io.store.arrow_rows import table_of
from modelwatch.io.store.local_results import (
    LocalResults,
    QueryResult,
    UnsupportedStatement,
    local_results,
)
from modelwatch.io.store.output_tables import RUN_FIRST, Store
from modelwatch.io.store.views import ResultViews
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.tables import TABLES, Table
from modelwatch.tables.arrow import arrow_schema


class ResultQueries:
    """Queries in Spark SQL on the tables and views of an output, from any thread.

    ``session`` returns the Spark session, and is called when Spark is first needed: for results
    outside of local folders, and for statements that DuckDB does not answer. Answers on a local
    folder are those of one time, until `refresh`.
    """

    def __init__(self, output: OutputAddress, session: Callable[[], SparkSession]) -> None:
        """Locates the results; reads at most the log of the table of runs."""
        self.output = output
        self._session = session
        self._turn = Lock()

    def answer(self, statement: str, most_rows: int | None = None) -> QueryResult:
        """The rows of a statement, at most a number of them; PySparkException if it fails."""
        if self._local is not None:
            try:
                return self._local.answer(statement, most_rows)
            except UnsupportedStatement:
                # Spark answers the statement, or reports what is wrong.
                pass
        frame = self._views.query(statement)
        if not frame.columns:
            return QueryResult((), [])
        limited = frame if most_rows is None else frame.limit(most_rows)
        rows = [tuple(map(_plain, row)) for row in limited.collect()]
        return QueryResult(tuple(frame.columns), rows)

    def table(self, statement: str, spec: Table) -> pa.Table:
        """The rows of a query for rows of an output table, in the columns of that table."""
        schema = arrow_schema(spec)
        wanted = pa.schema([field.with_nullable(True) for field in schema])
        if self._local is not None:
            try:
                return self._local.table(statement).select(schema.names).cast(wanted)
            except UnsupportedStatement:
                # Spark answers the statement.
                pass
        return table_of(spec, schema.names, self.answer(statement).records())

    def require(self, hint: str = RUN_FIRST) -> None:
        """Create tables of this release that the output lacks, unless this process reads it.

        Raises SourceError, which ends with a hint, before the first run.
        """
        if self._local is None:
            store = Store(self._spark, self.output)
            store.require_results(hint)
            store.prepare(tuple(TABLES))

    def refresh(self) -> None:
        """See what runs have published since the first answer."""
        self.__dict__.pop("_local", None)

    @cached_property
    def _local(self) -> LocalResults | None:
        return local_results(self.output)

    @property
    def _spark(self) -> SparkSession:
        with self._turn:
            return self._session()

    @cached_property
    def _views(self) -> ResultViews:
        return ResultViews(self._spark, self.output)


def _plain(value: Any) -> Any:
    """A value with dictionaries for structs."""
    if isinstance(value, Row):
        return {name: _plain(item) for name, item in value.asDict().items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
