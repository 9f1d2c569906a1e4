"""The output tables as a past run found them, with a place of its own for what is written now."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.io.store.output_tables import Store
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.tables import TABLES


class ReplayStore(Store):
    """A store that reads what some runs wrote at ``output``, and writes to ``scratch``.

    What is read are the rows of the runs ``known``, what people had said ``until`` a moment, and
    all that was written to the scratch. Nothing is ever written to the output.
    """

    def __init__(
        self,
        session: SparkSession,
        output: OutputAddress,
        scratch: OutputAddress,
        known: Collection[str],
        until: datetime,
    ) -> None:
        """Address the tables of both places; nothing is read or written yet."""
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
            before = rows.where(F.col("at") <= F.lit(self._until))
        return own.unionByName(before, allowMissingColumns=True).select(*own.columns)

    def models(self, place: str | None) -> str | None:
        """A folder where the past run had one, but never its own: a model is replaced there."""
        had = self._original.models(place)
        if had is None or self.output.path is None:
            return None if had is None else f"{had.rstrip('/')}/_replay"
        return super().models(None)
