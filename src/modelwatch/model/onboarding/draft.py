"""A first configuration, as commented YAML for a person to go over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import wrap

from modelwatch.model.config.column_types import WHOLE_NUMBERS
from modelwatch.model.config.yaml_text import comment_text, list_text, quoted_text
from modelwatch.model.days import DayRange
from modelwatch.model.onboarding.day_guess import (
    DayGuess,
    calendar_partitions,
    date_partition,
    is_of_writing,
    spelled_partition,
)
from modelwatch.model.onboarding.guess import Guess, monitor_name
from modelwatch.model.onboarding.label_draft import (
    address_text,
    challenger_lines,
    day_text,
    label_lines,
    notify_lines,
)
from modelwatch.model.onboarding.label_guess import LabelGuess
from modelwatch.model.onboarding.reference_guess import REFERENCE_DAYS, Typical
from modelwatch.model.onboarding.score_guess import ScoreFacts, kind_reason
from modelwatch.model.onboarding.table_facts import PartitionDistance, TableFacts
from modelwatch.model.planning.window_specs import DEFAULT_THRESHOLDS
from modelwatch.model.planning.window_volumes import average_volume, chosen_windows
from modelwatch.model.sources.tables import TableAddress
from modelwatch.model.verdicts.options import Verdicts

_SHOWN_THRESHOLDS = ("psi", "null_share_change", "unseen_share_change")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,40}")
"""Names of columns that name a segmentation too."""


def draft(
    guess: Guess,
    days: DayRange | None,
    time_zone: str = "UTC",
    typical: Typical | None = None,
    *,
    segments: bool = True,
) -> str:
    """The YAML of a configuration that watches the guessed columns.

    ``days``: those from the first to the last of the inputs. ``typical``: the days to compare with;
    left out, the first weeks, or the first days that will come. ``segments``: whether results are
    split by the guessed categories.
    """
    name, output = monitor_name(guess.inputs.address), output_of(guess.inputs.address)
    key = "schema" if guess.inputs.address.path is None else "path"
    lines = [
        "# Written by `modelwatch init`, from the columns of the tables and some of their rows.",
        "# Review it, then run modelwatch check and modelwatch run.",
        "",
        f"monitor: {quoted_text(name)}",
        "",
        "# Days begin at midnight here.",
        f"time_zone: {quoted_text(time_zone)}",
        "",
        "# The results: a folder with one Delta table each.",
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
        *notify_lines(output, is_path=guess.inputs.address.path is not None),
        *_thresholds(),
    ]
    return "\n".join(lines) + "\n"


def output_of(address: TableAddress) -> str:
    """Where results go: beside the folder or the schema of the tables, so that nobody who lists
    the sources finds results among them."""
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
    """What the partition has to do with the day, and what else could be meant."""
    partition = date_partition(table)
    if partition == day.column:
        yield from _notes_on_the_partition(table.distance, partition)
    elif partition is not None:
        yield from _notes_beside_the_partition(table.distance, partition, day)
    for column in calendar_partitions(table):
        name = comment_text(column.name)
        wording = f"The partition {name} is not a date but {column.spark_type}"
        if column.name == day.column:
            yield f"{wording}: its values must spell days, yyyymmdd or yyyy-mm-dd."
        elif column.name == spelled_partition(table):
            yield f"{wording}: if it spells the day (yyyymmdd), declare it as partition_column."
        else:
            yield f"{wording}, and cannot be declared."


def _notes_on_the_partition(seen: PartitionDistance | None, partition: str) -> Iterator[str]:
    """The day is the partition's: is there a timestamp that could tell it?"""
    if is_of_writing(partition):
        yield "By its name this may be the day on which rows were written, and not the event's."
    if seen is None or seen.rows == 0:
        return
    time = comment_text(seen.time)
    declared = partition if seen.can_be_declared else None
    other = comment_text(day_text(DayGuess(seen.time, True, declared)))
    if seen.elsewhere + seen.without_time == 0:
        yield f"On all {seen.rows} rows it is the day of {time}."
        return
    yield f"Of {seen.rows} rows, {seen.elsewhere} have another day in {time}, and"
    yield f"{seen.without_time} no value. If that is the event's time: {other}"


def _notes_beside_the_partition(
    seen: PartitionDistance | None, partition: str, day: DayGuess
) -> Iterator[str]:
    """The day is another column's: can the partition be declared?"""
    name, column = comment_text(partition), comment_text(day.column)
    if day.partition is not None and seen is not None:
        timed = seen.rows - seen.without_time
        yield f"On all {timed} rows with {column}, {name} lies within a day of it."
        yield f"Leave {name} out if rows may come later than that: a run would miss them."
    elif not day.time:
        yield f"The partition {name} is not declared: partition_column requires time_column."
    elif seen is None or seen.time != day.column or seen.rows == seen.without_time:
        yield f"partition_column: {name} can be added if always within a day of {column}."
    else:
        yield f"The partition {name} is not declared: {seen.apart} of {seen.rows} rows lie more"
        yield f"than a day from {column}, and a run would miss them."
    other = comment_text(day_text(DayGuess(partition, time=False)))
    yield f"If the partition is the day of the event: {other}"


