"""The data of the pages: rows of the result views, and the days that they cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from modelwatch.model.incidents.incident import Incident
from modelwatch.tables.incidents.incidents import COLUMN_OF_FIELD

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Span:
    """The days and windows that a report covers.

    ``short`` and ``timeline``: names of the windows of the calendar and of the timelines.
    ``current``: the window of the histograms. ``labelled``: the latest window with mature labels.
    ``reference``: the days of the reference of the bins. Each is None if there is none.
    """

    first: date
    last: date
    short: str
    timeline: str
    reference_name: str
    current: tuple[str, date, date] | None
    labelled: tuple[str, date, date] | None
    reference: tuple[date, date] | None


@dataclass(frozen=True)
class Results:
    """Rows by the name of the query that gave them, and what must be known to show them.

    ``config_path``: as commands name it. ``sensitive``: columns in lower case of which no value is
    shown. ``task``: of the model, None without labels. ``as_of``: the newest run's.
    """

    monitor: str
    description: str
    config_path: str
    task: str | None
    as_of: date
    made_at: datetime
    code_version: str
    span: Span
    sensitive: frozenset[str]
    rows: Mapping[str, Sequence[Row]]

    def of(self, query: str) -> Sequence[Row]:
        """The rows of a query; none if it was not asked."""
        return self.rows.get(query, ())

    def is_sensitive(self, feature: str) -> bool:
        """Whether no value of a feature may be shown."""
        return feature.lower() in self.sensitive


def incident_of(row: Row) -> Incident:
    """The incident of a row of the view of incidents."""
    names = {one.name: COLUMN_OF_FIELD.get(one.name, one.name) for one in fields(Incident)}
    held: dict[str, Any] = {}
    for name, column in names.items():
        value = row[column]
        held[name] = tuple(value) if isinstance(value, list) else value
    return Incident(**held)
