"""Write a configuration draft as commented YAML for review."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath
from textwrap import wrap

from modelwatch.model.config.column_types import INTEGER_TYPES
from modelwatch.model.config.relative_paths import path_from
from modelwatch.model.config.yaml_text import comment_text, list_text, quoted_text
from modelwatch.model.days import DayRange
from modelwatch.model.onboarding.day_guess import (
    DayGuess,
    calendar_partitions,
    date_partition,
    is_of_writing,
    spelled_partition,
)
from modelwatch.model.onboarding.guess import ChallengerGuess, Guess, monitor_name
from modelwatch.model.onboarding.label_draft import (
    address_text,
    challenger_lines,
    day_text,
    label_lines,
    notify_lines,
    report_lines,
)
from modelwatch.model.onboarding.label_guess import LabelGuess
from modelwatch.model.onboarding.reference_guess import REFERENCE_DAYS, Typical
from modelwatch.model.onboarding.score_guess import ScoreFacts, kind_reason
from modelwatch.model.onboarding.table_facts import PartitionDistance, TableFacts
from modelwatch.model.plain_text import counted
from modelwatch.model.planning.window_specs import DEFAULT_THRESHOLDS
from modelwatch.model.planning.window_volumes import average_volume, chosen_windows
from modelwatch.model.sources.tables import TableAddress
from modelwatch.model.verdicts.options import Verdicts

_SHOWN_THRESHOLDS = ("psi", "null_share_change", "unseen_share_change")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,40}")
"""Column names that are also names of segmentations."""


def draft(
    guess: Guess,
    days: DayRange | None,
    time_zone: str = "UTC",
    typical: Typical | None = None,
    *,
    segments: bool = True,
    folder: str | PurePath | None = None,
) -> str:
    """Return the YAML of a configuration that monitors the guessed columns.

    ``days`` are the first and last day of the inputs. ``typical`` are the reference days; without
    them, the reference is the first weeks, or the first days to come. ``segments`` says whether
    results are split by the guessed categories. ``folder`` is the folder of the file, from which
    relative paths are resolved; without it, they are resolved from the working directory.
    """
    name, output = monitor_name(guess.inputs.address), output_of(guess.inputs.address)
    if folder is not None:
        guess = _seen_from(guess, folder)
        output = path_from(output, folder) if guess.inputs.address.path is not None else output
    key = "schema" if guess.inputs.address.path is None else "path"
    lines = [
        "# Written by `modelwatch init` after looking at the schemas and a sample of the rows.",
        "# Review it, then run `modelwatch check` and `modelwatch run`.",
        "",
        f"monitor: {quoted_text(name)}",
        "",
        "# Days begin at midnight in this time zone.",
        f"time_zone: {quoted_text(time_zone)}",
        "",
        "# Where the output tables are written.",
        f"output: {{{key}: {quoted_text(output)}}}",
        "",
        *_inputs(guess),
        *_predictions(guess),
        *_features(guess),
        *_segments(guess, segments),
        *_windows(guess.inputs),
        *_references(days, guess.inputs.days_with_rows, typical),
        *label_lines(guess),
        *challenger_lines(guess),
        *_constraints(guess),
        *report_lines(output, is_path=guess.inputs.address.path is not None),
        *notify_lines(output, is_path=guess.inputs.address.path is not None),
        *_thresholds(),
    ]
    return "\n".join(lines) + "\n"


def _seen_from(guess: Guess, folder: str | PurePath) -> Guess:
    """Return the guess with table addresses as written in a file in a folder."""

    def seen(table: TableFacts) -> TableFacts:
        path = table.address.path
        if path is None:
            return table
        return replace(table, address=TableAddress(path=path_from(path, folder)))

    labels, challenger = guess.labels, guess.challenger
    return replace(
        guess,
        inputs=seen(guess.inputs),
        predictions=None if guess.predictions is None else seen(guess.predictions),
        labels=replace(labels, table=seen(labels.table))
        if isinstance(labels, LabelGuess)
        else labels,
        challenger=replace(challenger, table=seen(challenger.table))
        if isinstance(challenger, ChallengerGuess)
        else challenger,
    )


def output_of(address: TableAddress) -> str:
    """Return the results path: next to the folder or schema of the tables, so that a listing of the
    sources does not contain results."""
    if address.path is None:
        schema = str(address).rpartition(".")[0] or "default"
        return f"{schema}_monitoring"
    name = monitor_name(address)
    parent = address.path.rstrip("/").rpartition("/")[0]
    around = parent.rpartition("/")[2]
    if not around or parent.rpartition("/")[0].endswith(":/") or around in (".", ".."):
        # The parent is a bucket, a root, or where the command runs.
        return (
            f"{parent}/monitoring/{name}"
            if parent or address.path[0] == "/"
            else (f"monitoring/{name}")
        )
    named_so = re.sub(r"[^A-Za-z0-9_-]+", "_", around).strip("_") == name
    return f"{parent}_monitoring" if named_so else f"{parent}_monitoring/{name}"


def _day_notes(table: TableFacts, day: DayGuess) -> Iterator[str]:
    """Return a comment on the relation between partition and day, with alternatives."""
    partition = date_partition(table)
    if partition == day.column:
        yield from _notes_on_the_partition(table.distance, partition)
    elif partition is not None:
        yield from _notes_beside_the_partition(table.distance, partition, day)
    for column in calendar_partitions(table):
        name = comment_text(column.name)
        wording = f"The partition {name} is not a date but {column.spark_type}"
        if column.name == day.column:
            yield f"{wording}: its values must be days in the form yyyymmdd or yyyy-mm-dd."
        elif column.name == spelled_partition(table):
            yield f"{wording}: if it contains the day (yyyymmdd), set it as partition_column."
        else:
            yield f"{wording}, so it cannot be the partition_column."


def _notes_on_the_partition(seen: PartitionDistance | None, partition: str) -> Iterator[str]:
    """Return a comment if the day comes from the partition: is there a timestamp for it?"""
    if is_of_writing(partition):
        yield "Its name suggests the day on which rows were written, not the day of the event."
    if seen is None or seen.rows == 0:
        return
    time = comment_text(seen.time)
    declared = partition if seen.can_be_declared else None
    other = comment_text(day_text(DayGuess(seen.time, True, declared)))
    if seen.elsewhere + seen.without_time == 0:
        yield f"It is the day of {time} in all {seen.rows} rows."
        return
    yield f"Of {seen.rows} rows, {seen.elsewhere} have a different day in {time}, and"
    yield f"{seen.without_time} have no value there. If that is the event time: {other}"


def _notes_beside_the_partition(
    seen: PartitionDistance | None, partition: str, day: DayGuess
) -> Iterator[str]:
    """Return a comment if the day comes from another column: can the partition be declared?"""
    name, column = comment_text(partition), comment_text(day.column)
    if day.partition is not None and seen is not None:
        timed = seen.rows - seen.without_time
        yield f"In all {timed} rows with {column}, {name} is within one day of it."
        yield f"Remove {name} if rows can be written later: a run would miss them."
    elif not day.time:
        yield f"The partition {name} is not used: partition_column requires time_column."
    elif seen is None or seen.time != day.column or seen.rows == seen.without_time:
        yield f"Add partition_column: {name} if it is always within one day of {column}."
    else:
        yield f"The partition {name} is not used: in {seen.apart} of {seen.rows} rows it is more"
        yield f"than one day from {column}, and a run would miss these rows."
    other = comment_text(day_text(DayGuess(partition, time=False)))
    yield f"If the partition is the day of the event: {other}"


def _inputs(guess: Guess) -> Iterator[str]:
    yield "# The inputs of the model."
    yield "inputs:"
    yield f"  table: {address_text(guess.inputs.address)}"
    if guess.id:
        yield "  # Columns that identify a row within its day."
        yield f"  id: {list_text(guess.id)}"
    else:
        yield "  # Columns that identify a row within its day. No certain candidate was found."
        yield "  # id: [...]"
    yield "  # A date column, or {time_column: ..., partition_column: ...}."
    yield from (f"  # {note}" for note in _day_notes(guess.inputs, guess.day))
    yield f"  day: {day_text(guess.day)}"
    yield ""


def _predictions(guess: Guess) -> Iterator[str]:
    if not guess.score + guess.decision:
        yield "# The predictions of the model, if you want to monitor them."
        yield "# predictions: {score: ..., decision: ..., model_version: {column: ...}}"
        yield ""
        return
    yield "# The predictions of the model."
    yield "predictions:"
    if guess.predictions is not None and guess.predictions_day is not None:
        yield f"  table: {address_text(guess.predictions.address)}"
        yield f"  id: {list_text(guess.id)}"
        notes = list(_day_notes(guess.predictions, guess.predictions_day))
        if guess.predictions_day.column != guess.day.column:
            notes.insert(
                0, "Rows are joined by id and day, so this must be the same day as in the inputs."
            )
        yield from (f"  # {note}" for note in notes)
        yield f"  day: {day_text(guess.predictions_day)}"
    if guess.score:
        yield from (f"  # {note}" for note in _score_notes(guess))
        yield f"  score: {list_text(guess.score)}"
    if guess.decision:
        yield f"  decision: {list_text(guess.decision)}"
    if guess.model_version is not None:
        yield f"  model_version: {{column: {quoted_text(guess.model_version)}}}"
    else:
        yield "  # model_version: {column: ...}, or {literal: v1}"
    yield ""


def _score_notes(guess: Guess) -> Iterator[str]:
    """Return a comment about other scores if the section ``performance`` is not written."""
    if isinstance(guess.labels, LabelGuess) and guess.labels.performance is not None:
        return
    table = guess.predictions or guess.inputs
    for column in table.columns:
        low, high = column.lowest, column.highest
        if column.name not in guess.score or low is None or high is None:
            continue
        fractions = column.plain_type not in INTEGER_TYPES
        facts = ScoreFacts(
            column.name, table.rows - column.nulls, low, high, column.distinct, fractions
        )
        wording = kind_reason(facts)
        if wording is not None:
            yield f"{comment_text(column.name)}: {wording}"


def _features(guess: Guess) -> Iterator[str]:
    yield "# Features are all columns of the inputs that have no other role, except these."
    yield "features:"
    if guess.excluded:
        yield "  exclude:"
        for name, why in guess.excluded:
            # A column named * would mean all columns.
            yield f"    - {quoted_text('[*]' if name == '*' else name)}  # {why}"
    else:
        yield "  exclude: []"
    for column in guess.not_profiled:
        yield f"  # not profiled: {comment_text(column.name)}, {comment_text(column.spark_type)}"
    if guess.sentinels or guess.codes:
        yield "  columns:"
    else:
        yield "  # columns: {age: {special_values: [-999]}, shop: {type: categorical}}"
    for name, values in guess.sentinels:
        shown = ", ".join(f"{value:g}" if abs(value) < 1e6 else repr(value) for value in values)
        yield "    # These values seem to be codes, not quantities."
        yield f"    {quoted_text(name)}: {{special_values: [{shown}]}}"
    for name in guess.codes:
        yield "    # A code, not a quantity."
        yield f"    {quoted_text(name)}: {{type: categorical}}"
    yield ""


def _segments(guess: Guess, are_on: bool) -> Iterator[str]:
    yield "# Results are computed for all traffic, and for each segment of these segmentations."
    if guess.segments and are_on:
        yield "segments:"
        for at, column in enumerate(guess.segments):
            name = column if NAME.fullmatch(column) else f"segment_{at + 1}"
            yield f"  - {{name: {quoted_text(name)}, columns: {list_text([column])}}}"
        yield "  # - {name: large, predicate: amount > 1000}"
    else:
        yield "# segments:"
        yield "#   - {name: country, columns: [country], max_values: 20}"
        yield "#   - {name: large, predicate: amount > 1000}"
    yield ""


def _windows(inputs: TableFacts) -> Iterator[str]:
    yield "# Also possible: {name: last_7_days, trailing_days: 7}, {name: sale, from: DAY, to: DAY}"
    volume = average_volume(inputs.dated_rows, inputs.days_with_rows, inputs.days)
    least = Verdicts().min_rows
    chosen = chosen_windows(volume, least)
    if volume is not None and chosen[0] != "day":
        yield f"# A day has about {volume.rows_of_a_day:,.0f} rows. Windows with fewer than {least}"
        yield "# rows (verdicts.min_rows) are not judged. These windows have more."
    yield f"windows: [{', '.join(chosen)}]"
    yield ""


def _references(
    days: DayRange | None, days_with_rows: int, typical: Typical | None
) -> Iterator[str]:
    yield "# What windows are compared with. Bins are fitted on the first reference: choose days"
    yield "# without known problems, or the training data:"
    yield "# {name: training, table: {path: ...}, version: 12}"
    yield "references:"
    if days is not None:
        yield f"  # The inputs have rows from {days.first} to {days.last}."
    if typical is not None and typical.days is not None:
        yield from (f"  # {line}" for line in wrap(comment_text(typical.why), 92))
        yield f"  - {{name: typical, days: {typical.days}}}"
    else:
        wording = "The table has no rows yet: its first days will be the reference."
        if days is not None:
            wording = (
                f"They have {counted(days_with_rows, 'day')} with rows. The reference is the first "
                "days, and grows."
            )
        yield f"  # {wording}"
        yield f"  - {{name: first_weeks, first_days: {REFERENCE_DAYS}}}"
    yield "  - {name: previous, previous_windows: 1}"
    yield "  - {name: week_before, lag_days: 7}"
    yield ""


def _thresholds() -> Iterator[str]:
    """Return the most frequently changed thresholds, commented out, so that the defaults apply."""
    shown = ", ".join(f"{key}: {DEFAULT_THRESHOLDS[key]:g}" for key in _SHOWN_THRESHOLDS)
    yield "# Absolute values of drift statistics above which a change matters. Some defaults:"
    yield f"# thresholds: {{{shown}}}"


def _constraints(guess: Guess) -> Iterator[str]:
    yield "# Conditions on the data of each day. The configuration reference lists all kinds."
    yield "constraints:"
    yield "  - {name: rows of the day, kind: rows, lower: 1}"
    if guess.id:
        yield f"  - {{name: one row per id, kind: uniqueness, columns: {list_text(guess.id)}}}"
    table = guess.predictions or guess.inputs
    ranges = {column.name: column for column in table.columns}
    side = "" if guess.predictions is None else ", table: predictions"
    for i, name in enumerate(guess.score):
        low, high = ranges[name].lowest, ranges[name].highest
        if low is not None and high is not None and low >= 0 and high <= 1:
            number = f" {i + 1}" if len(guess.score) > 1 else ""
            yield (
                f"  - {{name: probability{number}, kind: range{side}, column: {quoted_text(name)}, "
                "lower: 0, upper: 1}"
            )
    yield "  # - {name: ..., kind: completeness, column: ..., lower: 0.95, severity: warn}"
    yield ""
