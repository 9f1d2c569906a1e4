"""Checks of the sections `labels`, `performance`, and `challengers` against the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from modelwatch.model.config.column_checks import (
    ATOMIC,
    Wrong,
    can_identify,
    column_problems,
    day_problems,
    joinable,
)
from modelwatch.model.config.column_types import TIMESTAMP_TYPES, is_number, outer_type
from modelwatch.model.config.document import Path
from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.config.section import did_you_mean
from modelwatch.model.config.yaml_text import list_text, value_text
from modelwatch.model.performance.label_sides import can_hold, is_text
from modelwatch.model.performance.labels import Decision, Labels, Performance
from modelwatch.model.profile.features import Schema, columns_of_role, features_of, find_column
from modelwatch.model.sources.tables import TableAddress

Tables = Mapping[str, TableAddress]
_MOMENTS = frozenset({"date", *TIMESTAMP_TYPES})


def label_columns(
    config: MonitorConfig, schemas: Mapping[str, Schema], tables: Tables
) -> Iterator[Wrong]:
    """Yield every column of these sections that is missing or has an unsuitable type."""
    if config.labels is not None:
        yield from _labels(config, config.labels, schemas)
    if config.performance is not None:
        answers = columns_of_role(config, schemas, "predictions")
        table = str(tables.get("predictions", config.inputs.table))
        yield from _performance(config, config.performance, schemas, answers, table)
    for i, challenger in enumerate(config.challengers):
        path: Path = ("challengers", i)
        schema = schemas.get(f"challenger:{challenger.name}", {})
        table = str(challenger.table)
        yield from _ids(config, (*path, "id"), challenger.id, schemas, schema, table)
        yield from day_problems((*path, "day"), schema, table, challenger.day)
        yield from column_problems(
            (*path, "score"), schema, table, challenger.score, is_number, "a number"
        )
        yield from _decision((*path, "decision"), challenger.decision, schema, table)


def _labels(
    config: MonitorConfig, labels: Labels, schemas: Mapping[str, Schema]
) -> Iterator[Wrong]:
    schema, table = schemas.get("labels", {}), str(labels.table)
    yield from _ids(config, ("labels", "id"), labels.id, schemas, schema, table)
    yield from day_problems(("labels", "day"), schema, table, labels.day)
    path: Path = ("labels", "label")
    if config.performance is not None and config.performance.task == "regression":
        yield from column_problems(path, schema, table, labels.label, is_number, "a number")
    else:
        yield from column_problems(path, schema, table, labels.label, can_identify, ATOMIC)
    needed = "a date or a timestamp"
    if labels.known is not None:
        path = ("labels", "known", "column")
        fits = _MOMENTS.__contains__
        yield from column_problems(path, schema, table, labels.known.column, fits, needed)
    if labels.due.column is not None:
        path, fits = ("labels", "due", "column"), _MOMENTS.__contains__
        name = labels.due.column
        home = _home_of(config, name, schemas)
        yield from column_problems(path, schemas.get(home, {}), f"the {home}", name, fits, needed)


def _home_of(config: MonitorConfig, name: str, schemas: Mapping[str, Schema]) -> str:
    """Return the role of the table that contains a column of the joined row; inputs take
    precedence."""
    held = find_column(schemas.get("inputs", {}), name) is not None
    return "inputs" if held or not config.two_tables else "predictions"


def _ids(
    config: MonitorConfig,
    path: Path,
    names: tuple[str, ...],
    schemas: Mapping[str, Schema],
    schema: Schema,
    table: str,
) -> Iterator[Wrong]:
    own = columns_of_role(config, schemas, "predictions")
    for i, name in enumerate(names):
        yield from column_problems((*path, i), schema, table, name, can_identify, ATOMIC)
        if i < len(config.prediction_id):
            yield from joinable((*path, i), config.prediction_id[i], own, name, schema)


def _performance(
    config: MonitorConfig,
    performance: Performance,
    schemas: Mapping[str, Schema],
    answers: Schema,
    table: str,
) -> Iterator[Wrong]:
    for i, name in enumerate(performance.score):
        path: Path = ("performance", "score", i)
        yield from column_problems(path, answers, table, name, is_number, "a number")
    yield from _decision(("performance", "decision"), performance.decision, answers, table)
    for i, name in enumerate(performance.interval):
        path = ("performance", "interval", i)
        yield from column_problems(path, answers, table, name, is_number, "a number")
    if performance.task == "binary":
        yield from _positive(config, performance, schemas, answers)
    if performance.slices is not None and not isinstance(performance.slices, bool):
        features, _ = features_of(config, schemas)
        known = {feature.name.lower(): feature.name for feature in features}
        for i, name in enumerate(performance.slices):
            if known and name.lower() not in known:
                wording = f"{name!r} is not a feature{did_you_mean(name, known.values())}"
                yield ("performance", "slices", i), wording


def _decision(path: Path, decision: Decision | None, schema: Schema, table: str) -> Iterator[Wrong]:
    if decision is not None and decision.column is not None:
        yield from column_problems(
            (*path, "column"), schema, table, decision.column, can_identify, ATOMIC
        )


def _positive(
    config: MonitorConfig,
    performance: Performance,
    schemas: Mapping[str, Schema],
    answers: Schema,
) -> Iterator[Wrong]:
    """Yield the problems of the keys `positive` and `negative`; see ``side_problems``."""
    of_label = config.labels.label if config.labels else None
    of_decision = performance.decision.column if performance.decision else None
    kinds: list[tuple[str, str]] = []
    for name, schema in ((of_label, schemas.get("labels", {})), (of_decision, answers)):
        column = find_column(schema, name) if name else None
        if column is not None:
            kinds.append((column, schema[column]))
    for key, wording in side_problems(performance, kinds):
        yield ("performance", key), wording


def side_problems(
    performance: Performance, kinds: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """Yield the keys `positive` and `negative` with their problems.

    ``kinds``: name and Spark type of the label and decision columns. Each column must be able to
    contain a positive value, and at least one of them a negative value.
    """
    for column, kind in kinds:
        if not any(can_hold(kind, value) for value in performance.positive):
            given = "positive" in performance.model_fields_set
            yield "positive", _held_by_none("positive", performance.positive, given, column, kind)
    held = (can_hold(kind, value) for _, kind in kinds for value in performance.negative)
    if kinds and performance.negative and not any(held):
        yield "negative", _held_by_none("negative", performance.negative, True, *kinds[0])


def _held_by_none(
    key: str, values: tuple[Any, ...], given: bool, column: str, spark_type: str
) -> str:
    """Return the problem with the values of a key, and what to write instead.

    ``given``: whether the configuration sets the key.
    """
    what = "names" if given else f"is not set, and its default {list_text(values)} names"
    wording = f"{what} no value that column {column!r} can hold, which is {spark_type}"
    return f"{wording}; write {_instead(key, values, spark_type)}"


def _instead(key: str, values: tuple[Any, ...], spark_type: str) -> str:
    if is_text(spark_type):
        text = value_text(values[0]) if not isinstance(values[0], str) else "yes"
        return f'the string as written in the column, in quotes, such as {key}: ["{text}"]'
    if outer_type(spark_type) == "boolean":
        return f"{key}: [{str(key == 'positive').lower()}] without quotes"
    if is_number(spark_type):
        return f"the number without quotes, such as {key}: [{int(key == 'positive')}]"
    return f"a value of type {spark_type} in quotes"
