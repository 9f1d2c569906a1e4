"""Tests and intervals without a function in scipy, compared with their definitions.

Implemented from the sources named in the functions, with scipy's distributions and root finder:
score intervals of shares, tests across strata, comparisons of two models, and intervals from days.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize, stats
from scripts.oracles.errors import Errors

from modelwatch.stats.attribution.stratified import stratified
from modelwatch.stats.comparison.paired import mcnemar
from modelwatch.stats.comparison.traffic_split import FEW_EXPECTED, sample_ratio
from modelwatch.stats.performance.jackknife import day_interval
from modelwatch.stats.performance.metrics import performance
from modelwatch.stats.performance.row_intervals import iid_interval
from performance_samples import binary_states
from samples import numeric_binning


def _add(errors: Errors, key: str, oracle: str, found: object, expected: object, **more) -> None:
    value, wanted = (float(np.asarray(x).reshape(-1)[0]) for x in (found, expected))
    errors.add(key, oracle, value, wanted, **more)


def shares(errors: Errors, random: np.random.Generator) -> None:
    """Score intervals of metrics that are shares of rows, also of very few rows."""
    rows = int(random.integers(2, 400))
    score = random.random(rows)
    label = (random.random(rows) < random.choice([0.0, 0.02, 0.5, 1.0])).astype(np.int64)
    decision = (score >= random.choice([0.02, 0.5, 0.98])).astype(np.int64)
    states = binary_states(numeric_binning([0.0, 0.5, 1.0]), score, decision, label + 1)
    level = float(random.choice([0.8, 0.95, 0.99]))
    z = float(stats.norm.isf((1.0 - level) / 2.0))
    counted = {
        "precision": (label == 1, decision == 1),
        "recall": (decision == 1, label == 1),
        "specificity": (decision == 0, label == 0),
        "base_rate": (label == 1, np.ones(rows, dtype=bool)),
        "selection_rate": (decision == 1, np.ones(rows, dtype=bool)),
    }
    for key, (hit, among) in counted.items():
        n, share = int(among.sum()), float(hit[among].mean()) if among.any() else math.nan
        found = iid_interval(key, states, level=level)

        def beyond(p: float, n: int = n, share: float = share) -> float:
            return n * (share - p) ** 2 - z * z * p * (1.0 - p)

        for side, value, at_end, ends in (
            ("lower", found.lower, 0.0, (0.0, share)),
            ("upper", found.upper, 1.0, (share, 1.0)),
        ):
            expected = math.nan
            if n:
                expected = at_end
                if share != at_end:
                    # A share at the other end is itself a root.
                    inner = np.clip(ends, 1e-15, 1.0 - 1e-15)
                    expected = float(optimize.brentq(beyond, *inner, xtol=1e-15))
            _add(errors, f"{key}, {side} end", "roots of the score test", value, expected,
                 where=f"{n} rows", rounding=1e-8)  # fmt: skip


def strata(errors: Errors, random: np.random.Generator) -> None:
    """Cochran-Mantel-Haenszel, the pooled odds ratio with its interval, and Breslow-Day."""
    size = random.choice([2.0, 8.0, 60.0])
    tables = random.poisson(size * random.random((int(random.integers(1, 9)), 2, 2)))
    if random.random() < 0.3:
        tables[0] *= 1000
    kept = [t for t in tables if t.sum(axis=0).all() and t.sum(axis=1).all()]
    found = stratified(tables)
    if not kept:
        return
    table = np.array(kept, dtype=np.float64)
    drawn = [stats.hypergeom(int(t.sum()), int(t[0].sum()), int(t[:, 0].sum())) for t in kept]
    gap = sum(t[0, 0] - h.mean() for t, h in zip(kept, drawn, strict=True))
    statistic = gap**2 / sum(h.var() for h in drawn)
    where = f"{len(kept)} strata"
    oracle = "scipy hypergeom, chi2"
    _add(errors, "Cochran-Mantel-Haenszel", oracle, found.statistic, statistic, where=where)
    expected = stats.chi2.sf(statistic, 1)
    _add(errors, "its p-value", oracle, found.p_value, expected, where=where)
    n = table.sum(axis=(1, 2))
    r, s = table[:, 0, 0] * table[:, 1, 1] / n, table[:, 0, 1] * table[:, 1, 0] / n
    if not r.sum() or not s.sum():
        return
    ratio = float(r.sum() / s.sum())
    p, q = (table[:, 0, 0] + table[:, 1, 1]) / n, (table[:, 0, 1] + table[:, 1, 0]) / n
    variance = (
        np.sum(p * r) / (2.0 * r.sum() ** 2)
        + np.sum(p * s + q * r) / (2.0 * r.sum() * s.sum())
        + np.sum(q * s) / (2.0 * s.sum() ** 2)
    )
    ends = np.exp(np.log(ratio) + stats.norm.ppf([0.025, 0.975]) * math.sqrt(variance))
    oracle = "Robins, Breslow and Greenland"
    for key, value, wanted in (
        ("pooled odds ratio", found.stratified.value, ratio),
        ("pooled odds ratio, lower end", found.stratified.lower, ends[0]),
        ("pooled odds ratio, upper end", found.stratified.upper, ends[1]),
    ):
        _add(errors, key, oracle, math.log(value), math.log(wanted), where=where)
    if len(kept) > 1:
        _breslow_day(errors, table, ratio, found.breslow_day, found.tarone, where)


def _breslow_day(
    errors: Errors, table: np.ndarray, ratio: float, plain: float, tarone: float, where: str
) -> None:
    gaps, variances = [], []
    for (a, b), (c, d) in table:
        n1, n0, m1 = a + b, c + d, a + c

        def off(x: float, n1: float = n1, n0: float = n0, m1: float = m1) -> float:
            return x * (n0 - m1 + x) - ratio * (n1 - x) * (m1 - x)

        low, high = max(0.0, m1 - n0), min(n1, m1)
        x = float(optimize.brentq(off, low, high, xtol=1e-14, rtol=1e-14))
        cells = (x, n1 - x, m1 - x, n0 - m1 + x)
        gaps.append(a - x)
        variances.append(1.0 / sum(1.0 / cell for cell in cells))
    gap, variance = np.array(gaps), np.array(variances)
    statistic = float(np.sum(gap**2 / variance))
    oracle = "scipy brentq for the expected cells"
    relative = 1e-6  # the variance of an expected cell near its bound is determined by rounding
    _add(errors, "Breslow-Day", oracle, plain, statistic, where=where, rounding=relative)
    corrected = statistic - gap.sum() ** 2 / variance.sum()
    _add(errors, "Tarone", oracle, tarone, corrected, where=where, rounding=relative)


def pairs(errors: Errors, random: np.random.Generator) -> None:
    """McNemar's test, and the split of traffic between models."""
    decided = random.poisson(random.choice([0.5, 5.0, 200.0]), size=(1, 2, 2, 3))
    found = mcnemar(decided)
    champion = int(decided[0, 1, 0, 2] + decided[0, 0, 1, 1])
    challenger = int(decided[0, 0, 1, 2] + decided[0, 1, 0, 1])
    if champion + challenger:
        exact = stats.binomtest(champion, champion + challenger).pvalue
        _add(errors, "McNemar, exact", "scipy binomtest", found.exact_p_value, exact, where="pairs")
        apart = max(abs(champion - challenger) - 1.0, 0.0) ** 2 / (champion + challenger)
        tail = stats.chi2.sf(apart, 1)
        _add(errors, "McNemar", "scipy chi2, Edwards", found.p_value, tail, where="pairs")
    models = int(random.integers(2, 5))
    split = random.dirichlet(np.full(models, 2.0))
    rows = random.multinomial(int(random.choice([20, 300, 50_000])), split + 0.0)
    weights = split if random.random() < 0.5 else random.dirichlet(np.full(models, 5.0))
    weights = np.clip(weights, 1e-3, None)
    weights = weights / weights.sum()
    ratio = sample_ratio(rows[None, :], weights)
    known = stats.chisquare(rows, rows.sum() * weights)
    _add(errors, "split of traffic", "scipy chisquare", ratio.chi_square.value, known.statistic,
         where=f"{models} models")  # fmt: skip
    expected = float(known.pvalue)
    if rows.sum() * weights.min() < FEW_EXPECTED:
        tested = range(1) if models == 2 else range(models)
        each = [stats.binomtest(int(rows[i]), int(rows.sum()), weights[i]).pvalue for i in tested]
        expected = min(1.0, min(each) * len(each))
    _add(errors, "split of traffic, p-value", "scipy chisquare, binomtest", ratio.p_value.value,
         expected, where=f"{models} models", rounding=1e-8)  # fmt: skip


