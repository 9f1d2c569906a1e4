"""Changes of single figures: shares of rows, mean and standard deviation."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.comparison import (
    CONSTANT_CURRENT,
    CONSTANT_REFERENCE,
    Comparison,
    Kind,
    Values,
    values,
)
from modelwatch.stats.drift.statistic import Register, statistic
from modelwatch.stats.profile.far_values import centers, usual_ends
from modelwatch.stats.profile.quantiles import quantiles
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.numeric import NumericStates

NOT_TOLD = "values are too far from the frozen center, or too near one another"
_MARGIN = 0.125 * (1.0 - 1e-9)
"""Part of the reference's range; the frozen grid has an edge at an eighth, up to rounding."""
_SKEWED = 4.0
"""Times the distance from the median to the end that is nearer to zero, from which the other end is
a long tail."""
NARROW = 0.25
"""Width of a bin, in standard deviations, up to which rows in it are about alike."""
FREQUENT = 0.05
"""Share of the reference's rows from which the rows of a value may be missed."""
EXPECTED_ROWS = 20.0
"""Expected rows of a value below which none of them may be chance."""


def _share(key: str, label: str, *kinds: Kind, **more: bool) -> Register:
    return statistic(
        key,
        label=label,
        kinds=kinds,
        range=(-1.0, 1.0),
        symmetric=False,
        unit="share of rows",
        source="current share less reference share",
        needs_special_values=more.get("special", False),
    )


@_share("null_share_change", "Change of the share of nulls", "numeric", "categorical")
def null_share_change(comparison: Comparison) -> Values:
    """Share of nulls, minus the share in the reference."""
    current, reference = comparison.feature
    return _share_change(comparison, current.nulls, reference.nulls)


@_share("nan_share_change", "Change of the share of NaN", "numeric")
def nan_share_change(comparison: Comparison) -> Values:
    """Share of NaN, minus the share in the reference."""
    current, reference = comparison.numeric
    return _share_change(comparison, current.nans, reference.nans)


@_share("infinite_share_change", "Change of the share of infinities", "numeric")
def infinite_share_change(comparison: Comparison) -> Values:
    """Share of infinite values of either sign, minus the share in the reference."""
    current, reference = comparison.numeric
    return _share_change(comparison, current.infinite, reference.infinite)


@_share("zero_share_change", "Change of the share of zeros", "numeric")
def zero_share_change(comparison: Comparison) -> Values:
    """Share of zeros, minus the share in the reference."""
    current, reference = comparison.numeric
    zero = current.binning.zero
    if not current.binning.has_own_bin(zero):
        nowhere = (np.ones(len(current), dtype=bool), "zero has no bin of its own")
        return values(np.full(len(current), np.nan), *comparison.without_rows, nowhere)
    return _share_change(comparison, current.rows_at(zero), reference.rows_at(zero))


@_share("special_share_change", "Change of the share of special values", "numeric", special=True)
def special_share_change(comparison: Comparison) -> Values:
    """Share of configured special values, minus the share in the reference."""
    current, reference = comparison.numeric
    return _share_change(comparison, current.special, reference.special)


@_share("unseen_share_change", "Change of the share of unseen values", "categorical")
def unseen_share_change(comparison: Comparison) -> Values:
    """Share of values that do not occur in the reference of the bins, minus their share in
    the reference."""
    current, reference = comparison.categorical
    return _share_change(comparison, current.unseen_rows, reference.unseen_rows)


@_share("novel_share_change", "Change of the share of values far beyond the reference", "numeric")
def novel_share_change(comparison: Comparison) -> Values:
    """Share of rows whose value is beyond the ends of the reference by more than an eighth of its
    range, or of the other sign than a skewed reference of one sign, as the frozen bins tell it,
    less the reference's share.

    Days set records by a little; a code or another unit goes far. Where values of one sign have a
    long tail, as amounts do, the tail stretches the range, and zero is the bound on the other side:
    -999 is beyond it. Infinities and special values have figures of their own. A few rows of the
    reference far beyond all its others, as one of 1e9 is, do not stretch its range.
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
    label="Largest rise of the share of one value or bin",
    kinds=("numeric", "categorical"),
    range=(0.0, 1.0),
    symmetric=False,
    unit="share of rows",
    source="current share less reference share, the largest over the frozen bins",
)
def value_share_rise(comparison: Comparison) -> Values:
    """Largest rise, over the frozen bins, of the share of rows that one holds: a stuck column
    puts most rows into one. Of categories, those with a bin of their own; of numbers, bins
    among the reference's own that are narrow, unless the window has one value alone."""
    current, reference = comparison.feature
    now, before = single_values(current), single_values(reference)
    if isinstance(current, NumericStates) and isinstance(reference, NumericStates):
        now = np.where(bins_of_one_value(current, reference), now, 0)
    shares = now / np.maximum(current.rows, 1)[:, None]
    rise = (shares - before / np.maximum(reference.rows, 1)[:, None]).max(axis=1, initial=0.0)
    return values(rise, *comparison.without_rows)


