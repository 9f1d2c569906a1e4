"""Golden intervals of metrics, from raw rows with numpy, scipy and scikit-learn alone.

Run: python scripts/golden/performance_intervals.py > tests/golden/performance_intervals.json
"""

from __future__ import annotations

import json
import math
import sys

import numpy as np
from scipy import special, stats
from sklearn import metrics

SEED = 20130501


def of_rows(y, p, decision) -> dict[str, float]:
    tn, fp, fn, tp = metrics.confusion_matrix(y, decision, labels=[0, 1]).ravel().tolist()
    return {
        "accuracy": (tp + tn) / len(y),
        "precision": tp / (tp + fp),
        "recall": tp / (tp + fn),
        "specificity": tn / (tn + fp),
        "f1": metrics.f1_score(y, decision),
        "mcc": metrics.matthews_corrcoef(y, decision),
        "base_rate": float(np.mean(y)),
        "selection_rate": float(np.mean(decision)),
        "roc_auc": metrics.roc_auc_score(y, p),
        "average_precision": metrics.average_precision_score(y, p),
        "log_loss": metrics.log_loss(y, p),
        "brier": metrics.brier_score_loss(y, p),
        "calibration_bias": float(np.mean(p) - np.mean(y)),
    }


def left_out(groups, y, p, decision) -> dict[str, tuple[float, int]]:
    """Delete-one-group jackknife variance of each metric, and the number of groups."""
    names = sorted(set(groups.tolist()))
    found = [of_rows(*(a[groups != g] for a in (y, p, decision))) for g in names]
    n = len(names)
    return {key: (float(np.var([f[key] for f in found]) * (n - 1)), n) for key in found[0]}


def delong(y, p) -> float:
    positive, negative = p[y == 1], p[y == 0]
    wins = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    return float(
        np.var(wins.mean(axis=1), ddof=1) / len(positive)
        + np.var(wins.mean(axis=0), ddof=1) / len(negative)
    )


def wilson(hits: int, rows: int) -> list[float]:
    found = stats.binomtest(hits, rows).proportion_ci(0.95, method="wilson")
    return [float(found.low), float(found.high)]


def window(random, days: int, shift: float) -> dict:
    day = np.repeat(np.arange(days), random.integers(30, 60, days))
    p = np.round(special.expit(random.normal(-0.3, 1.3, len(day))), 1).clip(0.1, 0.9)
    effect = random.normal(shift, 0.6, days)[day]
    y = (random.random(len(day)) < special.expit(special.logit(p) + effect)).astype(int)
    decision = (p >= 0.5).astype(int)
    value = of_rows(y, p, decision)
    by_day, by_row = (left_out(g, y, p, decision) for g in (day, np.arange(len(day))))
    rows = {key: variance for key, (variance, _) in by_row.items()}
    rows["roc_auc"] = delong(y, p)
    losses = {
        "brier": (p - y) ** 2,
        "log_loss": -np.log(np.where(y == 1, p, 1 - p)),
        "calibration_bias": p - y,
    }
    rows |= {key: float(np.var(v, ddof=1) / len(v)) for key, v in losses.items()}
    reach = {
        key: float(stats.t.ppf(0.975, n - 1) * math.sqrt(variance))
        for key, (variance, n) in by_day.items()
    }
    right = decision == y
    shares = {
        "accuracy": wilson(int(right.sum()), len(y)),
        "precision": wilson(int(right[decision == 1].sum()), int(decision.sum())),
        "recall": wilson(int(right[y == 1].sum()), int(y.sum())),
        "specificity": wilson(int(right[y == 0].sum()), int((1 - y).sum())),
        "base_rate": wilson(int(y.sum()), len(y)),
        "selection_rate": wilson(int(decision.sum()), len(y)),
    }
    return {
        "day": day.tolist(),
        "label": y.tolist(),
        "score": p.tolist(),
        "decision": decision.tolist(),
        "value": value,
        "variance": {key: variance for key, (variance, _) in by_day.items()},
        "reach": reach,
        "row_variance": rows,
        "wilson": shares,
    }


def change(after: dict, before: dict) -> dict[str, list[float]]:
    """Difference, half its interval, and p-value, by Welch."""
    found = {}
    for key in after["value"]:
        parts = [(side["variance"][key], max(side["day"])) for side in (after, before)]
        variance = sum(v for v, _ in parts)
        degrees = variance**2 / sum(v**2 / d for v, d in parts)
        value = after["value"][key] - before["value"][key]
        tail = stats.t.sf(abs(value) / math.sqrt(variance), degrees)
        reach = stats.t.ppf(0.975, degrees) * math.sqrt(variance)
        found[key] = [value, float(reach), float(2 * tail)]
    return found


def main() -> None:
    random = np.random.default_rng(SEED)
    windows = [window(random, 6, 0.0), window(random, 10, 0.5)]
    golden = {"windows": windows, "change": change(*windows)}
    json.dump(golden, sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
