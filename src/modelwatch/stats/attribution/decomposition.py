"""The causes of a change of a metric: a different mix of rows, or changes within parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.performance.jackknife import FEW_DAYS, FEWEST_DAYS, DayInterval, day_interval
from modelwatch.stats.states.binary_margins import NEGATIVE, POSITIVE, SCORE_UNIT

Effect = Literal["mix", "within", "new", "vanished"]
EFFECTS: tuple[Effect, ...] = ("mix", "within", "new", "vanished")
"""The shares of parts changed; the metric changed within parts; parts present on one side only."""

NO_WINDOW_ROWS = "no rows in the window"
NO_REFERENCE = "no rows in the reference"


class PartMeans(NamedTuple):
    """The numerator and denominator of an additive metric by part: ``sums`` over ``rows``, (D, M)
    each."""

    rows: Floats
    sums: Floats


@dataclass(frozen=True)
class Attribution:
    """The decomposed change of an additive metric between two windows.

    ``total``: the change, its interval, and p-value, shape (). ``effects``: (4, M + 1), in the
    order of ``EFFECTS``, by part, and last their sum over the parts; NaN if a part has no such
    effect. The four sums add up to the change. ``rows`` and ``reference_rows``: (M,). ``reason``:
    why everything, or all intervals, are undefined.
    """

    total: DayInterval
    effects: DayInterval
    rows: Floats
    reference_rows: Floats
    reason: str | None

    def ranked(self) -> list[tuple[Effect, int]]:
        """Effect and index of part, by decreasing absolute value."""
        sizes = np.abs(self.effects.value[:, :-1])
        order = np.argsort(-np.nan_to_num(sizes, nan=-1.0).ravel(), kind="stable")
        known = int(np.isfinite(sizes).sum())
        return [(EFFECTS[i // sizes.shape[1]], int(i % sizes.shape[1])) for i in order[:known]]


def attribute(current: PartMeans, reference: PartMeans, *, level: float = 0.95) -> Attribution:
    """Kitagawa's decomposition of a change into mix and within, by part, with day-jackknife
    intervals.

    With the share p and rate r of a part before and after: within is the change of r at the mean p.
    Mix is the change of p times the distance of the mean r from the mean of both overall rates, so
    it is positive for a part above the others that has grown. A part with rows on one side only is
    new or vanished: its share times its distance. The effects add up exactly. Source: Kitagawa
    (1955); the centering changes no sum.
    """
    both = [_known_days(side) for side in (current, reference)]
    whole = [PartMeans(side.rows.sum(axis=0), side.sums.sum(axis=0)) for side in both]
    present = [side.rows > 0 for side in whole]
    value = _split(whole[0], whole[1], present)
    without = [
        _split(_without_each(both[0], whole[0]), whole[1], present),
        _split(whole[0], _without_each(both[1], whole[1]), present),
    ]
    found = day_interval(value, without, level=level)
    total = day_interval(
        value[:, -1].sum(), [s[..., -1].sum(axis=-1) for s in without], level=level
    )
    reason = None
    if not whole[0].rows.sum():
        reason = NO_WINDOW_ROWS
    elif not whole[1].rows.sum():
        reason = NO_REFERENCE
    elif min(len(side.rows) for side in both) < FEWEST_DAYS:
        reason = FEW_DAYS
    return Attribution(total, found, whole[0].rows, whole[1].rows, reason)


def _known_days(side: PartMeans) -> PartMeans:
    """The days with rows; others are not used."""
    rows, sums = (np.asarray(part, dtype=np.float64) for part in side)
    known = rows.sum(axis=1) > 0
    return PartMeans(rows[known], sums[known])


def _without_each(days: PartMeans, whole: PartMeans) -> PartMeans:
    return PartMeans(whole.rows - days.rows, whole.sums - days.sums)


def _split(current: PartMeans, reference: PartMeans, present: list[AnyArray]) -> Floats:
    """Effects by part and their sums, (..., 4, M + 1). Which parts are new is held fixed."""
    with np.errstate(divide="ignore", invalid="ignore"):
        p1 = current.rows / current.rows.sum(axis=-1, keepdims=True)
        p0 = reference.rows / reference.rows.sum(axis=-1, keepdims=True)
        r1 = np.where(current.rows > 0, current.sums / current.rows, np.nan)
        r0 = np.where(reference.rows > 0, reference.sums / reference.rows, np.nan)
        centre = (
            current.sums.sum(axis=-1, keepdims=True) / current.rows.sum(axis=-1, keepdims=True)
            + reference.sums.sum(axis=-1, keepdims=True)
            / reference.rows.sum(axis=-1, keepdims=True)
        ) / 2.0
    # If one day alone has a part on one side, the rate without that day is that of the other side.
    rate1, rate0 = np.where(np.isnan(r1), r0, r1), np.where(np.isnan(r0), r1, r0)
    shared, new, vanished = (
        present[0] & present[1],
        present[0] & ~present[1],
        present[1] & ~present[0],
    )
    parts = np.stack(
        [
            np.where(shared, (p1 - p0) * ((rate1 + rate0) / 2.0 - centre), np.nan),
            np.where(shared, (rate1 - rate0) * (p1 + p0) / 2.0, np.nan),
            np.where(new, np.where(p1 > 0, p1 * (r1 - centre), 0.0), np.nan),
            np.where(vanished, np.where(p0 > 0, p0 * (centre - r0), 0.0), np.nan),
        ],
        axis=-2,
    )
    sums = np.where(np.isnan(centre), np.nan, np.nansum(parts, axis=-1))
    return np.concatenate([parts, sums[..., None]], axis=-1)


Additive = Callable[[Counts, Counts | None], PartMeans]

ADDITIVE: dict[str, Additive] = {}
"""Metrics of a binary model that are a sum over rows divided by a number of rows, from the states
of slices: counts (D, M, 2 decisions, 3 labels) and the sums of the squared error (D, M)."""


def _additive(key: str) -> Callable[[Additive], Additive]:
    def register(parts: Additive) -> Additive:
        ADDITIVE[key] = parts
        return parts

    return register


def _right(counts: Counts) -> Counts:
    return counts[..., 0, NEGATIVE] + counts[..., 1, POSITIVE]


def _labelled(counts: Counts) -> Counts:
    return np.asarray(counts[..., NEGATIVE:].sum(axis=(-2, -1)))


def _parts(rows: AnyArray, sums: AnyArray) -> PartMeans:
    return PartMeans(np.asarray(rows, dtype=np.float64), np.asarray(sums, dtype=np.float64))


@_additive("accuracy")
def _accuracy(counts: Counts, _: Counts | None) -> PartMeans:
    return _parts(_labelled(counts), _right(counts))


@_additive("precision")
def _precision(counts: Counts, _: Counts | None) -> PartMeans:
    return _parts(counts[..., 1, NEGATIVE:].sum(axis=-1), counts[..., 1, POSITIVE])


@_additive("recall")
def _recall(counts: Counts, _: Counts | None) -> PartMeans:
    return _parts(counts[..., POSITIVE].sum(axis=-1), counts[..., 1, POSITIVE])


@_additive("specificity")
def _specificity(counts: Counts, _: Counts | None) -> PartMeans:
    return _parts(counts[..., NEGATIVE].sum(axis=-1), counts[..., 0, NEGATIVE])


@_additive("base_rate")
def _base_rate(counts: Counts, _: Counts | None) -> PartMeans:
    return _parts(_labelled(counts), counts[..., POSITIVE].sum(axis=-1))


@_additive("selection_rate")
def _selection_rate(counts: Counts, _: Counts | None) -> PartMeans:
    return _parts(_labelled(counts), counts[..., 1, NEGATIVE:].sum(axis=-1))


@_additive("brier")
def _brier(counts: Counts, losses: Counts | None) -> PartMeans:
    if losses is None:
        raise ValueError("the Brier score of slices needs the sums of their squared errors")
    return _parts(_labelled(counts), losses / SCORE_UNIT)
