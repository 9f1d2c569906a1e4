"""Metrics of many windows with their intervals and changes.

The results equal those of ``intervals`` for each window; the computation is vectorized. Changes
also allow for neighboring days that are alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats, Spans
from modelwatch.stats.performance.day_dependence import mean_variance, successive_correlation
from modelwatch.stats.performance.intervals import iid_interval
from modelwatch.stats.performance.jackknife import FEWEST_DAYS
from modelwatch.stats.performance.metric import MetricStates, ScoreStates, metric_states
from modelwatch.stats.performance.metrics import PERFORMANCE, performance
from modelwatch.stats.performance.row_intervals import least_variance
from modelwatch.stats.special import student_quantile, student_tail

COSTLY = frozenset(
    key for key in PERFORMANCE if key in ("average_precision", "ece") or key.startswith("lift_")
)
"""Metrics whose variance for independent rows takes milliseconds per window to compute."""
ASSUMED_DEGREES = 4.0
"""Degrees of freedom of an assumed design effect."""
_SCOPES_PER_BATCH = 1024
"""Maximum number of jackknife samples that are evaluated together, which limits memory."""


@dataclass(frozen=True)
class WindowValues:
    """M metrics of W windows; all arrays are (W, M), and NaN if undefined.

    ``reason``: why the value is NaN; None if it is defined. ``lower``, ``upper``, and ``variance``:
    from the jackknife. ``days``: number of days used. ``iid_*``: for independent rows. ``least``: a
    lower bound of the variance, relative to the squared value if the range of the metric is
    unbounded; 0 if unknown. ``successive``: correlation of neighboring days; 0 if it may be chance.
    """

    keys: tuple[str, ...]
    value: Floats
    reason: AnyArray
    lower: Floats
    upper: Floats
    variance: Floats
    days: Counts
    iid_lower: Floats
    iid_upper: Floats
    iid_variance: Floats
    least: Floats
    successive: Floats

    def take(self, indices: AnyArray) -> WindowValues:
        """Return the windows at the given positions."""
        arrays = {f.name: getattr(self, f.name)[indices] for f in fields(self) if f.name != "keys"}
        return replace(self, **arrays)


@dataclass(frozen=True)
class WindowChanges:
    """M metrics of W windows minus those of their references; all arrays are (W, M), and NaN if
    undefined."""

    value: Floats
    reason: AnyArray
    lower: Floats
    upper: Floats
    p_value: Floats


def metric_keys(states: MetricStates) -> tuple[str, ...]:
    """Return the keys of the metrics of the states' task."""
    return tuple(key for key, known in PERFORMANCE.items() if known.applies(states))


def window_values(
    days: ScoreStates | MetricStates,
    spans: Spans,
    keys: Sequence[str] | None = None,
    *,
    level: float = 0.95,
    costly: bool = True,
) -> WindowValues:
    """Return the metrics of windows, which are spans of a stack of daily states.

    ``spans`` (W, 2): positions of the days of each window. ``costly``: whether to compute the
    intervals for independent rows of ``COSTLY`` metrics, which are computed only for windows with a
    jackknife interval.
    """
    days = metric_states(days)
    chosen = tuple(metric_keys(days) if keys is None else keys)
    windows = days.roll_up(spans)
    found = performance(windows, chosen)
    variance, successive, counted = _day_variances(days, spans, chosen)
    iid = np.full((3, len(spans), len(chosen)), np.nan)
    for at, key in enumerate(chosen):
        several = counted[:, at] >= FEWEST_DAYS
        mine = np.flatnonzero(costly & several if key in COSTLY else np.ones(len(spans), bool))
        if len(mine):
            rows = iid_interval(key, windows.take(mine), level=level)
            iid[:, mine, at] = rows.lower, rows.upper, rows.variance
    value = np.stack([found[key].value for key in chosen], axis=1)
    degrees = np.where(counted >= FEWEST_DAYS, counted - 1.0, np.nan)
    sure = np.isfinite(variance) & (variance > 0) & ~np.isnan(value)
    reach = _reach(np.where(sure, variance, np.nan), degrees, level)
    low = np.array([PERFORMANCE[key].range[0] for key in chosen])
    high = np.array([PERFORMANCE[key].range[1] for key in chosen])
    return WindowValues(
        keys=chosen,
        value=value,
        reason=np.stack([found[key].reason for key in chosen], axis=1),
        lower=np.maximum(value - reach, low),
        upper=np.minimum(value + reach, high),
        variance=variance,
        days=counted,
        iid_lower=iid[0],
        iid_upper=iid[1],
        iid_variance=iid[2],
        least=np.nan_to_num(
            np.stack([least_variance(key, windows, np.ones(len(spans))) for key in chosen], axis=1)
        ),
        successive=successive,
    )


