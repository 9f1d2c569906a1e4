"""The tables that a run reads, each pinned to one version, and the rows of some days of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.io.sources import Source, open_source
from modelwatch.model.columns import table_place, tables_of
from modelwatch.model.config import DaySource, MonitorConfig, SourceError, TableAddress
from modelwatch.model.errors import Problem
from modelwatch.model.source_change import SourceChange
from modelwatch.pipelines.history import History
from modelwatch.pipelines.validation import problems_of
from modelwatch.spark.days import DAY, with_day

TABLES_AT_ONCE = 8
"""Tables whose logs are read at the same time."""


@dataclass(frozen=True)
class Sources:
    """Tables by role: inputs, predictions, ``reference:<name>``, ``set:<constraint>``, labels,
    ``challenger:<name>``.
    """

    config: MonitorConfig
    opened: Mapping[str, Source]

    @cached_property
    def frames(self) -> dict[str, DataFrame]:
        """All rows of each table."""
        return {role: source.frame() for role, source in self.opened.items()}

    @property
    def sets(self) -> dict[TableAddress, DataFrame]:
        """The tables that constraints of kind foreign_set name."""
        return {
            constraint.set.table: self.frames[f"set:{constraint.name}"]
            for constraint in self.config.constraints
            if constraint.kind == "foreign_set"
        }

    def rows(self, role: str, days: Collection[date] | None) -> DataFrame:
        """Rows of a role with their day, of some days; None for all.

        Rows of a table without days have none.
        """
        source = self.opened[role].day
        if source is None:
            return self.frames[role].withColumn(DAY, F.lit(None).cast("date"))
        return with_day(self.frames[role], source, self.config.time_zone, days)

    def broken_file(self, days: Collection[date]) -> str | None:
        """What is wrong with a file of some days, after a read has failed; None if nothing is."""
        told = (
            self.opened[role].broken_file(self.rows(role, days))
            for role in self.opened
            if not role.startswith(("set:", "reference:"))
        )
        return next(filter(None, told), None)


def opened_sources(spark: SparkSession, config: MonitorConfig, lines: Mapping[str, int]) -> Sources:
    """The tables at their newest versions, or those configured; analysed, and no Spark job.

    SourceError with all that is missing or does not fit the configuration.
    """
    tables = tables_of(config)

    def attempted(role: str) -> Source | SourceError:
        try:
            # Without its day, for a column that is missing is told below with its own place.
            version = _version(config, role)
            source = open_source(spark, role, tables[role], None, config.time_zone, version)
            source.frame()
        except SourceError as error:
            return error
        return replace(source, day=_day_source(config, role))

    # Opening a table is waiting for its log: the tables are waited for together.
    with ThreadPoolExecutor(max_workers=TABLES_AT_ONCE) as at_once:
        found = dict(zip(tables, at_once.map(attempted, tables), strict=True))
    problems: list[Problem] = []
    for role, error in found.items():
        if isinstance(error, SourceError):
            place = table_place(config, role)
            problems += [
                Problem(place, lines.get(place), f"{tables[role]}: {problem.message}")
                for problem in error.problems
            ]
    sources = Sources(config, {r: s for r, s in found.items() if isinstance(s, Source)})
    told = {problem.place for problem in problems}
    problems += [p for p in problems_of(config, sources.frames, lines) if p.place not in told]
    if problems:
        raise SourceError(problems)
    return sources


def source_changes(sources: Sources, history: History) -> list[SourceChange]:
    """What happened to each table of rows since the runs of the history, in its order."""

    def change(role: str) -> SourceChange:
        source = sources.opened[role]
        table = str(source.address)
        return source.change(history.seen_version(role, table), history.table_id(role, table))

    roles = [role for role in sources.opened if not role.startswith("set:")]
    with ThreadPoolExecutor(max_workers=TABLES_AT_ONCE) as at_once:
        return list(at_once.map(change, roles))


def _day_source(config: MonitorConfig, role: str) -> DaySource | None:
    """How the day of a row is told; None for a table without days."""
    if role == "inputs":
        return config.inputs.day
    if role == "predictions":
        assert config.predictions is not None
        return config.predictions.day
    if role == "labels" and config.labels is not None:
        return config.labels.day
    for challenger in config.challengers:
        if role == f"challenger:{challenger.name}":
            return challenger.day
    return next((ref.day for ref in config.references if ref.role == role), None)


def _version(config: MonitorConfig, role: str) -> int | None:
    return (
        next((ref.version for ref in config.references if ref.role == role), None)
        if (role.startswith("reference:"))
        else None
    )
