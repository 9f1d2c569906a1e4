"""A contract proposed from a reference of a monitor, or from a table."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.constraints import deequ_obstacle, suggestions
from modelwatch.errors import present
from modelwatch.io.store.output_tables import Store
from modelwatch.log import LOG
from modelwatch.model.config.configuration import (
    MonitorConfig,
    Reference,
    parse_config,
    states_fingerprint,
)
from modelwatch.model.config.parsing import lines_of
from modelwatch.model.config.sensitive import sensitive_columns
from modelwatch.model.contracts.contract import TableRole
from modelwatch.model.contracts.facts import ReferenceColumn, ReferenceTable, column_from
from modelwatch.model.contracts.proposal import MAX_DOMAIN, proposed, suggested_constraints
from modelwatch.model.contracts.reading import parse_contract
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.plain_text import counted
from modelwatch.model.profile.features import Feature, features_of
from modelwatch.model.sources.tables import TableAddress
from modelwatch.model.states.binned import binned
from modelwatch.pipelines.config.validation import schemas_of
from modelwatch.pipelines.onboarding.first_configuration import first_configuration
from modelwatch.pipelines.runs.history import RunHistory, of_days, of_runs, stored_history
from modelwatch.pipelines.sources.frames import Sources, opened_sources
from modelwatch.pipelines.states.binnings import binnings_of, stored_bins
from modelwatch.pipelines.states.day_states import Bins, StatesOf, day_states, reference_states
from modelwatch.spark.contracts.facts import (
    Typed,
    column_facts,
    is_unique,
    observed_relations,
    state_facts,
    text_shapes,
)
from modelwatch.spark.days import DAY, named
from modelwatch.stats.day_numbers import EPOCH

SUGGESTED_ROWS = 20_000
"""Maximum number of rows that Deequ profiles for its suggestions."""
_IDENTIFYING = frozenset({"string", "varchar", "char", "bigint", "int", "decimal"})


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
    """The text of a contract that the rows of a reference satisfy; SourceError if there are none.

    ``name`` of the contract; by default that of the monitor and the role.
    """
    sources = opened_sources(spark, config, lines_of(config_text))
    table = reference_table(spark, sources, role, reference, suggest=suggest)
    called = name or (config.monitor if role == "inputs" else f"{config.monitor}-{role}")
    return _text(table, called, version)


def _text(table: ReferenceTable, name: str, version: int) -> str:
    _, text = proposed(table, name, version)
    # The proposal must be valid: an error here is a bug of modelwatch.
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
    """The same for a table without a monitor, from its first weeks.

    SourceError if it has no date or timestamp column.
    """
    text = first_configuration(spark, address, time_zone=time_zone).text
    config = parse_config(text)
    called = name or re.sub(r"[^A-Za-z0-9_-]+", "_", config.monitor)
    sources = opened_sources(spark, config, {})
    table = reference_table(spark, sources, "inputs", suggest=suggest, watched=False)
    return _text(table, called, version)


def reference_table(
    spark: SparkSession,
    sources: Sources,
    role: TableRole,
    reference: str | None = None,
    *,
    suggest: bool = True,
    watched: bool = True,
) -> ReferenceTable:
    """Facts about the rows of a reference in the inputs, predictions, or labels.

    ``reference``: by default the one of the bins. Facts about features come from stored states if
    published runs have them for all of its days; otherwise states are computed, and not stored.
    ``suggest``: suggest constraints as well, by Deequ if it is the engine of constraints.
    ``watched``: whether runs may have stored states. SourceError if there is no usable reference.
    """
    config = sources.config
    chosen = _chosen(config, reference)
    home = _home(sources, role, chosen)
    days = None if chosen.days is None else tuple(chosen.days)
    rows = sources.arrived(home, days)
    whole = sources.opened[home].day is None
    if whole:
        rows = rows.withColumn(DAY, F.lit(EPOCH))
    schema = schemas_of(sources.frames)[home]
    hidden = sensitive_columns(config)
    # A contract describes stored columns: no paths, and no days parsed from strings.
    stored = schemas_of({home: sources.opened[home].stored()})[home]
    columns = [Typed(name, kind) for name, kind in schema.items() if stored.get(name) == kind]
    LOG.info("reading the states of %s", chosen.name)
    facts = _of_features(spark, sources, role, chosen, home, watched)
    LOG.info("looking at its rows")
    others = [column for column in columns if column.name not in facts]
    rows_by_day, found = column_facts(rows, others, MAX_DOMAIN)
    if not rows_by_day:
        wording = f"reference {chosen.name!r} has no rows in {sources.opened[home].address}"
        raise SourceError([Problem("", None, wording)])
    facts |= found
    table = [
        replace(
            column_from(c.name, c.spark_type, facts[c.name]), sensitive=c.name.lower() in hidden
        )
        for c in columns
    ]
    shown = [c for c, column in zip(columns, table, strict=True) if not column.sensitive]
    table = _with_texts(rows, table, shown)
    count = max(column.rows for column in table)
    ids = tuple(config.ids_of(role))
    known = bool(ids) and all(name in schema for name in ids) and is_unique(rows, ids)
    table = [replace(c, unique=_is_unique(rows, c, count)) for c in table]
    LOG.info("looking for relations between columns")
    relations = observed_relations(rows, shown, count)
    suggested: Mapping[str, tuple[str, ...]] = {}
    if suggest:
        suggested = _suggested(config, rows, table, shown, count)
    return ReferenceTable(
        role=role,
        wording=_reference_sentence(sources, home, chosen, count),
        columns=tuple(table),
        rows_by_day={} if whole else rows_by_day,
        id=ids if known else (),
        freshness_days=config.verdicts.late_days if role == "inputs" and not whole else None,
        relations=relations,
        suggestions=suggested,
    )


def _chosen(config: MonitorConfig, name: str | None) -> Reference:
    if name is None:
        return config.binning_reference
    for reference in config.fixed_references:
        if reference.name == name:
            return reference
    known = ", ".join(reference.name for reference in config.fixed_references)
    wording = f"there is no reference {name!r} of fixed days or a table; there are: {known}"
    raise SourceError([Problem("references", None, wording)])


def _home(sources: Sources, role: TableRole, reference: Reference) -> str:
    """The table with the rows of a reference of a role."""
    home = sources.config.table_role(role)
    if home not in sources.opened:
        raise SourceError([Problem(role, None, "there is no such section and therefore no table")])
    if reference.table is None:
        return home
    if home != "inputs":
        wording = f"reference {reference.name!r} is a table of inputs, and has no rows of {role}"
        raise SourceError(
            [Problem("references", None, f"{wording}: choose another with --reference")]
        )
    return reference.role


def _of_features(
    spark: SparkSession,
    sources: Sources,
    role: TableRole,
    reference: Reference,
    home: str,
    watched: bool,
) -> dict[str, dict[str, Any]]:
    """By column, facts about the features of a role from states."""
    config = sources.config
    every, _ = features_of(config, schemas_of(sources.frames))
    mine = {feature.name: feature for feature in every if feature.role == role}
    if not mine or role == "labels":
        return {}
    store = Store(spark, config.output)
    seen = watched and store.exists("runs")
    history = stored_history(store, config.monitor) if seen else RunHistory(())
    states, bins = _states(store, history, sources, every, reference)
    of_role = states.where(F.col("role") == (home if reference.table is not None else role))
    of_role = of_role.withColumn("source", F.col("role")).withColumn("role", F.lit(role))
    found = {}
    for row in state_facts(of_role, bins).collect():
        feature = mine.get(row["feature"])
        if feature is not None and not feature.sensitive and feature.unit is None:
            found[feature.column] = json.loads(row["facts"])
    return found


def _states(
    store: Store,
    history: RunHistory,
    sources: Sources,
    features: Sequence[Feature],
    reference: Reference,
) -> tuple[DataFrame, Bins]:
    """States of the rows of a reference: from published runs, otherwise computed from the rows."""
    config, fingerprint = sources.config, states_fingerprint(sources.config)
    wanted = binned(config, tuple(features))
    stored = stored_bins(store, config.monitor, history)
    binnings = binnings_of(config, wanted, features, stored, sources)
    of = StatesOf(config, tuple(features), binnings.by_key)
    if reference.table is not None:
        run = history.run_of_reference(fingerprint).get(reference.role)
        if run is None or binnings.fitted:
            return reference_states(of, sources, reference.name), of.bins
        mine = _mine(store, config)
        return mine.where((F.col("role") == reference.role) & (F.col("run_id") == run)), of.bins
    days = present(reference.days, "days")
    held = [day for day in _present(sources) if day in days]
    runs = {day: run for day, run in history.run_of_day(fingerprint).items() if day in held}
    if len(runs) < len(held) or binnings.fitted:
        return day_states(of, sources, tuple(days)), of.bins
    return of_runs(of_days(_mine(store, config), runs), runs), of.bins


def _mine(store: Store, config: MonitorConfig) -> DataFrame:
    return store.read("feature_states").where(F.col("monitor") == config.monitor)


def _present(sources: Sources) -> frozenset[date]:
    return sources.opened["inputs"].present()


def _with_texts(
    rows: DataFrame, table: Sequence[ReferenceColumn], shown: Sequence[Typed]
) -> list[ReferenceColumn]:
    """The columns, with shapes of strings that have too many values to be listed."""
    known = {column.name: column for column in table}
    asked = [c for c in shown if known[c.name].length is not None and known[c.name].values is None]
    shapes = text_shapes(rows, [c for c in asked if c.plain in {"string", "varchar", "char"}])
    return [replace(c, texts=shapes.get(c.name)) for c in table]


def _is_unique(rows: DataFrame, column: ReferenceColumn, count: int) -> bool:
    """Exact for columns whose values seem to be distinct; an estimate is sufficient for others."""
    likely = column.plain_type in _IDENTIFYING and (column.distinct or 0.0) >= 0.8 * count > 0
    return likely and not column.missing and is_unique(rows, (column.name,))


def _suggested(
    config: MonitorConfig,
    rows: DataFrame,
    table: Sequence[ReferenceColumn],
    shown: Sequence[Typed],
    count: int,
) -> Mapping[str, tuple[str, ...]]:
    if config.constraint_engine == "native" or deequ_obstacle(rows.sparkSession) is not None:
        return {
            column.name: tuple(f"Suggested: {one}" for one in suggested_constraints(column))
            for column in table
        }
    LOG.info("collecting suggestions of Deequ")
    found = _of_deequ(rows, shown, count)
    return {name: tuple(f"Deequ: {one}" for one in every) for name, every in found.items()}


def _of_deequ(rows: DataFrame, shown: Sequence[Typed], count: int) -> Mapping[str, tuple[str, ...]]:
    names = [column.name for column in shown if "map<" not in column.spark_type]
    share = min(1.0, SUGGESTED_ROWS / max(count, 1))
    hashed = F.pmod(F.xxhash64(*(named(name) for name in names)), F.lit(1_000_000))
    few = rows.where(hashed < F.lit(int(share * 1_000_000)))
    return suggestions(few.select(*(named(name) for name in names)), names)


def _reference_sentence(sources: Sources, home: str, reference: Reference, count: int) -> str:
    source = sources.opened[home]
    when = f" of {reference.days}" if reference.days is not None else ""
    return f"{counted(count, 'row')}{when} in {source.address}, version {source.version}"
