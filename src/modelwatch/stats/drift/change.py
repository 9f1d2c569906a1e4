"""Changes of single metrics: shares of rows, mean, and standard deviation."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.comparison import (
    CONSTANT_CURRENT,
    CONSTANT_REFERENCE,
    Comparison,
    ComparisonKind,
    Values,
    values,
)
from modelwatch.stats.drift.statistic import EXACT, Register, statistic
from modelwatch.stats.profile.far_values import centers, usual_ends
from modelwatch.stats.profile.quantiles import quantiles
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.numeric import NumericStates

NOT_RESOLVED = "values are too far from the frozen center, or too close together"
_MARGIN = 0.125 * (1.0 - 1e-9)
"""Fraction of the reference's range; the frozen grid has an edge at an eighth, up to rounding."""
_SKEWED = 4.0
"""Ratio of the distances from the median to both ends above which the farther end is a long
tail."""
NARROW = 0.25
"""Maximum width of a bin, in standard deviations, whose rows are about alike."""
FREQUENT = 0.05
"""Minimum share of the reference's rows for which the loss of a value is reported."""
EXPECTED_ROWS = 20.0
"""Expected rows of a value below which none of them may be chance."""


def _share(
    key: str,
    label: str,
    *kinds: ComparisonKind,
    threshold: float,
    special: bool = False,
    advancing_dates: bool = True,
) -> Register:
    return statistic(
        key,
        threshold=threshold,
        label=label,
        kinds=kinds,
        range=(-1.0, 1.0),
        symmetric=False,
        unit="share of rows",
        source="share in the window minus share in the reference",
        bound=EXACT,
        needs_special_values=special,
        advancing_dates=advancing_dates,
    )


@_share(
    "null_share_change", "Change of the share of nulls", "numeric", "categorical", threshold=0.02
)
def null_share_change(comparison: Comparison) -> Values:
    """Share of nulls, minus the share in the reference."""
    current, reference = comparison.feature
    return _share_change(comparison, current.nulls, reference.nulls)


@_share("nan_share_change", "Change of the share of NaN", "numeric", threshold=0.01)
def nan_share_change(comparison: Comparison) -> Values:
    """Share of NaN, minus the share in the reference."""
    current, reference = comparison.numeric
    return _share_change(comparison, current.nans, reference.nans)


@_share("infinite_share_change", "Change of the share of infinities", "numeric", threshold=0.001)
def infinite_share_change(comparison: Comparison) -> Values:
    """Share of infinite values of either sign, minus the share in the reference."""
    current, reference = comparison.numeric
    return _share_change(comparison, current.infinite, reference.infinite)


@_share("zero_share_change", "Change of the share of zeros", "numeric", threshold=0.1)
def zero_share_change(comparison: Comparison) -> Values:
    """Share of zeros, minus the share in the reference."""
    current, reference = comparison.numeric
    zero = current.binning.zero
    if not current.binning.has_own_bin(zero):
        nowhere = (np.ones(len(current), dtype=bool), "zero has no bin of its own")
        return values(np.full(len(current), np.nan), *comparison.without_rows, nowhere)
    return _share_change(comparison, current.rows_at(zero), reference.rows_at(zero))


@_share(
    "special_share_change",
    "Change of the share of special values",
    "numeric",
    special=True,
    threshold=0.05,
)
def special_share_change(comparison: Comparison) -> Values:
    """Share of configured special values, minus the share in the reference."""
    current, reference = comparison.numeric
    return _share_change(comparison, current.special, reference.special)


@_share(
    "unseen_share_change", "Change of the share of unseen values", "categorical", threshold=0.02
)
def unseen_share_change(comparison: Comparison) -> Values:
    """Share of values that do not occur in the reference of the bins, minus their share in
    the reference."""
    current, reference = comparison.categorical
    return _share_change(comparison, current.unseen_rows, reference.unseen_rows)


