"""Figures whose own history says what is usual: volume, repeated rows and coverage of labels."""

from __future__ import annotations

import numpy as np
from scripts.evidence.day_states import ROLES, WHOLE, DayStates
from scripts.evidence.figures import UNKNOWN_ROWS, Figures, Reference, windows_of
from scripts.evidence.world import LABEL_DELAY

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.series import expected_series


def series_figures(reference: Reference, current: DayStates, as_of: int) -> list[Figures]:
    """Of the days of the month, expected from the days before each."""
    rules = reference.config.verdicts
    before = reference.states
    days = np.concatenate([before.days, current.days])
    rows = np.concatenate([before.rows + before.repeated, current.rows + current.repeated])
    repeated = np.concatenate([before.repeated, current.repeated])
    found = []
    for role in ROLES:
        if rules.volume is not None:
            found.append(
                _judged("volume", role, "rows", days, rows.astype(float), rows, rules.volume, 0)
            )
        if rules.duplicates is not None:
            share = repeated / np.maximum(rows, 1)
            found.append(
                _judged("volume", role, "duplicate_share", days, share, rows, rules.duplicates, 1)
            )
    if rules.coverage is not None:
        due_days, due, labelled = _due(before, current, as_of)
        coverage = labelled / np.maximum(due, 1)
        found.append(
            _judged("labels", "labels", "coverage", due_days, coverage, due, rules.coverage, -1)
        )
    return found


def _due(before: DayStates, current: DayStates, as_of: int) -> tuple[AnyArray, Counts, Counts]:
    """Days whose labels are due, their rows, and how many have a label."""
    sides = [states.scores[WHOLE] for states in (before, current)]
    days = np.concatenate([numbers for numbers, _ in sides])
    rows = np.concatenate([states.rows for _, states in sides])
    labelled = np.concatenate([states.labelled for _, states in sides])
    due = days + LABEL_DELAY <= as_of
    return days[due], rows[due], labelled[due]


def _judged(
    source: str,
    role: str,
    figure: str,
    days: AnyArray,
    values: Floats,
    rows: Counts,
    gate: float,
    worse: int,
) -> Figures:
    """The days of the month, each less what was expected; of rows, as a share of that."""
    relative = figure == "rows"
    known = expected_series(values, days, counts=relative)
    first = np.searchsorted(days, windows_of("day")[0])
    expected = known.expected[0, first:]
    with np.errstate(divide="ignore", invalid="ignore"):
        change = values[first:] - expected
        change = change / expected if relative else change
    n = len(days) - first
    return Figures(
        source=source,
        role=role,
        subject=role,
        figure=figure,
        scope=WHOLE,
        kind="day",
        starts=days[first:],
        value=change,
        gate=np.full(n, gate),
        p_value=known.p_value[0, first:],
        rows=rows[first:],
        reference_rows=np.full(n, UNKNOWN_ROWS),
        reason=known.reason[0, first:],
        expected=expected,
        worse=worse,
    )
