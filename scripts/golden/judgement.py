"""Golden values of the tests behind verdicts, with statsmodels, scipy, and loops only.

statsmodels is not in the environment of this project:

    python -m venv .venv-nannyml
    .venv-nannyml/bin/python -m pip install nannyml==0.13.1 statsmodels
    .venv-nannyml/bin/python scripts/golden/judgement.py > tests/golden/judgement.json
"""

from __future__ import annotations

import itertools
import json
import math
import sys

import numpy as np
from scipy import linalg, stats
from scipy.spatial.distance import mahalanobis
from statsmodels.stats.multitest import multipletests

SEED = 20130209


def corrections() -> list[dict[str, object]]:
    """p-values corrected for the number of comparisons."""
    random = np.random.default_rng(SEED)
    cases = [
        random.random(12),
        random.random(40) ** 3,
        np.array([0.01, 0.01, 0.04, 0.04, 1.0, 0.0]),
    ]
    names = {"benjamini_hochberg": "fdr_bh", "benjamini_yekutieli": "fdr_by"}
    return [
        {
            "p": p.tolist(),
            **{key: multipletests(p, method=m)[1].tolist() for key, m in names.items()},
        }
        for p in cases
    ]


def tails_of_f() -> list[list[float]]:
    """Ratio, two degrees of freedom, probability of a larger ratio."""
    ratios, first, second = (
        (0.01, 0.5, 1.0, 3.7, 12.0, 80.0),
        (0.3, 1.0, 7.5, 60.0),
        (0.9, 6.0, 200.0),
    )
    return [
        [r, v, w, float(stats.f.sf(r, v, w))]
        for r, v, w in itertools.product(ratios, first, second)
    ]


def thresholds(n: int) -> list[list[float]]:
    """Degrees of freedom, and the squared distance that one in a thousand normal rows exceeds."""
    return [[d, float(stats.chi2.isf(1e-3, d))] for d in range(1, n)]


def deviance(residual: np.ndarray, days: np.ndarray) -> float:
    """-2 log likelihood of an autoregression, from its covariance, at the best of the correlations.

    The variance is profiled out, and constants are omitted: n log(r' C^-1 r / n) + log det C.
    """
    n, best = len(residual), math.inf
    for alike in np.linspace(0.0, 0.95, 20):
        correlation = alike ** np.abs(days[:, None] - days[None, :]).astype(float)
        np.fill_diagonal(correlation, 1.0)
        square = residual @ linalg.solve(correlation, residual)
        best = min(best, n * math.log(square / n) + np.linalg.slogdet(correlation)[1])
    return best


def level_squares(y: np.ndarray, w: np.ndarray, cuts: tuple[int, ...]) -> tuple[float, np.ndarray]:
    """Weighted squares around the levels between the cuts, and the level of each day."""
    fitted = np.empty(len(y))
    for start, stop in itertools.pairwise((0, *cuts, len(y))):
        fitted[start:stop] = np.average(y[start:stop], weights=w[start:stop])
    return float((w * (y - fitted) ** 2).sum()), fitted


def best_levels(y: np.ndarray, w: np.ndarray, count: int) -> tuple[tuple[int, ...], np.ndarray]:
    """The division of a series into levels of at least two days with the least squares."""
    ways = [
        cuts
        for cuts in itertools.combinations(range(2, len(y) - 1), count)
        if all(b - a >= 2 for a, b in itertools.pairwise((0, *cuts, len(y))))
    ]
    found = min(ways, key=lambda cuts: level_squares(y, w, cuts)[0])
    return found, level_squares(y, w, found)[1]


def best_ramp(y: np.ndarray, w: np.ndarray, t: np.ndarray) -> tuple[int, int, np.ndarray]:
    """The ramp of at least a week and three values with the least squares."""
    best = (math.inf, 0, 0, y)
    for foot in range(len(y)):
        for head in range(foot + 2, len(y)):
            if t[head] - t[foot] < 7:
                continue
            x = np.interp(t, [t[foot], t[head]], [0.0, 1.0])
            design = np.stack([np.ones(len(y)), x], axis=1) * np.sqrt(w)[:, None]
            fitted = (
                np.stack([np.ones(len(y)), x], axis=1) @ linalg.lstsq(design, np.sqrt(w) * y)[0]
            )
            best = min(
                best, (float((w * (y - fitted) ** 2).sum()), foot, head, fitted), key=lambda b: b[0]
            )
    return best[1], best[2], best[3]


