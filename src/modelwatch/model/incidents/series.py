"""The figure of an incident window by window, from the verdicts that were folded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from modelwatch.model.incidents.incident import (
    FAMILIES,
    Incident,
    JudgedWindow,
    Subject,
    subject_of,
)
from modelwatch.model.notification.message import Bar
from modelwatch.model.verdicts.row import VerdictRow

MOST_WINDOWS = 30
"""Windows of a series, the newest ones."""


class SeriesOf:
    """Series of incidents, given the judged windows and the verdicts that did not pass by far."""

    def __init__(self, windows: Sequence[JudgedWindow], rows: Sequence[VerdictRow]) -> None:
        """Order the verdicts by what they are about."""
        self._starts: dict[tuple[str, str], set[date]] = defaultdict(set)
        for window in windows:
            self._starts[window.source, window.window].add(window.start)
        self._rows: dict[Subject, list[VerdictRow]] = defaultdict(list)
        for row in rows:
            self._rows[subject_of(row)].append(row)

    def of(self, incident: Incident) -> tuple[Bar, ...]:
        """The figure of the largest effect in the newest windows; empty without a verdict on it.

        A judged window without a row passed far below the threshold, and its effect is 0.
        """
        rows = [
            row
            for row in self._rows.get(incident.key, ())
            if (row.figure, row.reference, row.model_version)
            == (incident.figure, incident.reference, incident.model_version)
        ]
        if not rows:
            return ()
        sources = [source for source in FAMILIES if any(row.source == source for row in rows)]
        starts = set().union(*(self._starts[source, incident.window] for source in sources))
        effects: dict[date, float | None] = dict.fromkeys(starts, 0.0)
        for row in rows:
            effects[row.window_start] = row.effect if row.is_known else None
        return tuple(Bar(day, effects[day]) for day in sorted(effects)[-MOST_WINDOWS:])
