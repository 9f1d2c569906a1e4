"""Any table checked against a contract: serving data, or a table before it is used for training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame, SparkSession

from modelwatch.deequ import ConstraintRow
from modelwatch.io.delta.sources import Source, open_source
from modelwatch.model.config.column_types import INSTANTS
from modelwatch.model.config.configuration import DaySource, MonitorConfig, TableAddress
from modelwatch.model.contracts.contract import Contract
from modelwatch.model.days import DayRange
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.profile.features import find_column
from modelwatch.pipelines.config.validation import schemas_of
from modelwatch.pipelines.contracts.check import contract_results
from modelwatch.spark.days import with_day


@dataclass(frozen=True)
class Checked:
    """What a check found, and the version of the table that it read."""

    version: int
    rows: tuple[ConstraintRow, ...]


def table_of_role(
    config: MonitorConfig, contract: Contract
) -> tuple[TableAddress, DaySource | None]:
    """The table of a monitor that a contract is about, and the source of its day."""
    home = config.table_role(contract.of)
    if home == "labels" and config.labels is not None:
        return config.labels.table, config.labels.day
    if home == "predictions" and config.predictions is not None and config.predictions.table:
        return config.predictions.table, config.predictions.day
    if home == "inputs" and not (contract.of == "predictions" and config.predictions is None):
        return config.inputs.table, config.inputs.day
    given = f"the contract is of {contract.of}, and monitor {config.monitor} has no such section"
    raise SourceError([Problem("of", None, given)])


def checked_table(
    spark: SparkSession,
    contract: Contract,
    address: TableAddress,
    day: DaySource | str | None,
    days: DayRange | None,
    as_of: date,
    time_zone: str,
) -> Checked:
    """A table at its newest version checked against a contract.

    ``day``: a column, or how a monitor tells days; None: all rows together, of which neither volume
    nor freshness is asked. ``days``: of those that are before ``as_of``. SourceError if the table
    or the column is not there, or no day has rows.
    """
    source = open_source(spark, contract.of, address, None, time_zone)
    if day is None and days is not None:
        raise source.error("--days needs the day column: name it with --day")
    if day is None:
        return Checked(source.version, tuple(contract_results(contract, source.frame(), None)))
    given = _day_source(source, day) if isinstance(day, str) else day
    source = open_source(spark, contract.of, address, given, time_zone, source.version)
    present = source.present(as_of)
    asked = sorted(one for one in present if days is None or one in days)
    if not asked:
        when = f"on {days}" if days is not None else f"before {as_of}"
        raise source.error(f"has no rows {when}")
    rows = _rows(source, given, asked, time_zone)
    stored = schemas_of({"table": source.stored()})["table"]
    found = contract_results(contract, rows, asked, as_of, present, stored)
    return Checked(source.version, tuple(found))


def _rows(source: Source, day: DaySource, days: Iterable[date], time_zone: str) -> DataFrame:
    return with_day(source.frame(), day, time_zone, list(days))


def _day_source(source: Source, name: str) -> DaySource:
    schema = schemas_of({"table": source.frame()})["table"]
    column = find_column(schema, name)
    if column is None:
        raise source.error(f"has no column {name!r}")
    if schema[column] in INSTANTS:
        return DaySource(time_column=column)
    if schema[column] not in ("date", "string", "int", "bigint"):
        raise source.error(f"column {column!r} is {schema[column]}, not a day")
    return DaySource(column=column)