@_share(
    "novel_share_change",
    "Change of the share of values far beyond the reference",
    "numeric",
    advancing_dates=False,
    threshold=0.02,
)
def novel_share_change(comparison: Comparison) -> Values:
    """Share of rows whose value is beyond the range of the reference by more than an eighth of that
    range, or has the opposite sign of a skewed reference whose values all have the same sign, minus
    the same share of the reference. Determined from the frozen bins.

    Ordinary days exceed earlier extremes by a little; codes and unit errors exceed them by far.
    Where values of one sign have a long tail, such as amounts, the tail widens the range, so zero
    is the bound on the other side: -999 is beyond it. Infinities and special values have statistics
    of their own. A few extreme rows of the reference, such as one of 1e9, do not widen its range.
    """
    current, reference = comparison.numeric
    low, high = (end[:, None] for end in usual_ends(reference))
    middle = quantiles(reference, (0.5,))
    edges, upper, zero = current.binning.edges, current.binning.upper_edges, current.binning.zero
    with np.errstate(over="ignore", invalid="ignore"):
        margin = _MARGIN * (high - low)
        above = (edges > high) & (edges >= high + margin)
        below = (upper <= low) & (upper <= low - margin)
        positive = (low >= zero) & (high - middle >= _SKEWED * (middle - low))
        negative = (high <= zero) & (middle - low >= _SKEWED * (high - middle))
    beyond = above | below | (positive & (upper <= zero)) | (negative & (edges > zero))
    rows, before = (
        np.where(beyond, states.quantities, 0).sum(axis=1).astype(np.int64)
        for states in (current, reference)
    )
    return _share_change(comparison, rows, before)


@statistic(
    "value_share_rise",
    threshold=0.5,
    label="Largest rise of the share of one value or bin",
    kinds=("numeric", "categorical"),
    range=(0.0, 1.0),
    symmetric=False,
    unit="share of rows",
    source="share in the window minus share in the reference, the largest over the frozen bins",
    bound=EXACT,
    advancing_dates=True,
)
def value_share_rise(comparison: Comparison) -> Values:
    """Largest increase in the share of rows in one frozen bin. A stuck column puts most rows into
    one bin. Categorical: values with a bin of their own. Numeric: narrow bins within the range of
    the reference, or any bin if the window has a single value."""
    current, reference = comparison.feature
    now, before = single_values(current), single_values(reference)
    if isinstance(current, NumericStates) and isinstance(reference, NumericStates):
        now = np.where(bins_of_one_value(current, reference), now, 0)
    shares = now / np.maximum(current.rows, 1)[:, None]
    rise = (shares - before / np.maximum(reference.rows, 1)[:, None]).max(axis=1, initial=0.0)
    return values(rise, *comparison.without_rows)


@statistic(
    "value_share_fall",
    threshold=0.5,
    label="Largest missing share of a frequent value's rows",
    kinds=("categorical",),
    range=(0.0, 1.0),
    symmetric=False,
    unit="share of the value's rows",
    source="1 minus the odds ratio of the share of a value (Cornfield 1951)",
    bound=EXACT,
)
def value_share_fall(comparison: Comparison) -> Values:
    """Share of the expected rows of a value that is missing, given the rows of all other values:
    the largest over the values that are frequent in the reference, or 0 if no value is frequent.

    A value is frequent if it has a twentieth of the rows of the reference and 20 expected rows in
    the window. For a fixed reference, the variation of each value between days is known, too. A
    value is then frequent if it occurs on at least half of the days, and if the window has 10
    expected rows of it for each unit of its dispersion (its variance divided by that of independent
    rows). A value that occurs in bursts is therefore not reported as missing between them.
    """
    current, reference = comparison.categorical
    now, before = (
        states.value_rows / np.maximum(states.rows, 1)[:, None] for states in (current, reference)
    )
    looked_at = frequent_shares(reference) * current.rows[:, None] >= EXPECTED_ROWS
    fall = np.where(looked_at, missing_parts(now, before), 0.0).max(axis=1, initial=0.0)
    return values(fall, *comparison.without_rows)


