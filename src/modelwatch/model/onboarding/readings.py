"""Describe how each column of the tables was interpreted, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from modelwatch.model.onboarding.column_guess import code_reason, note_of
from modelwatch.model.onboarding.day_guess import DayGuess
from modelwatch.model.onboarding.guess import Guess
from modelwatch.model.onboarding.label_guess import LabelGuess, kind_of
from modelwatch.model.onboarding.table_facts import ColumnFacts, TableFacts
from modelwatch.model.plain_text import counted
from modelwatch.model.profile.features import natural_kind
from modelwatch.stats.states.score_scale import ScoreKind

_SCALE_WORDS: Mapping[ScoreKind, str] = {
    "probability": "numbers from 0 to 1: a probability",
    "percentage": "numbers from 0 to 100: a percentage",
    "logit": "positive and negative numbers: log-odds",
    "rank": "numbers that are no probabilities: only their order is used",
}
"""How a score was recognized, by its kind."""


@dataclass(frozen=True)
class Reading:
    """The interpretation of a column, and its reason; ``table`` is its role."""

    table: str
    column: str
    taken_for: str
    why: str


def readings_of(guessed: Guess) -> tuple[Reading, ...]:
    """Return a line for each column with its interpretation and the reason."""
    found: list[Reading] = []

    def read(table: str, column: str, taken_for: str, why: str) -> None:
        found.append(Reading(table, column, taken_for, why))

    def keys(role: str, table: TableFacts, identity: Sequence[str], day: DayGuess) -> None:
        for name in identity:
            alike = "all values differ" if name in table.unique else "in all joined tables"
            read(role, name, "id", alike)
        read(role, day.column, "day", "a timestamp" if day.time else "a date")
        if day.partition is not None:
            read(role, day.partition, "partition of the day", "within one day of it in every row")

    inputs, answers = guessed.inputs, guessed.predictions or guessed.inputs
    role = "predictions" if guessed.predictions is not None else "inputs"
    keys("inputs", inputs, guessed.id, guessed.day)
    marked = dict(guessed.sentinels)
    for column in guessed.features:
        kind = natural_kind(column.spark_type)
        if column.name in guessed.codes:
            read(
                "inputs", column.name, "categorical feature", str(code_reason(column, inputs.rows))
            )
        elif kind is None:
            read("inputs", column.name, "not profiled", f"type {column.spark_type}")
        else:
            why = note_of(column, inputs.rows) or f"{column.distinct:,} values, {column.spark_type}"
            if column.name in marked:
                shown = ", ".join(f"{value:g}" for value in marked[column.name])
                why += f"; {shown} is a code, not a value"
            if column.name in guessed.segments:
                why += "; used as a segmentation"
            read("inputs", column.name, f"{kind} feature", why)
    for name, why in guessed.excluded:
        read("inputs", name, "not a feature", why)
    if guessed.predictions is not None and guessed.predictions_day is not None:
        keys("predictions", guessed.predictions, guessed.id, guessed.predictions_day)
    numbers = isinstance(guessed.labels, LabelGuess) and (
        guessed.labels.performance is not None and guessed.labels.performance.task == "regression"
    )
    for name in guessed.score:
        scale = "a predicted number" if numbers else _SCALE_WORDS[kind_of(answers, name)]
        read(role, name, "score", scale)
    for name in guessed.decision:
        values = (answers.column(name) or ColumnFacts(name, "")).distinct
        read(role, name, "decision", counted(values, "value"))
    if guessed.model_version is not None:
        read(role, guessed.model_version, "model version", "by its name")
    if isinstance(guessed.labels, LabelGuess):
        labels = guessed.labels
        keys("labels", labels.table, labels.id, labels.day)
        task = labels.performance.why[0] if labels.performance else guessed.no_performance or ""
        read("labels", labels.label, "label", task)
        if labels.known is not None:
            read("labels", labels.known, "when the label became known", labels.delay.why)
        if labels.table.address not in (inputs.address, answers.address):
            found += _without_role("labels", labels.table, found)
    if guessed.predictions is not None:
        found += _without_role("predictions", guessed.predictions, found)
    order = ("inputs", "predictions", "labels")
    return tuple(sorted(found, key=lambda one: order.index(one.table)))


def _without_role(role: str, table: TableFacts, found: Sequence[Reading]) -> list[Reading]:
    """The columns of a table that nothing was made of."""
    known = {one.column for one in found if one.table == role}
    return [
        Reading(role, column.name, "not used", f"{column.distinct:,} values, {column.spark_type}")
        for column in table.columns
        if column.name not in known
    ]
