"""What each column of the tables was taken for, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modelwatch.model.onboarding.column_guess import code_reason, note_of
from modelwatch.model.onboarding.day_guess import DayGuess
from modelwatch.model.onboarding.guess import Guess
from modelwatch.model.onboarding.label_guess import LabelGuess, kind_of
from modelwatch.model.onboarding.table_facts import ColumnFacts, TableFacts
from modelwatch.model.profile.features import natural_kind


@dataclass(frozen=True)
class Reading:
    """What a column was taken for, and why; ``table`` is its role."""

    table: str
    column: str
    taken_for: str
    why: str


def readings_of(guessed: Guess) -> tuple[Reading, ...]:
    """A line for each column: what it was taken for, and why."""
    found: list[Reading] = []

    def read(table: str, column: str, taken_for: str, why: str) -> None:
        found.append(Reading(table, column, taken_for, why))

    def keys(role: str, table: TableFacts, identity: Sequence[str], day: DayGuess) -> None:
        for name in identity:
            alike = "all different" if name in table.unique else "in the tables that are joined"
            read(role, name, "id", alike)
        read(role, day.column, "day", "a timestamp" if day.time else "a date")
        if day.partition is not None:
            read(role, day.partition, "partition of the day", "within a day of it on every row")

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
                why += f"; {shown} stands for something else"
            if column.name in guessed.segments:
                why += "; results are split by it"
            read("inputs", column.name, f"{kind} feature", why)
    for name, why in guessed.excluded:
        read("inputs", name, "no feature", why)
    if guessed.predictions is not None and guessed.predictions_day is not None:
        keys("predictions", guessed.predictions, guessed.id, guessed.predictions_day)
    for name in guessed.score:
        read(role, name, "score", f"a number, {kind_of(answers, name)} by its values")
    for name in guessed.decision:
        values = (answers.column(name) or ColumnFacts(name, "")).distinct
        read(role, name, "decision", f"{values:,} values")
    if guessed.model_version is not None:
        read(role, guessed.model_version, "model version", "by its name")
    if isinstance(guessed.labels, LabelGuess):
        labels = guessed.labels
        keys("labels", labels.table, labels.id, labels.day)
        task = labels.performance.why[0] if labels.performance else guessed.no_performance or ""
        read("labels", labels.label, "label", task)
        if labels.known is not None:
            read("labels", labels.known, "when the label became known", labels.delay.why)
    return tuple(found)
