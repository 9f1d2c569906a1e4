"""How strong something unmeasured would have to be to explain an association away."""

from __future__ import annotations

import math
from dataclasses import dataclass

COMMON = 0.15
"""Share of the outcome above which an odds ratio is no risk ratio, but about its square."""


@dataclass(frozen=True)
class Sensitivity:
    """E-values of an association and of the end of its interval that is nearer to none.

    ``of_interval`` is 1 if the interval holds 1. NaN where the ratio is undefined.
    """

    of_ratio: float
    of_interval: float


def e_value(ratio: float) -> float:
    """Least risk ratio that an unmeasured cause must have with both sides to explain a risk ratio.

    1 for no association; NaN for a ratio that is not positive and finite.
    Source: VanderWeele and Ding (2017).
    """
    if not (0.0 < ratio < math.inf):
        return math.nan
    above = max(ratio, 1.0 / ratio)
    return above + math.sqrt(above * (above - 1.0))


def sensitivity(
    ratio: float, lower: float, upper: float, *, outcome_share: float | None = None
) -> Sensitivity:
    """E-values of a ratio with its interval.

    A risk ratio, unless ``outcome_share`` says that it is an odds ratio and how frequent the
    outcome is: above 15 % its square root stands for the risk ratio.
    """
    if outcome_share is not None and outcome_share > COMMON:
        ratio, lower, upper = (math.sqrt(v) if v >= 0 else math.nan for v in (ratio, lower, upper))
    nearest = lower if ratio > 1.0 else upper
    if math.isnan(nearest):
        return Sensitivity(e_value(ratio), math.nan)
    crosses = lower <= 1.0 <= upper
    return Sensitivity(e_value(ratio), 1.0 if crosses else e_value(nearest))
