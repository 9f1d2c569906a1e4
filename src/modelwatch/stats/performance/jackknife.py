"""Intervals by leaving out one day at a time, because rows of one day are not independent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from modelwatch.stats.arrays import Floats
from modelwatch.stats.special import student_quantile, student_tail

FEWEST_DAYS = 3
"""Minimum days for leave-one-out intervals."""

FEW_DAYS = f"fewer than {FEWEST_DAYS} days"


@dataclass(frozen=True)
class DayInterval:
    """Values with an interval from days; NaN if there are too few, (...) each.

    ``degrees``: of freedom of ``sd``.
    """

    value: Floats
    lower: Floats
    upper: Floats
    sd: Floats
    degrees: Floats

    @cached_property
    def p_value(self) -> Floats:
        """Two-sided p-value of the value being 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(
                self.sd > 0, np.abs(self.value) / self.sd, np.where(self.value == 0, 0.0, np.inf)
            )
        tail = 2.0 * student_tail(np.where(np.isinf(t), 0.0, t), self.degrees)
        found = np.where(np.isinf(t), 0.0, tail)
        return np.where(np.isnan(self.sd) | np.isnan(self.value), np.nan, found)


def day_interval(
    whole: Floats,
    sides: Sequence[Floats],
    *,
    floors: Sequence[tuple[Floats, Floats]] | None = None,
    level: float = 0.95,
) -> DayInterval:
    """Interval of values from their values without each day.

    ``whole``: the values for all days, (...). ``sides``: for each independent group of days, the
    values without each day of that group, (D, ...); variances of the groups add up, and the degrees
    of freedom are Welch's. ``floors``: for each group, the variance below which days are not
    informative, and the variance that replaces it. Source: Efron and Stein (1981); Welch (1947).
    """
    variances = [_variance(without) for without in sides]
    if floors is not None:
        variances = [
            np.where(variance < least, instead, variance)
            for variance, (least, instead) in zip(variances, floors, strict=True)
        ]
    variance = np.sum(variances, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = sum(
            part**2 / max(len(without) - 1, 1)
            for part, without in zip(variances, sides, strict=True)
        )
        least = min(len(without) for without in sides) - 1.0
        degrees = np.where(shares > 0, variance**2 / shares, least)
        sd = np.sqrt(variance)
        reach = student_quantile(0.5 + level / 2.0, np.where(np.isnan(sd), np.nan, degrees)) * sd
    return DayInterval(np.asarray(whole), whole - reach, whole + reach, sd, degrees)


def _variance(without: Floats) -> Floats:
    days = len(without)
    if days < FEWEST_DAYS:
        return np.full(without.shape[1:], np.nan)
    spread = ((without - without.mean(axis=0)) ** 2).sum(axis=0)
    return np.asarray(spread * (days - 1) / days, dtype=np.float64)
