"""Verdicts on observed values."""

from __future__ import annotations

from math import isclose, isnan

from modelwatch.model.contracts.constraint import Severity
from modelwatch.model.verdicts.row import Verdict

_SAME = 1e-12
"""Maximum relative difference between sums of the same doubles in a different order, with a
margin."""


def bound_verdict(
    observed: float | None,
    lower: float | None,
    upper: float | None,
    severity: Severity,
    reason: str | None = None,
) -> Verdict:
    """Whether an observed value is within its bounds, which belong to what passes.

    ``reason`` says why nothing could be observed: the verdict is then undefined, as it is for a
    value that is missing or NaN. A breach is what ``severity`` says. A value that differs from a
    bound in its last digits only lies on it: they depend on the order in which doubles were added.
    """
    if reason or observed is None or isnan(observed):
        return "undefined"
    if lower is not None and observed < lower and not isclose(observed, lower, rel_tol=_SAME):
        return severity
    if upper is not None and observed > upper and not isclose(observed, upper, rel_tol=_SAME):
        return severity
    return "pass"
