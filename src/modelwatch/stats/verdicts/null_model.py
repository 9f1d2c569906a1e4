"""What a drift statistic shows when nothing has changed, learned on the reference's own days.

Rows of one day are not independent, so that a test of rows finds a change every day. Here each day
of the reference is compared with the rest of the reference, as a window would be, and the spread of
what a statistic then shows is its null distribution.
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
from modelwatch.stats.states.leave_out import States
from modelwatch.stats.verdicts.null_distribution import FEWEST_DAYS, WEEK, NullModel, WeekdayEffects
from modelwatch.stats.verdicts.reference_blocks import (
    NoiseByRows,
    Shown,
    noise_by_rows,
    shown_by_blocks,
)
from modelwatch.stats.verdicts.sampling_variance import JUDGED
from modelwatch.stats.weekdays import weekdays_of

__all__ = ["FEWEST_DAYS", "FEW_DAYS", "NullModel", "null_models"]

FEWEST_SEASONAL_DAYS = 28
FEWEST_OF_A_WEEKDAY = 4
SEASONAL_LEVEL = 0.01
"""Probability by chance of so different weekdays, below which each has an expectation of its own.
"""
OFF_CENTER = 4.0
"""Standard errors from which on the mean of what days show is not 0."""
FEW_DAYS = "fewer than 7 days in the reference: row noise times a design effect, partly assumed"
MEAN, NOVEL = "mean_change_in_sd", "novel_share_change"
_LEAST_DECAY = 0.5
_DECAYS = np.linspace(_LEAST_DECAY, 1.0, 91)
_SHAPES = (0.05, 200.0)
_DEGREES = (4.0, 10.0)
"""Some weeks of days cannot promise that there are no worse ones: the tail falls as a power of the
figure. Nor does a burst make everything likely: as a fourth power at least."""
_PRIOR_DAYS = 8.0
"""Days that the belief is worth that what days bring varies as the square of a normal figure."""
_DEGREES_OF_ROWS = 6.0
"""Degrees of freedom of what rows do to a statistic that is not signed, to begin with."""
_ASSUMED_DAYS = 4.0
"""Days that an assumed design effect is worth beside those of a short reference, and its degrees of
freedom: real ones lie between a third and three times of it."""
_DISTANCES_A_DAY = 2.0
"""Degrees of freedom that a day brings of a statistic over many cells, which vary in more ways."""
_NOTHING = np.empty(0)


def null_models(
    days_states: States,
    day_numbers: Counts,
    keys: Iterable[str],
    assumed_design_effect: float = 10.0,
) -> dict[str, NullModel]:
    """Null models by key, of the statistics among ``keys`` that are judged and apply.

    ``days_states``: states of the reference's m days, ascending, those without rows left out;
    ``day_numbers`` (m,): days since 1970-01-01. A reference that is not split by days is one state.
    ``assumed_design_effect``: of a reference of fewer than 7 days.
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
            key: assumed(noise_by_rows(JUDGED[key], itself), assumed_design_effect)
            for key in drift(itself, wanted)
        }
    lends = NOVEL in wanted and MEAN not in wanted
    shown = shown_by_blocks(states, [*wanted, MEAN] if lends else wanted)
    noises = [noise_by_rows(JUDGED[key], itself) for key in shown.values]
    found = learned(noises, shown, list(shown.values.values()), days, assumed_design_effect)
    models = dict(zip(shown.values, found, strict=True))
    if NOVEL in models:
        rows_a_day = float(shown.rows[: shown.days].mean())
        models[NOVEL] = _lent(models[NOVEL], models[MEAN], rows_a_day)
    return {key: models[key] for key in wanted if key in models}


