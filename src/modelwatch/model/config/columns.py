"""The configuration checked against the tables: columns that are missing or unsuitable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from modelwatch.model.config.column_checks import (
    ATOMIC,
    Wrong,
    can_identify,
    column_problems,
    day_problems,
    joinable,
    type_group,
)
from modelwatch.model.config.column_types import TIMESTAMP_TYPES, is_number
from modelwatch.model.config.document import Path, place_of
from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.config.section import did_you_mean
from modelwatch.model.errors import Problem
from modelwatch.model.performance.label_columns import label_columns
from modelwatch.model.planning.window_specs import Reference
from modelwatch.model.profile.features import (
    Feature,
    Schema,
    columns_of_role,
    columns_that_fit,
    features_of,
    find_column,
    natural_kind,
)
from modelwatch.model.profile.options import ColumnOptions
from modelwatch.model.quarantine.checks import rule_columns
from modelwatch.model.sources.durations import ROLE as DURATIONS
from modelwatch.model.sources.durations import Durations
from modelwatch.model.sources.tables import TableAddress
from modelwatch.stats.profile.metrics import METRICS


def tables_of(config: MonitorConfig) -> dict[str, TableAddress]:
    """The tables that the configuration names, by role.

    Roles are ``inputs``, ``predictions`` if they have a table of their own, ``reference:<name>``,
    ``set:<name>`` for the foreign set of a constraint, ``labels``, ``durations``, and
    ``challenger:<name>``.
    """
    tables = {"inputs": config.inputs.table}
    if config.predictions is not None and config.predictions.table is not None:
        tables["predictions"] = config.predictions.table
    for reference in config.references:
        if reference.table is not None:
            tables[reference.role] = reference.table
    for constraint in config.constraints:
        if constraint.kind == "foreign_set":
            tables[f"set:{constraint.name}"] = constraint.set.table
    if config.labels is not None:
        tables["labels"] = config.labels.table
    if config.durations is not None:
        tables[DURATIONS] = config.durations.table
    for challenger in config.challengers:
        tables[f"challenger:{challenger.name}"] = challenger.table
    return tables


def check_columns(
    config: MonitorConfig,
    schemas: Mapping[str, Schema],
    lines: Mapping[str, int] | None = None,
) -> tuple[Problem, ...]:
    """Every table and column that is missing or has an unsuitable type.

    ``schemas`` by role (see ``tables_of``); a table without a schema is missing. ``lines``: from
    ``lines_of``, for the lines of problems in the file.
    """
    wrong = [
        *_missing_tables(config, schemas),
        *_inputs(config, schemas),
        *_predictions(config, schemas),
        *_features(config, schemas),
        *_segments(config, schemas),
        *_pairs(config, schemas),
        *_references(config, schemas),
        *_constraints(config, schemas),
        *label_columns(config, schemas, tables_of(config)),
        *_verdict_columns(config, schemas),
        *_durations_columns(config.durations, schemas),
        *rule_columns(config, schemas, tables_of(config)),
    ]
    return tuple(Problem(place_of(path), _line(path, lines or {}), text) for path, text in wrong)


def table_place(config: MonitorConfig, role: str) -> str:
    """Where the configuration names the table of a role."""
    return place_of(_table_path(config, role))


def _line(path: Path, lines: Mapping[str, int]) -> int | None:
    for length in range(len(path), -1, -1):
        line = lines.get(place_of(path[:length]))
        if line is not None:
            return line
    return None


def _missing_tables(config: MonitorConfig, schemas: Mapping[str, Schema]) -> Iterator[Wrong]:
    for role, address in tables_of(config).items():
        if role not in schemas:
            yield _table_path(config, role), f"there is no Delta table {address}"


def _table_path(config: MonitorConfig, role: str) -> Path:
    section, _, name = role.partition(":")
    if section == "reference":
        names = [reference.name for reference in config.references]
        return ("references", names.index(name), "table")
    if section == "set":
        names = [constraint.name for constraint in config.constraints]
        return ("constraints", names.index(name), "set", "table")
    if section == "challenger":
        names = [challenger.name for challenger in config.challengers]
        return ("challengers", names.index(name), "table")
    return (section, "table")


def _table(config: MonitorConfig, role: str) -> str:
    return str(tables_of(config).get(role, config.inputs.table))


def _inputs(config: MonitorConfig, schemas: Mapping[str, Schema]) -> Iterator[Wrong]:
    schema, table = schemas.get("inputs", {}), _table(config, "inputs")
    for i, name in enumerate(config.inputs.id):
        yield from column_problems(("inputs", "id", i), schema, table, name, can_identify, ATOMIC)
    yield from day_problems(("inputs", "day"), schema, table, config.inputs.day)


def _predictions(config: MonitorConfig, schemas: Mapping[str, Schema]) -> Iterator[Wrong]:
    predictions = config.predictions
    if predictions is None:
        return
    schema = columns_of_role(config, schemas, "predictions")
    table = _table(config, "predictions")
    for i, name in enumerate(predictions.id):
        path: Path = ("predictions", "id", i)
        yield from column_problems(path, schema, table, name, can_identify, ATOMIC)
        yield from joinable(path, config.inputs.id[i], schemas.get("inputs", {}), name, schema)
    if predictions.day is not None:
        yield from day_problems(("predictions", "day"), schema, table, predictions.day)
    for i, name in enumerate(predictions.score):
        path = ("predictions", "score", i)
        yield from column_problems(path, schema, table, name, is_number, "a number")
    for i, name in enumerate(predictions.decision):
        path = ("predictions", "decision", i)
        yield from column_problems(path, schema, table, name, natural_kind, ATOMIC)  # type: ignore[arg-type]
    version = predictions.model_version
    if version is not None and version.column is not None:
        path = ("predictions", "model_version", "column")
        yield from column_problems(path, schema, table, version.column, can_identify, ATOMIC)
    answers = {name.lower() for name in predictions.names}
    for name, options in predictions.columns.items():
        path = ("predictions", "columns", name)
        if name.lower() not in answers:
            yield path, f"{name!r} is neither a score nor a decision"
            continue
        if name in predictions.decision and options.type is None:
            options = options.model_copy(update={"type": "categorical"})
        yield from _options(path, schema, table, name, options)


def _options(
    path: Path, schema: Schema, table: str, name: str, options: ColumnOptions
) -> Iterator[Wrong]:
    missing = list(column_problems(path, schema, table, name))
    column = find_column(schema, name)
    if missing or column is None:
        yield from missing
        return
    natural = natural_kind(schema[column])
    wording = f"column {column!r} of {table} is {schema[column]}"
    if natural is None:
        yield path, f"{wording}, a type that is not profiled"
    elif options.type == "numeric" and natural == "categorical":
        yield (*path, "type"), f"{wording} and cannot be numeric"
    elif (options.type or natural) == "categorical":
        for key in ("special_values", "bins"):
            if getattr(options, key):
                yield (*path, key), f"{wording}: it is categorical and cannot have {key}"
    elif options.max_values is not None:
        yield (*path, "max_values"), f"{wording}: max_values applies to categorical columns only"


def _features(config: MonitorConfig, schemas: Mapping[str, Schema]) -> Iterator[Wrong]:
    schema, table = schemas.get("inputs", {}), _table(config, "inputs")
    if not schema:
        return
    for key in ("include", "exclude"):
        for i, pattern in enumerate(getattr(config.features, key)):
            if not columns_that_fit((pattern,), schema):
                hint = did_you_mean(pattern, schema)
                yield ("features", key, i), f"{table} has no column that fits {pattern!r}{hint}"
    features, not_profiled = features_of(config, schemas)
    names = {one.column.lower() for one in features} | {one.column.lower() for one in not_profiled}
    for name, options in config.features.columns.items():
        path: Path = ("features", "columns", name)
        column = find_column(schema, name)
        if options == ColumnOptions(sensitive=True) and any(
            find_column(there, name) for there in schemas.values()
        ):
            continue  # An id, for example, does not have to be a feature to be sensitive.
        if column is not None and column.lower() not in names:
            yield path, f"{column!r} is not a feature: it is excluded or has another meaning"
        else:
            yield from _options(path, schema, table, name, options)
    if not any(feature.role == "inputs" for feature in features):
        yield ("features",), f"{table} has no feature: no column has a type that is profiled"
    seen: set[str] = set()
    for feature in features:
        if feature.name.lower() in seen:
            yield (
                ("features", "exclude"),
                f"{feature.name!r} is a column of the inputs and of {feature.role}: exclude it "
                "here, because the results of both would have the same name",
            )
        seen.add(feature.name.lower())


def _segments(config: MonitorConfig, schemas: Mapping[str, Schema]) -> Iterator[Wrong]:
    # Rows of the inputs and of the predictions are segmented alike, so either may have the column.
    inputs, predictions = schemas.get("inputs", {}), schemas.get("predictions", {})
    for i, segmentation in enumerate(config.segments):
        for j, name in enumerate(segmentation.columns or ()):
            path: Path = ("segments", i, "columns", j)
            role = "inputs"
            if find_column(inputs, name) is None and find_column(predictions, name) is not None:
                role = "predictions"
            schema = schemas.get(role, {})
            yield from column_problems(
                path, schema, _table(config, role), name, can_identify, ATOMIC
            )


def _pairs(config: MonitorConfig, schemas: Mapping[str, Schema]) -> Iterator[Wrong]:
    features, _ = features_of(config, schemas)
    if not features:
        return
    numeric = {feature.name.lower() for feature in features if feature.kind == "numeric"}
    for i, name in enumerate(config.pairs.columns or ()):
        if name.lower() not in numeric:
            yield ("pairs", "columns", i), f"{name!r} is not a numeric feature"


def _references(config: MonitorConfig, schemas: Mapping[str, Schema]) -> Iterator[Wrong]:
    features, _ = features_of(config, schemas)
    for i, reference in enumerate(config.references):
        schema = schemas.get(reference.role, {})
        if reference.table is None or not schema:
            continue
        path, table = ("references", i), str(reference.table)
        if reference.day is not None:
            yield from day_problems((*path, "day"), schema, table, reference.day)
        bins = bool(config.fixed_references) and _carries_bins(config, reference)
        for feature in features:
            column = find_column(schema, feature.column)
            if column is None and bins:
                yield (
                    (*path, "table"),
                    f"{table} has no column {feature.column!r}, on which its bins are "
                    "fitted: exclude it from the features, or choose another binning.reference",
                )
            elif column is not None and _other_kind(schema[column], feature.spark_type):
                yield (
                    (*path, "table"),
                    f"column {column!r} of {table} is {schema[column]}, and {feature.spark_type} "
                    f"in the {feature.role}: they cannot be compared",
                )
        if features and not any(find_column(schema, feature.column) for feature in features):
            yield (*path, "table"), f"{table} has no column that is a feature"


def _carries_bins(config: MonitorConfig, reference: Reference) -> bool:
    return config.binning_reference.name == reference.name


def _other_kind(one: str, other: str) -> bool:
    def of(spark_type: str) -> str:
        return "number" if is_number(spark_type) else type_group(spark_type)

    return of(one) != of(other)


def _constraints(config: MonitorConfig, schemas: Mapping[str, Schema]) -> Iterator[Wrong]:
    for i, constraint in enumerate(config.constraints):
        schema = columns_of_role(config, schemas, constraint.table)
        table = _table(config, constraint.table)
        numeric = constraint.kind in ("range", "mean", "sd", "correlation")
        fits, needed = (is_number, "a number") if numeric else (None, "")
        for name in constraint.named_columns:
            key = "column" if "column" in type(constraint).model_fields else "columns"
            yield from column_problems(("constraints", i, key), schema, table, name, fits, needed)
        if constraint.kind == "foreign_set":
            foreign = schemas.get(f"set:{constraint.name}", {})
            path: Path = ("constraints", i, "set", "column")
            of = str(constraint.set.table)
            yield from column_problems(path, foreign, of, constraint.set.column)


def _durations_columns(
    durations: Durations | None, schemas: Mapping[str, Schema]
) -> Iterator[Wrong]:
    """Columns that are missing from the table of durations or have an unsuitable type."""
    if durations is None or DURATIONS not in schemas:
        return
    schema, table = schemas[DURATIONS], str(durations.table)
    yield from column_problems((DURATIONS, "kind"), schema, table, durations.kind)
    yield from column_problems(
        (DURATIONS, "started"),
        schema,
        table,
        durations.started,
        _is_moment,
        "a timestamp or a date",
    )
    yield from column_problems(
        (DURATIONS, "seconds"), schema, table, durations.seconds, is_number, "a number"
    )


def _is_moment(kind: str) -> bool:
    return kind == "date" or kind in TIMESTAMP_TYPES


def _verdict_columns(config: MonitorConfig, schemas: Mapping[str, Schema]) -> Iterator[Wrong]:
    """Names that are not features, and metrics that a feature of its kind does not have."""
    if "inputs" not in schemas:
        return  # the missing table is reported elsewhere
    features, _ = features_of(config, schemas)
    known = {feature.name.lower(): feature for feature in features}
    for name in config.incidents.importance:
        path: Path = ("incidents", "importance", name)
        if name.lower() not in known:
            yield path, _unknown(name, features)
    for index, series in enumerate(config.verdicts.anomalies):
        path = ("verdicts", "anomalies", index, "feature")
        feature = known.get(series.feature.lower())
        if series.feature == "*":
            continue
        if feature is None:
            yield path, _unknown(series.feature, features)
        elif feature.kind not in METRICS[series.metric].kinds:
            yield path, f"{feature.name!r} is {feature.kind}, and has no {series.metric}"


def _unknown(name: str, features: tuple[Feature, ...]) -> str:
    return f"there is no feature {name!r}{did_you_mean(name, [f.name for f in features])}"
