"""Golden values of tests and comparisons, with statsmodels, scipy and scikit-learn alone.

statsmodels is not in the environment of this project:

    python -m venv .venv-nannyml
    .venv-nannyml/bin/python -m pip install nannyml==0.13.1 statsmodels
    .venv-nannyml/bin/python scripts/golden/inference.py > tests/golden/inference.json
"""

from __future__ import annotations

import json
import sys

import numpy as np
from scipy import stats
from sklearn.metrics import roc_auc_score
from statsmodels.stats.contingency_tables import StratifiedTable, mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

SEED = 20130208


def mcnemar_cases() -> list[dict[str, object]]:
    """McNemar's test, exact and with the continuity correction."""
    cases = []
    for b, c in [(1, 7), (12, 3), (40, 61), (250, 200), (0, 5)]:
        table = [[30, b], [c, 20]]
        corrected = mcnemar(table, exact=False, correction=True)
        cases.append(
            {
                "champion_only": b,
                "challenger_only": c,
                "exact_p_value": float(mcnemar(table, exact=True).pvalue),
                "chi_square": float(corrected.statistic),
                "p_value": float(corrected.pvalue),
            }
        )
    return cases


def delong(label: np.ndarray, first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Difference of two ROC AUCs of the same rows, second minus first, and its standard error.

    Structural components of DeLong, DeLong and Clarke-Pearson (1988), from all pairs.
    """
    positive, negative = label == 1, label == 0
    over_positives, over_negatives, areas = [], [], []
    for score in (first, second):
        wins = score[positive][:, None] - score[negative][None, :]
        psi = (wins > 0) + 0.5 * (wins == 0)
        over_positives.append(psi.mean(axis=1))
        over_negatives.append(psi.mean(axis=0))
        areas.append(psi.mean())
        assert abs(psi.mean() - roc_auc_score(label, score)) < 1e-12
    covariance = np.cov(over_positives) / positive.sum() + np.cov(over_negatives) / negative.sum()
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    return float(areas[1] - areas[0]), float(np.sqrt(variance))


def delong_case(random: np.random.Generator) -> dict[str, object]:
    """Random rows of a champion and a challenger, by day."""
    n, days = 3000, 60
    truth = random.normal(size=n)
    label = (random.random(n) < 1 / (1 + np.exp(-truth))).astype(int)
    scores = [
        (1 / (1 + np.exp(-(truth + random.normal(0, noise, n))))).round(2) for noise in (1.2, 0.8)
    ]
    value, error = delong(label, *scores)
    return {
        "day": random.integers(0, days, n).tolist(),
        "label": label.tolist(),
        "champion": scores[0].tolist(),
        "challenger": scores[1].tolist(),
        "difference": value,
        "standard_error": error,
    }


def stratified_case(tables: np.ndarray) -> dict[str, object]:
    """Tests of 2 by 2 tables of strata, (S, 2, 2)."""
    held = StratifiedTable(np.moveaxis(tables, 0, 2).astype(float))
    null = held.test_null_odds(correction=False)
    lower, upper = held.oddsratio_pooled_confint()
    equal, adjusted = held.test_equal_odds(adjust=False), held.test_equal_odds(adjust=True)
    return {
        "tables": tables.tolist(),
        "statistic": float(null.statistic),
        "p_value": float(null.pvalue),
        "odds_ratio": float(held.oddsratio_pooled),
        "lower": float(lower),
        "upper": float(upper),
        "breslow_day": float(equal.statistic),
        "breslow_day_p_value": float(equal.pvalue),
        "tarone": float(adjusted.statistic),
        "tarone_p_value": float(adjusted.pvalue),
    }


def kidney_stones() -> np.ndarray:
    """Simpson's paradox of Charig et al. (1986): treatment by success, small and large stones."""
    return np.array([[[81, 6], [234, 36]], [[192, 71], [55, 25]]])


def drawn(random: np.random.Generator, ratios: list[float]) -> np.ndarray:
    """Tables with given odds ratios."""
    tables = []
    for ratio in ratios:
        n = random.integers(40, 300, 2)
        odds = random.uniform(0.2, 1.5)
        shares = [odds * ratio / (1 + odds * ratio), odds / (1 + odds)]
        hits = [random.binomial(rows, share) for rows, share in zip(n, shares, strict=True)]
        tables.append([[hits[0], n[0] - hits[0]], [hits[1], n[1] - hits[1]]])
    return np.array(tables)


def functions() -> dict[str, object]:
    """Special functions."""
    degrees = [1, 2, 3, 6, 29, 364, 100000]
    return {
        "student_tail": [
            [t, df, float(stats.t.sf(t, df))] for t in (-3.0, 0.0, 0.7, 2.0, 25.0) for df in degrees
        ],
        "student_quantile": [
            [p, df, float(stats.t.ppf(p, df))]
            for p in (0.025, 0.5, 0.9, 0.975, 0.999)
            for df in degrees
        ],
        "normal_tail": [[x, float(stats.norm.sf(x))] for x in (-9.0, -1.0, 0.0, 0.3, 2.0, 12.0)],
        "fair_coin": [
            [h, t, float(stats.binomtest(h, h + t).pvalue)]
            for h, t in ((0, 1), (3, 3), (0, 9), (10, 2), (480, 600), (100000, 101000))
        ],
    }


def main() -> None:
    """Write all cases as JSON."""
    random = np.random.default_rng(SEED)
    p_values = (random.random(30) ** 3).round(6)
    p_values[5] = p_values[7]
    ratio = stats.chisquare([5120, 4880], [5000, 5000])
    three = stats.chisquare([310, 190, 510], np.array([0.3, 0.2, 0.5]) * 1010)
    json.dump(
        {
            "mcnemar": mcnemar_cases(),
            "delong": delong_case(random),
            "stratified": [
                stratified_case(kidney_stones()),
                stratified_case(drawn(random, [1.0, 1.0, 1.0, 1.0])),
                stratified_case(drawn(random, [2.0, 2.0, 2.0])),
                stratified_case(drawn(random, [0.3, 3.0, 1.0, 5.0])),
                stratified_case(drawn(random, [0.15, 0.2])),
            ],
            "benjamini_hochberg": {
                "p_values": p_values.tolist(),
                "adjusted": multipletests(p_values, method="fdr_bh")[1].tolist(),
            },
            "sample_ratio": [
                {"rows": [5120, 4880], "intended": [1, 1], "p_value": float(ratio.pvalue)},
                {"rows": [310, 190, 510], "intended": [3, 2, 5], "p_value": float(three.pvalue)},
            ],
            "two_proportions": float(
                proportions_ztest([30, 80], [200, 900], alternative="larger")[1]
            ),
            "functions": functions(),
        },
        sys.stdout,
    )
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
