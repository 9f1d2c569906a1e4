"""The distribution of a drift statistic if nothing has changed, and the p-value of a value.

The power of a statistic (its square, or its value if it grows with the square of a change) is the
sum of the effect of rows by chance, c (1/n + 1/N), and of the effect of days, which decreases with
the days D of a window as D**-decay; decay is 1 for independent days, and less if neighboring days
are similar. Both are expectations of squares, so the ratio of a window's power to them
approximately follows an F distribution, whose second degrees of freedom reflect how few days it was
learned on.

An incident needs two failing windows, which must be unlikely to fail together by chance. If
neighboring days are similar, so are windows, and a second failing window adds little evidence. Two
normal values with correlation r both exceed their level p with a probability of about
p**(2 / (1 + r)) (Ledford and Tawn 1996). The p-value of each is therefore p**(1 / (1 + r)), as for
independent windows that fail together with the same probability.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.special import f_tail
from modelwatch.stats.verdicts.sampling_variance import JUDGED

WEEK = 7
FEWEST_REFERENCE_DAYS = 7
"""Reference days below which they are combined with an assumed design effect."""
WORST_TAIL = 3.0
"""Power at which values beyond the reference's worst day become less likely."""


@dataclass(frozen=True)
class NullModel:
    """The distribution of one statistic if only rows and days vary.

    ``days``: number of days of the reference that it was learned from; if they are too few, the
    model is assumed, and ``reason`` says why. ``rows``: coefficient of 1/n + 1/N. ``between``: the
    additional power of a single day, and ``decay``: how it decreases with the days of a window.
    ``shape``: degrees of freedom of a power, and ``degrees``: those of its expectation.
    ``design_effect``: the power of the reference's days divided by that of the same number of
    independent rows; at least 1. ``typical``: mean absolute value on the reference's days; NaN if
    the reference is one state. ``share``: the share in the reference, for the change of a share.
    ``center``: the mean of a signed statistic on a day if that is not 0 (the standard deviation is
    smaller within days than over all of them), and ``center_decay``: how it decreases with the days
    of a window. ``of_week``: the additional power of windows of several days, up to a week, if it
    exceeds that of a day; otherwise 0. ``successive``: correlation of the effects of successive
    days; negative ones count as 0. ``weekdays``: the values on each weekday, if they differ.
    ``worst``: the largest power of the reference's m days, 0 if unknown; for any distribution, one
    more day exceeds it with probability 1 / (m + 1).
    """

    statistic: str
    days: int
    rows: float
    between: float
    decay: float
    shape: float
    degrees: float
    design_effect: float
    typical: float
    share: float = 0.0
    center: float = 0.0
    center_decay: float = 1.0
    of_week: float = 0.0
    successive: float = 0.0
    weekdays: WeekdayEffects | None = None
    reason: str | None = None
    worst: float = 0.0

    def alike(self, window_days: Floats) -> Floats:
        """Correlation of neighboring windows of some days, (W,), 0 to 1; 0 if it is not known.

        A variance that decreases as D**-decay has a correlation of 2**(1 - decay) - 1 for windows
        of any length. Successive days may be more alike than that. This applies to the effect of
        days only, because the rows of each window are independent.
        """
        if self.reason is not None:
            return np.zeros(len(window_days))
        by_days = 1.0 - 1.0 / self.design_effect
        lasting = 2.0 ** (1.0 - self.decay) - 1.0
        of_days = max(lasting, self.successive)
        return np.asarray(np.where(window_days > 1, lasting, of_days) * by_days)

    @property
    def seasonal(self) -> bool:
        """Whether windows of a day are compared with their own weekday."""
        return self.weekdays is not None

    def p_values(
        self,
        values: Floats,
        window_days: Counts,
        weekdays: Counts,
        rows: Counts,
        reference_rows: Counts | int,
    ) -> Floats:
        """Probability of a value at least this large if nothing has changed; (W,), NaN if
        undefined. If neighboring windows are alike, it is larger: see the module.

        ``window_days``: number of days of the window with rows. ``weekdays``: 0 for Monday to 6 for
        Sunday, -1 for a window of several days. ``rows`` of the window and the reference.
        """
        value = np.asarray(values, dtype=np.float64)[None]
        found = p_values([self], value, window_days, weekdays, rows, reference_rows)
        return np.asarray(found[0])

    def tails(self, value: Floats, of: Windows) -> Tails:
        """Tails of F from which the p-values of windows are computed."""
        n, m, days = of.rows, of.reference_rows, of.days
        variance = self.rows * (1.0 / n + 1.0 / m)
        if self.reason is not None:
            expected = variance * self.design_effect
        else:
            # The days of the reference are themselves a sample.
            expected = variance + self._of_days(days) + self.between * self.days**-self.decay
        judged = JUDGED[self.statistic]
        transformed = judged.transform(value, n, m, self.share)
        # If neighboring days are alike, the reference contains few independent windows of that
        # length.
        degrees = self.degrees * days ** -((1.0 - self.decay) / 2.0)
        off_center = transformed - self.center * days**-self.center_decay
        power = judged.power(off_center)
        least = np.zeros(len(value))
        if self.worst > 0:
            worst = self.worst * self._of_a_day(expected, days, m)
            least = (worst / np.maximum(power, worst)) ** WORST_TAIL / (self.days + 1.0)
        seasonal = None if self.weekdays is None else self.weekdays.tail(self, transformed, of)
        return Tails((power / expected, self.shape, degrees), least, seasonal)

    def _of_days(self, days: Floats) -> Floats:
        """The effect of the days of windows."""
        lasting = self.of_week * (np.maximum(days, WEEK) / WEEK) ** -self.decay
        return np.maximum(self.between * days**-self.decay, np.where(days > 1, lasting, 0.0))

    def _of_a_day(self, expected: Floats, days: Floats, reference_rows: Floats) -> Floats:
        """Expected power of windows relative to that of a day of the reference; at most 1, and 1
        for windows of one day. The worst week is not as bad as the worst day."""
        a_day = self.rows * (self.days + 1.0) / reference_rows
        a_day = a_day + self.between * (1.0 + self.days**-self.decay)
        return np.where(days > 1, np.minimum(expected / a_day, 1.0), 1.0)


