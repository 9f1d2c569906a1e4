"""Drift statistics and profiles, compared with numpy, scipy, and scikit-learn on raw rows."""

from __future__ import annotations

import math

import numpy as np
from scipy import special, stats
from scripts.golden.drift_statistics import DISTANCES, of_cells
from scripts.oracles.draws import NUMBERS, two_samples, words
from scripts.oracles.errors import Errors

from modelwatch.stats.drift.comparison import Comparison, quantile_groups
from modelwatch.stats.drift.correlation import pair_positions
from modelwatch.stats.drift.distance import spread_of
from modelwatch.stats.drift.divergence import DECILES, FINE_GROUPS
from modelwatch.stats.drift.statistics import drift, error_bounds
from modelwatch.stats.profile.far_values import centers
from modelwatch.stats.profile.metrics import profile
from samples import (
    categorical_binning,
    categorical_state,
    numeric_binning,
    numeric_state,
    pair_state,
)

LEVELS = {"q01": 0.01, "q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95, "q99": 0.99}
_OF_CELLS = (*DISTANCES, "psi", "chi_square", "chi_square_p_value", "cramers_v")
_ORACLE_OF_CELLS = {
    "jensen_shannon": "scipy jensenshannon",
    "hellinger": "scipy euclidean of roots",
    "total_variation": "scipy cityblock",
    "l_infinity": "scipy chebyshev",
    "psi": "the sum in Python",
    "chi_square": "scipy chi2_contingency",
    "chi_square_p_value": "scipy chi2_contingency",
    "cramers_v": "scipy chi2_contingency, Bergsma",
}
_MOMENT_ROUNDING = 2e-6
"""Error bound of a standard deviation, in scales of the bins (stats/states/moments.py)."""


def numbers(errors: Errors, random: np.random.Generator, name: str) -> None:
    """One draw of a numeric feature."""
    current, reference = two_samples(random, NUMBERS[name])
    binning = numeric_binning(reference.tolist())
    comparison = Comparison(
        numeric_state(binning, current.tolist()), numeric_state(binning, reference.tolist())
    )
    found = drift(comparison)
    bounds = error_bounds(comparison, found)

    def add(key: str, oracle: str, expected: float, **more: float) -> None:
        value, bound = float(found[key].value[0]), float(bounds[key][0])
        errors.add(key, oracle, value, expected, where=name, **{"bound": bound, **more})

    distance = float(stats.ks_2samp(current, reference, method="asymp").statistic)
    n, m = len(current), len(reference)
    add("ks", "scipy ks_2samp", distance)
    tail = float(special.kolmogorov(math.sqrt(n * m / (n + m)) * distance))
    add("ks_p_value", "scipy kolmogorov", tail)
    unit = float(spread_of(comparison.numeric[1])[0])
    moved = stats.wasserstein_distance(current / unit, reference / unit)
    # Rounding of a sum with one term per row, each as large as the largest value.
    rounding = 1e-12 * max(1.0, float(np.abs(np.append(current, reference) / unit).max()))
    add("wasserstein", "scipy wasserstein_distance", float(moved), rounding=1e-9 + rounding)
    _of_groups(add, comparison, current, reference)
    _moments(errors, add, comparison, current, reference, name)
    add("zero_share_change", "numpy mean", float((current == 0).mean() - (reference == 0).mean()))
    metrics = profile(comparison.numeric[0])
    for key, level in {**LEVELS, "min": 0.0, "max": 1.0}.items():
        expected = float(np.quantile(current, level, method="inverted_cdf"))
        one = metrics[key]
        # In spreads: an absolute error is meaningless for a quantile of 1e300.
        errors.add(
            key,
            "numpy quantile, inverted_cdf",
            float(one.value[0] / unit),
            expected / unit,
            where=name,
            bound=float(one.error_bound[0] / unit),
        )


def _of_groups(add, comparison: Comparison, current: np.ndarray, reference: np.ndarray) -> None:
    """Statistics over quantile groups of the reference, from counts of raw rows."""
    state = comparison.numeric[1]
    for groups, beyond in ((FINE_GROUPS, True), (DECILES, False)):
        group = quantile_groups(state.quantities, groups, beyond=beyond)[0]
        edges = state.binning.edges[np.flatnonzero(np.diff(group, prepend=-1))]
        sides = [
            np.bincount(np.searchsorted(edges, x, side="right"), minlength=len(edges) + 1).tolist()
            for x in (current, reference)
        ]
        expected = _of_cells(*sides)
        for key, value in expected.items():
            if (key in DISTANCES) == beyond:
                rounding = 1e-7 if key in ("jensen_shannon", "hellinger", "cramers_v") else 1e-9
                add(key, _ORACLE_OF_CELLS[key], value, rounding=rounding)


def _of_cells(current: list[int], reference: list[int]) -> dict[str, float]:
    """Statistics of two samples over cells; NaN if the oracle has no value, as for one cell."""
    held = [pair for pair in zip(current, reference, strict=True) if sum(pair)]
    try:
        with np.errstate(all="ignore"):
            return of_cells([c for c, _ in held], [r for _, r in held])
    except (ValueError, ZeroDivisionError):
        return {}


def _moments(
    errors: Errors,
    add,
    comparison: Comparison,
    current: np.ndarray,
    reference: np.ndarray,
    name: str,
) -> None:
    scale = comparison.numeric[0].binning.scale
    known = [np.asarray(x / scale, dtype=np.longdouble) for x in (current, reference)]
    sd = [float(np.std(x, ddof=1)) for x in known]
    mean = [float(np.mean(x)) for x in known]
    metrics = profile(comparison.numeric[0], keys=["mean", "sd"])
    for key, expected in (("mean", mean[0]), ("sd", sd[0])):
        found = float(metrics[key].value[0] / scale)
        rounding = 1e-9 if key == "mean" else _MOMENT_ROUNDING
        errors.add(key, "numpy", found, expected, where=name, rounding=rounding)
    # The definition excludes a few extreme rows from both sides.
    spoiled = any(
        center.mean[0] != side.moments.mean[0]
        for center, side in zip(centers(comparison), comparison.numeric, strict=True)
    )
    if spoiled or min(sd) < 1e-4:
        return  # excluded by the definition, or within rounding of the scale
    rounding = 2.0 * _MOMENT_ROUNDING / min(sd)
    change = (mean[0] - mean[1]) / sd[1]
    add("mean_change_in_sd", "numpy mean, std", change, bound=0.0, rounding=rounding)
    ratio = math.log(sd[0] / sd[1])
    add("sd_log_ratio", "numpy std", ratio, bound=0.0, rounding=rounding)


def categories(errors: Errors, random: np.random.Generator) -> None:
    """One draw of a categorical feature; sometimes not all of its values have a bin."""
    current, reference = words(random)
    kept = int(random.choice([5, 50, 500]))
    binning = categorical_binning(reference, max_values=kept)
    comparison = Comparison(
        categorical_state(binning, current), categorical_state(binning, reference)
    )
    found = drift(comparison, [*_OF_CELLS, "unseen_share_change"])
    bounds = error_bounds(comparison, found)
    names = sorted({*current, *reference})
    position = {value: at for at, value in enumerate(names)}
    sides = [
        np.bincount([position[value] for value in side], minlength=len(names)).tolist()
        for side in (current, reference)
    ]
    where = f"categories, {kept} kept"
    for key, expected in _of_cells(*sides).items():
        rounding = 1e-7 if key in ("jensen_shannon", "hellinger", "cramers_v") else 1e-9
        errors.add(
            f"{key} of categories",
            _ORACLE_OF_CELLS[key],
            float(found[key].value[0]),
            expected,
            where=where,
            bound=float(bounds[key][0]),
            rounding=rounding,
        )
    known = set(reference)
    share = float(np.mean([value not in known for value in current]))
    value = float(found["unseen_share_change"].value[0])
    errors.add("unseen_share_change", "Python sets", value, share, where=where)


def blocks(errors: Errors, random: np.random.Generator) -> None:
    """One draw of a block of numeric features; values are clipped and rounded as in states."""
    d = int(random.integers(2, 6))
    mixing = random.normal(size=(d, d))
    sides = [
        random.standard_t(random.choice([2, 30]), size=(int(random.integers(20, 500)), d)) @ mixing
        for _ in range(2)
    ]
    comparison = Comparison(*(pair_state(side) for side in sides))
    keys = ["correlation_change", "correlation_change_p_value"]
    found = drift(comparison, keys)
    kept = [np.rint(np.clip(side, -8.0, 8.0) * 4096.0) / 4096.0 for side in sides]
    r = [np.corrcoef(side, rowvar=False) for side in kept]
    z = np.sqrt(1.0 / (len(kept[0]) - 3) + 1.0 / (len(kept[1]) - 3))
    for at, (i, j) in enumerate(zip(*pair_positions(d), strict=True)):
        change = float(r[0][i, j] - r[1][i, j])
        value = float(found[keys[0]].value[0, at])
        errors.add(keys[0], "numpy corrcoef", value, change, where="block", rounding=1e-6)
        if max(abs(r[0][i, j]), abs(r[1][i, j])) < 0.999:
            score = abs(np.arctanh(r[0][i, j]) - np.arctanh(r[1][i, j])) / z
            p = float(2.0 * stats.norm.sf(score))
            value = float(found[keys[1]].value[0, at])
            errors.add(keys[1], "scipy norm, Fisher's z", value, p, where="block", rounding=1e-4)
