"""Facts about the rows of a reference, from which a contract is proposed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from modelwatch.model.config.column_types import outer_type
from modelwatch.model.onboarding.text_shape import TextShapes


@dataclass(frozen=True)
class ReferenceColumn:
    """Facts about a column in the reference; None if they do not apply.

    ``by_day``: rows, and rows without a value (null or NaN), of each day. ``values``: all values
    with their rows, if there are few. ``lowest`` to ``highest``: numbers other than special values;
    ``second_lowest`` and ``second_highest``: the next ones, or bounds of them. ``unique``: no value
    occurs twice on a day. ``length``: minimum and maximum number of characters.
    """

    name: str
    spark_type: str
    by_day: tuple[tuple[int, int], ...] = ()
    distinct: float | None = None
    values: Mapping[str, int] | None = None
    lowest: float | None = None
    highest: float | None = None
    second_lowest: float | None = None
    second_highest: float | None = None
    special_values: tuple[float, ...] = ()
    unique: bool = False
    length: tuple[int, int] | None = None
    texts: TextShapes | None = None
    sensitive: bool = False

    @property
    def plain_type(self) -> str:
        """The type without its parameters."""
        return outer_type(self.spark_type)

    @property
    def rows(self) -> int:
        """Number of rows of all days."""
        return sum(rows for rows, _ in self.by_day)

    @property
    def missing(self) -> int:
        """Number of rows without a value."""
        return sum(missing for _, missing in self.by_day)


@dataclass(frozen=True)
class ObservedRelation:
    """A condition on two columns that no row breaks: its name, its SQL, and the number of rows."""

    name: str
    predicate: str
    rows: int


@dataclass(frozen=True)
class ReferenceTable:
    """Facts about a table in the reference.

    ``wording``: a description of the rows. ``rows_by_day``: empty for a table without days. ``id``:
    columns that identify a row, as verified. ``suggestions``: constraints by column, as text.
    """

    role: str
    wording: str
    columns: tuple[ReferenceColumn, ...]
    rows_by_day: Mapping[date, int] = field(default_factory=dict)
    id: tuple[str, ...] = ()
    freshness_days: int | None = None
    relations: tuple[ObservedRelation, ...] = ()
    suggestions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Number of rows of all days."""
        return max((column.rows for column in self.columns), default=0)


def column_from(name: str, spark_type: str, facts: Mapping[str, Any]) -> ReferenceColumn:
    """A column from plain values, as returned by a job."""
    given = dict(facts)
    given["by_day"] = tuple((rows, missing) for rows, missing in given.get("by_day", ()))
    if given.get("length") is not None:
        given["length"] = tuple(given["length"])
    given["special_values"] = tuple(given.get("special_values", ()))
    return ReferenceColumn(name=name, spark_type=spark_type, **given)
