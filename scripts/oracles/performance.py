"""Performance metrics and their intervals, compared with scikit-learn and scipy on raw rows."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats
from scripts.golden.performance import expected_calibration_error, lift
from scripts.oracles.draws import NUMBERS, SCORES
from scripts.oracles.errors import Errors
from sklearn import metrics

from modelwatch.stats.performance.metrics import PERFORMANCE, ScoreStates, error_bounds, performance
from modelwatch.stats.performance.row_intervals import iid_interval
from modelwatch.stats.states.score_bins import TopValues, fit_scores
from performance_samples import binary_states, multiclass_states, regression_states
from samples import numeric_binning

_LOSS_ROUNDING = 4e-8
"""Losses of rows are rounded to 2**-26, scores to 2**-30."""
_SQUARABLE = 1e100
"""Largest values, in scales, that scikit-learn can square."""


def _compare(
    errors: Errors,
    states: ScoreStates,
    expected: dict[str, float],
    oracle: str,
    where: str,
    scale: float = 1.0,
) -> None:
    found = performance(states, list(expected))
    bounds = error_bounds(states, list(expected))
    for key, value in expected.items():
        bound = float(bounds[key][0])
        if not PERFORMANCE[key].exact and PERFORMANCE[key].error_bound is None:
            bound = 0.01 * abs(value) + 2.0**-15 * scale
        errors.add(
            f"{key} ({PERFORMANCE[key].tasks[0]})" if oracle == "numpy" else key,
            oracle,
            float(found[key].value[0]),
            value,
            where=where,
            bound=bound,
            rounding=_LOSS_ROUNDING,
        )


def binary(errors: Errors, random: np.random.Generator, name: str) -> None:
    """One draw of a binary task, in bins that were fitted on another draw."""
    label, score = SCORES[name](random)
    _, other = SCORES[name](random)
    threshold = float(random.choice([0.1, 0.5]))
    decision = (score >= threshold).astype(np.int64)
    reference = np.append(other, threshold)
    ends, top = (float(reference.min()), float(reference.max())), TopValues.of(reference)
    binning = fit_scores(reference, *ends, top, len(reference), kind="probability")
    states = binary_states(binning, score, decision, label + 1)
    expected = {
        "accuracy": metrics.accuracy_score(label, decision),
        "base_rate": label.mean(),
        "selection_rate": decision.mean(),
        "brier": np.mean((score - label) ** 2),
        "log_loss": metrics.log_loss(label, score, labels=[0, 1]),
        "calibration_bias": score.mean() - label.mean(),
        "ece": expected_calibration_error(label, score),
    }
    if label.any():
        expected["recall"] = metrics.recall_score(label, decision)
        expected |= {f"lift_{k:02d}": lift(label, score, k / 100) for k in (1, 5, 10, 20)}
        expected["average_precision"] = metrics.average_precision_score(label, score)
    if decision.any():
        expected["precision"] = metrics.precision_score(label, decision)
    if label.any() and not label.all():
        expected["roc_auc"] = metrics.roc_auc_score(label, score)
        expected["specificity"] = metrics.recall_score(label, decision, pos_label=0)
        if decision.any() and not decision.all():
            expected["mcc"] = metrics.matthews_corrcoef(label, decision)
    # The oracle of lift only has the order of ties; the bound of a bin is not stored.
    known = {k: float(v) for k, v in expected.items() if not k.startswith("lift")}
    _compare(errors, states, known, "scikit-learn", name)
    interval = iid_interval("accuracy", states)
    right = int((label == decision).sum())
    wilson = stats.binomtest(right, len(label)).proportion_ci(0.95, method="wilson")
    for key, found, value in (
        ("accuracy, lower end", interval.lower, wilson.low),
        ("accuracy, upper end", interval.upper, wilson.high),
    ):
        errors.add(key, "scipy binomtest, Wilson", float(found[0]), float(value), where=name)


def multiclass(errors: Errors, random: np.random.Generator) -> None:
    """One draw of a multiclass task."""
    k, rows = int(random.integers(3, 6)), int(random.integers(30, 400))
    score = random.dirichlet(np.full(k, 0.7), rows)
    label = np.array([random.choice(k, p=0.5 * p + 0.5 / k) for p in score])
    decision = score.argmax(axis=1)
    states = multiclass_states([f"c{i}" for i in range(k)], score, decision, label + 1)
    met = sorted({*label.tolist(), *decision.tolist()})
    expected = {"log_loss": metrics.log_loss(label, score, labels=range(k))}
    for average in ("macro", "weighted"):
        found = metrics.precision_recall_fscore_support(
            label, decision, average=average, zero_division=0, labels=met
        )[:3]
        for name, value in zip(("precision", "recall", "f1"), found, strict=True):
            expected[f"{average}_{name}"] = value
    if len(set(label.tolist())) == k:
        expected["roc_auc_ovr"] = metrics.roc_auc_score(label, score, multi_class="ovr")
    where = "several classes"
    _compare(errors, states, {a: float(b) for a, b in expected.items()}, "scikit-learn", where)


def regression(errors: Errors, random: np.random.Generator, name: str) -> None:
    """One draw of a regression, in scales of bins that were fitted on other rows."""
    rows = int(random.integers(10, 400))
    label = NUMBERS[name](random, rows)
    spread = float(np.std(label / 2.0)) or 1.0
    score = label + spread * random.normal(size=len(label))
    binning = numeric_binning(score.tolist())
    states = regression_states(binning, score, label)
    scale = binning.scale
    y, p = label / scale, score / scale
    expected = {"bias": float(np.mean(p - y))}
    if np.abs(np.append(y, p)).max() < _SQUARABLE:
        expected["mae"] = metrics.mean_absolute_error(y, p)
        expected["rmse"] = math.sqrt(metrics.mean_squared_error(y, p))
    expected |= {
        f"residual_q{round(100 * q):02d}": float(np.quantile(p - y, q, method="inverted_cdf"))
        for q in (0.05, 0.25, 0.5, 0.75, 0.95)
    }
    found = performance(states, list(expected))
    for key, value in expected.items():
        errors.add(
            key,
            "scikit-learn" if key in ("mae", "rmse") else "numpy",
            float(found[key].value[0] / scale),
            value,
            where=name,
            bound=0.01 * abs(value) + 2.0**-16 if key.startswith("residual") else 0.0,
            rounding=2e-6,
        )
    if np.ptp(y) > 1e-3 and "rmse" in expected:
        value = float(metrics.r2_score(y, p))
        r2 = float(performance(states, ["r2"])["r2"].value[0])
        errors.add("r2", "scikit-learn", r2, value, where=name, rounding=1e-4)
