"""Predictions joined with their labels, with the column positions that a pass expects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from modelwatch.errors import present
from modelwatch.evaluation.states.label_layout import NEVER, LabelledLayout, ValuePlace
from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.performance.label_sides import CountedAs, counted_as
from modelwatch.model.performance.labels import Challenger, Labels, Performance
from modelwatch.model.profile.features import Feature, find_column
from modelwatch.spark.days import DAY, local_date, named, nearest_in_calendar, type_of
from modelwatch.spark.states.label_values import MappedValue, decision_value
from modelwatch.spark.states.latest_labels import (
    LABEL_COLUMN,
    MISSING,
    SPELLINGS,
    VALUED,
    latest_labels,
)
from modelwatch.spark.states.scored_rows import (
    PREDICTION_DAY,
    JoinedRows,
    dealt,
    deduplicated,
    equal,
    feature_value,
    joined_rows,
    model_version,
    prediction_id,
    segment_columns,
)
from modelwatch.stats.states.value_account import (
    DECISION_SUBJECT,
    LABEL_SUBJECT,
    challenger_subject,
)

_SCORED = "__scored"
_DECISION = "__decision"
BORROWED = ("label", "decision", "score")
"""Names that expressions may use for the label, decision, and score if no column has them."""


@dataclass(frozen=True)
class LabelledRows:
    """A frame of predictions and labels, and the positions of its columns."""

    frame: DataFrame
    layout: LabelledLayout


@dataclass(frozen=True)
class Traffic:
    """Rows of some days of each table, with their ``DAY``; challengers by name."""

    inputs: DataFrame
    predictions: DataFrame | None
    labels: DataFrame
    challengers: Mapping[str, DataFrame]


def labelled_rows(
    config: MonitorConfig,
    slices: Sequence[Feature],
    traffic: Traffic,
    as_of: date,
    *,
    day_tasks: int | None = None,
    features: Sequence[Feature] = (),
) -> LabelledRows:
    """Every prediction once, with its label as known on a day, and labels without a prediction.

    Of several labels, the last known one counts; among labels of the same moment, a hash decides,
    so that the result does not depend on the order of files. Labels known after ``as_of`` are
    ignored, except for the day on which the next of them becomes known. ``day_tasks`` as in
    ``scored_rows``. ``features`` come last, for a loss regressor.
    """
    labels = present(config.labels, "labels")
    performance = present(config.performance, "performance")
    asked = tuple(dict.fromkeys((*slices, *features)))
    rows = _predictions(config, performance, asked, traffic, day_tasks)
    frame = rows.frame
    kinds = _counted_as(config, performance, traffic)
    for i, challenger in enumerate(config.challengers):
        scored = traffic.challengers[challenger.name]
        frame = _with_challenger(config, i, challenger, performance, frame, scored, day_tasks)
    known = latest_labels(config, labels, performance, traffic.labels, as_of, day_tasks=day_tasks)
    ids = [(F.col(prediction_id(i)), F.col(f"__label_id_{i}")) for i in range(len(labels.id))]
    same = equal(ids, (F.col(PREDICTION_DAY), F.col("__label_day")))
    frame = frame.join(known, same, "full_outer").withColumn(
        DAY, F.coalesce(F.col(DAY), F.col("__label_day"))
    )
    selected: list[Column] = [
        F.col(DAY),
        _due(config, labels, frame),
        rows.version,
        F.coalesce(F.col(_SCORED), F.lit(False)),
        F.col(_DECISION),
        F.col(LABEL_COLUMN),
        F.greatest(F.coalesce(F.datediff("__known", F.col(DAY)), F.lit(0)), F.lit(0)),
        F.coalesce("__rows", F.lit(0)).cast("int"),
        F.coalesce("__corrected", F.lit(False)).cast("int"),
        F.coalesce("__conflicting", F.lit(False)).cast("int"),
        F.coalesce("__unknown_classes", F.lit(0)).cast("bigint"),
        F.col("__last_known"),
        F.col("__next_known"),
    ]

    def positions(columns: Sequence[Column]) -> tuple[int, ...]:
        first = len(selected)
        selected.extend(columns)
        return tuple(range(first, len(selected)))

    scores = positions([F.col(f"__score_{i}") for i in range(len(performance.score))])
    interval = positions([F.col(f"__end_{i}") for i in range(len(performance.interval))])
    for name, column in _lent(frame, performance).items():
        frame = frame.withColumn(name, column)
    values = positions([_expression(sql) for sql in performance.values.expressions.values()])
    challengers = tuple(
        (positions([F.col(f"__shadow_decision_{i}")])[0], positions([F.col(f"__shadow_{i}")])[0])
        for i in range(len(config.challengers))
    )
    columns, segments = segment_columns(config.segments, len(selected))
    selected.extend(columns)
    places = [
        (subject, kind, positions([named(name) for name in _known_names(subject)]))
        for subject, kind in kinds.items()
    ]
    sliced = positions([rows.values[feature.name] for feature in slices])
    taken = positions([rows.values[feature.name] for feature in features])
    return LabelledRows(
        frame.select(*(column.alias(f"c{i}") for i, column in enumerate(selected))),
        LabelledLayout(
            scores,
            interval,
            values,
            challengers,
            segments,
            sliced,
            features=taken,
            due_by_row=labels.due.column is not None,
            value_places=tuple(ValuePlace(subject, kind, *at) for subject, kind, at in places),
        ),
    )


def _counted_as(
    config: MonitorConfig, performance: Performance, traffic: Traffic
) -> dict[str, CountedAs]:
    """What unmapped values count as, if there can be any."""
    labels = present(config.labels, "labels")
    home = traffic.inputs if traffic.predictions is None else traffic.predictions
    columns = [(LABEL_SUBJECT, labels.label, traffic.labels)]
    if performance.decision is not None:
        columns.append((DECISION_SUBJECT, performance.decision.column or "", home))
    for one in config.challengers:
        decision = one.decision or performance.decision
        column = decision.column if decision is not None else None
        columns.append((challenger_subject(one.name), column or "", traffic.challengers[one.name]))
    found = {}
    for subject, name, frame in columns:
        schema = _schema(frame)
        column = find_column(schema, name) if name else None
        kind = None if column is None else counted_as(performance, schema[column])
        if kind is not None:
            found[subject] = kind
    return found


def _known_names(subject: str) -> tuple[str, str, str]:
    """Columns of a joined row that describe the values of a label or decision."""
    if subject == LABEL_SUBJECT:
        return SPELLINGS, VALUED, MISSING
    return f"__spellings {subject}", f"__valued {subject}", f"__missing {subject}"


def _known_columns(subject: str, mapped: MappedValue) -> list[Column]:
    """The columns of ``_known_names`` for a decision; none if every value is mapped."""
    if mapped.counted_as is None:
        return []
    spelled = mapped.spelling.isNotNull()
    columns = (
        F.when(spelled, F.array(mapped.spelling)),
        (spelled | mapped.value.isNotNull()).cast("int"),
        mapped.missing.cast("int"),
    )
    names = _known_names(subject)
    return [column.alias(name) for column, name in zip(columns, names, strict=True)]


def _schema(frame: DataFrame) -> dict[str, str]:
    return {field.name: field.dataType.simpleString() for field in frame.schema.fields}


def _predictions(
    config: MonitorConfig,
    performance: Performance,
    slices: Sequence[Feature],
    traffic: Traffic,
    day_tasks: int | None,
) -> JoinedRows:
    """Each prediction once, with the columns of its inputs that are needed."""
    home = traffic.inputs if traffic.predictions is None else traffic.predictions
    decision = decision_value(
        performance, performance.decision, performance.score[:1], _schema(home)
    )
    answers = [
        *(named(c).cast("double").alias(f"__score_{i}") for i, c in enumerate(performance.score)),
        *(named(c).cast("double").alias(f"__end_{i}") for i, c in enumerate(performance.interval)),
        decision.value.alias(_DECISION),
        *_known_columns(DECISION_SUBJECT, decision),
    ]
    scored = home.select("*", *answers)
    inputs = None
    if traffic.predictions is not None:
        inputs = _needed_inputs(config, slices, traffic.inputs, scored)
    if inputs is not None:
        rows = joined_rows(config, slices, inputs, scored, day_tasks=day_tasks)
        frame = rows.frame.where(F.col(PREDICTION_DAY).isNotNull())
        return replace(rows, frame=frame.withColumn(_SCORED, F.lit(True)))
    scored = dealt(scored, day_tasks)
    own = config.predictions.day if config.predictions else None
    source = own if traffic.predictions is not None and own is not None else config.inputs.day
    ids = config.prediction_id
    time_column = source.time_column
    frame = deduplicated(scored, ids, time_column, "predictions").select(
        "*",
        F.col(DAY).alias(PREDICTION_DAY),
        *(named(column).alias(prediction_id(i)) for i, column in enumerate(ids)),
        F.lit(True).alias(_SCORED),
    )
    return JoinedRows(frame, {f.name: feature_value(f) for f in slices}, model_version(config))


def _needed_inputs(
    config: MonitorConfig, slices: Sequence[Feature], inputs: DataFrame, predictions: DataFrame
) -> DataFrame | None:
    """The inputs with the columns that are needed; None if none are.

    The columns that SQL in the configuration uses are unknown, so all are kept if there is any.
    """
    labels = present(config.labels, "labels")
    performance = present(config.performance, "performance")
    if performance.values.expressions or any(s.predicate for s in config.segments):
        return inputs
    asked = [feature.column for feature in slices if feature.role == "inputs"]
    asked += [column for split in config.segments for column in split.columns or ()]
    asked += [column for column in (labels.due.column,) if column is not None]
    held = {column.lower(): column for column in inputs.columns}
    wanted = dict.fromkeys(held[name.lower()] for name in asked if name.lower() in held)
    if not wanted:
        return None
    keys = [*config.inputs.id, *config.inputs.day.columns, DAY]
    # A name in both tables refers to the column of the inputs, whether or not it is needed.
    both = [held[name.lower()] for name in predictions.columns if name.lower() in held]
    chosen = dict.fromkeys([*(held[k.lower()] for k in keys), *wanted, *both])
    return inputs.select(*(named(column) for column in chosen))


def _due(config: MonitorConfig, labels: Labels, frame: DataFrame) -> Column:
    if labels.due.delay_days is not None:
        return F.date_add(F.col(DAY), labels.due.delay_days)
    column = present(labels.due.column, "column")
    kind = type_of(frame, column)
    day = local_date(named(column), kind, config.time_zone)
    return F.coalesce(nearest_in_calendar(day), F.lit(NEVER))


def _with_challenger(
    config: MonitorConfig,
    index: int,
    challenger: Challenger,
    performance: Performance,
    frame: DataFrame,
    rows: DataFrame,
    day_tasks: int | None,
) -> DataFrame:
    rows = dealt(rows, day_tasks)
    decision = challenger.decision or performance.decision
    mapped = decision_value(performance, decision, (challenger.score,), _schema(rows))
    scored = deduplicated(rows, challenger.id, challenger.day.time_column, "challenger")
    shadow = scored.select(
        F.col(DAY).alias("__shadow_day"),
        *(named(c).alias(f"__shadow_id_{i}") for i, c in enumerate(challenger.id)),
        mapped.value.alias(f"__shadow_decision_{index}"),
        *_known_columns(challenger_subject(challenger.name), mapped),
        named(challenger.score).cast("double").alias(f"__shadow_{index}"),
    )
    ids = [f"__shadow_id_{i}" for i in range(len(challenger.id))]
    pairs = [(F.col(prediction_id(i)), F.col(id)) for i, id in enumerate(ids)]
    same = equal(pairs, (F.col(PREDICTION_DAY), F.col("__shadow_day")))
    return frame.join(shadow, same, "left").drop("__shadow_day", *ids)


def _lent(frame: DataFrame, performance: Performance) -> dict[str, Column]:
    """Values that an expression may use by a plain name, unless a column has that name."""
    held = {column.lower() for column in frame.columns}
    score = F.col("__score_0") if performance.score else F.lit(None).cast("double")
    label = F.col(LABEL_COLUMN)
    if performance.task == "multiclass":
        names = F.array(*(F.lit(name) for name in performance.class_names))
        label = F.get(names, label.cast("int"))
    lent = dict(zip(BORROWED, (label, F.col(_DECISION), score), strict=True))
    return {name: column for name, column in lent.items() if name not in held}


def _expression(sql: str) -> Column:
    number = F.expr(sql).cast("double")
    # Only labeled rows have a value.
    return F.when(F.col(LABEL_COLUMN).isNotNull(), number)
