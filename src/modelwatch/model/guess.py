"""What tables probably mean, judged by names, types and a few figures of some rows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from modelwatch.model.column_types import FRACTIONS, INSTANTS, WHOLE_NUMBERS
from modelwatch.model.day_guess import DayGuess, calendar_partitions, guess_day
from modelwatch.model.days import DayRange, shifted
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.features import natural_kind
from modelwatch.model.sources import TableAddress
from modelwatch.model.table_facts import ColumnFacts, TableFacts

_ID = re.compile(r"(^|_)(id|uuid|guid|key|identifier)$")
_VERSION = re.compile(r"^(model_?)?(version|model|model_id|model_name)$|model_version")
_SCORE = re.compile(r"(^|_)(score|scores|prob|proba|probability|prediction|predicted|y_?hat)($|_)")
_DECISION = re.compile(r"(^|_)(decision|decided|action|class|label|outcome|verdict|predicted)($|_)")
_CODE = re.compile(r"(^|_)(code|zip|postcode|category|class|type|weekday|month|hour)$")
_SENTINELS = frozenset(
    sign * value for value in (99, 999, 9999, 99999, 999999, 9999999) for sign in (1.0, -1.0)
) | {-1.0, -9.0}
MAX_CODES = 100
"""Different values up to which a whole number with the name of a code counts as one."""
REFERENCE_DAYS = 28
REFERENCE_BATCHES = 8
"""Days with rows that a reference holds, of a table that has few of them."""


@dataclass(frozen=True)
class Guess:
    """What the tables probably mean, for a person to look over."""

    inputs: TableFacts
    predictions: TableFacts | None
    id: tuple[str, ...]
    day: DayGuess
    predictions_day: DayGuess | None
    score: tuple[str, ...]
    decision: tuple[str, ...]
    model_version: str | None
    excluded: tuple[tuple[str, str], ...]
    sentinels: tuple[tuple[str, tuple[float, ...]], ...]
    codes: tuple[str, ...]
    not_profiled: tuple[ColumnFacts, ...]


def guess(
    inputs: TableFacts, predictions: TableFacts | None = None, id_columns: Sequence[str] = ()
) -> Guess:
    """What tables of inputs and predictions probably mean; ``id_columns`` if they are known.

    SourceError if no column can tell the day, or none can join the two tables.
    """
    day = guess_day(inputs)
    predictions_day = guess_day(predictions, day.column) if predictions else None
    identity = tuple(id_columns) or _identity(inputs, predictions)
    answers = predictions or inputs
    taken = {*identity, day.column, day.partition}
    if predictions_day is not None:
        taken |= {predictions_day.column, predictions_day.partition}
    free = [column for column in answers.columns if column.name not in taken]
    version = next((c.name for c in free if _VERSION.search(c.name.lower())), None)
    free = [column for column in free if column.name != version]
    score, decision = _answers(free, everything=predictions is not None)
    if predictions is not None and not score + decision:
        raise SourceError(
            (Problem("", None, "has no column that can be a score or a decision"),),
            str(predictions.address),
        )
    if predictions is None and not score + decision:
        version = None
    answered = {*score, *decision, version} if predictions is None else set()
    rest = [c for c in inputs.columns if c.name not in {*identity, day.column, day.partition}]
    rest = [column for column in rest if column.name not in answered]
    clashing = {c.lower() for c in score + decision} if predictions is not None else set()
    excluded = tuple(_excluded(rest, inputs, clashing))
    features = [c for c in rest if c.name not in dict(excluded)]
    codes = tuple(c.name for c in features if _is_code(c))
    return Guess(
        inputs=inputs,
        predictions=predictions,
        id=identity,
        day=day,
        predictions_day=predictions_day,
        score=score,
        decision=decision,
        model_version=version,
        excluded=excluded,
        sentinels=tuple(
            (c.name, found) for c in features if c.name not in codes and (found := sentinels(c))
        ),
        codes=codes,
        not_profiled=tuple(c for c in features if natural_kind(c.spark_type) is None),
    )


def sentinels(column: ColumnFacts) -> tuple[float, ...]:
    """Values at the ends of a column that look like codes: -999 below, 9999 far above."""
    low, second_low = column.lowest, column.second_lowest
    high, second_high = column.highest, column.second_highest
    if column.plain_type not in WHOLE_NUMBERS | FRACTIONS | {"decimal"}:
        return ()
    found = []
    if low is not None and second_low is not None and low in _SENTINELS and low < 0 <= second_low:
        # A column of -1, 0, 1 is a sign, and no quantity with a code.
        found += [low] if low != -1 or column.distinct > 3 else []
    if high is not None and second_high is not None and high in _SENTINELS:
        found += [high] if 0 <= second_high < high / 2 else []
    return tuple(found)


def reference_days(days: DayRange | None, days_with_rows: int = 0) -> DayRange | None:
    """The days to compare with at first: four weeks, or more to hold ``REFERENCE_BATCHES`` days
    with rows; the first half if there are fewer."""
    if days is None:
        return None
    wanted = REFERENCE_DAYS
    if days_with_rows > 1:
        gap = (len(days) - 1) / (days_with_rows - 1)
        wanted = max(wanted, ceil(gap * (REFERENCE_BATCHES - 1)) + 1)
    count = min(wanted, max(1, len(days) // 2))
    return DayRange(days.first, shifted(days.first, count - 1))


def monitor_name(address: TableAddress) -> str:
    """A name for the monitor: that of the folder or the schema around the table."""
    parts = [
        p for p in re.split(r"[/.:]+" if address.path is None else r"[/:]+", str(address)) if p
    ]
    around = parts[-2] if len(parts) > 1 else parts[-1]
    return re.sub(r"[^A-Za-z0-9_-]+", "_", around).strip("_")[:100] or "monitor"


def _identity(inputs: TableFacts, predictions: TableFacts | None) -> tuple[str, ...]:
    def candidates(table: TableFacts) -> list[str]:
        names = [c.name for c in table.columns if _can_identify(c) and c.name in table.unique]
        return sorted(names, key=lambda name: not _ID.search(name.lower()))

    here = candidates(inputs)
    if predictions is None:
        return tuple(name for name in here[:1] if _ID.search(name.lower()))
    # Joined columns must be in both; they need not be unique among a few rows of each.
    there = {column.name for column in predictions.columns if _can_identify(column)}
    common = [name for name in here if name in there] or [
        column.name
        for column in inputs.columns
        if column.name in there and _can_identify(column) and _ID.search(column.name.lower())
    ]
    if not common:
        raise SourceError(
            (
                Problem(
                    "",
                    None,
                    f"has no column named like an id of {inputs.address}: use --id COLUMN",
                ),
            ),
            str(predictions.address),
        )
    return (common[0],)


def _can_identify(column: ColumnFacts) -> bool:
    return column.plain_type in WHOLE_NUMBERS | {"string", "decimal", "varchar", "char"}


def _answers(
    columns: Iterable[ColumnFacts], everything: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    score, decision = [], []
    for column in columns:
        name, plain = column.name.lower(), column.plain_type
        scored = _SCORE.search(name) is not None
        decided = _DECISION.search(name) is not None and _is_category(plain)
        if plain in FRACTIONS | {"decimal"} and (everything or scored):
            score.append(column.name)
        elif decided or (plain == "boolean" and everything):
            decision.append(column.name)
        elif plain in WHOLE_NUMBERS and scored:
            score.append(column.name)
    return tuple(score), tuple(decision)


def _excluded(
    columns: Iterable[ColumnFacts], table: TableFacts, clashing: Collection[str]
) -> Iterable[tuple[str, str]]:
    calendar = calendar_partitions(table)
    for column in columns:
        if column.name.lower() in clashing:
            yield column.name, "also a column of the predictions"
        elif column.plain_type in INSTANTS | {"date"} or column in calendar:
            yield column.name, "moves with the calendar"
        elif column.name in table.unique and table.rows > 50 and _is_label(column):
            yield column.name, "every row has another value"


def _is_category(plain_type: str) -> bool:
    return plain_type in WHOLE_NUMBERS or natural_kind(plain_type) == "categorical"


def _is_label(column: ColumnFacts) -> bool:
    named_so = _can_identify(column) and _ID.search(column.name.lower()) is not None
    return column.plain_type == "string" or named_so


def _is_code(column: ColumnFacts) -> bool:
    return (
        column.plain_type in WHOLE_NUMBERS
        and 0 < column.distinct <= MAX_CODES
        and _CODE.search(column.name.lower()) is not None
    )
