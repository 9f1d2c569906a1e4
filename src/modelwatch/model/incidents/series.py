"""The metric of an incident by window, from the folded verdicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from modelwatch.model.incidents.incident import (
    AREAS,
    Incident,
    JudgedWindow,
    Subject,
    subject_of,
)
from modelwatch.model.notification.message import Bar
from modelwatch.model.verdicts.row import VerdictRow

MOST_WINDOWS = 30
"""Number of windows of a series, the latest ones."""


class SeriesOf:
    """Series of incidents, from the judged windows and the verdicts that are close to a threshold
    or above it."""

    def __init__(self, windows: Sequence[JudgedWindow], rows: Sequence[VerdictRow]) -> None:
        """Groups the verdicts by subject."""
        self._starts: dict[tuple[str, str], set[date]] = defaultdict(set)
        for window in windows:
            self._starts[window.source, window.window].add(window.start)
        self._rows: dict[Subject, list[VerdictRow]] = defaultdict(list)
        for row in rows:
            self._rows[subject_of(row)].append(row)

    def of(self, incident: Incident) -> tuple[Bar, ...]:
        """The metric with the largest effect in the latest windows; empty without a verdict on it.

        A judged window without a row passed far below the threshold, and its effect is 0.
        """
        rows = [
            row
            for row in self._rows.get(incident.key, ())
            if (row.metric, row.reference, row.model_version)
            == (incident.metric, incident.reference, incident.model_version)
        ]
        if not rows:
            return ()
        sources = [source for source in AREAS if any(row.source == source for row in rows)]
        starts = set().union(*(self._starts[source, incident.window] for source in sources))
        effects: dict[date, float | None] = dict.fromkeys(starts, 0.0)
        for row in rows:
            effects[row.window_start] = row.effect if row.is_known else None
        return tuple(Bar(day, effects[day]) for day in sorted(effects)[-MOST_WINDOWS:])
