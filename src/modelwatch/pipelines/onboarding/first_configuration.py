"""From tables to a first configuration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath

from pyspark.sql import SparkSession

from modelwatch.model.config.configuration import parse_config
from modelwatch.model.config.monitor import known_time_zone
from modelwatch.model.days import shifted
from modelwatch.model.errors import ConfigurationError, Problem
from modelwatch.model.onboarding.column_names import is_label_due_name
from modelwatch.model.onboarding.day_guess import guess_day
from modelwatch.model.onboarding.draft import draft
from modelwatch.model.onboarding.guess import (
    Guess,
    LabelFacts,
    guess,
    holds_labels,
    monitor_name,
)
from modelwatch.model.onboarding.id_guess import identity_of, label_identity
from modelwatch.model.onboarding.label_guess import LabelGuess, label_column
from modelwatch.model.onboarding.readings import readings_of
from modelwatch.model.onboarding.reference_guess import Typical, typical_days
from modelwatch.model.onboarding.table_facts import ColumnFacts, TableFacts
from modelwatch.model.plain_text import counted
from modelwatch.model.sources.tables import TableAddress
from modelwatch.package import VERSION
from modelwatch.pipelines.onboarding.local_rows import local_rows
from modelwatch.pipelines.onboarding.spark_rows import SparkRows
from modelwatch.pipelines.onboarding.table_facts import daily_metrics, facts_of, label_facts
from modelwatch.pipelines.onboarding.table_rows import TableRows, TableSide
from modelwatch.report.setup import Setup, setup_page

Notify = Callable[[str], None]
_MOST_SHOWN = 12
"""Maximum number of columns that are listed on one line."""


@dataclass(frozen=True)
class FirstConfiguration:
    """The text of a configuration, and the guess that it is based on."""

    text: str
    guess: Guess
    typical: Typical


def first_configuration(
    spark: SparkSession | Callable[[], SparkSession],
    inputs: TableAddress,
    predictions: TableAddress | None = None,
    labels: TableAddress | None = None,
    *,
    challenger: TableAddress | None = None,
    id_columns: Sequence[str] = (),
    time_zone: str = "UTC",
    folder: str | PurePath | None = None,
    notify: Notify = lambda _: None,
) -> FirstConfiguration:
    """A configuration for tables of inputs, predictions, labels, and a challenger.

    Reads the schemas, the days of all rows, and a sample of rows of the newest days, with a few
    queries per table. ``spark``: a session, or a function that starts one: small tables on a local
    disk are read without Spark. ``folder``: of the file to write; paths are relative to it unless
    they were given as URLs or absolute. ``notify`` receives messages. SourceError if a table cannot
    be read, or no column can be the day or join the tables; ConfigurationError for an unknown time
    zone.
    """
    try:
        known_time_zone(time_zone)
    except ValueError as error:
        raise ConfigurationError([Problem("time_zone", None, str(error))], "set-up") from error
    rows = rows_of(spark, [a for a in (inputs, predictions, labels, challenger) if a is not None])
    facts = facts_of(rows[str(inputs)], time_zone)
    notify(_table_line("inputs", facts))
    like = guess_day(facts).column
    answers = None
    if predictions is not None:
        answers = facts_of(rows[str(predictions)], time_zone, like=like)
        if labels is None and holds_labels(facts, answers):
            notify(f"{predictions} has no score or decision, but the inputs do: it is the labels")
            labels, answers = predictions, None
        else:
            notify(_table_line("predictions", answers))
    found = _labels(rows, facts, answers, labels, id_columns, time_zone, notify)
    challenger_facts = None
    if challenger is not None:
        challenger_facts = facts_of(rows[str(challenger)], time_zone, like=like)
        notify(_table_line("challenger", challenger_facts))
    guessed = guess(facts, answers, id_columns, found, challenger_facts)
    metrics = daily_metrics(rows[str(inputs)], facts, guessed.features, time_zone)
    typical = typical_days(facts.rows_by_day, metrics, _labels_until(guessed))
    if typical.days is not None:
        notify(f"Reference: {typical.days}. {typical.why}")
    text = draft(guessed, facts.days, time_zone, typical, folder=folder)
    # The draft must be valid: an error here is a bug of modelwatch.
    parse_config(text, "the configuration that was drafted")
    return FirstConfiguration(text, guessed, typical)


def rows_of(
    spark: SparkSession | Callable[[], SparkSession], addresses: Sequence[TableAddress]
) -> Mapping[str, TableRows]:
    """The rows of tables by their address, read by Spark unless all can be read without."""
    held: dict[str, TableRows] = {}
    for address in addresses:
        local = local_rows(address)
        if local is None:
            session = spark() if callable(spark) else spark
            return {str(one): SparkRows(session, one) for one in addresses}
        held[str(address)] = local
    return held


def _labels(
    rows: Mapping[str, TableRows],
    inputs: TableFacts,
    predictions: TableFacts | None,
    address: TableAddress | None,
    id_columns: Sequence[str],
    time_zone: str,
    notify: Notify,
) -> LabelFacts | str | None:
    """What is known about labels: from a table of their own, or from one that also contains a
    ground truth."""
    identity = tuple(id_columns) or identity_of(inputs, predictions)
    day = guess_day(inputs)
    like = day.column
    if predictions is not None:
        like = guess_day(predictions, like).column
    if address is not None:
        theirs = {column.name for column in rows[str(address)].columns}
        table = facts_of(rows[str(address)], time_zone, like=like if like in theirs else day.column)
        notify(_table_line("labels", table))
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
    own = "predictions" if predictions is None else "inputs"
    answers = None
    if predictions is not None:
        reader = rows[str(predictions.address)]
        answers = TableSide(
            "predictions", reader, predictions, identity, guess_day(predictions, day.column)
        )
    return label_facts(
        TableSide(own, rows[str(inputs.address)], inputs, identity, day),
        answers,
        TableSide("labels", rows[str(table.address)], table, tuple(label_id)),
        label,
        time_zone,
    )


def _with_truth(
    inputs: TableFacts, predictions: TableFacts | None
) -> tuple[TableFacts, ColumnFacts] | None:
    """The table that contains a ground truth by its name, and the column."""
    for table in (predictions, inputs):
        if table is not None and (label := label_column(table, (), own_table=False)) is not None:
            return table, label
    return None


def _labels_until(guessed: Guess) -> date | None:
    """The last day whose labels are due, as far as the labels reach."""
    labels = guessed.labels
    if not isinstance(labels, LabelGuess) or labels.performance is None:
        return None
    if labels.table.days is None or guessed.inputs.days is None:
        return None
    # A date by which nearly all labels are known may be long before the delay of nearly all.
    if labels.due_column is not None and not is_label_due_name(labels.due_column):
        return None
    return shifted(guessed.inputs.days.last, -labels.delay.days)


def _table_line(role: str, facts: TableFacts) -> str:
    if facts.days is None:
        return f"{role}: {facts.address} has no rows yet"
    return (
        f"{role}: {facts.address}, {counted(facts.dated_rows, 'row')} on "
        f"{counted(facts.days_with_rows, 'day')}, {facts.days.first} to {facts.days.last}, "
        f"{counted(len(facts.columns), 'column')}"
    )


def decision_summary(found: FirstConfiguration) -> str:
    """The decisions of `init`, one line per subject, for people who do not read YAML."""
    guessed = found.guess
    counts = Counter(reading.taken_for for reading in readings_of(guessed))
    kinds = {
        kind: n
        for kind, n in counts.items()
        if kind.endswith(" feature") and kind != "not a feature"
    }
    features = [f"{n} {kind.split()[0]}" for kind, n in kinds.items()]
    decided = [("id", ", ".join(guessed.id) or "none found"), ("day", guessed.day.column)]
    decided.append(("features", ", ".join(features) or "none"))
    if guessed.excluded:
        shown = [f"{name} ({why})" for name, why in guessed.excluded[:_MOST_SHOWN]]
        more = len(guessed.excluded) - len(shown)
        decided.append(("excluded", "; ".join(shown) + (f"; and {more} more" if more else "")))
    decided += [
        ("leak", f"{name} reveals the label: it must not be an input of the model")
        for name in guessed.leaks
    ]
    answers = [*guessed.score, *guessed.decision]
    decided.append(("predictions", ", ".join(answers[:_MOST_SHOWN]) or "none found"))
    labels = guessed.labels
    if isinstance(labels, LabelGuess):
        delay = f"after {counted(labels.delay.days, 'day')}"
        due = f"on {labels.due_column}" if labels.due_column else delay
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
        f"{name} reveals the label. It must not be an input of the model, and is not a feature."
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
