"""The frozen bins of a run: stored ones, and newly fitted ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from typing import Any

from pyspark.sql import Column, Row

from modelwatch.evaluation.states.reference_bins import binning_of
from modelwatch.evaluation.states.reference_sample import Field
from modelwatch.io.delta.snapshot import RowFilter
from modelwatch.io.store.output_tables import Store
from modelwatch.log import LOG
from modelwatch.model.config.column_types import exact_digits
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.profile.features import Feature
from modelwatch.model.states.binned import SCORE, SEGMENTS, Binned, of_another_secret
from modelwatch.model.states.shared_bins import SharedBin
from modelwatch.pipelines.runs.history import RunHistory
from modelwatch.pipelines.sources.frames import Sources
from modelwatch.spark.days import named
from modelwatch.spark.states.aggregation import fitted_binnings
from modelwatch.spark.states.scored_rows import feature_value
from modelwatch.stats.states.binning import Binning
from modelwatch.tables import TABLES

_Key = tuple[str, str]


@dataclass(frozen=True)
class Binnings:
    """Bins by role and name. ``fitted``: the rows of newly fitted ones, which must be written.
    ``shared``: their bins that several values share."""

    by_key: Mapping[_Key, Binning]
    fitted: tuple[Mapping[str, Any], ...]
    shared: tuple[SharedBin, ...] = ()


def stored_bins(store: Store, monitor: str, history: RunHistory) -> list[Mapping[str, Any]]:
    """Rows of the table binnings that published runs wrote, oldest first."""
    published = {row["run_id"] for row in history.runs}
    if not published:
        return []
    stored = store.rows("binnings", RowFilter({"monitor": [monitor]})).to_pylist()
    rows = [row for row in stored if row["run_id"] in published]
    return sorted(rows, key=lambda row: (row["created_at"], row["run_id"]))


def binnings_of(
    config: MonitorConfig,
    wanted: Sequence[Binned],
    features: Sequence[Feature],
    stored_rows: Sequence[Mapping[str, Any]],
    sources: Sources,
) -> Binnings:
    """All requested bins; SourceError if the reference has no rows to fit them on.

    ``stored_rows``: those of ``stored_bins``.
    """
    stored: dict[tuple[str, str, str], Mapping[str, Any]] = {}
    for row in stored_rows:
        stored.setdefault((row["role"], row["feature"], row["settings"]), row)
    missing = [one for one in wanted if one.key not in stored]
    _check_secret(config, missing, list(stored))
    fitted, shared = _fitted(config, missing, features, sources) if missing else ([], [])
    rows = {**stored, **{(r["role"], r["feature"], r["settings"]): r for r in fitted}}
    return Binnings(
        {
            (one.role, one.name): binning_of(rows[one.key], one.special_values, one.score_kind)
            for one in wanted
        },
        tuple(fitted),
        tuple(shared),
    )


def _check_secret(
    config: MonitorConfig, missing: Sequence[Binned], stored: Sequence[tuple[str, str, str]]
) -> None:
    for one in missing:
        for role, name, settings in stored:
            if (role, name) == (one.role, one.name) and of_another_secret(one, settings):
                message = (
                    f"{config.features.salt_env} contains a secret other than the one with which "
                    f"values of {name!r} were hashed, so they cannot be compared: restore it, "
                    "or store the new one in another environment variable and set its name here, "
                    "and all days are computed again"
                )
                raise SourceError([Problem("features.salt_env", None, message)])


def _fitted(
    config: MonitorConfig,
    missing: Sequence[Binned],
    features: Sequence[Feature],
    sources: Sources,
) -> tuple[list[dict[str, Any]], list[SharedBin]]:
    reference = config.binning_reference
    days = None if reference.days is None else tuple(reference.days)
    by_key = {(f.role, f.name): f for f in features}
    rows: list[dict[str, Any]] = []
    shared: list[SharedBin] = []
    groups: dict[str, list[Binned]] = {}
    for one in missing:
        groups.setdefault(_source_role(config, one, reference.role, sources), []).append(one)
    for role, group in groups.items():
        LOG.info("fitting bins of %d columns on %s of %s", len(group), reference.name, role)
        frame = sources.rows(role, days)
        fields, columns = _fields(group, by_key)
        selected = frame.select(*(c.alias(f"c{i}") for i, c in enumerate(columns)))
        types = {field.name: field.dataType.simpleString() for field in selected.schema.fields}
        fields = [
            replace(one, digits=exact_digits(types[f"c{one.positions[0]}"])) if one.numeric else one
            for one in fields
        ]
        for row in fitted_binnings(selected, fields).collect():
            rows.append(_row(group[row["field"]], row, reference.name, days))
            if row["other_rows"]:
                shared.append(_shared(group[row["field"]], row, reference.name))
        found = {row["feature"] for row in rows}
        if any(one.name not in found for one in group) or any(
            not row["fitted_rows"] for row in rows
        ):
            place = f"references[{config.references.index(reference)}]"
            wording = f"reference {reference.name!r} has no rows in {role}"
            raise SourceError([Problem(place, None, f"{wording}: bins can't be fitted on it")])
    return rows, shared


def _shared(one: Binned, fitted: Row, reference: str) -> SharedBin:
    return SharedBin(
        one.name,
        one.role == SEGMENTS,
        reference,
        values=fitted["known_values"],
        separate_values=len(fitted["categories"]),
        other_rows=fitted["other_rows"],
        rows=fitted["fitted_rows"],
        complete=fitted["known_hashes"] is not None,
    )


def _source_role(config: MonitorConfig, one: Binned, reference_role: str, sources: Sources) -> str:
    """The table on which bins are fitted: that of the reference, if it has the columns."""
    home = "predictions" if one.role == SCORE else one.role
    if home == SEGMENTS:
        inputs = {name.lower() for name in sources.frames["inputs"].columns}
        home = "inputs" if {c.lower() for c in one.columns} <= inputs else "predictions"
    if home == "predictions" and not config.two_tables:
        home = "inputs"
    if reference_role != "inputs":
        held = {name.lower() for name in sources.frames[reference_role].columns}
        if {c.lower() for c in one.columns} <= held:
            return reference_role
    return home


def _fields(
    group: Sequence[Binned], features: Mapping[_Key, Feature]
) -> tuple[list[Field], list[Column]]:
    fields: list[Field] = []
    columns: list[Column] = []
    for one in group:
        first = len(columns)
        if one.role == SEGMENTS:
            columns += [named(column).cast("string") for column in one.columns]
        elif one.role == SCORE:
            # Labels are joined with scores as doubles.
            columns.append(named(one.columns[0]).cast("double"))
        else:
            columns.append(feature_value(features[one.role, one.name]))
        fields.append(
            Field(
                tuple(range(first, len(columns))),
                one.kind == "numeric",
                one.bins,
                one.max_values,
                one.special_values,
                segments=one.role == SEGMENTS,
                score_kind=one.score_kind,
            )
        )
    return fields, columns


def _row(one: Binned, fitted: Row, reference: str, days: tuple[date, ...] | None) -> dict[str, Any]:
    binning = binning_of(fitted.asDict(), one.special_values, one.score_kind)
    return {
        "feature": one.name,
        "role": one.role,
        "kind": one.kind,
        "fingerprint": binning.fingerprint,
        "settings": one.settings,
        "reference": reference,
        "edges": fitted["edges"],
        "categories": fitted["categories"],
        "known_hashes": fitted["known_hashes"],
        "center": fitted["center"],
        "scale": fitted["scale"],
        "subtracted": fitted["subtracted"],
        "digits": fitted["digits"],
        "special_values": [float(value) for value in one.special_values]
        if one.kind == "numeric"
        else None,
        "fitted_rows": fitted["fitted_rows"],
        "fitted_days": None if days is None else list(days),
        "created_at": datetime.now(timezone.utc),
    }


BINNING_COLUMNS = TABLES["binnings"].own_names
