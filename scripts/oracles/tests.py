"""Tail probabilities, tests, and corrections, compared with scipy."""

from __future__ import annotations

import numpy as np
from scipy import stats
from scripts.oracles.errors import Errors

from modelwatch.stats import special
from modelwatch.stats.verdicts.expected_series import count_tail, share_tail
from modelwatch.stats.verdicts.multiplicity import adjusted


def tails(errors: Errors, random: np.random.Generator) -> None:
    """One draw of every tail probability that tests use."""

    def add(key: str, oracle: str, found: object, expected: object, rounding: float = 1e-9) -> None:
        value, wanted = (float(np.asarray(x).reshape(-1)[0]) for x in (found, expected))
        errors.add(key, oracle, value, wanted, where="tails", rounding=rounding)

    df = int(random.integers(1, 500))
    x = float(random.gamma(1.0, df))
    found = special.chi_square_tail(np.array([x]), np.array([df]))
    add("tail of chi-square", "scipy chi2.sf", found, stats.chi2.sf(x, df))
    t = float(random.normal() * 10.0 ** random.uniform(-2, 2))
    found = special.student_tail(np.array([t]), np.array([float(df)]))
    add("tail of Student's t", "scipy t.sf", found, stats.t.sf(t, df))
    f, second = float(random.gamma(1.0, 2.0)), float(random.uniform(1, 900))
    found = special.f_tail(np.array([f]), float(df), np.array([second]))
    add("tail of F", "scipy f.sf", found, stats.f.sf(f, df, second))
    k = float(random.uniform(0.0, 4.0))
    add("tail of Kolmogorov", "scipy kstwobign.sf", special.kolmogorov_tail(np.array([k])),
        stats.kstwobign.sf(k))  # fmt: skip
    heads, tossed = int(random.integers(0, 300)), int(random.integers(1, 300))
    found = special.fair_coin_p_value(np.array([heads]), np.array([tossed]))
    add("fair coin", "scipy binomtest", found, stats.binomtest(heads, heads + tossed).pvalue)
    a, b = 10.0 ** random.uniform(-1, 9, size=2)
    at = float(stats.beta.ppf(random.random(), a, b))
    found = special.incomplete_beta(np.array([a]), np.array([b]), np.array([at]))
    add("incomplete beta", "scipy beta.cdf", found, stats.beta.cdf(at, a, b))
    mean, dispersion = 10.0 ** random.uniform(-1, 2.9), 10.0 ** random.uniform(-3, 1)
    size = 1.0 / dispersion
    chance = size / (size + mean)
    count = int(random.poisson(mean))
    sides = stats.nbinom.cdf(count, size, chance), stats.nbinom.sf(count - 1, size, chance)
    found = count_tail(np.array([float(count)]), np.array([mean]), np.array([dispersion]))
    add("count of rows", "scipy nbinom", found, min(1.0, 2.0 * min(sides)), 1e-8)
    rows, share = int(random.integers(1, 5000)), float(random.uniform(0.001, 0.999))
    hits = int(random.binomial(rows, share))
    sides = stats.binom.cdf(hits, rows, share), stats.binom.sf(hits - 1, rows, share)
    found = share_tail(np.array([hits / rows]), np.array([float(rows)]), np.array([share]))
    add("share of rows", "scipy binom", found, min(1.0, 2.0 * min(sides)), 1e-8)
    p = random.random(int(random.integers(1, 60))) ** random.choice([1.0, 6.0])
    for correction, method in (("benjamini_hochberg", "bh"), ("benjamini_yekutieli", "by")):
        wanted = stats.false_discovery_control(p, method=method)
        worst = int(np.abs(adjusted(p, correction) - wanted).argmax())
        oracle = f"scipy false_discovery_control, {method}"
        add(correction, oracle, adjusted(p, correction)[worst], wanted[worst])
