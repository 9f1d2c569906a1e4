"""Bounds of a daily metric, learned from earlier days and robust to anomalies.

A day is a day with data, or the first day of a window: data that arrives every two weeks or every
month also has a series.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.special import incomplete_beta, student_quantile, student_tail
from modelwatch.stats.weekdays import FEWEST_OF_A_WEEKDAY, weekdays_of

LARGE_COUNT = 1000.0
"""Minimum expected rows for which the logarithm of a count is close to normal."""
MANY_TRIALS = 10_000.0
"""Minimum rows for which a share is close to normal."""
_LEAST_DISPERSION = 1e-4
FEWEST_HISTORY_DAYS = 7
"""Known days before a day below which it has no expectation."""
FEWEST_SPARSE = 4
"""The same if they are ``_SPARSE_DAYS`` back or more: then no weekday is new."""
_SPARSE_DAYS = 28
_FEWEST_EARLY = 3
"""Known days before a day from which it can tell that an event has begun, although it has no
verdict yet. Otherwise, what begins in the first week is usual in the second."""
HISTORY = 63
"""Days of history."""
HISTORY_OF_BATCHES = 20
"""Usual gaps between days with data in the history, if that is longer."""
HISTORY_DAYS_READ = 70
"""Days before a day that define its usual value: ten of its weekday."""
LEVEL_DAYS = 7
"""Known days whose median residual is the current level."""
OUT_OF_SAMPLE = 1.36
"""Ratio of the error of a new day to what is left of one of the four from which the median of its
weekday was taken: the square root of (1 + pi / 8) / (1 - 1 / 4)."""
_MOST_DEGREES = 30.0
SD_OF_MAD = 1.4826
"""Ratio of the standard deviation to the median absolute deviation of a normal variable."""
EFFICIENCY = 0.37
"""Weight in days of the median absolute deviation, relative to the standard deviation."""
SHORT_HISTORY = f"fewer than {FEWEST_HISTORY_DAYS} days before"
VALUE_MISSING = "no value"
RARE_ERRORS = 2
"""Number of past anomalies that make further ones usual; one may be a mishap."""
SAME_EVENT = 2
"""Days before a day whose errors may belong to the same event, and are not evidence of rarity."""
ALIKE = 0.5
"""Ratio to the error of a day from which the errors just before it belong to the same event."""
_TAIL = 6.0
"""Power of the distance at which errors beyond the rare past ones become less likely."""
DECILES_APART = 2.563
"""Distance between the first and last decile of a normal variable, in standard deviations."""
_WEEK = 7


def count_tail(count: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """Two-sided probability of a negative binomial count; one shape.

    Its variance is ``mean + dispersion * mean ** 2``. 0 if ``mean`` is at least ``LARGE_COUNT``,
    NaN if an argument is unknown. Source: Johnson, Kemp and Kotz (2005), 5.6.
    """
    y, mu = np.asarray(count, dtype=np.float64), np.asarray(mean, dtype=np.float64)
    size = 1.0 / np.maximum(np.asarray(dispersion, dtype=np.float64), _LEAST_DISPERSION)
    small = (mu > 0) & (mu < LARGE_COUNT) & (y < 20 * LARGE_COUNT)
    y, at = np.where(small, y, 1.0), np.where(small, mu, 1.0)
    failing = size / (size + at)
    below = incomplete_beta(size, y + 1.0, failing)
    above = np.where(y > 0, incomplete_beta(np.maximum(y, 1.0), size, 1.0 - failing), 1.0)
    return np.where(small, _two_sided(below, above), np.where(np.isnan(mu), np.nan, 0.0))


def share_tail(share: Floats, rows: Floats, expected: Floats) -> Floats:
    """Two-sided binomial probability of a share of independent rows; one shape.

    0 for ``MANY_TRIALS`` rows or more, NaN if an argument is unknown.
    """
    s, n, e = (np.asarray(x, dtype=np.float64) for x in (share, rows, expected))
    known = np.isfinite(s) & np.isfinite(e) & (n > 0)
    few = known & (n < MANY_TRIALS) & (e > 0) & (e < 1)
    trials, chance = np.where(few, n, 1.0), np.where(few, e, 0.5)
    hits = np.rint(np.where(few, s, 0.0) * trials)
    below = np.where(
        hits < trials, incomplete_beta(np.maximum(trials - hits, 1.0), hits + 1.0, 1.0 - chance), 1
    )
    above = np.where(
        hits > 0, incomplete_beta(np.maximum(hits, 1.0), trials - hits + 1.0, chance), 1.0
    )
    return np.where(few, _two_sided(below, above), np.where(known, 0.0, np.nan))


def _two_sided(below: Floats, above: Floats) -> Floats:
    return np.asarray(np.minimum(2.0 * np.minimum(below, above), 1.0))


@dataclass(frozen=True)
class ExpectedSeries:
    """What was expected of each day of s series, from earlier days only; all (s, n).

    ``lower`` and ``upper``: where one day in a thousand falls outside, or as requested. ``z``:
    distance of the value from ``expected`` in robust standard deviations. ``p_value``: probability
    of a distance at least this large: Student's t, or that of rare past errors if that is larger;
    those of the last ``SAME_EVENT`` days, which may be one event with it, do not count.
    ``seasonal``: whether the same weekdays were compared. ``reason``: why there are no bounds, or
    no p-value, otherwise None.
    """

    expected: Floats
    lower: Floats
    upper: Floats
    z: Floats
    p_value: Floats
    seasonal: AnyArray
    reason: AnyArray


def expected_series(
    values: Floats,
    days: Counts,
    *,
    counts: bool = False,
    rows: Counts | None = None,
    most_level: float = np.inf,
    floor: float = 1e-3,
    level: float = 0.999,
) -> ExpectedSeries:
    """Bounds of s daily series, (s, n) or (n,), at ascending ``days`` (n,); NaN is unknown.

    The expected value is the median of the last eight days of the same weekday if four of them are
    known within ``HISTORY`` days, otherwise the median of all days in it. The median residual of
    the last ``LEVEL_DAYS`` days is added, so that the expected value follows a lasting change of
    level. The spread is the median absolute error of earlier expected values, which a few anomalies
    do not affect; with fewer than seven errors, it is the median absolute deviation of the days.
    While there are too few days to compare weekdays, the spread is at least that of the deciles,
    because weekends are two days in seven.

    ``counts``: the values are counts, whose changes are ratios. They are computed on a log scale
    (of the count plus one half), with p-values of at least those of a negative binomial count.
    ``rows``, (n,): the values are shares of these numbers of rows, with p-values of at least those
    of a binomial share. ``most_level``: the largest change of level that is followed, a ratio for
    ``counts``; a larger one fails until the median has moved. ``floor``: minimum spread as a share
    of the expected value, in addition to the square root of a count. ValueError unless days ascend.
    """
    y = np.atleast_2d(np.asarray(values, dtype=np.float64))
    t = np.asarray(days, dtype=np.int64)
    if np.any(np.diff(t) <= 0):
        raise ValueError("days must ascend")
    x = np.log(y + 0.5) if counts else y
    least_level = most_level
    if counts and np.isfinite(most_level):
        # A fall to 1 - g of the expected value, or a rise to 1 + g.
        least_level = -np.log(max(1.0 - most_level, 1e-9))
        most_level = float(np.log1p(most_level))
    expected, spread, degrees, rare = (np.full(y.shape, np.nan) for _ in range(4))
    seasonal = np.zeros(y.shape, dtype=bool)
    errors, early = np.full((2, *y.shape), np.nan)
    for now in range(len(t)):
        first, fewest = _history(t[: now + 1])
        past = x[:, first:now]
        if now - first < fewest:
            if now - first >= _FEWEST_EARLY:
                early[:, now] = x[:, now] - _median(past)
            continue
        known = np.isfinite(past).sum(axis=1)
        usual, own = _usual(past, t[first : now + 1])
        left = past - usual[:, :-1]
        change = np.clip(_median(left[:, -LEVEL_DAYS:]), -least_level, most_level)
        expected[:, now] = usual[:, -1] + change
        seasonal[:, now] = own
        errors[:, now] = x[:, now] - expected[:, now]
        made = errors[:, first:now]
        of_errors = np.isfinite(made).sum(axis=1)
        enough = of_errors >= FEWEST_HISTORY_DAYS
        around = np.where(enough[:, None], made, past - _median(past)[:, None])
        seen = np.where(np.isfinite(errors), errors, early)
        lasting = _event_days(seen[:, first : now + 1])
        narrow = SD_OF_MAD * _median(np.abs(around))
        wide = _width(np.where(_older(around, lasting), around, np.nan)) / DECILES_APART
        # During a lasting event, the days so far do not show how much days differ.
        spread[:, now] = np.where(own, narrow, np.fmax(narrow, wide))
        degrees[:, now] = EFFICIENCY * np.where(enough, of_errors, known)
        # Before weekdays could be told apart, each weekend was an error, and is none of its kind.
        of_its_kind = np.where(own[:, None] & ~seasonal[:, first:now], OUT_OF_SAMPLE * left, around)
        rare[:, now] = _rare(np.abs(of_its_kind), np.maximum(lasting, SAME_EVENT))
        expected[known < fewest, now] = np.nan
    shares = _clipped(expected, rows)
    least = np.exp(-expected / 2.0) if counts else 0.0
    if rows is not None:
        least = np.sqrt(shares * (1.0 - shares) / np.maximum(rows, 1))
    scale = 1.0 if counts else np.abs(expected)
    spread = np.maximum(spread, np.maximum(floor * scale, least))
    # The probability is the frequency of such a distance in the past; beyond the largest one, it
    # decreases as a power.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = RARE_ERRORS / (degrees / EFFICIENCY + 1.0)
        tail = share * np.minimum(rare / np.abs(x - expected), 1.0) ** _TAIL
    tail = np.where(np.isfinite(tail), tail, 0.0)
    if counts:
        mean = np.maximum(np.exp(expected) - 0.5, 0.5)
        tail = np.fmax(tail, count_tail(y, mean, spread**2 - 1.0 / mean))
    if rows is not None:
        tail = np.fmax(tail, share_tail(y, np.broadcast_to(rows, y.shape), shares))
    return _bounded(y, x, expected, spread, degrees, tail, seasonal, counts=counts, level=level)


def _bounded(
    y: Floats,
    x: Floats,
    expected: Floats,
    spread: Floats,
    degrees: Floats,
    tail: Floats,
    seasonal: AnyArray,
    *,
    counts: bool,
    level: float,
) -> ExpectedSeries:
    degrees = np.clip(degrees, 1.0, _MOST_DEGREES)
    reach = student_quantile(0.5 + level / 2.0, degrees) * spread
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        z = np.where(x == expected, 0.0, (x - expected) / spread)
    p = np.minimum(1.0, np.maximum(2.0 * student_tail(np.abs(z), degrees), tail))
    ends = [expected, expected - reach, expected + reach]
    if counts:
        ends = [np.maximum(np.exp(end) - 0.5, 0.0) for end in ends]
    unknown = ~np.isfinite(expected)
    reason = np.full(y.shape, None, dtype=object)
    reason[~np.isfinite(y)] = VALUE_MISSING
    reason[unknown] = SHORT_HISTORY
    p = np.where(unknown | ~np.isfinite(y), np.nan, p)
    return ExpectedSeries(ends[0], ends[1], ends[2], z, p, seasonal & ~unknown, reason)


def _history(days: Counts) -> tuple[int, int]:
    """The first day that counts for the last of ``days``, and the minimum number of days."""
    now, past = days[-1], days[:-1]
    gaps = np.diff(past[-HISTORY_OF_BATCHES - 1 :])
    usual = float(np.median(gaps)) if len(gaps) else 0.0
    first = int(np.searchsorted(past, now - max(HISTORY, HISTORY_OF_BATCHES * usual)))
    sparse = first < len(past) and now - past[first] >= _SPARSE_DAYS
    return first, FEWEST_SPARSE if sparse and usual > 1 else FEWEST_HISTORY_DAYS


def _clipped(expected: Floats, rows: Counts | None) -> Floats:
    """Expected shares, limited to what the number of rows so far can distinguish from 0 and 1."""
    if rows is None:
        return expected
    before = np.cumsum(np.asarray(rows, dtype=np.float64)) - rows
    edge = 1.0 / (before + 2.0)
    return np.clip(expected, edge, 1.0 - edge)


def _usual(past: Floats, days: Counts) -> tuple[Floats, AnyArray]:
    """The usual value of each past day and of today, (s, past + 1), and whether by weekdays
    (s,)."""
    weekday = weekdays_of(days)
    today = weekday[-1]
    same = past[:, weekday[:-1] == today]
    own = np.isfinite(same).sum(axis=1) >= FEWEST_OF_A_WEEKDAY
    usual = np.repeat(_median(past)[:, None], len(days), axis=1)
    if own.any():
        for each in range(_WEEK):
            of_weekday = past[:, weekday[:-1] == each]
            few = np.isfinite(of_weekday).sum(axis=1) < FEWEST_OF_A_WEEKDAY
            median = np.where(few, np.nan, _median(of_weekday))
            usual[:, weekday == each] = np.where(own, median, usual[:, 0])[:, None]
    return usual, own


def _median(values: Floats) -> Floats:
    """Median of the known values of each row, NaN if there is none."""
    n = np.isfinite(values).sum(axis=-1)
    if values.shape[-1] == 0:
        return np.full(values.shape[:-1], np.nan)
    ordered = np.sort(np.where(np.isfinite(values), values, np.inf), axis=-1)
    low = np.take_along_axis(ordered, np.maximum((n - 1) // 2, 0)[..., None], axis=-1)[..., 0]
    high = np.take_along_axis(ordered, np.minimum(n // 2, values.shape[-1] - 1)[..., None], axis=-1)
    middle = low / 2.0 + high[..., 0] / 2.0
    return np.where(n > 0, middle, np.nan)


def _event_days(errors: Floats) -> Counts:
    """Days before the last one that may be of the same event, (s,), which may last for weeks."""
    now, before = errors[:, -1:], errors[:, -2::-1]
    with np.errstate(invalid="ignore"):
        alike = (before * now > 0) & (np.abs(before) >= ALIKE * np.abs(now))
    return np.asarray(np.cumprod(alike, axis=1).sum(axis=1), dtype=np.int64)


def _older(values: Floats, newest: Counts) -> AnyArray:
    """Mask of the days of each row without its newest ones."""
    length = values.shape[-1]
    return np.asarray(np.arange(length) < length - newest[:, None])


def _rare(sizes: Floats, newest: Counts) -> Floats:
    """The size that ``RARE_ERRORS`` of each row reach, without its newest days; 0 if there are
    fewer."""
    length = sizes.shape[-1]
    if length < RARE_ERRORS:
        return np.zeros(sizes.shape[:-1])
    known = np.where(np.isfinite(sizes) & _older(sizes, newest), sizes, 0.0)
    return np.asarray(np.partition(known, -RARE_ERRORS, axis=-1)[:, -RARE_ERRORS])


def _width(values: Floats) -> Floats:
    """Distance between the first and last decile of the known values of each row, NaN if there is
    none."""
    n = np.isfinite(values).sum(axis=-1)
    known = np.where(np.isfinite(values), values, np.inf)
    ordered = np.sort(known, axis=-1)
    rank = np.minimum(np.floor(n / 10.0).astype(np.int64), values.shape[-1] - 1)
    low = np.take_along_axis(ordered, rank[..., None], axis=-1)[..., 0]
    high = np.take_along_axis(ordered, np.maximum(n - 1 - rank, 0)[..., None], axis=-1)[..., 0]
    with np.errstate(invalid="ignore"):
        return np.where(n > 0, high - low, np.nan)
