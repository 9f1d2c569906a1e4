"""Golden values of the statistics, from raw samples with numpy, scipy and scikit-learn alone.

Run: python scripts/golden/drift_statistics.py > tests/golden/drift_statistics.json
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from itertools import pairwise

import numpy as np
from scipy import special, stats
from scipy.spatial import distance
from scipy.stats.contingency import odds_ratio
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression

SEED = 20130208
LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
DISTANCES = ("jensen_shannon", "hellinger", "total_variation", "l_infinity")
CODES = (-999.0, -1.0)


def psi(current: list[int], reference: list[int]) -> float:
    """PSI with half a row added to each cell that is not empty on both sides."""
    cells = [(c, r) for c, r in zip(current, reference, strict=True) if c + r > 0]
    n = sum(c for c, _ in cells) + 0.5 * len(cells)
    m = sum(r for _, r in cells) + 0.5 * len(cells)
    return math.fsum(
        ((c + 0.5) / n - (r + 0.5) / m) * math.log(((c + 0.5) / n) / ((r + 0.5) / m))
        for c, r in cells
    )


def merged(current: list[int], reference: list[int]) -> list[tuple[int, int]]:
    """Columns of the contingency table; those with fewer than 5 expected rows are combined."""
    n, m = sum(current), sum(reference)

    def expected(cell: tuple[int, int]) -> float:
        return (cell[0] + cell[1]) * min(n, m) / (n + m)

    cells = [cell for cell in zip(current, reference, strict=True) if sum(cell) > 0]
    kept = sorted((cell for cell in cells if expected(cell) >= 5), key=sum)
    rare = [cell for cell in cells if expected(cell) < 5]
    if rare:
        rest = (sum(c for c, _ in rare), sum(r for _, r in rare))
        if expected(rest) < 5 and kept:
            smallest = kept.pop(0)
            rest = (rest[0] + smallest[0], rest[1] + smallest[1])
        kept.append(rest)
    return kept


def of_cells(current: list[int], reference: list[int]) -> dict[str, float]:
    """Statistics of two samples over the same cells."""
    p, q = np.array(current) / sum(current), np.array(reference) / sum(reference)
    table = np.array(merged(current, reference)).T
    test = stats.chi2_contingency(table, correction=False)
    rows, columns = int(table.sum()), table.shape[1]
    excess = max(0.0, test.statistic / rows - (columns - 1) / (rows - 1))
    limit = min(columns - (columns - 1) ** 2 / (rows - 1), 2 - 1 / (rows - 1)) - 1
    return {
        "psi": psi(current, reference),
        "jensen_shannon": float(distance.jensenshannon(p, q, base=2)),
        "hellinger": float(distance.euclidean(np.sqrt(p), np.sqrt(q)) / math.sqrt(2)),
        "total_variation": float(distance.cityblock(p, q) / 2),
        "l_infinity": float(distance.chebyshev(p, q)),
        "chi_square": float(test.statistic),
        "chi_square_p_value": float(test.pvalue),
        "cramers_v": math.sqrt(excess / limit),
    }


def deciles(current: np.ndarray, reference: np.ndarray) -> dict[str, float]:
    """PSI over the deciles of the reference; a value at a decile begins the next one."""
    ordered = np.sort(reference)
    cuts = [ordered[math.ceil(k * len(ordered) / 10) - 1] for k in range(1, 10)]
    edges = [-np.inf, *cuts, np.inf]
    return {
        "psi_of_deciles": psi(
            [int(((current >= a) & (current < b)).sum()) for a, b in pairwise(edges)],
            [int(((reference >= a) & (reference < b)).sum()) for a, b in pairwise(edges)],
        )
    }


def quantile_cells(
    current: np.ndarray, reference: np.ndarray, groups: int, *, beyond: bool
) -> tuple[list[int], list[int]]:
    """Counts of both by quantile group of the reference (docs/decisions/0003-binned-statistics.md).

    The reference is cut at its 200 quantiles; its ends, zero, and each value with 1/200 of its rows
    have their own bins. Each bin belongs to the group that contains the middle of its rows, by
    rank. A value with the rows of a group is a cell of its own, and so are the parts of the group
    on either side of it; with ``beyond``, also the values beyond the ends.
    """
    n, ordered = len(reference), np.sort(reference)
    cuts = {float(ordered[-(-k * n // 200) - 1]) for k in range(1, 200)}
    alone = {float(ordered[0]), float(ordered[-1]), 0.0}
    alone |= {value for value, rows in Counter(ordered.tolist()).items() if rows * 200 >= n}
    edges = sorted(cuts | alone | {float(np.nextafter(value, np.inf)) for value in alone})
    rows = np.bincount(np.digitize(ordered, edges), minlength=len(edges) + 1).tolist()
    cells, before, heavy = [], 0, 0
    for own in rows:
        middle = min((2 * before + own) * groups // (2 * n), groups - 1)
        side = "within"
        if beyond and own == 0 and before in (0, n):
            side = "below" if before == 0 else "above"
        heavy += own * groups >= n
        cells.append((side, heavy, own * groups >= n, middle))
        before += own
    names = sorted(set(cells))
    return tuple(
        [held[name] for name in names]
        for held in (
            Counter(cells[at] for at in np.digitize(side, edges)) for side in (current, reference)
        )
    )


def of_quantiles(
    current: np.ndarray, reference: np.ndarray, apart: tuple[list[int], list[int]] = ([], [])
) -> dict[str, float]:
    """Statistics of numeric rows: distances over 30 groups and two beyond the ends, PSI and
    chi-square over deciles; ``apart`` are the counts of cells without a quantity."""
    fine, coarse = (
        quantile_cells(current, reference, 30, beyond=True),
        quantile_cells(current, reference, 10, beyond=False),
    )
    distances, tests = (
        of_cells(*(side + more for side, more in zip(cells, apart, strict=True)))
        for cells in (fine, coarse)
    )
    return {key: (distances if key in DISTANCES else tests)[key] for key in tests}


def on_the_line(current: np.ndarray, reference: np.ndarray) -> dict[str, float]:
    """Statistics that need the order of the values."""
    lower, upper = np.quantile(reference, (0.25, 0.75), method="inverted_cdf")
    unit = max(reference.std(ddof=1), (upper - lower) / 1.349)
    return {
        "ks": float(stats.ks_2samp(current, reference).statistic),
        "ks_p_value": float(stats.ks_2samp(current, reference, method="asymp").pvalue),
        "wasserstein": float(stats.wasserstein_distance(current, reference) / unit),
        "mean_change_in_sd": float((current.mean() - reference.mean()) / reference.std(ddof=1)),
        "sd_log_ratio": float(np.log(current.std(ddof=1) / reference.std(ddof=1))),
    }


def profile_metrics(sample: np.ndarray) -> dict[str, float]:
    """Profile metrics of one sample."""
    found = {
        "mean": math.fsum(sample) / len(sample),
        "sd": float(np.std(sample.astype(np.longdouble), ddof=1)),
        "skewness": float(stats.skew(sample)),
        "min": float(sample.min()),
        "max": float(sample.max()),
    }
    for level in LEVELS:
        value = np.quantile(sample, level, method="inverted_cdf")
        found[f"q{round(100 * level):02d}"] = float(value)
    return found


def continuous(name: str, current: np.ndarray, reference: np.ndarray) -> dict[str, object]:
    """A case of a numeric feature with many values."""
    current, reference = current.round(5), reference.round(5)
    return {
        "name": name,
        "current": current.tolist(),
        "reference": reference.tolist(),
        "drift": {
            **of_quantiles(current, reference),
            **deciles(current, reference),
            **on_the_line(current, reference),
        },
        "profile": profile_metrics(current),
    }


def discrete(name: str, current: np.ndarray, reference: np.ndarray) -> dict[str, object]:
    """A case of a numeric feature with few values."""
    values = sorted({*current.tolist(), *reference.tolist()})
    counts = [[Counter(side.tolist())[v] for v in values] for side in (current, reference)]
    return {
        "name": name,
        "current": current.tolist(),
        "reference": reference.tolist(),
        "drift": {**of_cells(*counts), **on_the_line(current, reference)},
        "profile": profile_metrics(current),
    }


def share_changes(holds: dict[str, tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    """Share of the current rows minus that of the reference, by kind of row."""
    return {
        f"{kind}_share_change": float(np.mean(current) - np.mean(reference))
        for kind, (current, reference) in holds.items()
    }


def mixed(name: str, current: list[float | None], reference: list[float | None]):
    """A case of a numeric feature with nulls (None), NaN, infinities, zeros and codes."""
    sides = [np.array(side, dtype=object) for side in (current, reference)]
    null = [np.equal(side, None) for side in sides]
    number = [np.where(n, 1.5, side).astype(float) for n, side in zip(null, sides, strict=True)]
    holds = {
        "null": null,
        "nan": [np.isnan(x) for x in number],
        "infinite": [np.isinf(x) for x in number],
        "zero": [x == 0 for x in number],
        "special": [np.isin(x, CODES) for x in number],
    }
    quantity = [
        x[np.isfinite(x) & ~n & ~special]
        for x, n, special in zip(number, null, holds["special"], strict=True)
    ]
    ends = [[x == value for x in number] for value in (np.inf, -np.inf, *CODES)]
    apart = zip(*(map(np.sum, kind) for kind in (null, holds["nan"], *ends)), strict=True)
    return {
        "name": name,
        "current": as_text(current),
        "reference": as_text(reference),
        "special": CODES,
        "drift": {
            **of_quantiles(*quantity, tuple([int(rows) for rows in side] for side in apart)),
            **share_changes(holds),
        },
    }


def as_text(rows: list[float | None]) -> list[float | str | None]:
    """Rows as in JSON: NaN and infinities are strings."""
    return [x if x is None or math.isfinite(x) else str(x) for x in rows]


def spoilt(rows: np.ndarray, **shares: float) -> list[float | None]:
    """Rows of which the given shares at the start are replaced."""
    values = {"null": None, "nan": math.nan, "up": math.inf, "down": -math.inf, "zero": 0.0}
    values |= {"minus_zero": -0.0, "code": CODES[0], "other_code": CODES[1]}
    given = [
        values[kind] for kind, share in shares.items() for _ in range(round(share * len(rows)))
    ]
    return [*given, *rows[len(given) :].round(5).tolist()]


def unseen(known: list[str], current: list[str | None], reference: list[str | None]):
    """A case of categories, some of which do not occur in the rows that bins were fitted on."""
    sides = [np.array(side, dtype=object) for side in (current, reference)]
    null = [np.equal(side, None) for side in sides]
    held = [np.isin(np.where(n, known[0], x), known) for n, x in zip(null, sides, strict=True)]
    changes = share_changes({"null": null, "unseen": [~known_ones for known_ones in held]})
    return {"known": known, "current": current, "reference": reference, "drift": changes}


def categorical(name: str, current: list[str | None], reference: list[str | None]):
    """A case of a categorical feature; None is null."""
    values = sorted({*current, *reference}, key=str)
    counts = [[Counter(side)[v] for v in values] for side in (current, reference)]
    return {
        "name": name,
        "current": current,
        "reference": reference,
        "drift": of_cells(*counts),
        "value_share_fall": fall(*counts, [value is None for value in values]),
    }


def fall(current: list[int], reference: list[int], nulls: list[bool]) -> float:
    """1 minus the smallest odds ratio of the frequent values."""
    n, m = sum(current), sum(reference)
    falls = [0.0]
    for now, before, null in zip(current, reference, nulls, strict=True):
        if not null and m > before >= 0.05 * m and n * before / m >= 20:
            table = [[now, n - now], [before, m - before]]
            falls.append(1.0 - float(odds_ratio(table, kind="sample").statistic))
    return max(falls)


def block(random: np.random.Generator) -> dict[str, object]:
    """A block of numeric features: change of correlations and reconstruction error."""
    mixing = random.normal(size=(5, 5))
    reference = (random.normal(size=(400, 5)) @ mixing).round(2)
    current = (random.normal(size=(150, 5)) @ mixing + random.normal(size=(150, 5))).round(2)
    # As in states: clipped at 8 and rounded to 1 / 4096.
    kept = [np.rint(np.clip(rows, -8, 8) * 4096) / 4096 for rows in (current, reference)]
    mean, sd = kept[1].mean(axis=0), kept[1].std(axis=0)
    whole = PCA().fit((kept[1] - mean) / sd)
    count = int(np.searchsorted(np.cumsum(whole.explained_variance_ratio_), 0.65) + 1)
    fitted = PCA(count).fit((kept[1] - mean) / sd)
    errors = []
    for rows in kept:
        z = (rows - mean) / sd
        back = fitted.inverse_transform(fitted.transform(z))
        errors.append(float(np.sqrt(((z - back) ** 2).sum(axis=1).mean())))
    changes, p_values = [], []
    for i in range(5):
        for j in range(i + 1, 5):
            r = [stats.pearsonr(rows[:, i], rows[:, j]).statistic for rows in kept]
            z = (np.arctanh(r[0]) - np.arctanh(r[1])) / math.sqrt(1 / 147 + 1 / 397)
            changes.append(float(r[0] - r[1]))
            p_values.append(float(2 * stats.norm.sf(abs(z))))
    return {
        "current": current.tolist(),
        "reference": reference.tolist(),
        "correlation_change": changes,
        "correlation_change_p_value": p_values,
        "pca_reconstruction_error": errors[0],
        "pca_reference_error": errors[1],
        "pca_error_change": errors[0] / errors[1] - 1,
    }


def relation(random: np.random.Generator) -> dict[str, object]:
    """A block whose features predict each other, before and now: errors of the regressions."""
    mixing = random.normal(size=(2, 4))
    rows = random.normal(size=(600, 2)) @ mixing + 0.4 * random.normal(size=(600, 4))
    # As in states: clipped at 8 and rounded to 1 / 4096.
    kept = np.rint(np.clip(rows.round(2), -8, 8) * 4096) / 4096
    current, reference = kept[:200], kept[200:]
    sd = reference.std(axis=0)
    changes = []
    for at in range(4):
        others = np.delete(np.arange(4), at)
        fitted = LinearRegression().fit(reference[:, others], reference[:, at])
        errors = [
            float(np.sqrt(((side[:, at] - fitted.predict(side[:, others])) ** 2).mean()) / sd[at])
            for side in (current, reference)
        ]
        changes.append(errors[0] - errors[1])
    return {
        "current": current.tolist(),
        "reference": reference.tolist(),
        "relation_error_change": changes,
    }


def tails() -> dict[str, object]:
    """Tails of the chi-square distribution and of the Kolmogorov distribution."""
    degrees = [1, 2, 3, 4, 7, 10, 31, 60, 103, 250]
    factors = [0.0, 1e-6, 0.1, 0.5, 0.9, 1.0, 1.3, 2.0, 5.0, 12.0]
    points = [(k, f * k) for k in degrees for f in factors]
    lengths = [1e-3, 0.04, 0.1, 0.3, 0.5, 0.8, 0.99, 1.0, 1.01, 1.36, 2.0, 4.0, 10.0]
    return {
        "chi_square": [[k, x, float(stats.chi2.sf(x, k))] for k, x in points],
        "kolmogorov": [[x, float(special.kolmogorov(x))] for x in lengths],
    }


def mixed_cases(random: np.random.Generator) -> list[dict[str, object]]:
    """Numeric features with rows that are not quantities, or with a frequent quantity."""
    normal, skewed = random.normal, random.lognormal
    few = {"nan": 0.01, "up": 0.005, "down": 0.01, "zero": 0.02, "code": 0.03, "other_code": 0.01}
    many = {"nan": 0.06, "up": 0.02, "down": 0.01, "zero": 0.05, "minus_zero": 0.02}
    return [
        mixed(
            "more of all",
            spoilt(normal(0.2, 1.2, 500), null=0.1, **many, code=0.06, other_code=0.02),
            spoilt(normal(size=2000), null=0.04, **few),
        ),
        mixed(
            "less of all",
            spoilt(normal(0.2, 1.2, 400), null=0.01, zero=0.01, code=0.01),
            spoilt(normal(size=2000), null=0.04, **few),
        ),
        mixed(
            "piles",
            spoilt(skewed(0.1, 1.1, 600), zero=0.4, up=0.01, code=0.1),
            spoilt(np.minimum(skewed(size=2000), 3.0), zero=0.3, nan=0.02),
        ),
    ]


def main() -> None:
    """Write all cases as JSON."""
    random = np.random.default_rng(SEED)
    counts = random.choice(6, size=2000, p=[0.3, 0.2, 0.15, 0.13, 0.12, 0.1])
    letters = np.array([*"abcdefg", None], dtype=object)
    often = [0.4, 0.2, 0.15, 0.1, 0.08, 0.03, 0.02, 0.02]
    cases = {
        "continuous": [
            continuous("normal", random.normal(0.3, 1.1, 500), random.normal(size=2000)),
            continuous("skewed", random.lognormal(0.2, 1.0, 400), random.lognormal(size=2000)),
            continuous("same", random.normal(size=700), random.normal(size=2000)),
            continuous("far", random.normal(1e6, 10, 300), random.normal(1e6, 5, 2000)),
        ],
        "discrete": [
            discrete("few values", random.choice(6, size=300) * 1.0, counts * 1.0),
            discrete("zero and not", (random.random(50) < 0.4) * 1.0, (counts > 0) * 1.0),
        ],
        "categorical": [
            categorical(
                "with nulls",
                random.choice(letters, size=300, p=often[::-1]).tolist(),
                random.choice(letters, size=2000, p=often).tolist(),
            ),
            categorical(
                "rare cells",
                random.choice(letters, size=40, p=often).tolist(),
                random.choice(letters, size=900, p=often).tolist(),
            ),
            categorical("disjoint", ["x"] * 30, ["a"] * 20 + ["b"] * 60),
        ],
        "mixed": mixed_cases(np.random.default_rng(SEED + 2)),
        "unseen": unseen(
            [*"aaaabbbccd"],
            [*"abcdaabb", *["new"] * 5, *["newer"] * 2, "", None],
            [*"abcdabcdabcdaaabbb", "new", *[None] * 6],
        ),
        "block": block(random),
        "relation": relation(np.random.default_rng(SEED + 1)),
        "tails": tails(),
    }
    json.dump(cases, sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