def _lent(novel: NullModel, mean: NullModel, rows_a_day: float) -> NullModel:
    """The model of what is far beyond all that was, which no day of the reference could show.

    Its days are taken to be as much alike as they are in the mean: where days bring other levels,
    as of the weather, one may go far; where they don't, as of distances, none does.
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
    noise: NoiseByRows, design_effect: float, values: Floats = _NOTHING, observed: float = 1.0
) -> NullModel:
    """The model of few days: row noise times a design effect.

    ``values``: what the days showed, and ``observed`` the design effect of that. It counts for one
    day less than there are, and the assumed ``design_effect`` for ``_ASSUMED_DAYS``.
    """
    known = max(0, len(values) - 1) * (1.0 if noise.of.signed else _DISTANCES_A_DAY)
    weight = _ASSUMED_DAYS + known
    believed = (_ASSUMED_DAYS * max(1.0, design_effect) + known * observed) / weight
    # Few days that differ much are no proof that others differ less.
    believed = max(believed, observed)
    return NullModel(
        statistic=noise.of.key,
        days=max(1, len(values)),
        rows=noise.coefficient,
        between=0.0,
        decay=1.0,
        shape=1.0 if noise.of.signed else _DEGREES_OF_ROWS,
        degrees=weight,
        design_effect=believed,
        typical=_typical(values),
        share=noise.share,
        reason=FEW_DAYS,
    )


def learned(
    noises: Sequence[NoiseByRows],
    shown: Shown,
    values: Sequence[Floats],
    days: Counts,
    assumed_design_effect: float,
) -> list[NullModel]:
    """The model of each of some ``values`` (B,) that blocks of ``days`` (m,), numbers since 1970,
    showed."""
    figures = []
    with np.errstate(divide="ignore", invalid="ignore"):
        rows = 1.0 / shown.rows + 1.0 / shown.rest
        for by_row, one in zip(noises, values, strict=True):
            figure = by_row.of.figure(one, shown.rows, shown.rest, by_row.share)
            figures.append(_Figures(by_row, shown, one, figure, by_row.coefficient * rows))
    chances = _chances_of_weekdays(figures, days)
    return [
        _model(one, days, assumed_design_effect, not chance > SEASONAL_LEVEL)
        for one, chance in zip(figures, chances, strict=True)
    ]


@dataclass(frozen=True)
class _Figures:
    """Figures of the values of a statistic that blocks of days showed, what rows do to their power,
    which blocks tell something, and which of these are single days; (B,) each."""

    noise: NoiseByRows
    shown: Shown
    values: Floats
    figure: Floats
    by_rows: Floats

    @cached_property
    def center(self) -> tuple[float, float]:
        return _center(self.figure, self.shown) if self.noise.of.signed else (0.0, 1.0)

    @cached_property
    def power(self) -> Floats:
        center, decay = self.center
        with np.errstate(divide="ignore", invalid="ignore"):
            usual = center * self.shown.lengths**-decay / self.shown.apart
            return self.noise.of.power(self.figure - usual)

    @cached_property
    def usable(self) -> AnyArray:
        return np.asarray(np.isfinite(self.power) & np.isfinite(self.by_rows))

    @cached_property
    def own(self) -> AnyArray:
        return np.asarray(self.usable & (np.arange(len(self.values)) < self.shown.days))


def _model(
    of: _Figures, days: Counts, assumed_design_effect: float, differ_by_weekday: bool
) -> NullModel:
    by_row, shown, values, noise = of.noise, of.shown, of.values, of.noise.of
    power, by_rows, usable, own = of.power, of.by_rows, of.usable, of.own
    m = int(own.sum())
    if m < 2:
        return assumed(by_row, assumed_design_effect, values[own])
    observed = max(1.0, float(power[own].mean() / by_rows[own].mean()))
    if m < FEWEST_DAYS:
        return assumed(by_row, assumed_design_effect, values[own], observed)
    shrunk = (power - by_rows) * shown.apart**2
    decay = _decay(shrunk, power, usable, shown)
    between = max(0.0, float(shrunk[own].mean()) / (1.0 - m**-decay))
    expected = between * (1.0 - m**-decay) / shown.apart**2 + by_rows
    by_days = float(1.0 - by_rows[own].mean() / expected[own].mean())
    shape = _shape(power[own] / expected[own], noise.signed, by_days)
    # Days that are alike count for fewer.
    degrees = float(np.clip(shape * m ** ((1.0 + decay) / 2.0), *_DEGREES))
    return NullModel(
        statistic=noise.key,
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
        weekdays=_weekdays(of, days) if differ_by_weekday else None,
        worst=float(power[own].max()),
    )


def _center(figure: Floats, shown: Shown) -> tuple[float, float]:
    """What a day shows of a signed statistic on average, and how that falls with days; or none."""
    found = figure * shown.apart
    days = found[(shown.lengths == 1) & np.isfinite(found)]
    if len(days) < FEWEST_DAYS:
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


def _decay(shrunk: Floats, power: Floats, usable: AnyArray, shown: Shown) -> float:
    """How what days bring falls with the days of a window, between 0.1 and 1.

    With a variance v D**-h of the mean of D days, blocks of b of m days show, against the mean of
    all, v (b**-h - m**-h); h is the one that best fits the logs of the ratios to single days.
    """
    lengths = shown.lengths
    m = float(shown.days)
    single = float(shrunk[usable & (lengths == 1)].mean())
    if single <= 0.1 * float(power[usable & (lengths == 1)].mean()):
        return 1.0
    error = np.zeros(len(_DECAYS))
    for length in np.unique(lengths[lengths > 1]):
        of_length = usable & (lengths == length)
        if not of_length.any():
            continue
        ratio = max(float(shrunk[of_length].mean()) / single, 1e-3)
        expected = (float(length) ** -_DECAYS - m**-_DECAYS) / (1.0 - m**-_DECAYS)
        error += (np.log(expected) - np.log(ratio)) ** 2
    return float(_DECAYS[::-1][np.argmin(error[::-1])])


def _shape(ratio: Floats, signed: bool, by_days: float) -> float:
    """Degrees of freedom of powers over their expectation, by their variance.

    A chi-square over its degrees has the variance 2 / degrees. Where days show less than rows alone
    are expected to, as a share of a value that hardly ever comes does, the variance is that over
    the expectation: a few rows are large beside none, and small beside what is expected. A signed
    statistic is no more regular than a normal figure; what rows do to another is the sum over many
    cells, so that the belief to begin with depends on the share of the power that is ``by_days``.
    """
    n = len(ratio)
    variance = float(ratio.var(ddof=1)) / max(float(ratio.mean()), 1.0) ** 2
    believed = 2.0 if signed else 2.0 * by_days + (1.0 - by_days) * 2.0 / _DEGREES_OF_ROWS
    held = (n * variance + _PRIOR_DAYS * believed) / (n + _PRIOR_DAYS)
    most = 1.0 if signed else _SHAPES[1]
    return float(np.clip(2.0 / max(held, 1e-9), _SHAPES[0], most))


def _typical(values: Floats) -> float:
    return float(np.abs(values).mean()) if len(values) else float("nan")


def _weekdays(of: _Figures, days: Counts) -> WeekdayEffects:
    noise, c, shown = of.noise.of, of.noise.coefficient, of.shown
    at, weekday, count = _days_by_weekday(of, days)
    if noise.signed:
        against_whole = of.figure[at] * shown.apart[at]
        mean = np.bincount(weekday, against_whole, minlength=WEEK) / count
        left = (against_whole - mean[weekday]) ** 2 * (count / (count - 1.0))[weekday]
        by_rows = c / shown.rows[at]
        between = np.full(WEEK, max(0.0, float((left - by_rows).mean())))
        degrees = np.full(WEEK, len(at) - WEEK, dtype=np.float64)
    else:
        mean = np.zeros(WEEK)
        left = of.figure[at]
        by_rows = c * (1.0 / shown.rows[at] + 1.0 / shown.rest[at])
        excess = np.bincount(weekday, left - by_rows, minlength=WEEK) / count
        between = np.maximum(excess, 0.0)
        degrees = count
    by_days = float(between[weekday].mean() / (between[weekday] + by_rows).mean())
    shape = _shape(left / (between[weekday] + by_rows), noise.signed, by_days)
    degrees = np.clip(shape * degrees, *_DEGREES)
    return WeekdayEffects(mean, between, count, shape, degrees)


def _days_by_weekday(of: _Figures, days: Counts) -> tuple[AnyArray, AnyArray, Floats]:
    """Positions of single days, their weekdays, and how many there are of each, (7,)."""
    at = np.flatnonzero(of.own)
    weekday = weekdays_of(days[at])
    return at, weekday, np.bincount(weekday, minlength=WEEK).astype(np.float64)


def _chances_of_weekdays(figures: Sequence[_Figures], days: Counts) -> Floats:
    """p-values of the analysis of variance of weekdays, (S,); 1 where nothing varies, or where
    four of each weekday are not known."""
    chances, asked = np.ones(len(figures)), []
    for i, of in enumerate(figures):
        at, weekday, count = _days_by_weekday(of, days)
        if len(at) < FEWEST_SEASONAL_DAYS or count.min() < FEWEST_OF_A_WEEKDAY:
            continue
        # Distances are compared by their logs: they are skewed, and never 0 but for want of data.
        seen = of.figure[at] if of.noise.of.signed else np.log(np.maximum(of.figure[at], 1e-300))
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
