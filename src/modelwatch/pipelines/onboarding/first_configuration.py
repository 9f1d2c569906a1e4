"""From tables to a first configuration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.sql import SparkSession

from modelwatch.model.config.configuration import parse_config
from modelwatch.model.days import shifted
from modelwatch.model.onboarding.day_guess import guess_day
from modelwatch.model.onboarding.draft import draft
from modelwatch.model.onboarding.guess import Guess, LabelFacts, guess, monitor_name
from modelwatch.model.onboarding.id_guess import identity_of, label_identity
from modelwatch.model.onboarding.label_guess import LabelGuess, label_column
from modelwatch.model.onboarding.readings import readings_of
from modelwatch.model.onboarding.reference_guess import Typical, typical_days
from modelwatch.model.onboarding.table_facts import ColumnFacts, TableFacts
from modelwatch.model.sources.tables import TableAddress
from modelwatch.package import VERSION
from modelwatch.pipelines.onboarding.table_facts import daily_figures, facts_of, label_facts
from modelwatch.report.setup import Setup, setup_page

Tell = Callable[[str], None]
_MOST_SHOWN = 12
"""Columns that are listed on one line."""


@dataclass(frozen=True)
class FirstConfiguration:
    """The text of a configuration, and what it was guessed from."""

    text: str
    guess: Guess
    typical: Typical


def first_configuration(
    spark: SparkSession,
    inputs: TableAddress,
    predictions: TableAddress | None = None,
    labels: TableAddress | None = None,
    *,
    challenger: TableAddress | None = None,
    id_columns: Sequence[str] = (),
    time_zone: str = "UTC",
    tell: Tell = lambda _: None,
) -> FirstConfiguration:
    """A configuration for tables of inputs, predictions and labels, and a challenger's.

    Looks at the schemas, at the days of all rows, and at some rows of the newest days, in a few
    queries per table. ``tell`` hears of the progress. SourceError if a table cannot be read or no
    column can tell the day or join the tables.
    """
    facts = facts_of(spark, inputs, time_zone)
    tell(_told("inputs", facts))
    like = guess_day(facts).column
    answers = None
    if predictions is not None:
        answers = facts_of(spark, predictions, time_zone, like=like)
        tell(_told("predictions", answers))
    found = _labels(spark, facts, answers, labels, id_columns, time_zone, tell)
    rival = None
    if challenger is not None:
        rival = facts_of(spark, challenger, time_zone, like=like)
        tell(_told("challenger", rival))
    guessed = guess(facts, answers, id_columns, found, rival)
    figures = daily_figures(spark, facts, guessed.features, time_zone)
    typical = typical_days(facts.rows_by_day, figures, _labels_until(guessed))
    if typical.days is not None:
        tell(f"Reference: {typical.days}. {typical.why}")
    text = draft(guessed, facts.days, time_zone, typical)
    # What is written must be right: a mistake here is ours and not the user's.
    parse_config(text, "the configuration that was drafted")
    return FirstConfiguration(text, guessed, typical)


def _labels(
    spark: SparkSession,
    inputs: TableFacts,
    predictions: TableFacts | None,
    address: TableAddress | None,
    id_columns: Sequence[str],
    time_zone: str,
    tell: Tell,
) -> LabelFacts | str | None:
    """What is known of labels: of a table of theirs, or of one that holds a ground truth too."""
    identity = tuple(id_columns) or identity_of(inputs, predictions)
    like = guess_day(inputs).column
    if predictions is not None:
        like = guess_day(predictions, like).column
    if address is not None:
        table = facts_of(spark, address, time_zone, like=like)
        tell(_told("labels", table))
        if not identity:
            return "the inputs have no id to join them by: use --id COLUMN"
        label_id = label_identity(table, identity)
        label = label_column(table, {*label_id, like}, own_table=True)
        if label is None:
            return f"no column of {address} can be the label"
    else:
        found = _with_truth(inputs, predictions)
        if found is None:
            return None
        table, label = found
        label_id = identity
        if not identity:
            return f"{label.name} seems to be the label, and there is no id to join it by"
    if not table.dated_rows:
        return f"{table.address} has no rows"
    return label_facts(spark, inputs, predictions, table, label, identity, label_id, time_zone)


def _with_truth(
    inputs: TableFacts, predictions: TableFacts | None
) -> tuple[TableFacts, ColumnFacts] | None:
    """The table that holds a ground truth by its name, and the column."""
    for table in (predictions, inputs):
        if table is not None and (label := label_column(table, (), own_table=False)) is not None:
            return table, label
    return None


def _labels_until(guessed: Guess) -> date | None:
    """The last day whose labels are due, as far as the labels go."""
    labels = guessed.labels
    if not isinstance(labels, LabelGuess) or labels.performance is None:
        return None
    if labels.due_column is not None or labels.table.days is None or guessed.inputs.days is None:
        return None
    return shifted(guessed.inputs.days.last, -labels.delay.days)


def _told(role: str, facts: TableFacts) -> str:
    if facts.days is None:
        return f"{role}: {facts.address} has no rows yet"
    return (
        f"{role}: {facts.address}, {facts.dated_rows:,} rows on {facts.days_with_rows:,} days, "
        f"{facts.days.first} to {facts.days.last}, {len(facts.columns)} columns"
    )


def decisions_told(found: FirstConfiguration) -> str:
    """What `init` decided, a line for each subject, for a person who reads no YAML."""
    guessed = found.guess
    counts = Counter(reading.taken_for for reading in readings_of(guessed))
    kinds = {kind: n for kind, n in counts.items() if kind.endswith(" feature")}
    features = [f"{n} {kind.split()[0]}" for kind, n in kinds.items()]
    decided = [("id", ", ".join(guessed.id) or "none found"), ("day", guessed.day.column)]
    decided.append(("features", ", ".join(features) or "none"))
    if guessed.excluded:
        shown = [f"{name} ({why})" for name, why in guessed.excluded[:_MOST_SHOWN]]
        more = len(guessed.excluded) - len(shown)
        decided.append(("left out", "; ".join(shown) + (f"; and {more} more" if more else "")))
    decided += [
        ("leak", f"{name} tells the label: the model must not be given it")
        for name in guessed.leaks
    ]
    answers = [*guessed.score, *guessed.decision]
    decided.append(("predictions", ", ".join(answers[:_MOST_SHOWN]) or "none found"))
    labels = guessed.labels
    if isinstance(labels, LabelGuess):
        due = f"on {labels.due_column}" if labels.due_column else f"after {labels.delay.days} days"
        task = labels.performance.task if labels.performance else guessed.no_performance
        decided.append(("labels", f"{labels.label}, {task}, due {due}"))
    elif labels is not None:
        decided.append(("labels", f"not written: {labels}"))
    decided.append(("segments", ", ".join(guessed.segments) or "none"))
    if found.typical.days is not None:
        decided.append(("reference", f"{found.typical.days}. {found.typical.why}"))
    return "\n".join(f"  {subject:<12} {text}" for subject, text in decided) + "\n"


def setup_text(found: FirstConfiguration, file: str) -> str:
    """The setup page of a first configuration that was written to a file, as HTML."""
    guessed = found.guess
    labels = guessed.labels
    of_labels = labels.table if isinstance(labels, LabelGuess) else None
    tables = {"inputs": guessed.inputs, "predictions": guessed.predictions, "labels": of_labels}
    known = {role: table for role, table in tables.items() if table is not None}
    notes = [
        f"{name} tells the label. The model must not be given it, and it is no feature."
        for name in guessed.leaks
    ]
    notes += [f"Labels are not written: {labels}."] if isinstance(labels, str) else []
    if guessed.no_performance is not None:
        notes.append(f"Performance is not written: {guessed.no_performance}.")
    return setup_page(
        Setup(
            monitor_name(guessed.inputs.address),
            file,
            {role: table.rows_by_day for role, table in known.items()},
            readings_of(guessed),
            found.typical.days,
            found.typical.why,
            found.typical.changes,
            notes,
            f"Written by modelwatch {VERSION}.",
        )
    )
