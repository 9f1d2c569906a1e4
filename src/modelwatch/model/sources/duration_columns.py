"""The columns of the table that says how long training and scoring take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from modelwatch.model.config.column_checks import Wrong, column_problems
from modelwatch.model.config.column_types import INSTANTS, is_number
from modelwatch.model.profile.features import Schema
from modelwatch.model.sources.durations import ROLE, Durations


def durations_columns(
    durations: Durations | None, schemas: Mapping[str, Schema]
) -> Iterator[Wrong]:
    """The columns that are missing from the table, or of another type."""
    if durations is None or ROLE not in schemas:
        return
    schema, table = schemas[ROLE], str(durations.table)
    yield from column_problems((ROLE, "kind"), schema, table, durations.kind)
    yield from column_problems(
        (ROLE, "started"), schema, table, durations.started, _is_moment, "a timestamp or a date"
    )
    yield from column_problems(
        (ROLE, "seconds"), schema, table, durations.seconds, is_number, "a number"
    )


def _is_moment(kind: str) -> bool:
    return kind == "date" or kind in INSTANTS