@dataclass(frozen=True)
class WeekdayEffects:
    """The values of a statistic on each weekday of the reference, Monday first; all (7,).

    ``mean``: of a signed statistic, 0 for others. ``between``: power of days of that weekday,
    beyond that of rows. ``days``: number of days of each.
    """

    mean: Floats
    between: Floats
    days: Floats
    shape: float
    degrees: Floats

    def tail(self, model: NullModel, transformed: Floats, of: Windows) -> Tail:
        """The tail for windows of a weekday; meaningless for others."""
        at = np.where(of.of_a_weekday, of.weekdays, 0)
        n, m = of.rows, of.reference_rows
        variance = JUDGED[model.statistic]
        if variance.signed:
            # The mean of the weekday was compared with the same reference, whose error cancels.
            expected = (self.between[at] + model.rows / n) * (1.0 + 1.0 / self.days[at])
        else:
            expected = self.between[at] + model.rows * (1.0 / n + 1.0 / m)
        power = variance.power(transformed - self.mean[at])
        return power / expected, self.shape, self.degrees[at]


@dataclass(frozen=True)
class Windows:
    """The properties of the windows of some values, (W,) each; rows are NaN if there are none."""

    rows: Floats
    reference_rows: Floats
    days: Floats
    weekdays: AnyArray

    @property
    def of_a_weekday(self) -> AnyArray:
        """Whether a window is one day."""
        of_one: AnyArray = (self.weekdays >= 0) & (self.weekdays < WEEK)
        return of_one


Tail = tuple[Floats, float, Floats]
"""Ratios, (W,), of F with two degrees of freedom, the second ones (W,)."""


@dataclass(frozen=True)
class Tails:
    """Tails from which p-values are computed: no less than ``least``, and the ``seasonal`` one for
    windows of one day if the statistic differs by weekday."""

    tail: Tail
    least: Floats
    seasonal: Tail | None


def p_values(
    models: Sequence[NullModel],
    values: Floats,
    window_days: Counts,
    weekdays: Counts,
    rows: Counts,
    reference_rows: Counts | int,
) -> Floats:
    """Probabilities of values (S, W) of as many models, as in ``NullModel.p_values``; (S, W).

    The tails of all are computed at once.
    """
    if not len(models):
        return np.empty(values.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        n, m = (np.where(np.asarray(r) > 0, r, np.nan) for r in (rows, reference_rows))
        of = Windows(
            rows=n.astype(np.float64),
            reference_rows=m.astype(np.float64),
            days=np.maximum(np.asarray(window_days, dtype=np.float64), 1.0),
            weekdays=np.asarray(weekdays),
        )
        held = [model.tails(value, of) for model, value in zip(models, values, strict=True)]
        seasonal = [one.seasonal for one in held if one.seasonal is not None]
        tails = [*(one.tail for one in held), *seasonal]
        ratio, first, second = (np.stack(list(part)) for part in zip(*tails, strict=True))
        found = f_tail(ratio, first[:, None], second)
        p = np.maximum(found[: len(held)], np.stack([one.least for one in held]))
        by_weekday = np.full(p.shape, np.nan)
        by_weekday[[one.seasonal is not None for one in held]] = found[len(held) :]
        p = np.where(np.isnan(by_weekday) | ~of.of_a_weekday, p, by_weekday)
        p = p ** (1.0 / (1.0 + np.stack([model.alike(of.days) for model in models])))
    return np.where(np.isfinite(values), p, np.nan)
