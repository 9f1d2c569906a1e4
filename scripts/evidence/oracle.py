"""Power of the best test for a fault: a test that knows the fault in advance.

The test knows what a monitor does not: which column breaks, how, and on which day. It uses the log
likelihood ratio of broken and unbroken rows (Neyman and Pearson 1933) over two windows, with
Student's t; for labels and scores of different rows, the ROC AUC of each day. It does not use
statistics, bins, or p-values of modelwatch. Its limits are those of every monitor: at most 5% of
quiet months may have a false alarm, over all columns and windows, and the variation of days is
known only from the days of the reference. With fewer than seven days, the test assumes a design
effect of ten, as a monitor does by default.

A fault that this test does not find is not of material size at that number of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ive
from scipy.stats import gamma, nct, norm, t
from scripts.evidence.targets import SEPARATOR
from scripts.evidence.world import World

if TYPE_CHECKING:
    from scripts.evidence.detection import Injected

MATERIAL = 0.95
"""Minimum power of the best test for a fault of material size."""
FALSE_ALARMS = 0.05
"""Share of quiet months in which the best test may have a false alarm."""
WINDOWS = 2
"""Windows that the test uses."""
COUNTED = frozenset({"dead", "collapsed", "duplicates", "fan_out", "late_labels", "no_labels"})
"""Faults of entire rows and labels, which are always of material size."""
REPEATED = frozenset({"stale", "frozen"})
OF_LABELS = frozenset({"flips", "shuffled"})
SHORT_REFERENCE = 7
"""Fewest days of a reference that show how much days differ."""
ASSUMED_DESIGN_EFFECT = 10.0
"""Design effect that is assumed with fewer days, as by default."""
_QUANTILES = 20
_FREQUENT = 0.005
"""Share of the rows from which a value of a numeric column has its own cell."""
_MOST_VALUES = 300
_PRIOR_ROWS = 20.0
"""Weight, in rows, of the prior that broken rows are like others."""


def oracle_power(quiet: World, case: Injected) -> float:
    """Probability that the best test finds a fault in a quiet world within two windows."""
    if case.fault.key in COUNTED:
        return 1.0
    days = quiet.rows["day"].to_numpy()
    first, last = case.start, case.start + WINDOWS * case.window_days - 1
    looked = np.unique(days[(days >= first) & (days <= last)])
    if not len(looked):
        return 0.0
    level = FALSE_ALARMS / _looks(quiet, case)
    if case.fault.key in REPEATED:
        return _of_repeats(quiet, case, looked, level)
    if case.fault.key == "branch_gone":
        return _of_missing_rows(quiet, case, looked, level)
    if case.fault.key in OF_LABELS:
        return _of_ranks(quiet, case, looked, level)
    return _of_likelihoods(quiet, case, looked, level)


def _looks(quiet: World, case: Injected) -> float:
    """Number of comparisons: columns times pairs of windows in a month, as for a monitor."""
    first, last = quiet.period.current
    return (len(quiet.table.features) + 2) * max(1.0, (last - first + 1) / case.window_days)


def _reference_days(quiet: World) -> int:
    first, last = quiet.period.reference
    days = np.unique(quiet.rows["day"].to_numpy())
    return max(1, int(((days >= first) & (days <= last)).sum()))


def _error(quiet: World, looked: np.ndarray, of_days: float, of_rows: float) -> float:
    """Standard error of the mean of days minus that of the reference.

    ``of_days``: standard deviation of a day. ``of_rows``: the same for independent rows.
    """
    reference = _reference_days(quiet)
    if reference < SHORT_REFERENCE:
        of_days = max(of_days, ASSUMED_DESIGN_EFFECT**0.5 * of_rows)
    return of_days * float(np.sqrt(1.0 / len(looked) + 1.0 / reference))


def _of_likelihoods(quiet: World, case: Injected, looked: np.ndarray, level: float) -> float:
    """Power of the mean log likelihood ratio of the rows, over the cells of the broken columns."""
    broken = case.world.rows
    days = broken["day"].to_numpy()
    # For a constant fault, all its days show the expected shares.
    last = looked[-1] if case.fault.key == "ramp" else days.max()
    broken = broken[(days >= looked[0]) & (days <= last)]
    both = pd.concat([quiet.rows, broken], ignore_index=True)
    unbroken = np.arange(len(both)) < len(quiet.rows)
    weight = both["weight"].to_numpy(dtype=np.float64)
    known, prior = unbroken, 0.5
    if _reference_days(quiet) < SHORT_REFERENCE:
        # Unseen values may be as frequent as the number of independent rows allows.
        first, end = quiet.period.reference
        day = both["day"].to_numpy()
        known, prior = unbroken & (day >= first) & (day <= end), 0.5 * ASSUMED_DESIGN_EFFECT
    ratio, variance = np.zeros(len(both)), 0.0
    for cells in _cells(both, unbroken, case):
        length = cells.max() + 1
        counts = [np.bincount(cells[of], weight[of], length) for of in (known, ~unbroken)]
        held = np.bincount(cells, minlength=length) > 0
        before = np.where(held, counts[0] + prior, 0.0)
        before /= before.sum()
        after = (counts[1] + _PRIOR_ROWS * before) / (counts[1].sum() + _PRIOR_ROWS)
        with np.errstate(divide="ignore", invalid="ignore"):
            of_cell = np.where(held, np.log(after / before), 0.0)
        ratio += of_cell[cells]
        variance += float(before @ of_cell**2 - (before @ of_cell) ** 2)
    usual = _by_day(quiet.rows["day"], ratio[unbroken], weight[unbroken])
    expected = float(np.average(ratio[~unbroken], weights=weight[~unbroken]))
    apart = expected - float(usual.mean())
    of_rows = float(np.sqrt(variance * len(usual) / weight[unbroken].sum()))
    error = _error(quiet, looked, float(usual.std(ddof=1)), of_rows)
    return _power(quiet, apart / error if error > 0 else np.inf * apart if apart else 0.0, level)


def _by_day(day: pd.Series, values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    frame = pd.DataFrame({"day": day.to_numpy(), "sum": values * weight, "weight": weight})
    found = frame.groupby("day").sum()
    return (found["sum"] / found["weight"]).to_numpy()


def _cells(rows: pd.DataFrame, unbroken: np.ndarray, case: Injected) -> Sequence[np.ndarray]:
    """The cell of each row in each column that a fault breaks, and in the column that limits it."""
    parts = case.target.split(SEPARATOR)
    if case.fault.key == "model":
        return [_coded(rows["probability"], unbroken)]
    if case.fault.key == "swap":
        return [_coded(rows[name], unbroken) for name in parts]
    cells = _coded(rows[parts[0]], unbroken)
    if len(parts) == 3:
        return [cells * 2 + (rows[parts[1]] == parts[2]).to_numpy(dtype=np.int64)]
    return [cells]


def _coded(values: pd.Series, unbroken: np.ndarray) -> np.ndarray:
    """Cells of a column: its frequent values, ranges of others, decimals or none, and null."""
    if values.dtype == object:
        known = values[unbroken].value_counts().index[:_MOST_VALUES]
        codes = pd.Categorical(values, categories=known).codes.astype(np.int64)
        return np.where(values.isna(), len(known) + 1, np.where(codes < 0, len(known), codes))
    number = values.to_numpy(dtype=np.float64)
    finite = np.isfinite(number)
    held = number[unbroken & finite]
    edges = np.unique(
        [
            *np.quantile(held, np.linspace(0.0, 1.0, _QUANTILES + 1)),
            np.nextafter(held.max(), np.inf),
        ]
    )
    found = np.searchsorted(edges, np.where(finite, number, 0.0), side="right")
    whole = (number == np.rint(np.where(finite, number, 0.5))).astype(np.int64)
    found = found * 2 + whole
    share = pd.Series(number[finite]).value_counts(normalize=True)
    frequent = np.sort(share[share >= _FREQUENT].index.to_numpy())
    at = np.searchsorted(frequent, np.where(finite, number, np.inf))
    own = np.zeros(len(number), dtype=bool)
    inside = at < len(frequent)
    own[inside] = frequent[at[inside]] == number[inside]
    first = 2 * (len(edges) + 1)
    found = np.where(own, first + at, found)
    return np.where(finite, found, first + len(frequent))


def _of_ranks(quiet: World, case: Injected, looked: np.ndarray, level: float) -> float:
    """Power of the ROC AUC of each day, in the rows with wrong labels or scores."""
    usual = _areas(quiet.rows, case)
    broken = case.world.rows
    now = _areas(broken[broken["day"] >= looked[0]], case)
    if len(usual) < 2 or not len(now):
        return 0.0
    error = _error(quiet, looked, float(usual.std(ddof=1)), 0.0)
    return _power(
        quiet, abs(float(usual.mean() - now.mean())) / error if error > 0 else np.inf, level
    )


def _areas(rows: pd.DataFrame, case: Injected) -> np.ndarray:
    """ROC AUC of the days that have labels of both classes."""
    if SEPARATOR in case.target:
        name, value = case.target.split(SEPARATOR)
        rows = rows[rows[name] == value]
    rows = rows[rows["late"].notna()]
    rank = rows.groupby("day")["probability"].rank().to_numpy()
    ranked = pd.DataFrame({"day": rows["day"], "late": rows["late"], "rank": rank})
    found = []
    for _, day in ranked.groupby("day"):
        positive = int(day["late"].sum())
        negative = len(day) - positive
        if positive and negative:
            ranks = float(day.loc[day["late"] == 1.0, "rank"].sum())
            found.append((ranks - positive * (positive + 1) / 2) / (positive * negative))
    return np.array(found)


def _of_missing_rows(quiet: World, case: Injected, looked: np.ndarray, level: float) -> float:
    """Power of the number of rows of a segment, or of their share, whichever differs more."""
    name, value = case.target.split(SEPARATOR)
    rows = quiet.rows
    weight = rows["weight"].groupby(rows["day"]).sum().to_numpy(dtype=np.float64)
    mine = rows["weight"].where(rows[name] == value, 0).groupby(rows["day"]).sum().to_numpy(float)
    left = (1.0 - case.size) * mine
    found = []
    for usual, now in ((mine, left), (mine / weight, left / np.maximum(weight - mine + left, 1.0))):
        of_rows = usual.mean() / np.sqrt(max(mine.mean(), 1.0))
        error = _error(quiet, looked, float(usual.std(ddof=1)), float(of_rows))
        found.append((usual.mean() - now.mean()) / error if error > 0 else np.inf)
    return _power(quiet, max(found), level)


def _of_repeats(quiet: World, case: Injected, looked: np.ndarray, level: float) -> float:
    """Power of the distance of counts from those of the previous day, for repeated days."""
    column = case.target
    codes = pd.factorize(pd.concat([quiet.rows[column], case.world.rows[column]]))[0]
    codes = np.where(codes < 0, codes.max() + 1, codes)
    of_quiet, of_broken = codes[: len(quiet.rows)], codes[len(quiet.rows) :]
    usual = _distances(quiet.rows, of_quiet, np.unique(quiet.rows["day"]))
    days = np.unique(case.world.rows["day"])
    seen = days[np.searchsorted(days, looked[0]) - 1 :][: len(looked) + 1]
    shown = _distances(case.world.rows, of_broken, seen)
    ties = _tie_chances(case.world.rows, of_broken, seen[1:])
    mean, variance = float(usual.mean()), float(usual.var(ddof=1))
    if mean <= 0 or variance <= 0:
        return 0.0
    shape = mean**2 / variance
    near = np.log(gamma.cdf(shown, shape, scale=mean / shape) + 1e-300)
    return float(np.maximum(near, ties).sum() <= np.log(level))


def _tie_chances(rows: pd.DataFrame, codes: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Logarithm of the probability that another day has exactly the counts of each given day.

    Two Poisson counts are equal with probability exp(-2 m) I0(2 m) (Skellam 1946), all cells
    together given that both days have as many rows.
    """
    day, weight = rows["day"].to_numpy(), rows["weight"].to_numpy(dtype=np.float64)
    found = []
    for one in days:
        held = day == one
        counts = np.bincount(codes[held], weight[held])
        found.append(np.log(ive(0, 2.0 * counts)).sum() - np.log(ive(0, 2.0 * counts.sum())))
    return np.minimum(np.array(found), 0.0)


