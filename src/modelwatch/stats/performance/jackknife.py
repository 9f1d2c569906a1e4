"""Delete-one-day jackknife intervals, for rows that are not independent within a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from modelwatch.stats.arrays import Floats
from modelwatch.stats.special import student_quantile, student_tail

FEWEST_DAYS = 3
"""Minimum number of days for a jackknife interval."""

FEW_DAYS = f"fewer than {FEWEST_DAYS} days"


@dataclass(frozen=True)
class DayInterval:
    """Values with jackknife intervals; all arrays have the same shape.

    ``sd``: standard error. ``degrees``: its degrees of freedom. ``lower``, ``upper``, and ``sd``
    are NaN if there are too few days.
    """

    value: Floats
    lower: Floats
    upper: Floats
    sd: Floats
    degrees: Floats

    @cached_property
    def p_value(self) -> Floats:
        """Two-sided p-value for the hypothesis that the value is 0; NaN if the interval is
        undefined."""
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
    """Return jackknife intervals of values.

    ``whole``: the values over all days, (...). ``sides``: for each independent group of days, the
    values that result when one day of the group is omitted, (D, ...). The variances of the groups
    are added, with Welch's degrees of freedom. ``floors``: for each group, the variance below which
    the variance over days is not informative, and the variance that replaces it. Source: Efron and
    Stein (1981); Welch (1947).
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
