"""Verdicts on observed values."""

from __future__ import annotations

import math
from typing import Literal

from modelwatch.model.constraint import Severity

Verdict = Literal["pass", "warn", "fail", "unknown"]


def judge(
    observed: float | None,
    lower: float | None,
    upper: float | None,
    severity: Severity,
    reason: str | None = None,
) -> Verdict:
    """Whether an observed value is within its bounds, which belong to what passes.

    ``reason`` says why nothing could be observed: the verdict is then unknown, as it is for a
    value that is missing or NaN. A breach is what ``severity`` says.
    """
    if reason or observed is None or math.isnan(observed):
        return "unknown"
    if (lower is not None and observed < lower) or (upper is not None and observed > upper):
        return severity
    return "pass"
