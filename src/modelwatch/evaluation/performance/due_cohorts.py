"""The change of a metric that follows from which rows are due.

With a due date per row, the rows of a day that are due first differ from the others: bookings for
the next days are canceled less often than those for next summer. Until nearly all rows of a window
are due, its metrics therefore differ from those of a reference whose rows are all due, although the
model has not changed. The scores show how far, because those of the due rows are known.
"""

from __future__ import annotations

import numpy as np

from modelwatch.evaluation.estimation.estimates import expected_metrics
from modelwatch.evaluation.performance.question import ScoreQuestion
from modelwatch.evaluation.performance.score_groups import View
from modelwatch.stats.arrays import AnyArray, Floats, Spans, sums_over_spans

COMPLETE = 0.95
"""Share of due rows from which a window or reference counts as due."""


def cohort_changes(
    question: ScoreQuestion, view: View, windows: Spans, references: Spans, keys: tuple[str, ...]
) -> Floats:
    """The differences between windows and their references that the scores of the rows that are due
    explain, (W, M).

    ``windows`` and ``references`` (W, 2): spans of the due days of the view. NaN if nearly all rows
    of both are due, and for metrics that cannot be estimated.
    """
    found = np.full((len(windows), len(keys)), np.nan)
    partly = np.flatnonzero(_partly_due(view, windows) | _partly_due(view, references))
    if not len(partly):
        return found
    after, before = (
        expected_metrics(question, view, spans[partly]) for spans in (windows, references)
    )
    for at, key in enumerate(keys):
        if key in after:
            found[partly, at] = after[key] - before[key]
    return found


def _partly_due(view: View, spans: Spans) -> AnyArray:
    """Mask of the spans in which fewer than ``COMPLETE`` of the rows of their due days are due."""
    due, every = view.due, view.every
    rows = every.stack.rows[np.searchsorted(every.days, due.days)]
    share = sums_over_spans(due.stack.rows, spans) / np.maximum(sums_over_spans(rows, spans), 1)
    return np.asarray(share < COMPLETE)
