"""Golden values of the performance metrics, from raw rows with numpy and scikit-learn only.

Run: python scripts/golden/performance.py > tests/golden/performance.json
"""

from __future__ import annotations

import json
import math
import sys
import warnings

import numpy as np
from scipy import special
from sklearn import metrics

SEED = 20130401


def expected_calibration_error(y, p) -> float:
    tenth = np.minimum(np.searchsorted(np.arange(11) / 10, p, side="right") - 1, 9)
    return float(
        sum(
            abs(p[tenth == t].mean() - y[tenth == t].mean()) * (tenth == t).mean()
            for t in range(10)
            if (tenth == t).any()
        )
    )


def lift(y, p, share: float) -> float:
    """Metrics of the top rows; positives are distributed evenly among rows with equal scores."""
    wanted = share * len(y)
    found, taken = 0.0, 0.0
    for value in sorted(set(p.tolist()), reverse=True):
        held = p == value
        part = min(wanted - taken, held.sum())
        found += y[held].mean() * part
        taken += part
        if taken >= wanted:
            break
    return float(found / wanted / y.mean())


def binary(name: str, y, p, threshold: float) -> dict:
    decision = (p >= threshold).astype(int)
    tn, fp, fn, tp = metrics.confusion_matrix(y, decision, labels=[0, 1]).ravel().tolist()
    found = {
        "accuracy": metrics.accuracy_score(y, decision),
        "precision": metrics.precision_score(y, decision),
        "recall": metrics.recall_score(y, decision),
        "specificity": metrics.recall_score(y, decision, pos_label=0),
        "false_positive_rate": fp / (fp + tn),
        "f1": metrics.f1_score(y, decision),
        "mcc": metrics.matthews_corrcoef(y, decision),
        "base_rate": float(np.mean(y)),
        "selection_rate": float(np.mean(decision)),
        "roc_auc": metrics.roc_auc_score(y, p),
        "average_precision": metrics.average_precision_score(y, p),
        "log_loss": metrics.log_loss(y, p),
        "brier": metrics.brier_score_loss(y, p),
        "calibration_bias": float(np.mean(p) - np.mean(y)),
        "ece": expected_calibration_error(y, p),
        **{f"lift_{k:02d}": lift(y, p, k / 100) for k in (1, 5, 10, 20)},
    }
    return {
        "name": name,
        "label": y.tolist(),
        "score": p.tolist(),
        "decision": decision.tolist(),
        "confusion": [[tn, fp], [fn, tp]],
        "metrics": found,
    }


def multiclass(name: str, y, p, classes: int, *, unknown: bool) -> dict:
    """``unknown``: some decisions are not a class, and are encoded as ``classes``."""
    decision = p.argmax(axis=1)
    if unknown:
        decision[::17] = classes
    found = {"accuracy": metrics.accuracy_score(y, decision)}
    met = sorted({*y.tolist(), *decision.tolist()} - {classes})
    for average in ("macro", "weighted"):
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(
            y, decision, average=average, zero_division=0, labels=met
        )
        found |= {
            f"{average}_precision": precision,
            f"{average}_recall": recall,
            f"{average}_f1": f1,
        }
    found["log_loss"] = metrics.log_loss(y, p, labels=range(classes))
    found["roc_auc_ovr"] = metrics.roc_auc_score(y, p, multi_class="ovr", average="macro")
    table = metrics.confusion_matrix(y, decision, labels=range(classes + 1))
    return {
        "name": name,
        "label": y.tolist(),
        "score": p.tolist(),
        "decision": decision.tolist(),
        "confusion": table.tolist(),
        "metrics": found,
    }


def regression(name: str, y, p) -> dict:
    low, high = p - 1.0, p + 1.5
    divided, sized = y != 0, (np.abs(y) + np.abs(p)) > 0
    found = {
        "mae": metrics.mean_absolute_error(y, p),
        "rmse": math.sqrt(metrics.mean_squared_error(y, p)),
        "bias": float(np.mean(p - y)),
        "mape": metrics.mean_absolute_percentage_error(y[divided], p[divided]),
        "smape": float(np.mean(2 * np.abs(y - p)[sized] / (np.abs(y) + np.abs(p))[sized])),
        "r2": metrics.r2_score(y, p),
        "interval_coverage": float(np.mean((low <= y) & (y <= high))),
        **{
            f"residual_q{round(100 * q):02d}": float(np.quantile(p - y, q, method="inverted_cdf"))
            for q in (0.05, 0.25, 0.5, 0.75, 0.95)
        },
    }
    return {
        "name": name,
        "label": y.tolist(),
        "score": p.tolist(),
        "lower": low.tolist(),
        "upper": high.tolist(),
        "metrics": found,
    }


def main() -> None:
    warnings.simplefilter("error")
    random = np.random.default_rng(SEED)
    true = special.expit(random.normal(-1.0, 1.5, 900))
    fine = np.round(special.expit(special.logit(true) * 0.8 + random.normal(0, 0.4, 900)), 6)
    label = (random.random(900) < true).astype(int)
    few = np.round(fine, 1)
    skewed = np.round(random.beta(0.3, 6.0, 700), 7)
    rare = (random.random(700) < skewed).astype(int)
    ends = np.where(
        random.random(300) < 0.3,
        np.where(random.random(300) < 0.5, 0.0, 1.0),
        np.round(random.random(300), 4),
    )
    flipped = (random.random(300) < 0.1 + 0.8 * ends).astype(int)
    logits = random.normal(0, 1.2, (600, 4))
    probabilities = special.softmax(logits, axis=1)
    classes = np.array([random.choice(4, p=row) for row in probabilities])
    halves = np.round(special.softmax(random.normal(0, 2, (400, 3)), axis=1) * 8) / 8
    halves[:, 2] = 1 - halves[:, :2].sum(axis=1)
    three = random.integers(0, 3, 400)
    x = random.normal(20, 6, 800)
    heavy = random.standard_t(3, 500)
    golden = {
        "binary": [
            binary("fine scores", label, fine, 0.5),
            binary("few scores", label, few, 0.3),
            binary("rare positives", rare, skewed, 0.08),
            binary("scores of 0 and 1", flipped, ends, 0.5),
        ],
        "multiclass": [
            multiclass("fine probabilities", classes, probabilities, 4, unknown=False),
            multiclass("decisions of no class", classes, probabilities, 4, unknown=True),
            multiclass("coarse probabilities", three, np.clip(halves, 0, 1), 3, unknown=False),
        ],
        "regression": [
            regression("near", x, x + random.normal(0.3, 1.0, 800)),
            regression(
                "zeros",
                np.where(random.random(400) < 0.2, 0.0, np.round(x[:400])),
                np.round(x[:400] + random.normal(0, 3, 400)),
            ),
            regression("heavy tails", heavy * 1e6, heavy * 0.9e6 + random.standard_t(3, 500) * 1e5),
        ],
    }
    json.dump(golden, sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
