"""Joint evidence of successive windows of one metric."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum, log

import numpy as np

from modelwatch.model.verdicts.row import VerdictRow
from modelwatch.stats.special import chi_square_tail

_LEVEL = 0.05
"""Level of a single window; several windows use a power of it."""
_SMALLEST = 1e-300


def fail_together(windows: Sequence[Iterable[VerdictRow]]) -> bool:
    """Whether some figure is beyond its threshold and no chance in several windows taken together.

    ``windows``: the rows of successive windows of one subject that are not quiet. A figure does so
    if it is among them in each window and goes the same way, fails in at least one, is beyond its
    threshold on average, and if the combined p-value (Fisher 1932) is at most ``_LEVEL`` to the
    power of the number of windows, which is the chance that all of them fail when they are
    independent. Either the corrected p-values are combined, or the combined p-value is corrected
    for the comparisons of a window (Bonferroni): a metric that is near its level among many others
    in each window is beyond it in all of them.
    """
    shown = [{_key(row): row for row in rows} for rows in windows]
    keys = set(shown[0]).intersection(*shown[1:]) if shown else set()
    return any(_beyond([one[key] for one in shown]) for key in keys)


def _key(row: VerdictRow) -> tuple[str, str | None, str, bool]:
    return (row.metric, row.reference, row.model_version, (row.value or 0.0) < 0)


def _beyond(rows: Sequence[VerdictRow]) -> bool:
    effects = [row.effect for row in rows if row.effect is not None]
    if fsum(effects) < len(rows) or not any(row.fails for row in rows):
        return False
    return min(_of_corrected(rows), _corrected(rows)) <= _LEVEL ** len(rows)


def _of_corrected(rows: Sequence[VerdictRow]) -> float:
    """The combined corrected p-value; 1 if one is unknown."""
    p_values = [row.adjusted_p for row in rows if row.adjusted_p is not None]
    return combined_p(p_values) if len(p_values) == len(rows) else 1.0


def _corrected(rows: Sequence[VerdictRow]) -> float:
    """The combined p-value, corrected for the comparisons of a window; 1 if one is unknown."""
    p_values = [row.p_value for row in rows if row.p_value is not None]
    comparisons = [row.comparisons for row in rows if row.comparisons is not None]
    if not len(p_values) == len(comparisons) == len(rows):
        return 1.0
    return min(1.0, max(comparisons) * combined_p(p_values))


def combined_p(p_values: Sequence[float]) -> float:
    """The combined p-value of independent p-values.

    Fisher (1932): minus twice the sum of their logarithms has a chi-square distribution with two
    degrees of freedom for each. An empty sequence gives 1.
    """
    statistic = -2.0 * fsum(log(max(p, _SMALLEST)) for p in p_values)
    return float(chi_square_tail(np.array(statistic), np.array(2 * len(p_values))))