@statistic(
    "value_share_fall",
    label="Largest missing share of a frequent value's rows",
    kinds=("categorical",),
    range=(0.0, 1.0),
    symmetric=False,
    unit="share of the value's rows",
    source="1 less the odds ratio of a value's share (Cornfield 1951)",
)
def value_share_fall(comparison: Comparison) -> Values:
    """Share of a value's expected rows that is missing, given the rows of all other values:
    the largest over the values that are frequent in the reference, or 0 if none is.

    Frequent is a twentieth of the reference's rows, and 20 expected rows in the window. A fixed
    reference also knows how much each value varies between days. There, a value is frequent if it
    comes on half of the days or more, and if the window has 10 expected rows of it for each unit of
    its dispersion (its variance over that of independent rows). A value that comes in bursts is
    therefore not missed between them.
    """
    current, reference = comparison.categorical
    now, before = (
        states.kept / np.maximum(states.rows, 1)[:, None] for states in (current, reference)
    )
    looked_at = frequent_shares(reference) * current.rows[:, None] >= EXPECTED_ROWS
    fall = np.where(looked_at, missing_parts(now, before), 0.0).max(axis=1, initial=0.0)
    return values(fall, *comparison.without_rows)


def missing_parts(now: Floats, before: Floats) -> Floats:
    """Part of each value's rows that is missing if the rows of all others are there, of shares of
    rows (n, B) now and before; 0 of a value that was not there, or alone, and where none is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = now / (1.0 - now) / (before / (1.0 - before))
    return np.where((before > 0) & (before < 1), np.maximum(1.0 - odds, 0.0), 0.0)


def frequent_shares(states: CategoricalStates) -> Floats:
    """Shares of the kept values, (n, B); 0 for values that are not frequent."""
    shares = states.kept / np.maximum(states.rows, 1)[:, None]
    return np.where(shares >= FREQUENT, shares, 0.0)


@statistic(
    "mean_change_in_sd",
    label="Change of the mean, in standard deviations",
    kinds=("numeric",),
    range=(-np.inf, np.inf),
    symmetric=False,
    unit="standard deviations of the reference",
    source="Glass (1976), the effect size delta",
    bound="exact, but where a few rows are far out: then read from the bins without them",
)
def mean_change_in_sd(comparison: Comparison) -> Values:
    """Mean of the finite quantities, minus the mean of the reference, in standard deviations
    of the reference.

    Where one row in 500 or fewer lies more than 50 robust standard deviations from the median of
    the reference, on either side, such rows are left out of both sides and the moments are read
    from the bins: one row of 1e9 must not hide what all others do.
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
        (np.isnan(now.mean) | np.isnan(spread), NOT_TOLD),
    )


@statistic(
    "sd_log_ratio",
    label="Log ratio of standard deviations",
    kinds=("numeric",),
    range=(-np.inf, np.inf),
    symmetric=False,
    unit="natural logarithm",
    source="Nakagawa et al. (2015), lnVR without its correction of small samples",
    bound="exact, but where a few rows are far out: then read from the bins without them",
)
def sd_log_ratio(comparison: Comparison) -> Values:
    """Natural logarithm of the ratio of the standard deviations of window and reference: 0.69
    means twice as wide.

    A few far rows are left out, as of ``mean_change_in_sd``.
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
        (np.isnan(now.sd) | np.isnan(before.sd), NOT_TOLD),
    )


def single_values(states: NumericStates | CategoricalStates) -> Counts:
    """Rows of each finite quantity's bin, or of each category that has one; (n, B)."""
    return states.quantities if isinstance(states, NumericStates) else states.kept


def bins_of_one_value(current: NumericStates, reference: NumericStates) -> AnyArray:
    """Whether rows of a bin are about alike, (n, B): a bin among the reference's own that is of one
    value, or at most NARROW of its standard deviation wide; any of those where the current rows are
    all alike. The tails of a reference lie in few, wide bins."""
    binning = reference.binning
    with np.errstate(invalid="ignore"):
        width = binning.upper_edges - binning.edges
    narrow = width <= NARROW * reference.moments.sd[:, None]
    alike = binning.single_value | narrow | current.one_value[:, None]
    found: AnyArray = _between_ends(reference.quantities) & alike
    return found


def _between_ends(quantities: Counts) -> AnyArray:
    """Whether a bin lies between the first and the last one that hold rows of its state; (n, B)."""
    held = quantities > 0
    after_first = np.logical_or.accumulate(held, axis=1)
    before_last = np.logical_or.accumulate(held[:, ::-1], axis=1)[:, ::-1]
    inside: AnyArray = after_first & before_last
    return inside


def _share_change(comparison: Comparison, current: Counts, reference: Counts) -> Values:
    first, second = comparison.feature
    before = reference / np.maximum(second.rows, 1)
    return values(current / np.maximum(first.rows, 1) - before, *comparison.without_rows)