def shapes() -> list[dict[str, object]]:
    """Best levels and ramps of short series, by exhaustive search, and their deviances."""
    random = np.random.default_rng(SEED)
    cases = []
    for name in ("step", "steps", "ramp", "gaps"):
        days = np.arange(20)
        if name == "gaps":
            days = np.sort(random.choice(32, 20, replace=False))
        n = len(days)
        level = {
            "step": 3.0 * (days >= 12),
            "steps": 3.0 * (days >= 6) - 4.0 * (days >= 13),
            "ramp": 5.0 * np.clip((days - 4) / 10, 0, 1),
            "gaps": 2.5 * (days >= 15),
        }[name]
        y = level + random.standard_normal(n)
        w = random.uniform(0.5, 2.0, n)
        w = w / w.mean()
        case: dict[str, object] = {"name": name, "days": days.tolist(), "values": y.tolist()}
        case["weights"] = w.tolist()
        scale = np.sqrt(w)
        levels = []
        for count in range(4):
            cuts, fitted = best_levels(y, w, count)
            levels.append({"cuts": list(cuts), "deviance": deviance(scale * (y - fitted), days)})
        foot, head, fitted = best_ramp(y, w, days)
        case["levels"] = levels
        case["ramp"] = {
            "foot": foot,
            "head": head,
            "deviance": deviance(scale * (y - fitted), days),
        }
        cases.append(case)
    return cases


def stretches() -> list[dict[str, object]]:
    """Adaptive windows from raw rows, by testing every cut of every window, block by block."""
    random = np.random.default_rng(SEED)
    cases = []
    for step, effect in [(0.0, 1.0), (0.8, 1.0), (0.8, 4.0), (2.0, 10.0)]:
        sizes = random.integers(20, 60, 24)
        blocks = [random.normal(5.0 + step * (i >= 14), 1.0, size) for i, size in enumerate(sizes)]
        first, starts = 0, []
        for last in range(len(blocks)):
            while parts(blocks[first : last + 1], effect):
                first += 1
            starts.append(first)
        cases.append(
            {
                "effect": effect,
                "count": sizes.tolist(),
                "sum": [float(b.sum()) for b in blocks],
                "squares": [float((b**2).sum()) for b in blocks],
                "start": starts,
            }
        )
    return cases


def parts(blocks: list[np.ndarray], effect: float) -> bool:
    """Whether the means on the two sides of any cut differ by more than the bound."""
    cuts = range(2, len(blocks) - 1)
    for cut in cuts:
        left, right = np.concatenate(blocks[:cut]), np.concatenate(blocks[cut:])
        m = 1.0 / (effect / len(left) + effect / len(right))
        rows = np.concatenate(blocks)
        log = math.log(2.0 * len(cuts) / 0.002)
        bound = math.sqrt(2.0 / m * rows.var() * log) + 2.0 / (3.0 * m) * rows.std() * log
        if abs(left.mean() - right.mean()) > bound:
            return True
    return False


def far_rows() -> dict[str, object]:
    """Mahalanobis distances of rows, and the contribution of each feature."""
    random = np.random.default_rng(SEED)
    mean, sd = np.array([1.0, -2.0, 0.5]), np.array([1.0, 0.5, 2.0])
    correlation = np.array([[1.0, 0.6, -0.3], [0.6, 1.0, 0.1], [-0.3, 0.1, 1.0]])
    covariance = correlation * np.outer(sd, sd)
    rows = mean + random.standard_normal((6, 3)) * 2.0 * sd
    inverse = linalg.inv(covariance)
    whitening = linalg.inv(linalg.sqrtm(correlation)).real
    return {
        "mean": mean.tolist(),
        "sd": sd.tolist(),
        "correlation": correlation.tolist(),
        "rows": rows.tolist(),
        "square": [mahalanobis(row, mean, inverse) ** 2 for row in rows],
        "p_value": [float(stats.chi2.sf(mahalanobis(row, mean, inverse) ** 2, 3)) for row in rows],
        "parts": [((whitening @ ((row - mean) / sd)) ** 2).tolist() for row in rows],
        "without_second": [
            mahalanobis(row[[0, 2]], mean[[0, 2]], linalg.inv(covariance[np.ix_([0, 2], [0, 2])]))
            ** 2
            for row in rows
        ],
    }


if __name__ == "__main__":
    json.dump(
        {
            "corrections": corrections(),
            "tails_of_f": tails_of_f(),
            "thresholds": thresholds(12),
            "shapes": shapes(),
            "stretches": stretches(),
            "far_rows": far_rows(),
        },
        sys.stdout,
        indent=None,
    )
    sys.stdout.write("\n")
