"""Fingerprints of the contents of views."""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.soak.fault import from_here
from scripts.soak.settings import LONG

from modelwatch import cli
from modelwatch.io.session.java import find_java_home
from modelwatch.io.store.views import ResultViews, create_views
from modelwatch.model.sources.tables import OutputAddress

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import DataType

VIEWS = (
    "feature_states_current",
    "profile_current",
    "drift_current",
    "constraints_current",
    "performance_current",
    "verdicts_current",
    "incidents_current",
    "source_health_current",
)
"""All results of a run about the data, without its cost."""
OF_THE_RUN = ("run_id", "as_of")
"""Columns that differ between any two runs, in addition to timestamps."""


@dataclass(frozen=True)
class CommandOutput:
    """Exit code and output of a run."""

    code: int
    text: str

    @property
    def last(self) -> str:
        """The end of its output, on one line."""
        lines = from_here(self.text).strip().splitlines()
        return lines[-1] if lines else ""


Seen = dict[str, tuple[int, int]]
"""By view: the number of rows, and the sum of their hashes."""


@dataclass
class Reader:
    """The session of the soak test, which reads views and executes the runs after a fault."""

    spark: SparkSession

    def seen(self, output: Path, views: tuple[str, ...] = VIEWS) -> Seen:
        """Fingerprints of the views of an output, in one query."""
        create_views(self.spark, OutputAddress(path=str(output)), views)
        whole = None
        for view in views:
            one = _fingerprint(self.spark.table(f"`{view}`"), view)
            whole = one if whole is None else whole.unionAll(one)
        assert whole is not None
        return {row["view"]: (row["rows"], row["hashes"]) for row in whole.collect()}

    def value(self, output: Path, query: str) -> list[tuple[object, ...]]:
        """Rows of a query on the views."""
        views = ResultViews(self.spark, OutputAddress(path=str(output)))
        return [tuple(row) for row in views.query(query).collect()]

    def forget(self) -> None:
        """Discard cached tables, whose folders were replaced; this never happens in production."""
        delta = self.spark._jvm.org.apache.spark.sql.delta  # type: ignore[union-attr]
        delta.DeltaLog.clearCache()
        self.spark.catalog.clearCache()

    def run(self, command: list[str]) -> int:
        """Run a command in this session and return its exit code; print the output if it fails."""
        reported = self.reported(command)
        if reported.code not in (0, 1):
            print(reported.text, flush=True)
        return reported.code

    def reported(self, command: list[str]) -> CommandOutput:
        """Run a command in this session; return exit code and output."""
        said = io.StringIO()
        with redirect_stderr(said), redirect_stdout(said):
            code = cli.main(command)
        return CommandOutput(code, said.getvalue())


def differing(one: Seen, other: Seen) -> str:
    """Views that differ, with their numbers of rows."""
    return ", ".join(
        f"{view} ({one[view][0]} rows and {other[view][0]})"
        for view in one
        if one[view] != other[view]
    )


def open_reader(folder: Path) -> Reader:
    """A small local session, configured like that of the job."""
    from pyspark.sql import SparkSession

    from modelwatch.io.session.spark_session import open_session
    from modelwatch.io.session.stack import stack_settings

    os.environ["JAVA_HOME"] = str(find_java_home(os.environ))
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    settings = {
        **stack_settings(),
        **LONG,
        "spark.master": "local[2]",
        "spark.ui.enabled": "false",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.local.dir": str(folder / "local"),
    }
    builder = SparkSession.builder.appName("modelwatch soak")
    for key, value in settings.items():
        builder = builder.config(key, value)
    builder.getOrCreate()
    return Reader(open_session("modelwatch soak"))


def _fingerprint(view: DataFrame, name: str) -> DataFrame:
    from pyspark.sql import functions as F

    texts = [
        _text(field.name, field.dataType)
        for field in view.schema.fields
        if field.name not in OF_THE_RUN and field.dataType.typeName() != "timestamp"
    ]
    hashed = view.select(F.xxhash64(*texts).cast("decimal(38,0)").alias("hash"))
    total = F.coalesce(F.sum("hash") % F.lit(2**62), F.lit(0)).cast("long")
    return hashed.agg(F.count(F.lit(1)).alias("rows"), total.alias("hashes")).select(
        F.lit(name).alias("view"), "rows", "hashes"
    )


def _text(name: str, kind: DataType) -> Column:
    from pyspark.sql import functions as F

    quoted = f"`{name}`"
    if kind.typeName() == "double":
        # The last digit of a statistic depends on the number of windows computed together.
        return F.coalesce(F.format_string("%.9g", F.col(quoted)), F.lit("null"))
    if kind.typeName() == "binary":
        return F.coalesce(F.hex(quoted), F.lit("null"))
    return F.coalesce(F.to_json(F.struct(F.col(quoted))), F.lit("null"))
