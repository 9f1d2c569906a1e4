"""A contract proposed from a reference of a monitor, or from a table."""

from __future__ import annotations

import re

from pyspark.sql import SparkSession

from modelwatch.model.config.configuration import MonitorConfig, parse_config
from modelwatch.model.config.parsing import lines_of
from modelwatch.model.contracts.contract import TableRole
from modelwatch.model.contracts.facts import ReferenceTable
from modelwatch.model.contracts.proposal import proposed
from modelwatch.model.contracts.reading import parse_contract
from modelwatch.model.sources.tables import TableAddress
from modelwatch.pipelines.contracts.facts import reference_table
from modelwatch.pipelines.onboarding.first_configuration import first_configuration
from modelwatch.pipelines.sources.frames import opened_sources


def proposal(
    spark: SparkSession,
    config: MonitorConfig,
    config_text: str,
    role: TableRole = "inputs",
    *,
    reference: str | None = None,
    name: str | None = None,
    version: int = 1,
    suggest: bool = True,
) -> str:
    """The text of a contract that the rows of a reference keep; SourceError if there are none.

    ``name``: of the contract; that of the monitor and the role, if left out.
    """
    sources = opened_sources(spark, config, lines_of(config_text))
    table = reference_table(spark, sources, role, reference, suggest=suggest)
    called = name or (config.monitor if role == "inputs" else f"{config.monitor}-{role}")
    return _text(table, called, version)


def _text(table: ReferenceTable, name: str, version: int) -> str:
    _, text = proposed(table, name, version)
    # What is written must be right: a mistake here is ours and not the user's.
    parse_contract(text, "the contract that was proposed")
    return text


def table_proposal(
    spark: SparkSession,
    address: TableAddress,
    *,
    name: str | None = None,
    version: int = 1,
    time_zone: str = "UTC",
    suggest: bool = True,
) -> str:
    """The same for a table that no monitor watches, from its first weeks.

    SourceError if it has no column of dates or moments.
    """
    text = first_configuration(spark, address, time_zone=time_zone).text
    config = parse_config(text)
    called = name or re.sub(r"[^A-Za-z0-9_-]+", "_", config.monitor)
    sources = opened_sources(spark, config, {})
    table = reference_table(spark, sources, "inputs", suggest=suggest, watched=False)
    return _text(table, called, version)
