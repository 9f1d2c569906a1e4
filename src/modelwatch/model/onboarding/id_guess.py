"""Guess the ID columns from names, types, and uniqueness."""

from __future__ import annotations

from collections.abc import Sequence

from modelwatch.model.config.column_types import INTEGER_TYPES, STRING_TYPES
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.onboarding.column_names import is_id_name, is_index_name
from modelwatch.model.onboarding.day_guess import guess_day
from modelwatch.model.onboarding.table_facts import ColumnFacts, TableFacts

_FEWEST_ENTITIES = 3
"""Minimum number of values of an id whose rows repeat over time."""


def identity_of(inputs: TableFacts, predictions: TableFacts | None) -> tuple[str, ...]:
    """Return the columns that identify a row within its day in both tables; raise SourceError if
    there are none.

    Rows of a store by day, or of a meter by hour, are identified by the store, or by the meter and
    the timestamp.
    """

    def candidates(table: TableFacts) -> list[str]:
        names = [c.name for c in table.columns if can_identify(c) and c.name in table.unique]
        return sorted(names, key=lambda name: not is_id_name(name))

    here = candidates(inputs)
    if predictions is None:
        counting = [c.name for c in inputs.columns if c.counts_up or c.plain_type == "string"]
        sure = [name for name in here if is_id_name(name)]
        return tuple((sure or [name for name in here if name in counting])[:1]) or _over_time(
            inputs, inputs
        )
    # Joined columns must be in both tables, but need not be unique in a small sample.
    there = {column.name for column in predictions.columns if can_identify(column)}
    common = [name for name in here if name in there]
    if not common and (by_time := _over_time(inputs, predictions)):
        return by_time
    common = common or [
        column.name
        for column in inputs.columns
        if column.name in there and can_identify(column) and is_id_name(column.name)
    ]
    if not common:
        raise _no_id(predictions, inputs)
    return (common[0],)


def _over_time(inputs: TableFacts, answers: TableFacts) -> tuple[str, ...]:
    """Return a column of both tables that differs within each day or timestamp, with the
    timestamp; empty if there is none."""
    time = guess_day(inputs)
    found = [
        column
        for column in inputs.columns
        if can_identify(column)
        and time.column in column.unique_with
        and column.distinct >= _FEWEST_ENTITIES
        and all(answers.column(name) is not None for name in (column.name, time.column))
    ]
    if not found:
        return ()
    chosen = max(found, key=lambda c: (is_id_name(c.name), c.distinct))
    return (chosen.name, time.column) if time.time else (chosen.name,)


def label_identity(labels: TableFacts, identity: Sequence[str]) -> tuple[str, ...]:
    """Return the label columns that contain the prediction IDs; raise SourceError if there are
    none."""
    own = {column.name: column for column in labels.columns if can_identify(column)}
    if identity and all(labels.column(name) is not None for name in identity):
        return tuple(identity)
    named = [name for name in own if is_id_name(name)]
    if len(identity) == 1 and len(named) == 1:
        return (named[0],)
    raise SourceError(
        (Problem("", None, f"has no column {', '.join(identity) or 'of an id'}: use --id COLUMN"),),
        str(labels.address),
    )


def can_identify(column: ColumnFacts) -> bool:
    """Return whether values of a column can be compared as IDs in several tables."""
    kinds = INTEGER_TYPES | STRING_TYPES | {"decimal"}
    return column.plain_type in kinds and not is_index_name(column.name)


def _no_id(table: TableFacts, inputs: TableFacts) -> SourceError:
    wording = f"has no column named like an id of {inputs.address}: use --id COLUMN"
    return SourceError((Problem("", None, wording),), str(table.address))
