"""Confidence sequences of a difference over days: intervals that hold at every look.

The interval of a fixed day holds on that day. Who looks daily and stops at the first favorable
interval errs far more often. A confidence sequence contains the truth on all days at once with the
stated probability, so that it can be read whenever one likes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import Floats
from modelwatch.stats.special import normal_quantile, student_quantile

LEAST_DAYS = 14
"""Fewest days of a confidence sequence: two weeks, because differences vary by weekday, and because
the spread and the dependence of fewer days are unknown."""
NARROWEST_AT_DAYS = 28
"""Days after which a sequence is narrow relative to the best sequence of that day; it is valid at
all others."""
_TYPICAL_EFFECT = 6.64 / NARROWEST_AT_DAYS
"""Prior variance of the difference in units of the spread of a day, which gives that width."""
_MOST_DEPENDENT = 0.8
_PLANNING_RESERVE = 1.15
"""Factor on planned days for the estimation of dependence and skewness."""
_FARTHEST_DAYS = 3650
_ROUNDING = 1e-12


@dataclass(frozen=True)
class DayMean:
    """A quantity over days.

    ``sd``: its standard error, which allows for the dependence of neighboring days. ``skewness``:
    that of the days. NaN if unknown. ``days``: how many it is the mean of.
    """

    value: float
    sd: float
    skewness: float
    days: int

    def __neg__(self) -> DayMean:
        return DayMean(-self.value, self.sd, -self.skewness, self.days)


def are_alike(without: Floats) -> bool:
    """Whether the values without each day are equal but for rounding, so that days tell nothing of
    the spread."""
    return bool(np.ptp(without) <= _ROUNDING * (1.0 + np.abs(without).max()))


def day_mean(value: float, without: Floats, alike_variance: float = 0.0) -> DayMean:
    """A quantity of D days, from its values without each of them, (D,).

    The standard error is that of the delete-one-day jackknife, widened by the first-order
    autocorrelation of its pseudo-values if this is positive. ``alike_variance``: its square if all
    days are alike. Source: Efron and Stein (1981); Marriott and Pope (1954) for the bias of the
    autocorrelation.
    """
    days = len(without)
    if days < 2 or not np.isfinite(without).all():
        return DayMean(value, np.nan, np.nan, days)
    if are_alike(without):
        return DayMean(value, float(np.sqrt(alike_variance)), 0.0, days)
    off = without.mean() - without
    squares = float(off @ off)
    variance = squares * (days - 1) / days
    found = float(off[1:] @ off[:-1]) / squares
    dependence = float(np.clip(found + (1.0 + 3.0 * found) / days, 0.0, _MOST_DEPENDENT))
    sd = np.sqrt(variance * (1.0 + dependence) / (1.0 - dependence))
    skewness = float(np.mean(off**3) / (squares / days) ** 1.5)
    return DayMean(value, float(sd), skewness, days)


def sequence_reach(days: Floats, error: float) -> Floats:
    """Half-width of a confidence sequence after some days, in standard errors; infinite while it is
    unbounded.

    ``error``: probability with which the lower end, or the upper end, is ever beyond the truth, for
    days that are independent and normal with an unknown spread. The test martingale mixes Student's
    t over normal effects; a mixture over one direction exceeds ``1/error`` whenever the one over
    both exceeds ``(1/error + 1)/2``. Source: Lai (1976); Wang and Ramdas (2025), anytime-valid
    t-tests; Ville (1939).
    """
    n = np.asarray(days, dtype=np.float64)
    growth = 1.0 + n * _TYPICAL_EFFECT
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = ((1.0 / error + 1.0) / 2.0 * np.sqrt(growth)) ** (2.0 / n)
        squared = (n - 1.0) * (ratio - 1.0) / (1.0 - ratio / growth)
        reach = np.sqrt(np.where(ratio < growth, squared, np.inf))
    return np.where(n < LEAST_DAYS, np.inf, reach)


def fixed_reach(days: Floats, error: float) -> Floats:
    """The same for one look on a day that was chosen in advance."""
    n = np.asarray(days, dtype=np.float64)
    reach = student_quantile(1.0 - error, np.maximum(n - 1.0, 1.0))
    return np.where(n < LEAST_DAYS, np.inf, reach)


def ends_of(mean: DayMean, error: float, *, every_look: bool) -> tuple[float, float]:
    """Lower and upper end of the interval of a quantity, each wrong with a probability of at most
    ``error``; infinite if there are too few days.

    An end is moved outward where skewed days would bring it too close. Source: Johnson (1978).
    """
    if np.isnan(mean.sd) or np.isnan(mean.value):
        return -np.inf, np.inf
    reach = _reach(mean.days, error, every_look=every_look)
    return (
        mean.value - mean.sd * _skewed(reach, mean.skewness, mean.days),
        mean.value + mean.sd * _skewed(reach, -mean.skewness, mean.days),
    )


def days_until(mean: DayMean, margin: float, error: float, *, every_look: bool) -> int | None:
    """Further days after which the interval excludes a margin, if the quantity and its spread stay
    as they are; None if that takes more than ten years."""
    distance, spread = abs(mean.value - margin), mean.sd * np.sqrt(mean.days)
    if not np.isfinite(spread) or not distance > 0:
        return None
    n = np.arange(max(mean.days + 1, LEAST_DAYS), _FARTHEST_DAYS, dtype=np.float64)
    enough = distance * np.sqrt(n) > spread * _reaches(n, error, every_look=every_look)
    return int(n[enough][0]) - mean.days if enough.any() else None


def planned_days(
    effect: float, error: float = 0.05, power: float = 0.9, *, every_look: bool = True
) -> int | None:
    """Days after which a true difference is found with a probability of at least ``power``; None
    if that takes more than ten years.

    ``effect``: the difference beyond the margin, in units of the standard deviation of a day.
    """
    n = np.arange(LEAST_DAYS, _FARTHEST_DAYS, dtype=np.float64)
    enough = effect * np.sqrt(n) >= _needed(n, error, power, every_look=every_look)
    if not enough.any():
        return None
    return int(np.ceil(n[enough][0] * _PLANNING_RESERVE))


def detectable(mean: DayMean, error: float, power: float = 0.9, *, every_look: bool) -> float:
    """The smallest true difference beyond a margin that these days show with a probability of at
    least ``power``; infinite if there are too few days."""
    if np.isnan(mean.sd):
        return np.inf
    n = np.array([mean.days / _PLANNING_RESERVE])
    if n[0] < LEAST_DAYS:
        return np.inf
    needed = _needed(n, error, power, every_look=every_look)[0]
    return float(needed * mean.sd * np.sqrt(mean.days / n[0]))


def _reaches(days: Floats, error: float, *, every_look: bool) -> Floats:
    return sequence_reach(days, error) if every_look else fixed_reach(days, error)


def _reach(days: int, error: float, *, every_look: bool) -> float:
    return float(_reaches(np.array([days]), error, every_look=every_look)[0])


def _needed(days: Floats, error: float, power: float, *, every_look: bool) -> Floats:
    """Mean of Student's t from which it exceeds its reach with a probability, by its approximate
    variance."""
    reach = _reaches(days, error, every_look=every_look)
    return reach + normal_quantile(power) * np.sqrt(1.0 + reach**2 / (2.0 * (days - 1.0)))


def _skewed(reach: float, skewness: float, days: int) -> float:
    """The reach of an end that skewed days would bring too close: t for which Johnson's modified t
    is the reach."""
    bend = skewness / (3.0 * np.sqrt(days))
    if not bend < 0 or not np.isfinite(reach):
        return reach
    inside = 1.0 - 4.0 * bend * (bend / 2.0 - reach)
    return float((np.sqrt(inside) - 1.0) / (2.0 * bend)) if inside >= 0 else np.inf
