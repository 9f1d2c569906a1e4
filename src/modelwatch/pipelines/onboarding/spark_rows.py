"""The rows of a table as Spark reads them, in a few queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.io.delta.addresses import source_place
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.onboarding.day_guess import DayGuess
from modelwatch.model.onboarding.table_facts import ColumnFacts, PartitionDistance
from modelwatch.model.sources.tables import DaySource, TableAddress
from modelwatch.pipelines.onboarding.table_rows import RequestedMetric, SampleFacts, day_source
from modelwatch.spark.days import DAY, day_of, local_date, named, type_of, with_day
from modelwatch.spark.onboarding.sample_facts import sample_facts
from modelwatch.spark.sources.rows import day_of_text, taken_rows

_SPARE = 8.0
"""Standard deviations of the number of drawn rows that are drawn in addition."""


class SparkRows:
    """The rows of a table, by its address or name. SourceError if it cannot be read."""

    def __init__(self, spark: SparkSession, address: TableAddress) -> None:
        self.address = address
        self.frame = delta_table(spark, address)
        fields = self.frame.schema.fields
        self.columns = tuple(ColumnFacts(f.name, f.dataType.simpleString()) for f in fields)
        place = source_place(address).identifier
        detail = spark.sql(f"DESCRIBE DETAIL {place}").select("partitionColumns").collect()
        self.partitions = tuple(detail[0]["partitionColumns"])

    def distance(self, time: str, partition: str, time_zone: str) -> PartitionDistance:
        """As ``TableRows``: over the whole table, as one row can be apart."""
        day = day_of(self.frame, DaySource(time_column=time), time_zone)
        days = F.abs(F.datediff(named(partition), day))
        rows, timed, same, near = self.frame.agg(
            F.count(F.lit(1)),
            F.count(day),
            F.count(F.when(days == 0, 1)),
            F.count(F.when(days <= 1, 1)),
        ).collect()[0]
        return PartitionDistance(
            time,
            partition,
            rows,
            without_time=rows - timed,
            elsewhere=timed - same,
            apart=timed - near,
        )

    def first_facts(self, count: int) -> tuple[ColumnFacts, ...]:
        """As ``TableRows``."""
        return sample_facts(self.frame.limit(count))[1]

    def rows_by_day(self, day: DayGuess, time_zone: str) -> dict[date, int]:
        """As ``TableRows``."""
        dated = with_day(self._taken(day), day_source(day), time_zone)
        return {row[0]: int(row[1]) for row in dated.groupBy(DAY).count().collect()}

    def sample_facts(
        self, day: DayGuess, time_zone: str, days: Sequence[date], held: int, wanted: int
    ) -> SampleFacts:
        """As ``TableRows``."""
        rows = with_day(self._taken(day), day_source(day), time_zone, days)
        if held > wanted:
            # Rows of all these days: the first rows may be from a single file, and thus from one
            # day.
            enough = wanted + _SPARE * wanted**0.5
            rows = rows.sample(min(1.0, enough / held), seed=0).limit(wanted)
        return sample_facts(rows)

    def metrics_by_day(
        self, day: DayGuess, time_zone: str, days: Sequence[date], asked: Sequence[RequestedMetric]
    ) -> Mapping[str, Mapping[date, float]]:
        """As ``TableRows``, in one query."""
        rows = with_day(self._taken(day), day_source(day), time_zone, days)
        found = rows.groupBy(DAY).agg(*(_metric(one).alias(one.key) for one in asked)).collect()
        return {
            one.key: {row[DAY]: row[one.key] for row in found if row[one.key] is not None}
            for one in asked
        }

    def arrivals(
        self, label: str, day: str, known: str | None, time_zone: str
    ) -> Sequence[tuple[date, int, int]]:
        """As ``TableRows``."""
        of = self.as_date(day, time_zone)
        late = F.datediff(self.as_date(known, time_zone), of) if known else F.lit(0)
        rows = self.frame.where(named(label).isNotNull())
        found = rows.groupBy(of.alias("d"), late.alias("k")).count().collect()
        return [
            (row[0], int(row[1]), int(row[2]))
            for row in found
            if row[0] is not None and row[1] is not None
        ]

    def dated(self, day: DayGuess, time_zone: str) -> DataFrame:
        """The rows that have a day, with it."""
        return with_day(self._taken(day), day_source(day), time_zone)

    def as_date(self, name: str, time_zone: str) -> Column:
        """A column of dates in any form, as dates."""
        kind = type_of(self.frame, name)
        if kind == "date" or kind.startswith("timestamp"):
            return local_date(named(name), kind, time_zone)
        return day_of_text(named(name).cast("string"))

    def _taken(self, day: DayGuess) -> DataFrame:
        return taken_rows(self.frame, day_source(day))


def _metric(asked: RequestedMetric) -> Column:
    value = named(asked.column)
    if asked.what == "nulls":
        return F.avg(value.isNull().cast("double"))
    if asked.what == "share":
        return F.avg((value == F.lit(asked.value)).cast("double"))
    number = value.cast("double")
    finite = F.when(F.abs(number) < F.lit(float("inf")), number)
    return F.avg(finite) if asked.what == "mean" else F.stddev_samp(finite)


def delta_table(spark: SparkSession, address: TableAddress) -> DataFrame:
    """The rows of a table; SourceError if it cannot be read."""
    try:
        return source_place(address).read(spark)
    except AnalysisException as error:
        reason = str(error).strip().splitlines()[0]
        problem = Problem("", None, f"cannot be read as a Delta table: {reason}")
        raise SourceError((problem,), str(address)) from error