def window_changes(
    after: WindowValues,
    before: WindowValues,
    *,
    level: float = 0.95,
    assumed_design_effect: float | None = None,
) -> WindowChanges:
    """Return the metrics of each window minus those of its reference.

    ``before``: one reference per window, or one for all windows. If neighboring days of the
    reference are alike, the variance is at least that of such days. For a window with too few days,
    the design effect of its reference is used. If ``assumed_design_effect`` is given, the design
    effect of the window is used for a reference with too few days; if both have too few days, the
    assumed one is used, with ``ASSUMED_DEGREES`` degrees of freedom. Days in both the window and
    the reference are treated as independent, which makes the interval too wide.
    """
    value = after.value - before.value
    scale = np.maximum(np.abs(after.value), np.abs(before.value))
    (own, own_rows), (theirs, rows) = (_sure(side, scale) for side in (after, before))
    own = np.where(after.days >= FEWEST_DAYS, own, np.nan)
    theirs = np.where(before.days >= FEWEST_DAYS, theirs, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        lent = np.maximum(theirs / rows, 1.0) * own_rows
        borrowed = (after.days < FEWEST_DAYS) & (before.days >= FEWEST_DAYS)
        variance = np.where(borrowed, lent, own) + theirs
        shares = own**2 / np.maximum(after.days - 1, 1) + theirs**2 / np.maximum(before.days - 1, 1)
        welch = np.where(shares > 0, variance**2 / shares, np.nan)
    degrees = np.where(borrowed, before.days - 1.0, welch)
    if assumed_design_effect is not None:
        lasting, free = _short_reference(after, before, assumed_design_effect)
        few = (before.days > 0) & (before.days < FEWEST_DAYS) & np.isfinite(lasting)
        variance, degrees = np.where(few, lasting, variance), np.where(few, free, degrees)
    lasting, free = _of_days_that_are_alike(after, before, own_rows, theirs, rows)
    more = lasting > variance
    variance = np.where(more, lasting, variance)
    degrees = np.where(more, np.fmin(degrees, free), degrees)
    alike = (variance == 0) & (value == 0)
    variance = np.where((variance > 0) & np.isfinite(degrees), variance, np.nan)
    reach = _reach(variance, degrees, level)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(value) / np.sqrt(variance)
    p_value = np.full(value.shape, np.nan)
    known = np.isfinite(t)
    p_value[known] = 2.0 * student_tail(t[known], degrees[known])
    p_value[alike] = 1.0
    reach = np.where(alike, 0.0, reach)
    reason = np.full(value.shape, None, dtype=object)
    for name, side in (("reference", before), ("window", after)):
        missing = np.broadcast_to(side.reason, value.shape)
        held = missing != np.array(None)
        reason[held] = [f"{name}: {why}" for why in missing[held]]
    return WindowChanges(value, reason, value - reach, value + reach, p_value)


def _sure(side: WindowValues, scale: Floats) -> tuple[Floats, Floats]:
    """Return the jackknife variance of each metric, and the variance for independent rows, (W, M)
    each.

    Neither is below its lower bound; a jackknife variance below it is replaced by the variance for
    independent rows. ``scale``: the scale of metrics with an unbounded range.
    """
    bounded = np.isfinite([np.subtract(*PERFORMANCE[key].range) for key in side.keys])
    least = side.least * np.where(bounded, 1.0, scale) ** 2
    by_days = np.where(side.variance < least, np.fmax(side.iid_variance, least), side.variance)
    return by_days, np.maximum(side.iid_variance, least)


def _of_days_that_are_alike(
    after: WindowValues, before: WindowValues, own_rows: Floats, theirs: Floats, rows: Floats
) -> tuple[Floats, Floats]:
    """Return the variance of a change if neighboring days are as alike as those of the reference,
    and its degrees of freedom; NaN if they are not.

    ``theirs``: jackknife variance of the reference. ``own_rows`` and ``rows``: variances of the
    window and the reference for independent rows.
    """
    correlation, days = before.successive, before.days.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        of_reference = mean_variance(correlation, days)
        of_a_day = theirs * (days - 1.0) / (1.0 - of_reference)
        effect = np.maximum(of_a_day / (days * rows), 1.0)
        of_window = after.days * mean_variance(correlation, after.days.astype(np.float64))
        variance = of_a_day * of_reference + effect * own_rows * of_window
        degrees = days * (1.0 - correlation**2) / (1.0 + correlation**2) - 1.0
    known = (correlation > 0) & (after.days > 0)
    return np.where(known, variance, np.nan), np.maximum(degrees, 1.0)


def _short_reference(
    after: WindowValues, before: WindowValues, assumed_design_effect: float
) -> tuple[Floats, Floats]:
    """Return the variance of a change against a reference with too few days, and its degrees of
    freedom."""
    with np.errstate(divide="ignore", invalid="ignore"):
        measured = np.where(after.iid_variance > 0, after.variance / after.iid_variance, np.nan)
    known = (after.days >= FEWEST_DAYS) & np.isfinite(measured)
    effect = np.where(known, np.maximum(measured, 1.0), assumed_design_effect)
    variance = effect * (after.iid_variance + before.iid_variance)
    return variance, np.where(known, after.days - 1.0, ASSUMED_DEGREES)


def _reach(variance: Floats, degrees: Floats, level: float) -> Floats:
    """Return half the width of an interval; NaN if the variance or its degrees of freedom are."""
    out = np.full(variance.shape, np.nan)
    known = np.isfinite(variance) & np.isfinite(degrees)
    quantile = student_quantile(0.5 + level / 2.0, degrees[known])
    out[known] = quantile * np.sqrt(variance[known])
    return out


def _day_variances(
    days: MetricStates, spans: Spans, keys: Sequence[str]
) -> tuple[Floats, Floats, Counts]:
    """Return the jackknife variance of each metric, the correlation of neighboring days, and the
    number of days used, (W, M) each."""
    variance = np.full((len(spans), len(keys)), np.nan)
    successive = np.zeros((len(spans), len(keys)))
    counted = np.zeros((len(spans), len(keys)), dtype=np.int64)
    for of_labels in (True, False):
        mine = [at for at, key in enumerate(keys) if PERFORMANCE[key].of_labels is of_labels]
        if not mine:
            continue
        used = np.flatnonzero((days.labelled if of_labels else days.rows) > 0)
        inner = np.searchsorted(used, spans)
        counted[:, mine] = (inner[:, 1] - inner[:, 0])[:, None]
        unique, which = np.unique(inner, axis=0, return_inverse=True)
        names = [keys[at] for at in mine]
        found, alike = _variances(days.take(used), unique.astype(np.int64), names)
        variance[:, mine] = found[which.reshape(-1)]
        successive[:, mine] = alike[which.reshape(-1)]
    return variance, successive, counted


def _variances(days: MetricStates, spans: Spans, keys: Sequence[str]) -> tuple[Floats, Floats]:
    out = np.full((len(spans), len(keys)), np.nan)
    successive = np.zeros((len(spans), len(keys)))
    sizes = spans[:, 1] - spans[:, 0]
    enough = np.flatnonzero(sizes >= FEWEST_DAYS)
    for chunk in chunks(enough, sizes):
        chosen = spans[chunk]
        owner = np.repeat(np.arange(len(chunk)), sizes[chunk])
        found = performance(days.without_each_of(chosen), keys, bounded=False)
        values = np.stack([found[key].value for key in keys], axis=1)
        starts = np.concatenate([[0], np.cumsum(sizes[chunk])[:-1]]).astype(np.int64)
        n = sizes[chunk][:, None].astype(np.float64)
        mean = np.add.reduceat(values, starts, axis=0) / n
        off = values - mean[owner]
        squares = np.add.reduceat(off**2, starts, axis=0)
        out[chunk] = squares * (n - 1.0) / n
        # The last day of a window is not followed by the first one of the next.
        pairs = np.where((owner[1:] == owner[:-1])[:, None], off[1:] * off[:-1], 0.0)
        products = np.add.reduceat(np.concatenate([pairs, 0.0 * off[:1]]), starts, axis=0)
        successive[chunk] = successive_correlation(products, squares, n)
    return out, successive


def chunks(indices: AnyArray, sizes: AnyArray) -> list[AnyArray]:
    """Split the indices of windows into groups with a bounded total number of days."""
    if not len(indices):
        return []
    group = (np.cumsum(sizes[indices]) - 1) // _SCOPES_PER_BATCH
    return [indices[group == number] for number in np.unique(group)]