def _distances(rows: pd.DataFrame, codes: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Chi-square distance of the counts of each given day from those of the previous day."""
    day, weight = rows["day"].to_numpy(), rows["weight"].to_numpy(dtype=np.float64)
    length = int(codes.max()) + 1
    ends = np.searchsorted(day, days), np.searchsorted(day, days, side="right")
    counts = [
        np.bincount(codes[start:stop], weight[start:stop], length)
        for start, stop in zip(*ends, strict=True)
    ]
    found = []
    for before, now in pairwise(counts):
        n, m = now.sum(), before.sum()
        held = (now + before) > 0
        apart = (now / n - before / m)[held] ** 2 / (now + before)[held]
        found.append(n * m * apart.sum())
    return np.array(found)


def _power(quiet: World, effect: float, level: float) -> float:
    """Power of a one-sided test at a distance in standard errors.

    Noncentral Student's t with the days of the reference; normal if the variance is assumed.
    """
    degrees = _reference_days(quiet) - 1.0
    if not np.isfinite(effect):
        return float(effect > 0)
    if degrees < SHORT_REFERENCE - 1:
        return float(norm.sf(norm.isf(level) - effect))
    # Further out, the noncentral distribution has no precision left.
    return float(nct.sf(t.isf(level, degrees), degrees, min(effect, 30.0)))
