"""The tables that a run reads, each pinned to one version, and the rows of some days of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.io.sources import Source, open_source
from modelwatch.model.columns import table_place, tables_of
from modelwatch.model.config import DaySource, MonitorConfig, SourceError, TableAddress
from modelwatch.model.errors import Problem
from modelwatch.pipelines.validation import problems_of
from modelwatch.spark.days import DAY, with_day


@dataclass(frozen=True)
class Sources:
    """Tables by role: inputs, predictions, ``reference:<name>``, ``set:<constraint>``."""

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


def opened_sources(spark: SparkSession, config: MonitorConfig, lines: Mapping[str, int]) -> Sources:
    """The tables at their newest versions, or those configured; analysed, and no Spark job.

    SourceError with all that is missing or does not fit the configuration.
    """
    opened: dict[str, Source] = {}
    problems: list[Problem] = []
    for role, address in tables_of(config).items():
        try:
            # Without its day, for a column that is missing is told below with its own place.
            table = open_source(
                spark, role, address, None, config.time_zone, _version(config, role)
            )
            opened[role] = replace(table, day=_day_source(config, role))
        except SourceError as error:
            place = table_place(config, role)
            problems += [
                Problem(place, lines.get(place), f"{address}: {problem.message}")
                for problem in error.problems
            ]
    sources = Sources(config, opened)
    told = {problem.place for problem in problems}
    problems += [p for p in problems_of(config, sources.frames, lines) if p.place not in told]
    if problems:
        raise SourceError(problems)
    return sources


def _day_source(config: MonitorConfig, role: str) -> DaySource | None:
    """How the day of a row is told; None for a table without days."""
    if role == "inputs":
        return config.inputs.day
    if role == "predictions":
        assert config.predictions is not None
        return config.predictions.day
    return next((ref.day for ref in config.references if ref.role == role), None)


def _version(config: MonitorConfig, role: str) -> int | None:
    return (
        next((ref.version for ref in config.references if ref.role == role), None)
        if (role.startswith("reference:"))
        else None
    )
