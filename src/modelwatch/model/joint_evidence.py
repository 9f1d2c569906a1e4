"""Evidence of successive windows of one figure, taken together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp, factorial, fsum, log

from modelwatch.model.verdict_row import VerdictRow

NEAR_EFFECT = 0.5
"""Size in gates from which a window that passed counts as evidence beside one that failed."""
NEAR_LEVEL = 0.2
"""Corrected p-value up to which it does."""
LEVEL = 0.05
"""Level of a single window: several together are held to its power."""
_SMALLEST = 1e-300


def fail_together(windows: Sequence[Iterable[VerdictRow]]) -> bool:
    """Whether some figure is beyond its gate and no chance in several windows taken together.

    ``windows``: verdict rows of successive windows of one subject. A figure does so if it fails in
    at least one of them, goes the same way and is near its gate in each, is beyond it on average,
    and if the combined p-value (Fisher 1932) is at most ``LEVEL`` to the power of the number of
    windows, which is the chance that all of them fail when they are independent.
    """
    shown = [{_key(row): row for row in rows if _is_near(row)} for rows in windows]
    if not shown:
        return False
    keys = set(shown[0]).intersection(*shown[1:])
    return any(_beyond([one[key] for one in shown]) for key in keys)


def _key(row: VerdictRow) -> tuple[str, str | None, str, bool]:
    return (row.figure, row.reference, row.model_version, (row.value or 0.0) < 0)


def _is_near(row: VerdictRow) -> bool:
    if row.effect is None or row.adjusted_p is None:
        return False
    return row.effect >= NEAR_EFFECT and row.adjusted_p <= NEAR_LEVEL


def _beyond(rows: Sequence[VerdictRow]) -> bool:
    if not any(row.fails for row in rows):
        return False
    effects = [row.effect for row in rows if row.effect is not None]
    p_values = [row.adjusted_p for row in rows if row.adjusted_p is not None]
    return fsum(effects) >= len(rows) and combined_p(p_values) <= LEVEL ** len(rows)


def combined_p(p_values: Sequence[float]) -> float:
    """The p-value of independent p-values together.

    Fisher (1932): minus twice the sum of their logarithms has a chi-square distribution of two
    degrees of freedom for each, whose tail has a closed form. An empty sequence gives 1.
    """
    half = -fsum(log(max(p, _SMALLEST)) for p in p_values)
    tail = fsum(half**n / factorial(n) for n in range(len(p_values)))
    return min(exp(-half) * tail, 1.0) if p_values else 1.0