def missing_parts(now: Floats, before: Floats) -> Floats:
    """Share of each value's expected rows that is missing, given the rows of all others, from
    shares of rows (n, B) now and before; 0 for a value that was absent or alone before, and if
    nothing is missing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = now / (1.0 - now) / (before / (1.0 - before))
    return np.where((before > 0) & (before < 1), np.maximum(1.0 - odds, 0.0), 0.0)


def frequent_shares(states: CategoricalStates) -> Floats:
    """Shares of the kept values, (n, B); 0 for values that are not frequent."""
    shares = states.value_rows / np.maximum(states.rows, 1)[:, None]
    return np.where(shares >= FREQUENT, shares, 0.0)


@statistic(
    "mean_change_in_sd",
    threshold=0.5,
    label="Change of the mean, in standard deviations",
    kinds=("numeric",),
    range=(-np.inf, np.inf),
    symmetric=False,
    unit="standard deviations of the reference",
    source="Glass (1976), the effect size delta",
    bound="exact; if a few rows are far out, computed from the bins without them",
)
def mean_change_in_sd(comparison: Comparison) -> Values:
    """Mean of the finite values, minus the mean of the reference, in standard deviations of the
    reference.

    If at most one row in 500 lies more than 50 robust standard deviations from the median of the
    reference, these rows are left out of both sides, and the moments are computed from the bins.
    A single row of 1e9 must not hide the change of all others.
    """
    reference = comparison.numeric[1]
    now, before = comparison.memoized(centers)
    spread = before.sd
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        value = (now.mean - before.mean) / spread
    return values(
        value,
        *comparison.without_values,
        (reference.moments.count < 2, "reference has one value"),
        (spread == 0, CONSTANT_REFERENCE),
        (np.isnan(now.mean) | np.isnan(spread), NOT_RESOLVED),
    )


@statistic(
    "sd_log_ratio",
    threshold=0.4,
    label="Log ratio of standard deviations",
    kinds=("numeric",),
    range=(-np.inf, np.inf),
    symmetric=False,
    unit="natural logarithm",
    source="Nakagawa et al. (2015), lnVR without its correction for small samples",
    bound="exact; if a few rows are far out, computed from the bins without them",
)
def sd_log_ratio(comparison: Comparison) -> Values:
    """Natural logarithm of the ratio of the standard deviations of window and reference: 0.69
    means twice as wide.

    A few far rows are left out, as in ``mean_change_in_sd``.
    """
    current, reference = comparison.numeric
    now, before = comparison.memoized(centers)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.log(now.sd) - np.log(before.sd)
    return values(
        value,
        *comparison.without_values,
        (current.moments.count < 2, "current window has one value"),
        (reference.moments.count < 2, "reference has one value"),
        (now.sd == 0, CONSTANT_CURRENT),
        (before.sd == 0, CONSTANT_REFERENCE),
        (np.isnan(now.sd) | np.isnan(before.sd), NOT_RESOLVED),
    )


def single_values(states: NumericStates | CategoricalStates) -> Counts:
    """Rows in the bin of each finite value, or of each category with a bin; (n, B)."""
    return states.quantities if isinstance(states, NumericStates) else states.value_rows


def bins_of_one_value(current: NumericStates, reference: NumericStates) -> AnyArray:
    """Whether rows of a bin are similar, (n, B): a bin within the range of the reference that
    contains one value, or is at most NARROW of its standard deviations wide; any of those if all
    current rows are alike. The tails of a reference are in few, wide bins."""
    binning = reference.binning
    with np.errstate(invalid="ignore"):
        width = binning.upper_edges - binning.edges
    narrow = width <= NARROW * reference.moments.sd[:, None]
    alike = binning.single_value | narrow | current.one_value[:, None]
    found: AnyArray = _between_ends(reference.quantities) & alike
    return found


def _between_ends(quantities: Counts) -> AnyArray:
    """Whether a bin lies between the first and the last bin with rows of its state; (n, B)."""
    held = quantities > 0
    after_first = np.logical_or.accumulate(held, axis=1)
    before_last = np.logical_or.accumulate(held[:, ::-1], axis=1)[:, ::-1]
    inside: AnyArray = after_first & before_last
    return inside


def _share_change(comparison: Comparison, current: Counts, reference: Counts) -> Values:
    first, second = comparison.feature
    before = reference / np.maximum(second.rows, 1)
    return values(current / np.maximum(first.rows, 1) - before, *comparison.without_rows)