def days(errors: Errors, random: np.random.Generator) -> None:
    """Delete-one-day intervals: for a mean over days of equal size, those of Student's t."""
    n = int(random.integers(3, 60))
    first, other = random.normal(size=n), random.standard_t(2, size=int(random.integers(3, 40)))
    without = [(x.sum() - x)[:, None] / (len(x) - 1) for x in (first, other)]
    found = day_interval(np.array([first.mean()]), [without[0]])
    expected = stats.ttest_1samp(first, 0.0)
    low = expected.confidence_interval(0.95).low
    where = "days"
    _add(errors, "interval of days, lower end", "scipy ttest_1samp", found.lower, low, where=where)
    _add(errors, "interval of days, p-value", "scipy ttest_1samp", found.p_value,
         expected.pvalue, where=where)  # fmt: skip
    both = day_interval(np.array([first.mean() - other.mean()]), without)
    welch = stats.ttest_ind(first, other, equal_var=False)
    _add(errors, "change between days, p-value", "scipy ttest_ind, Welch", both.p_value,
         welch.pvalue, where=where)  # fmt: skip
    high = welch.confidence_interval(0.95).high
    _add(errors, "change between days, upper end", "scipy ttest_ind, Welch", both.upper, high,
         where=where)  # fmt: skip


def areas(errors: Errors, random: np.random.Generator) -> None:
    """DeLong's standard error of a ROC AUC, from all pairs of rows."""
    rows = int(random.integers(10, 300))
    score = np.round(random.random(rows), 1)
    label = (random.random(rows) < random.choice([0.1, 0.5])).astype(np.int64)
    if not 1 < label.sum() < rows - 1:
        return
    binning = numeric_binning(np.unique(score).tolist())
    states = binary_states(binning, score, np.zeros(rows, dtype=np.int64), label + 1)
    positive, negative = score[label == 1][:, None], score[label == 0][None, :]
    won = (positive > negative) + 0.5 * (positive == negative)
    variance = won.mean(axis=1).var(ddof=1) / len(won) + won.mean(axis=0).var(ddof=1) / won.shape[1]
    found = iid_interval("roc_auc", states)
    value = float(performance(states, ["roc_auc"])["roc_auc"].value[0])
    _add(errors, "roc_auc (scores in bins)", "all pairs", value, won.mean(), where="areas")
    if 0.0 < value < 1.0 and float(found.upper[0]) < 1.0:
        reach = (float(found.upper[0]) - value) / stats.norm.ppf(0.975)
        _add(errors, "standard error of roc_auc", "DeLong over all pairs", reach,
             math.sqrt(variance), where="areas", rounding=1e-8)  # fmt: skip
