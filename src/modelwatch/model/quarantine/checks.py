"""Rules and sensitive columns checked against the other sections and against the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from modelwatch.model.config.column_checks import ATOMIC, Wrong, can_identify, column_problems
from modelwatch.model.config.cross_checks import Parts
from modelwatch.model.config.document import Path
from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.config.sensitive import sensitive_columns
from modelwatch.model.profile.features import Schema, columns_of_role, find_column
from modelwatch.model.quarantine.rules import Rule
from modelwatch.model.sources.tables import TableAddress


def rule_checks(parts: Parts) -> list[tuple[Path, str]]:
    """Problems between the rules and the other sections, as (path, message)."""
    return [
        found
        for index, rule in parts.rules
        for found in (*_tables(parts, index, rule), *_keys(parts, index, rule))
    ]


def _tables(parts: Parts, index: int, rule: Rule) -> Iterator[tuple[Path, str]]:
    missing = {
        "predictions": not parts.has_predictions,
        "labels": "labels" not in parts.named,
    }
    for key in ("table", "without"):
        table = getattr(rule, key)
        if missing.get(table or ""):
            yield ("rules", index, key), f"there is no section {table}"
            return
    known = parts.predictions is not None
    if known and rule.without and rule.table != "labels" and not _two_tables(parts):
        yield (
            ("rules", index, "without"),
            f"{rule.table} and {rule.without} are in the same table, so no row lacks the other",
        )


def _two_tables(parts: Parts) -> bool:
    return parts.predictions is not None and parts.predictions.table is not None


def _keys(parts: Parts, index: int, rule: Rule) -> Iterator[tuple[Path, str]]:
    if rule.duplicates is None or rule.duplicates.key or parts.inputs is None:
        return
    own = rule.table == "labels" or (rule.table == "predictions" and _two_tables(parts))
    if not own and not parts.inputs.id:
        yield ("rules", index, "duplicates", "key"), "is required: inputs.id is not set"


def rule_columns(
    config: MonitorConfig,
    schemas: Mapping[str, Schema],
    tables: Mapping[str, TableAddress],
) -> Iterator[Wrong]:
    """Keys of duplicates that are not columns, and sensitive columns whose values would be
    shown."""
    for index, rule in enumerate(config.rules):
        if rule.duplicates is None:
            continue
        role = config.table_role(rule.table)
        path: Path = ("rules", index, "duplicates", "key")
        for name in rule.duplicates.key:
            yield from column_problems(
                path, schemas.get(role, {}), str(tables.get(role, role)), name, can_identify, ATOMIC
            )
    yield from _sensitive(config, schemas)


def _sensitive(config: MonitorConfig, schemas: Mapping[str, Schema]) -> Iterator[Wrong]:
    sensitive = set(sensitive_columns(config))
    if config.predictions is not None:
        for name, options in config.predictions.columns.items():
            if options.sensitive:
                path: Path = ("predictions", "columns", name, "sensitive")
                yield path, "a score or a decision cannot be sensitive"
    for index, split in enumerate(config.segments):
        for position, name in enumerate(split.columns or ()):
            if name.lower() in sensitive:
                yield (
                    ("segments", index, "columns", position),
                    f"{name!r} is sensitive, but the values of a segmentation are written: use a "
                    "predicate, or remove it",
                )
    for name in _shown(config, schemas):
        if name.lower() in sensitive:
            yield (
                ("features", "columns", name, "sensitive"),
                f"{name!r} is the day, the model version, the label, a score or a decision, whose "
                "values are written",
            )


def _shown(config: MonitorConfig, schemas: Mapping[str, Schema]) -> Iterator[str]:
    """Columns whose values are results, or determine where results belong."""
    yield from config.inputs.day.columns
    predictions = config.predictions
    if predictions is not None:
        # A name that is in both tables refers to two columns, one of which may be sensitive.
        there = columns_of_role(config, schemas, "predictions")
        yield from (name for name in predictions.names if find_column(there, name))
        if predictions.model_version is not None and predictions.model_version.column:
            yield predictions.model_version.column
    if config.labels is not None:
        yield config.labels.label
