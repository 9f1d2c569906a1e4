"""The null distribution of a drift statistic, learned from the days of the reference.

Rows of one day are not independent, so a test of rows finds a change every day. Here, each day of
the reference is compared with the rest of the reference, as a window would be, and the spread of
the resulting values is the null distribution.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.statistics import drift
from modelwatch.stats.special import f_tail
from modelwatch.stats.states.leave_out import FeatureStates
from modelwatch.stats.verdicts.day_effects import (
    correlation_of_days,
    decay_of_days,
    effect_of_week,
)
from modelwatch.stats.verdicts.null_distribution import (
    FEWEST_REFERENCE_DAYS,
    WEEK,
    NullModel,
    WeekdayEffects,
)
from modelwatch.stats.verdicts.reference_blocks import (
    BlockValues,
    RowVariance,
    row_variance_of,
    shown_by_blocks,
)
from modelwatch.stats.verdicts.sampling_variance import JUDGED
from modelwatch.stats.weekdays import FEWEST_OF_A_WEEKDAY, weekdays_of

__all__ = ["FEWEST_REFERENCE_DAYS", "FEW_REFERENCE_DAYS", "NullModel", "null_models"]

FEWEST_SEASONAL_DAYS = 28
SEASONAL_LEVEL = 0.01
"""Probability by chance of such different weekdays below which each has its own expectation."""
OFF_CENTER = 4.0
"""Standard errors from which the mean of the daily values is not 0."""
FEW_REFERENCE_DAYS = (
    "fewer than 7 days in the reference: sampling variance times a partly assumed design effect"
)
MEAN, NOVEL = "mean_change_in_sd", "novel_share_change"
_SHAPES = (0.05, 200.0)
_DEGREES = (4.0, 10.0)
"""Some weeks of days cannot rule out worse ones, so the tail falls as a power of the value. Nor
does a burst make everything likely, so the power is at least four."""
_DAYS_A_DEGREE = 4.0
"""Days of a long reference for each degree of freedom beyond these."""
_PRIOR_DAYS = 8.0
"""Weight in days of the prior that daily variation is the square of a normal variable."""
_DEGREES_OF_ROWS = 6.0
"""Initial degrees of freedom of the sampling noise of an unsigned statistic."""
_ASSUMED_DAYS = 4.0
"""Weight in days of an assumed design effect next to those of a short reference, and its degrees of
freedom: real ones are between a third and three times it."""
_DISTANCES_A_DAY = 2.0
"""Degrees of freedom per day of a statistic over many cells, which vary in more ways."""
_NOTHING = np.empty(0)


def null_models(
    days_states: FeatureStates,
    day_numbers: Counts,
    keys: Iterable[str],
    assumed_design_effect: float = 10.0,
) -> dict[str, NullModel]:
    """Null models by key, for the applicable ones among ``keys``.

    ``days_states``: states of the reference's m days, ascending, without days that have no rows.
    ``day_numbers`` (m,): days since 1970-01-01. A reference that is not split by days is one state.
    ``assumed_design_effect``: for a reference of fewer than 7 days.
    """
    held = np.flatnonzero(days_states.rows > 0)
    if not len(held):
        return {}
    states, days = days_states.take(held), np.asarray(day_numbers, dtype=np.int64)[held]
    total = states.roll_up(np.array([[0, len(states)]]))
    itself = Comparison(total, total)
    wanted = [key for key in keys if key in JUDGED]
    if len(states) < 2:
        return {
            key: assumed(row_variance_of(JUDGED[key], itself), assumed_design_effect)
            for key in drift(itself, wanted)
        }
    lends = NOVEL in wanted and MEAN not in wanted
    shown = shown_by_blocks(states, [*wanted, MEAN] if lends else wanted)
    row_variances = [row_variance_of(JUDGED[key], itself) for key in shown.values]
    found = learned(row_variances, shown, list(shown.values.values()), days, assumed_design_effect)
    models = dict(zip(shown.values, found, strict=True))
    if NOVEL in models:
        rows_a_day = float(shown.rows[: shown.days].mean())
        models[NOVEL] = _lent(models[NOVEL], models[MEAN], rows_a_day)
    return {key: models[key] for key in wanted if key in models}


def _lent(novel: NullModel, mean: NullModel, rows_a_day: float) -> NullModel:
    """The model of values far beyond the reference, which do not occur in the reference itself.

    The effect of days is taken from the model of the mean: if the level differs between days, as
    with weather, a day may go far beyond the reference; otherwise, as with distances, it does not.
    """
    if mean.reason is not None:
        effect = max(novel.design_effect, mean.design_effect)
        return replace(novel, design_effect=effect, degrees=min(novel.degrees, mean.degrees))
    between = novel.rows * (mean.design_effect - 1.0) / rows_a_day
    return replace(
        novel,
        between=max(novel.between, between),
        decay=mean.decay,
        shape=1.0,
        degrees=mean.degrees,
        design_effect=max(novel.design_effect, mean.design_effect),
        weekdays=None,
    )


def assumed(
    row_variance: RowVariance,
    design_effect: float,
    values: Floats = _NOTHING,
    observed: float = 1.0,
) -> NullModel:
    """The model for few days: sampling variance times a design effect.

    ``values``: those of the days, and ``observed``: their design effect, with the weight of the
    number of days minus one. The assumed ``design_effect`` has the weight of ``_ASSUMED_DAYS``, and
    less if the observed one exceeds it, because an assumption that the days contradict must not
    make the test more confident.
    """
    known = max(0, len(values) - 1) * (1.0 if row_variance.of.signed else _DISTANCES_A_DAY)
    expected = max(1.0, design_effect)
    of_assumption = _ASSUMED_DAYS * min(1.0, expected / observed)
    weight = of_assumption + known
    estimated = (of_assumption * expected + known * observed) / weight
    # A few days that differ much do not show that others differ less.
    estimated = max(estimated, observed)
    return NullModel(
        statistic=row_variance.of.key,
        days=max(1, len(values)),
        rows=row_variance.coefficient,
        between=0.0,
        decay=1.0,
        shape=1.0 if row_variance.of.signed else _DEGREES_OF_ROWS,
        degrees=weight,
        design_effect=estimated,
        typical=_typical(values),
        share=row_variance.share,
        reason=FEW_REFERENCE_DAYS,
    )


def learned(
    row_variances: Sequence[RowVariance],
    shown: BlockValues,
    values: Sequence[Floats],
    days: Counts,
    assumed_design_effect: float,
) -> list[NullModel]:
    """The model of each of some ``values`` (B,) of blocks of ``days`` (m,), numbers since 1970."""
    comparisons = []
    with np.errstate(divide="ignore", invalid="ignore"):
        rows = 1.0 / shown.rows + 1.0 / shown.rest
        for by_row, one in zip(row_variances, values, strict=True):
            transformed = by_row.of.transform(one, shown.rows, shown.rest, by_row.share)
            comparisons.append(
                _TransformedValues(by_row, shown, one, transformed, by_row.coefficient * rows)
            )
    chances = _chances_of_weekdays(comparisons, days)
    return [
        _model(one, days, assumed_design_effect, not chance > SEASONAL_LEVEL)
        for one, chance in zip(comparisons, chances, strict=True)
    ]


@dataclass(frozen=True)
class _TransformedValues:
    """Values of a statistic for blocks of days, the effect of rows on their power, which blocks are
    informative, and which of these are single days; (B,) each."""

    row_variance: RowVariance
    shown: BlockValues
    values: Floats
    transformed: Floats
    by_rows: Floats

    @cached_property
    def center(self) -> tuple[float, float]:
        return _center(self.transformed, self.shown) if self.row_variance.of.signed else (0.0, 1.0)

    @cached_property
    def power(self) -> Floats:
        center, decay = self.center
        with np.errstate(divide="ignore", invalid="ignore"):
            usual = center * self.shown.lengths**-decay / self.shown.apart
            return self.row_variance.of.power(self.transformed - usual)

    @cached_property
    def usable(self) -> AnyArray:
        return np.asarray(np.isfinite(self.power) & np.isfinite(self.by_rows))

    @cached_property
    def own(self) -> AnyArray:
        return np.asarray(self.usable & (np.arange(len(self.values)) < self.shown.days))


def _model(
    of: _TransformedValues, days: Counts, assumed_design_effect: float, differ_by_weekday: bool
) -> NullModel:
    by_row, shown, values, row_variance = of.row_variance, of.shown, of.values, of.row_variance.of
    power, by_rows, usable, own = of.power, of.by_rows, of.usable, of.own
    m = int(own.sum())
    if m < 2:
        return assumed(by_row, assumed_design_effect, values[own])
    observed = max(1.0, float(power[own].mean() / by_rows[own].mean()))
    if m < FEWEST_REFERENCE_DAYS:
        return assumed(by_row, assumed_design_effect, values[own], observed)
    shrunk = (power - by_rows) * shown.apart**2
    decay = decay_of_days(shrunk, power, usable, shown)
    between = max(0.0, float(shrunk[own].mean()) / (1.0 - m**-decay))
    expected = between * (1.0 - m**-decay) / shown.apart**2 + by_rows
    by_days = float(1.0 - by_rows[own].mean() / expected[own].mean())
    shape = _shape(power[own] / expected[own], row_variance.signed, by_days)
    # Days that are alike count as fewer days.
    most = max(_DEGREES[1], m / _DAYS_A_DEGREE)
    degrees = float(np.clip(shape * m ** ((1.0 + decay) / 2.0), _DEGREES[0], most))
    return NullModel(
        statistic=row_variance.key,
        days=m,
        rows=by_row.coefficient,
        between=between,
        decay=decay,
        shape=shape,
        degrees=degrees,
        design_effect=observed,
        typical=_typical(values[own]),
        share=by_row.share,
        center=of.center[0],
        center_decay=of.center[1],
        of_week=effect_of_week(shrunk, by_rows, usable, shown, between),
        successive=correlation_of_days(shrunk, usable, shown, m**-decay),
        weekdays=_weekdays(of, days) if differ_by_weekday else None,
        worst=float(power[own].max()),
    )


def _center(transformed: Floats, shown: BlockValues) -> tuple[float, float]:
    """The mean of a signed statistic on a day, and how it decreases with days; or none."""
    found = transformed * shown.apart
    days = found[(shown.lengths == 1) & np.isfinite(found)]
    if len(days) < FEWEST_REFERENCE_DAYS:
        return 0.0, 1.0
    mean, error = float(days.mean()), float(days.std(ddof=1)) / len(days) ** 0.5
    if abs(mean) <= OFF_CENTER * error:
        return 0.0, 1.0
    logs, falls = [], []
    for length in np.unique(shown.lengths[shown.lengths > 1]):
        block = found[(shown.lengths == length) & np.isfinite(found)]
        if len(block):
            logs.append(np.log(length))
            falls.append(-np.log(max(float(block.mean()) / mean, 1e-3)))
    logged, fallen = np.array(logs), np.array(falls)
    decay = float(logged @ fallen / (logged @ logged)) if logs else 1.0
    return mean, max(0.0, decay)


def _shape(ratio: Floats, signed: bool, by_days: float) -> float:
    """Degrees of freedom of powers over their expectation, by their variance.

    A chi-square divided by its degrees has the variance 2 / degrees. If the days vary less than
    independent rows would, as for the share of a very rare value, the variance is relative to the
    expectation instead of the mean. A signed statistic has at most the degrees of a normal
    variable. The effect of rows on other statistics is a sum over many cells, so the prior depends
    on the share of the power that is due to days (``by_days``).
    """
    n = len(ratio)
    variance = float(ratio.var(ddof=1)) / max(float(ratio.mean()), 1.0) ** 2
    prior = 2.0 if signed else 2.0 * by_days + (1.0 - by_days) * 2.0 / _DEGREES_OF_ROWS
    posterior = (n * variance + _PRIOR_DAYS * prior) / (n + _PRIOR_DAYS)
    most = 1.0 if signed else _SHAPES[1]
    return float(np.clip(2.0 / max(posterior, 1e-9), _SHAPES[0], most))


def _typical(values: Floats) -> float:
    return float(np.abs(values).mean()) if len(values) else float("nan")


def _weekdays(of: _TransformedValues, days: Counts) -> WeekdayEffects:
    row_variance, c, shown = of.row_variance.of, of.row_variance.coefficient, of.shown
    at, weekday, count = _days_by_weekday(of, days)
    if row_variance.signed:
        against_whole = of.transformed[at] * shown.apart[at]
        mean = np.bincount(weekday, against_whole, minlength=WEEK) / count
        left = (against_whole - mean[weekday]) ** 2 * (count / (count - 1.0))[weekday]
        by_rows = c / shown.rows[at]
        between = np.full(WEEK, max(0.0, float((left - by_rows).mean())))
        degrees = np.full(WEEK, len(at) - WEEK, dtype=np.float64)
    else:
        mean = np.zeros(WEEK)
        left = of.transformed[at]
        by_rows = c * (1.0 / shown.rows[at] + 1.0 / shown.rest[at])
        excess = np.bincount(weekday, left - by_rows, minlength=WEEK) / count
        between = np.maximum(excess, 0.0)
        degrees = count
    by_days = float(between[weekday].mean() / (between[weekday] + by_rows).mean())
    shape = _shape(left / (between[weekday] + by_rows), row_variance.signed, by_days)
    degrees = np.clip(shape * degrees, *_DEGREES)
    return WeekdayEffects(mean, between, count, shape, degrees)


def _days_by_weekday(of: _TransformedValues, days: Counts) -> tuple[AnyArray, AnyArray, Floats]:
    """Positions of single days, their weekdays, and the number of each, (7,)."""
    at = np.flatnonzero(of.own)
    weekday = weekdays_of(days[at])
    return at, weekday, np.bincount(weekday, minlength=WEEK).astype(np.float64)


def _chances_of_weekdays(comparisons: Sequence[_TransformedValues], days: Counts) -> Floats:
    """p-values of the analysis of variance of weekdays, (S,); 1 if nothing varies, or if four of
    each weekday are not known."""
    chances, asked = np.ones(len(comparisons)), []
    for i, of in enumerate(comparisons):
        at, weekday, count = _days_by_weekday(of, days)
        if len(at) < FEWEST_SEASONAL_DAYS or count.min() < FEWEST_OF_A_WEEKDAY:
            continue
        # Distances are compared on a log scale: they are skewed, and zero only for lack of data.
        seen = (
            of.transformed[at]
            if of.row_variance.of.signed
            else np.log(np.maximum(of.transformed[at], 1e-300))
        )
        mean = np.bincount(weekday, seen, minlength=WEEK) / count
        within = float(((seen - mean[weekday]) ** 2).sum())
        among = float((count * (mean - seen.mean()) ** 2).sum())
        left = len(seen) - WEEK
        if among > 0:
            ratio = (among / (WEEK - 1)) / (within / left) if within > 0 else np.inf
            asked.append((i, ratio, float(left)))
    if asked:
        positions, ratios, degrees = (np.array(part) for part in zip(*asked, strict=True))
        tail = f_tail(ratios[:, None], WEEK - 1.0, degrees[:, None])
        chances[positions] = tail[:, 0]
    return chances
