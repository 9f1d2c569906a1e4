"""When a daily metric changed, and whether it changed at once or gradually."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.diagnosis.piecewise_fits import (
    SHORTEST_LEVEL,
    best_cuts,
    level_costs,
    ramps,
    with_levels,
    with_ramps,
)
from modelwatch.stats.verdicts.day_series import DaySeries

Shape = Literal["constant", "step", "steps", "ramp"]

_FEWEST_DAYS = 8
"""Minimum number of days for which a shape is determined."""
MOST_STEPS = 4
LEAST_MARGIN = 6.0
"""Difference of BIC that is strong evidence (Kass and Raftery 1995)."""
PLACE = 2.0
"""Number of parameters for the position of a step; ``change_point`` explains it."""
DROP = 6.0
"""Deviance loss up to which a date is within the interval; measured to cover 95 %."""
TOO_SHORT = f"fewer than {_FEWEST_DAYS} days"


@dataclass(frozen=True)
class ChangePoint:
    """What shape a daily series has, and when it changed.

    ``shape``: 'constant', 'step', 'steps' (2 to 4 of them), 'ramp', or 'undetermined' where the
    margin is below 6; ``likely``: the best of the four. ``days`` (k,): first day of each new level,
    or the last day before a ramp and the first day after it; ``lower`` and ``upper`` (k,): their
    95 % intervals. ``levels``: one more than steps; before and after a ramp. ``margin``: BIC of the
    next best shape less that of the best. ``reason``: why there is no result, else None.
    """

    shape: str
    likely: Shape
    days: tuple[int, ...]
    lower: tuple[int, ...]
    upper: tuple[int, ...]
    levels: tuple[float, ...]
    margin: float
    reason: str | None = None


@dataclass(frozen=True)
class _Fit:
    shape: Shape
    places: tuple[int, ...]
    levels: Floats
    parameters: float
    deviance: float


def change_point(values: Floats, days: Counts, weights: Floats | None = None) -> ChangePoint:
    """The shape of a daily series by BIC; (n,) each, NaN for unknown values.

    ``days`` ascend and may have gaps. ``weights``: inverse variances up to a factor. Noise is
    normal and may be correlated between adjacent days, so that a slow drift is not a step. A level
    counts as one parameter, a position as two: among all days, some position always fits well,
    which one parameter would not account for (compare Zhang and Siegmund 2007, whose penalty for a
    change is about three parameters). Sources: Schwarz (1978); Kass and Raftery (1995) for the
    margin of 6.
    """
    unit = _unit(values)
    series = DaySeries.of(np.asarray(values, dtype=np.float64) / unit, days, weights)
    if len(series) < _FEWEST_DAYS:
        return ChangePoint("undetermined", "constant", (), (), (), (), 0.0, TOO_SHORT)
    fits = [*_levels(series), *_ramp(series)]
    best_of: dict[Shape, tuple[float, _Fit]] = {}
    for fit in fits:
        bic = fit.deviance + fit.parameters * float(np.log(len(series)))
        if fit.shape not in best_of or bic < best_of[fit.shape][0]:
            best_of[fit.shape] = (bic, fit)
    ranked = sorted(best_of.values(), key=lambda pair: pair[0])
    margin = ranked[1][0] - ranked[0][0]
    best = ranked[0][1]
    lower, upper = _interval(series, best)
    return ChangePoint(
        shape=best.shape if margin >= LEAST_MARGIN else "undetermined",
        likely=best.shape,
        days=_days(series, best.places),
        lower=_days(series, lower),
        upper=_days(series, upper),
        levels=tuple(float(level) * unit for level in best.levels),
        margin=float(margin),
    )


def _unit(values: Floats) -> float:
    """A power of two near the largest value, so that squares neither vanish nor overflow."""
    y = np.asarray(values, dtype=np.float64)
    largest = float(np.abs(y[np.isfinite(y)]).max(initial=0.0))
    return math.ldexp(1.0, math.frexp(largest)[1] - 1) if largest else 1.0


def _levels(series: DaySeries) -> list[_Fit]:
    fits = []
    for cuts in best_cuts(level_costs(series), MOST_STEPS):
        expected, levels = with_levels(series, np.array(cuts, dtype=np.int64)[None, :])
        fits.append(
            _Fit(
                shape=("constant", "step")[len(cuts)] if len(cuts) < 2 else "steps",
                places=cuts,
                levels=levels[0],
                parameters=1.0 + (1.0 + PLACE) * len(cuts),
                deviance=float(series.deviances(expected)[0]),
            )
        )
    return fits


def _ramp(series: DaySeries) -> list[_Fit]:
    """The best ramps: between two places, or from or to an end of the series, with one place.

    A line from end to end counts as having one as well, for some line always fits a little.
    """
    found = ramps(series)
    last = len(series) - 1
    fits = []
    for open_foot in (False, True):
        for open_head in (False, True):
            usable = (found.foot == 0) if open_foot else np.full(len(found.foot), True)
            usable &= (found.head == last) if open_head else True
            if not usable.any():
                continue
            at = int(np.argmin(np.where(usable, found.cost, np.inf)))
            foot, head = found.foot[[at]], found.head[[at]]
            expected, levels = with_ramps(series, foot, head)
            inner = max(1, int(not open_foot) + int(not open_head))
            fits.append(
                _Fit(
                    shape="ramp",
                    places=(int(foot[0]), int(head[0])),
                    levels=levels[0],
                    parameters=2.0 + PLACE * inner,
                    deviance=float(series.deviances(expected)[0]),
                )
            )
    return fits


def _interval(series: DaySeries, fit: _Fit) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """First and last place of each change that is nearly as likely.

    The other steps are held fixed; the other end of a ramp is where it then fits best.
    """
    low, high = [], []
    for k, place in enumerate(fit.places):
        if fit.shape == "ramp":
            found = ramps(series)
            knots = found.best_by(found.head if k else found.foot)
            places, expected = knots[k], with_ramps(series, *knots)[0]
        else:
            before = fit.places[k - 1] if k else 0
            after = fit.places[k + 1] if k + 1 < len(fit.places) else len(series)
            places = np.arange(before + SHORTEST_LEVEL, after - SHORTEST_LEVEL + 1)
            cuts = np.tile(np.array(fit.places, dtype=np.int64), (len(places), 1))
            cuts[:, k] = places
            expected = with_levels(series, cuts)[0]
        near = places[series.deviances(expected) <= fit.deviance + DROP]
        low.append(min(int(near.min(initial=place)), place))
        high.append(max(int(near.max(initial=place)), place))
    return tuple(low), tuple(high)


def _days(series: DaySeries, places: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(series.days[place]) for place in places)
