"""The output tables as a past run saw them, with a separate place for new rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.io.delta.snapshot import ALL_ROWS, RowFilter
from modelwatch.io.store.output_tables import Store
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.tables import TABLES
from modelwatch.tables.table import field_of


def _moment_of(table: str) -> str:
    """The column with the time at which a person responded."""
    return next(name for name in TABLES[table].names if field_of(name) == "at")


class ReplayStore(Store):
    """A store that reads what some runs wrote at ``output``, and writes to ``scratch``.

    It reads the rows of the ``known`` runs, responses of people ``until`` a time, and everything
    that was written to the scratch. The output is never written.
    """

    def __init__(
        self,
        session: SparkSession,
        output: OutputAddress,
        scratch: OutputAddress,
        known: Collection[str],
        until: datetime,
    ) -> None:
        """Locates the tables of both places; nothing is read or written yet."""
        super().__init__(session, scratch)
        self._original = Store(session, output)
        self._known = sorted(known)
        self._until = until

    def read(self, table: str) -> DataFrame:
        """Rows of a table that the past run could read, and those of the replay."""
        own = super().read(table)
        if not self._original.exists(table):
            return own
        rows = self._original.read(table)
        if TABLES[table].of_runs:
            before = rows.where(F.col("run_id").isin(self._known))
        else:
            before = rows.where(F.col(_moment_of(table)) <= F.lit(self._until))
        return own.unionByName(before, allowMissingColumns=True).select(*own.columns)

    def rows(self, table: str, wanted: RowFilter = ALL_ROWS, *names: str) -> pa.Table:
        """The selected rows among those of ``read``, as ``Store.rows`` returns them."""
        asked = names or TABLES[table].names
        own = super().rows(table, wanted, *asked)
        if not self._original.exists(table):
            return own
        if TABLES[table].of_runs:
            return pa.concat_tables(
                [own, self._original.rows(table, self._of_known_runs(wanted), *asked)]
            )
        moment = _moment_of(table)
        before = self._original.rows(table, wanted, *{*asked, moment})
        until = pa.scalar(self._until, before.schema.field(moment).type)
        earlier = before.filter(pc.field(moment) <= until)
        return pa.concat_tables([own, earlier.select(asked)])

    def few(
        self,
        table: str,
        wanted: RowFilter,
        most_bytes: int,
        *names: str,
        where: ds.Expression | None = None,
    ) -> pa.Table | None:
        """The selected rows among those of ``read``, as ``Store.few`` returns them."""
        own = super().few(table, wanted, most_bytes, *names, where=where)
        if own is None or not self._original.exists(table):
            return own
        if not TABLES[table].of_runs:
            return None
        known = self._of_known_runs(wanted)
        before = self._original.few(table, known, most_bytes, *names, where=where)
        return None if before is None else pa.concat_tables([own, before])

    def _of_known_runs(self, wanted: RowFilter) -> RowFilter:
        asked = wanted.among.get("run_id", self._known)
        known = [run_id for run_id in self._known if run_id in asked]
        return replace(wanted, among={**wanted.among, "run_id": known})

    def models(self, place: str | None) -> str | None:
        """A folder if the past run had one, but never its own, to which a replay does not write."""
        had = self._original.models(place)
        if had is None or self.output.path is None:
            return None if had is None else f"{had.rstrip('/')}/_replay"
        return super().models(None)

    def stored_models(self, place: str | None) -> str | None:
        """The folder of the past run, with the models that it could read."""
        return self._original.models(place)
