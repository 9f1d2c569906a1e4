"""Golden values of estimated performance, from rows with NannyML and scikit-learn alone.

NannyML needs a separate environment, as for scripts/nannyml_comparison.py:

    .venv-nannyml/bin/python scripts/golden/performance_estimates.py \
      > tests/golden/performance_estimates.json
"""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

import nannyml as nml  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from sklearn.isotonic import IsotonicRegression  # noqa: E402

SEED = 20130208
CHUNK = 400
METRICS = ("accuracy", "precision", "recall", "specificity", "f1", "roc_auc")
VALUES = {"tn": 1.0, "fp": -2.0, "fn": -5.0, "tp": 3.0}


def rows_of(random: np.random.Generator, n: int, shift: float, *, separated: bool) -> pd.DataFrame:
    """Rows with scores of two decimals that are not calibrated."""
    truth = 1 / (1 + np.exp(-random.normal(shift, 1.2, n)))
    label = (random.random(n) < truth).astype(int)
    score = np.clip(truth**2 + random.normal(0, 0.05, n), 0, 1).round(2)
    if separated:
        score = np.where(label == 1, 0.6 + 0.4 * score, 0.4 * score).round(2)
    decision = (score >= 0.4).astype(int)
    return pd.DataFrame({"score": score, "decision": decision, "label": label})


def case(name: str, random: np.random.Generator, *, separated: bool) -> dict[str, object]:
    """A reference, three chunks, and NannyML's estimates for them."""
    reference = rows_of(random, 1500, 0.0, separated=separated)
    shifts = (0.0, 0.5, -0.8)
    analysis = pd.concat(
        [rows_of(random, CHUNK, shift, separated=separated) for shift in shifts], ignore_index=True
    )
    estimator = nml.CBPE(
        y_pred_proba="score",
        y_pred="decision",
        y_true="label",
        problem_type="classification_binary",
        metrics=[*METRICS, "business_value"],
        business_value_matrix=[[VALUES["tn"], VALUES["fp"]], [VALUES["fn"], VALUES["tp"]]],
        chunk_size=CHUNK,
    ).fit(reference)
    found = estimator.estimate(analysis.drop(columns="label")).filter(period="analysis").to_df()
    applied = bool(estimator.needs_calibration)
    score = analysis["score"].to_numpy()
    probability = score
    if applied:
        curve = IsotonicRegression(out_of_bounds="clip")
        probability = curve.fit(reference["score"], reference["label"]).predict(score)
    said = np.clip(score, 2.0**-52, 1 - 2.0**-52)
    losses = {
        "brier": probability * (1 - score) ** 2 + (1 - probability) * score**2,
        "log_loss": -probability * np.log(said) - (1 - probability) * np.log1p(-said),
    }
    return {
        "name": name,
        "reference": {column: reference[column].tolist() for column in reference},
        "analysis": {column: analysis[column].tolist() for column in analysis},
        "chunk": CHUNK,
        "calibrated": applied,
        "values": VALUES,
        "estimates": {
            **{key: found[(key, "value")].tolist() for key in (*METRICS, "business_value")},
            **{key: each.reshape(-1, CHUNK).mean(axis=1).tolist() for key, each in losses.items()},
        },
    }


def isotonic(random: np.random.Generator) -> dict[str, object]:
    """An isotonic regression with weights."""
    values = (np.arange(60) / 60 + random.normal(0, 0.4, 60)).round(3)
    weights = random.integers(1, 50, 60)
    fitted = IsotonicRegression().fit_transform(np.arange(60), values, sample_weight=weights)
    return {"values": values.tolist(), "weights": weights.tolist(), "fitted": fitted.tolist()}


def main() -> None:
    """Write all cases as JSON."""
    random = np.random.default_rng(SEED)
    json.dump(
        {
            "cases": [
                case("calibrated", random, separated=False),
                case("separated", random, separated=True),
            ],
            "isotonic": isotonic(random),
        },
        sys.stdout,
    )
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
