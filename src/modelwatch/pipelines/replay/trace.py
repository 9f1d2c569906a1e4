"""One prediction at one time: its inputs, its scores, and everything that is known about it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce
from operator import and_
from typing import Any

from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from modelwatch.errors import present
from modelwatch.io.delta.source_versions import SourceRead, why_unreadable
from modelwatch.io.store.output_tables import Store
from modelwatch.model.config.columns import tables_of
from modelwatch.model.config.configuration import MonitorConfig, lines_of, parse_config
from modelwatch.model.config.sensitive import secrets_of
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.profile.features import find_column
from modelwatch.pipelines.contracts.files import stored_contracts, with_contract_rules
from modelwatch.pipelines.incidents.rows import newest_incidents
from modelwatch.pipelines.quarantine.releases import releases_at
from modelwatch.pipelines.sources.frames import Sources, opened_sources
from modelwatch.spark.casts import try_cast
from modelwatch.spark.days import DAY, local_date, named, type_of
from modelwatch.spark.quarantine.row_rules import FATE, applies_column, breaks_column, judged
from modelwatch.spark.sensitive import masked
from modelwatch.stats.value_names import value_name

_MOST_ROWS = 20
"""Maximum number of rows of one id in a table that are shown."""
_RUN = ("run_id", "as_of", "finished_at", "outcome", "days", "label_days", "config_yaml", "sources")


@dataclass(frozen=True)
class TracedRows:
    """Rows of an id in one table at one version, with the result of each rule."""

    role: str
    table: str
    version: int
    rows: Sequence[Mapping[str, Any]]
    rules: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Trace:
    """One prediction on one day, as of an as-of day.

    ``constraints``: verdicts on its day, including contracts. ``quarantine``: its rows there.
    ``incidents``: those that include its day, as known then. ``notes``: what is no longer known.
    """

    monitor: str
    id: tuple[str, ...]
    as_of: date
    day: date | None
    run_id: str
    model_version: str | None
    tables: Sequence[TracedRows]
    constraints: Sequence[Mapping[str, Any]] = ()
    quarantine: Sequence[Mapping[str, Any]] = ()
    incidents: Sequence[Mapping[str, Any]] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class _Known:
    """The runs published by an as-of day, oldest first."""

    runs: Sequence[Row]
    as_of: date

    def of_day(self, day: date) -> Row | None:
        """The run whose states of a day counted."""
        return next((run for run in reversed(self.runs) if day in (run["days"] or ())), None)


def trace(
    spark: SparkSession,
    config: MonitorConfig,
    id: Sequence[str],
    *,
    as_of: date | None = None,
    day: date | None = None,
) -> Trace:
    """What was known about the prediction with an id, by runs as of a day or before.

    ``as_of``: by default that of the newest run. ``day`` of the prediction; without it, the whole
    table is searched. Tables are read at the versions that the run read which computed the day.
    Values of sensitive columns are shown as hashes. SourceError if there is no such prediction.
    """
    store = Store(spark, config.output)
    known = _known(store, config, as_of)
    columns = config.inputs.id
    if not columns:
        raise _error(config, "inputs.id names no column: predictions have no id to be found by")
    if len(columns) != len(id):
        described = ", ".join(columns)
        raise _error(config, f"an id has {len(columns)} values, of {described}; got {len(id)}")
    newest, notes = known.runs[-1], list[str]()
    sources = _sources(spark, store, newest, config.folder, notes)
    found = _day_of(sources, id, day)
    if found is None:
        where = f" on {day}" if day else ""
        described = f"no row with id {' '.join(id)}{where} in {sources.opened['inputs'].address}"
        raise _error(config, f"{described} at version {sources.opened['inputs'].version}")
    run = known.of_day(found)
    if run is None:
        notes.append(f"no run as of {known.as_of} or before has computed {found}")
    elif run["run_id"] != newest["run_id"]:
        sources = _sources(spark, store, run, config.folder, notes)
    tables = [
        _rows(sources, role, _ids_of(sources.config, role), id, found)
        for role in ("inputs", "predictions")
        if role in sources.opened
    ]
    if sources.config.labels is not None:
        tables.append(
            _labels(_sources(spark, store, newest, config.folder, []), id, found, known.as_of)
        )
    counting = run or newest
    return Trace(
        monitor=config.monitor,
        id=tuple(id),
        as_of=known.as_of,
        day=found,
        run_id=counting["run_id"],
        model_version=_model_version(sources.config, tables),
        tables=tables,
        constraints=_constraints(store, config, counting, found),
        quarantine=_quarantine(store, config, counting, id, found),
        incidents=_incidents(store, config, known, found),
        notes=tuple(dict.fromkeys(notes)),
    )


def _known(store: Store, config: MonitorConfig, as_of: date | None) -> _Known:
    store.require_results()
    stored = store.runs(config.monitor)
    more = [name for name in ("contracts",) if name in stored.columns]
    rows = [row for row in stored.select(*_RUN, *more).collect() if row["outcome"] == "published"]
    rows.sort(key=lambda row: (row["finished_at"], row["run_id"]))
    held = [row for row in rows if as_of is None or row["as_of"] <= as_of]
    if not held:
        first = min((row["as_of"] for row in rows), default=None)
        described = (
            "no run was published yet" if first is None else f"the first run is as of {first}"
        )
        raise _error(config, described)
    return _Known(held, as_of or held[-1]["as_of"])


def _sources(
    spark: SparkSession, store: Store, run: Row, folder: str | None, notes: list[str]
) -> Sources:
    """The tables as a run read them; if a version is gone, the newest one, with a note."""
    origin = f"configuration of run {run['run_id']}"
    config = parse_config(run["config_yaml"], origin, folder=folder)
    tables, lines = tables_of(config), lines_of(run["config_yaml"])
    versions: dict[str, int] = {}
    for held in run["sources"] or ():
        role = held["role"]
        if role in tables and held["version"] is not None:
            read = SourceRead(role, tables[role], held["version"], held["table_id"])
            why = why_unreadable(spark, read)
            if why is None:
                versions[role] = held["version"]
            else:
                notes.append(f"{why}; shown as it is now")
    contracts = stored_contracts(store, config.monitor, run.asDict().get("contracts"))
    sources = with_contract_rules(opened_sources(spark, config, lines, versions), contracts)
    releases = releases_at(store, sources.config, until=run["finished_at"])
    secrets = secrets_of(sources.config, os.environ, lines)
    return replace(sources, releases=releases, secrets=secrets)


def _ids_of(config: MonitorConfig, role: str) -> tuple[str, ...]:
    return config.ids_of(role) or config.inputs.id


def _has_id(rows: DataFrame, columns: Sequence[str], id: Sequence[str]) -> Column:
    """Whether a row has an id given as strings, in the types of the columns."""
    types = {field.name.lower(): field.dataType.simpleString() for field in rows.schema.fields}
    return reduce(
        and_,
        (
            named(column) == try_cast(F.lit(text), types[column.lower()])
            for column, text in zip(columns, id, strict=True)
        ),
    )


def _day_of(sources: Sources, id: Sequence[str], day: date | None) -> date | None:
    """The day of the newest row with an id, in the inputs, otherwise in the predictions."""
    for role in ("inputs", "predictions"):
        if role in sources.opened:
            rows = sources.arrived(role, None if day is None else {day})
            mine = rows.where(_has_id(rows, _ids_of(sources.config, role), id))
            newest = mine.agg(F.max(DAY).alias("day")).collect()[0]["day"]
            if newest is not None:
                return newest  # type: ignore[no-any-return]
    return None


def _rows(
    sources: Sources, role: str, columns: Sequence[str], id: Sequence[str], day: date
) -> TracedRows:
    """All rows of an id on a day, with the rules that each fails."""
    check = sources.row_check(role, {day})
    rows = judged(sources.arrived(role, {day}), check)
    mine = rows.where(_has_id(rows, columns, id))
    own = sources.frames[role].columns
    described = [
        F.struct(
            F.col(applies_column(i)).alias("judges"), F.col(breaks_column(i)).alias("fails")
        ).alias(f"__told_{i}")
        for i in range(len(check.rules))
    ]
    shown = mine.select(*(masked(c, sources.secrets) for c in own), FATE, *described).limit(
        _MOST_ROWS
    )
    source, held, rules = sources.opened[role], [], []
    for number, row in enumerate(shown.collect(), 1):
        held.append({name: row[name] for name in own})
        rules += [
            {
                "row": number,
                "rule": rule.name,
                "treatment": rule.treatment,
                "holds": not row[f"__told_{i}"]["fails"],
                "fate": row[FATE],
                "reason": rule.reason if row[f"__told_{i}"]["fails"] else None,
            }
            for i, rule in enumerate(check.rules)
            if row[f"__told_{i}"]["judges"]
        ]
    return TracedRows(role, str(source.address), source.version, held, rules)


def _labels(sources: Sources, id: Sequence[str], day: date, as_of: date) -> TracedRows:
    """Every label of an id and day known by an as-of day, the earliest first."""
    labels = present(sources.config.labels, "labels")
    rows = sources.arrived("labels", {day})
    mine = rows.where(_has_id(rows, labels.id, id))
    own, order = sources.frames["labels"].columns, []
    if labels.known is not None:
        kind = type_of(rows, labels.known.column)
        column = named(labels.known.column)
        known = local_date(column, kind, sources.config.time_zone)
        mine = mine.where(F.coalesce(known <= F.lit(as_of), F.lit(True)))
        order = [named(labels.known.column)]
    shown = mine.orderBy(*order) if order else mine
    held = shown.select(*(masked(c, sources.secrets) for c in own)).limit(_MOST_ROWS).collect()
    source = sources.opened["labels"]
    found = [{name: row[name] for name in own} for row in held]
    return TracedRows("labels", str(source.address), source.version, found)


def _model_version(config: MonitorConfig, tables: Sequence[TracedRows]) -> str | None:
    version = config.predictions.model_version if config.predictions is not None else None
    if version is None or version.column is None:
        return value_name(str(version.literal)) if version is not None else None
    role = "predictions" if config.two_tables else "inputs"
    for table in tables:
        for row in table.rows if table.role == role else ():
            column = find_column(dict.fromkeys(row, ""), version.column)
            value = row[column] if column is not None else None
            return None if value is None else value_name(str(value))
    return None


def _constraints(store: Store, config: MonitorConfig, run: Row, day: date) -> list[dict[str, Any]]:
    mine = _of_run(store, "constraint_results", config, run).where(F.col("day") == F.lit(day))
    names = ("constraint_name", "kind", "column_name", "verdict", "observed", "reason")
    return [row.asDict() for row in mine.select(*names).orderBy("constraint_name").collect()]


def _quarantine(
    store: Store, config: MonitorConfig, run: Row, id: Sequence[str], day: date
) -> list[dict[str, Any]]:
    if not store.exists("quarantine"):
        return []
    mine = _of_run(store, "quarantine", config, run).where(F.col("day") == F.lit(day))
    values = F.transform("row_id", lambda part: part["value"])
    mine = mine.where(values == F.array(*(F.lit(text) for text in id)))
    names = ("role", "state", "rules", "reasons", "row_key", "source_file")
    return [row.asDict() for row in mine.select(*names).orderBy("role", "row_key").collect()]


def _incidents(
    store: Store, config: MonitorConfig, known: _Known, day: date
) -> list[dict[str, Any]]:
    """Incidents that include a day, as of the last run of those known."""
    mine = store.read("incidents").where(F.col("monitor") == config.monitor)
    order = {row["run_id"]: place for place, row in enumerate(known.runs)}
    touching = mine.where((F.col("onset") <= F.lit(day)) & (F.col("last_failing") >= F.lit(day)))
    ids = [row["incident_id"] for row in touching.select("incident_id").distinct().collect()]
    rows = mine.where(F.col("incident_id").isin(ids)).collect() if ids else []
    return [
        {
            "incident_id": one.id,
            "state": one.state,
            "severity": one.severity,
            "kind": one.kind,
            "onset": one.onset,
            "sentence": one.sentence,
        }
        for one in newest_incidents([row.asDict(recursive=True) for row in rows], order)
        if one.parent_id is None
        and one.state != "withdrawn"
        and one.onset <= day <= one.last_failing
    ]


def _of_run(store: Store, table: str, config: MonitorConfig, run: Row) -> DataFrame:
    return store.read(table).where(
        (F.col("monitor") == config.monitor) & (F.col("run_id") == run["run_id"])
    )


def _error(config: MonitorConfig, message: str) -> SourceError:
    return SourceError([Problem("", None, message)], config.monitor)


def as_json(value: Any) -> Any:
    """A value for JSON: strings for days, timestamps, and types that JSON lacks."""
    if isinstance(value, Mapping):
        return {str(key): as_json(held) for key, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(held) for held in value]
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