def _inputs(guess: Guess) -> Iterator[str]:
    yield "# The inputs of the model."
    yield "inputs:"
    yield f"  table: {address_text(guess.inputs.address)}"
    if guess.id:
        yield "  # The columns that identify a row of a day."
        yield f"  id: {list_text(guess.id)}"
    else:
        yield "  # The columns that identify a row of a day; no certain candidate was found."
        yield "  # id: [...]"
    yield "  # A column of dates, or {time_column: ..., partition_column: ...}."
    yield from (f"  # {note}" for note in _day_notes(guess.inputs, guess.day))
    yield f"  day: {day_text(guess.day)}"
    yield ""


def _predictions(guess: Guess) -> Iterator[str]:
    if not guess.score + guess.decision:
        yield "# The predictions, to monitor them too."
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
                0, "Rows are joined by id and day: this must be the same day as in the inputs."
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
    """What the section ``performance`` has to say, if it is not written, of other scores."""
    if isinstance(guess.labels, LabelGuess) and guess.labels.performance is not None:
        return
    table = guess.predictions or guess.inputs
    for column in table.columns:
        low, high = column.lowest, column.highest
        if column.name not in guess.score or low is None or high is None:
            continue
        fractions = column.plain_type not in WHOLE_NUMBERS
        facts = ScoreFacts(
            column.name, table.rows - column.nulls, low, high, column.distinct, fractions
        )
        wording = kind_reason(facts)
        if wording is not None:
            yield f"{comment_text(column.name)}: {wording}"


def _features(guess: Guess) -> Iterator[str]:
    yield "# All columns of the inputs without another meaning, except these."
    yield "features:"
    if guess.excluded:
        yield "  exclude:"
        for name, why in guess.excluded:
            # A column called * would stand for all of them.
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
        yield "    # It seems to be a code rather than a quantity."
        yield f"    {quoted_text(name)}: {{special_values: [{shown}]}}"
    for name in guess.codes:
        yield "    # A code rather than a quantity."
        yield f"    {quoted_text(name)}: {{type: categorical}}"
    yield ""


def _segments(guess: Guess, are_on: bool) -> Iterator[str]:
    yield "# Results cover all traffic and each segment of these segmentations."
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
    yield "# Also: {name: last_7_days, trailing_days: 7}, {name: sale, from: DAY, to: DAY}"
    volume = average_volume(inputs.dated_rows, inputs.days_with_rows, inputs.days)
    least = Verdicts().min_rows
    chosen = chosen_windows(volume, least)
    if volume is not None and chosen[0] != "day":
        yield f"# A day with rows holds about {volume.rows_of_a_day:,.0f} of them. Windows of fewer"
        yield f"# than {least} are not evaluated (verdicts.min_rows); these have more."
    yield f"windows: [{', '.join(chosen)}]"
    yield ""


def _references(
    days: DayRange | None, days_with_rows: int, typical: Typical | None
) -> Iterator[str]:
    yield "# What windows are compared with. Bins are fitted on the first: choose days without"
    yield "# known problems, or the training set: {name: training, table: {path: ...}, version: 12}"
    yield "references:"
    if days is not None:
        yield f"  # The inputs have days from {days.first} to {days.last}."
    if typical is not None and typical.days is not None:
        yield from (f"  # {line}" for line in wrap(comment_text(typical.why), 92))
        yield f"  - {{name: typical, days: {typical.days}}}"
    else:
        wording = "The table has no rows yet: its first days will be the reference."
        if days is not None:
            wording = (
                f"They have rows on {days_with_rows}: the reference is the first days, and grows."
            )
        yield f"  # {wording}"
        yield f"  - {{name: first_weeks, first_days: {REFERENCE_DAYS}}}"
    yield "  - {name: previous, previous_windows: 1}"
    yield "  - {name: week_before, lag_days: 7}"
    yield ""


def _thresholds() -> Iterator[str]:
    """The thresholds that users change first, commented out, so that the defaults stay in force."""
    shown = ", ".join(f"{key}: {DEFAULT_THRESHOLDS[key]:g}" for key in _SHOWN_THRESHOLDS)
    yield "# The absolute value of a drift statistic above which a change matters. Some defaults:"
    yield f"# thresholds: {{{shown}}}"


def _constraints(guess: Guess) -> Iterator[str]:
    yield "# Expectations on each day's data. The configuration reference lists all kinds."
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
