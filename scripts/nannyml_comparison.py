"""Compare estimates from states with NannyML's CBPE on the data sets of NannyML.

NannyML and this project require different versions of some packages, so NannyML needs a separate
environment, with the source of this project on its path:

    python -m venv .venv-nannyml
    .venv-nannyml/bin/python -m pip install nannyml==0.13.1 statsmodels
    PYTHONPATH=src .venv-nannyml/bin/python scripts/nannyml_comparison.py [--bins 200]

Prints a table for docs/appendices/estimation.md, and fails if accuracy or ROC AUC differ by more
than 0.003.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

import nannyml as nml  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from sklearn.metrics import roc_auc_score  # noqa: E402

from modelwatch.stats.estimation.calibration import fit_calibration  # noqa: E402
from modelwatch.stats.estimation.estimates import (  # noqa: E402
    Estimate,
    business_value,
    estimates,
    expected,
    interval,
)
from modelwatch.stats.estimation.multiclass import estimates_multiclass, fit_multiclass  # noqa: E402
from modelwatch.stats.states.binary import BinaryStates, positions  # noqa: E402
from modelwatch.stats.states.binning import NumericBinning, fit_numeric  # noqa: E402
from modelwatch.stats.states.multiclass import MulticlassStates, score_positions  # noqa: E402

BOUND = 0.003
GATED = ("accuracy", "roc_auc")
METRICS = ("accuracy", "roc_auc", "precision", "recall", "specificity", "f1")
VALUES = {"tn": 1.0, "fp": -2.0, "fn": -5.0, "tp": 3.0}


@dataclass(frozen=True)
class Case:
    """A data set that NannyML ships, and the names of its columns."""

    name: str
    load: Callable[[], tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]]
    truth: str
    chunk_size: int
    decision: str = "y_pred"
    score: str | dict[str, str] = "y_pred_proba"


CARDS = ("highstreet_card", "prepaid_card", "upmarket_card")
CASES = (
    Case("car loan", nml.load_synthetic_car_loan_dataset, "repaid", 5000),
    Case(
        "census, employment MA",
        nml.load_us_census_ma_employment_data,
        "employed",
        5000,
        decision="prediction",
        score="predicted_probability",
    ),
    Case(
        "work from home",
        nml.load_synthetic_binary_classification_dataset,
        "work_home_actual",
        5000,
    ),
    Case("California housing", nml.load_modified_california_housing_dataset, "clf_target", 1000),
    Case(
        "credit cards, 3 classes",
        nml.load_synthetic_multiclass_classification_dataset,
        "y_true",
        6000,
        score={card: f"y_pred_proba_{card}" for card in CARDS},
    ),
)


@dataclass(frozen=True)
class Compared:
    """Estimates of NannyML and of modelwatch for all chunks of a data set."""

    peer: dict[str, np.ndarray]
    peer_errors: dict[str, np.ndarray]
    ours: dict[str, Estimate]
    rows: np.ndarray
    calibrated: str
    truth: dict[str, np.ndarray]


def peer_results(case: Case, reference: pd.DataFrame, analysis: pd.DataFrame):
    """The fitted estimator of NannyML and its results for the chunks of the analysis period."""
    binary = isinstance(case.score, str)
    estimator = nml.CBPE(
        y_pred_proba=case.score,
        y_pred=case.decision,
        y_true=case.truth,
        problem_type="classification_binary" if binary else "classification_multiclass",
        metrics=[*METRICS, *(("business_value",) if binary else ())],
        business_value_matrix=[[VALUES["tn"], VALUES["fp"]], [VALUES["fn"], VALUES["tp"]]],
        chunk_size=case.chunk_size,
    ).fit(reference)
    return estimator, estimator.estimate(analysis).filter(period="analysis").to_df()


def binary_states(
    binning: NumericBinning, rows: pd.DataFrame, case: Case, window: np.ndarray, labelled: bool
) -> BinaryStates:
    """States of the windows of rows."""
    score = rows[case.score].to_numpy(dtype=np.float64)
    decision = rows[case.decision].to_numpy(dtype=np.int64)
    label = rows[case.truth].to_numpy(dtype=np.int64) + 1 if labelled else np.zeros_like(decision)
    n = int(window.max()) + 1
    counts = np.zeros((n, 2, 3, binning.length), dtype=np.int64)
    sums, losses = np.zeros_like(counts), np.zeros((n, 3, 2), dtype=np.int64)
    at = (window, decision, label, positions(binning, score, None))
    np.add.at(counts, at, 1)
    np.add.at(sums, at, np.rint(score * 2**30).astype(np.int64))
    np.add.at(losses[..., 0], (window, label), np.rint(score**2 * 2**30).astype(np.int64))
    return BinaryStates(counts=counts, score_sums=sums, loss_sums=losses, binning=binning)


def compared_binary(case: Case, reference, analysis, bins: int) -> Compared:
    """Estimates of a binary model."""
    estimator, found = peer_results(case, reference, analysis)
    score = reference[case.score].to_numpy(dtype=np.float64)
    binning = fit_numeric(score, 0.0, 1.0, bins=bins)
    window = chunk_of_row(found, len(analysis))
    # Rows are distributed over ten days, because the data has no days.
    days = binary_states(binning, reference, case, np.arange(len(reference)) % 10, True)
    calibration = fit_calibration(days)
    states = binary_states(binning, analysis, case, window, False)
    held = expected(states, calibration)
    ours = {**estimates(held), "business_value": business_value(held, VALUES)}
    said = " / ".join(
        "yes" if applied else "no" for applied in (calibration.applied, estimator.needs_calibration)
    )
    truth = realized(case, analysis, window)
    return compared(found, ours, np.bincount(window), said, (*METRICS, "business_value"), truth)


def multiclass_states(
    rows: pd.DataFrame, case: Case, window: np.ndarray, labelled: bool
) -> MulticlassStates:
    """States of the windows of rows, with the histograms that estimates read."""
    states = MulticlassStates.empty(CARDS, int(window.max()) + 1)
    for k, card in enumerate(CARDS):
        at = score_positions(rows[case.score[card]].to_numpy(dtype=np.float64), None)
        chosen = (rows[case.decision] == card).to_numpy(dtype=np.int64)
        label = np.zeros_like(chosen)
        if labelled:
            label = (rows[case.truth] == card).to_numpy(dtype=np.int64) + 1
        np.add.at(states.histograms, (window, k, chosen, label, at), 1)
    return states


def compared_multiclass(case: Case, reference, analysis) -> Compared:
    """Estimates of a multiclass model."""
    estimator, found = peer_results(case, reference, analysis)
    window = chunk_of_row(found, len(analysis))
    fitted = fit_multiclass(
        multiclass_states(reference, case, np.arange(len(reference)) % 10, True)
    )
    ours = estimates_multiclass(multiclass_states(analysis, case, window, False), fitted)
    renamed = {
        "accuracy": ours["accuracy"],
        "roc_auc": ours["roc_auc_ovr"],
        **{key: ours[f"macro_{key}"] for key in ("precision", "recall", "f1")},
    }
    applied = sum(fit.applied for both in fitted for fit in (both.against, both.chosen))
    peers = sum(
        type(fit).__name__ == "IsotonicCalibrator" for fit in estimator._calibrators.values()
    )
    said = f"{applied} of {2 * len(CARDS)} / {peers} of {len(CARDS)}"
    truth = realized(case, analysis, window)
    return compared(found, renamed, np.bincount(window), said, tuple(renamed), truth)


def chunk_of_row(found: pd.DataFrame, rows: int) -> np.ndarray:
    """Index of the chunk of each row."""
    window = np.empty(rows, dtype=np.int64)
    starts, ends = found[("chunk", "start_index")], found[("chunk", "end_index")]
    for i, (start, end) in enumerate(zip(starts, ends, strict=True)):
        window[int(start) : int(end) + 1] = i
    return window


def realized(case: Case, analysis: pd.DataFrame, window: np.ndarray) -> dict[str, np.ndarray]:
    """Accuracy and ROC AUC of each chunk, from its labels."""
    chunks = [rows for _, rows in analysis.groupby(window)]
    binary = isinstance(case.score, str)
    scores = case.score if binary else [case.score[card] for card in CARDS]
    kind = {} if binary else {"multi_class": "ovr", "labels": list(CARDS)}
    return {
        "accuracy": np.array([(c[case.truth] == c[case.decision]).mean() for c in chunks]),
        "roc_auc": np.array(
            [
                roc_auc_score(c[case.truth], c[scores], **kind)
                if c[case.truth].nunique() > 1
                else np.nan
                for c in chunks
            ]
        ),
    }


def compared(
    found, ours: dict[str, Estimate], rows, calibrated: str, keys, truth: dict[str, np.ndarray]
) -> Compared:
    """Metrics of both tools."""
    peer = {key: found[(key, "value")].to_numpy(dtype=np.float64) for key in keys}
    errors = {key: found[(key, "sampling_error")].to_numpy(dtype=np.float64) for key in keys}
    return Compared(peer, errors, {key: ours[key] for key in keys}, rows, calibrated, truth)


def all_compared(bins: int) -> Iterator[tuple[Case, Compared]]:
    """Every data set."""
    for case in CASES:
        reference, analysis, targets = case.load()
        analysis = analysis.merge(targets, on="id", validate="one_to_one")
        if isinstance(case.score, str):
            yield case, compared_binary(case, reference, analysis, bins)
        else:
            yield case, compared_multiclass(case, reference, analysis)


def differences(both: Compared, key: str) -> np.ndarray:
    """Estimate of modelwatch minus that of NannyML, by chunk; business values are per row."""
    found = both.ours[key].values.value - both.peer[key]
    return found / both.rows if key == "business_value" else found


def print_chunks(case: Case, both: Compared) -> None:
    """All chunks, with the sampling errors of both tools."""
    for key in both.ours:
        ratio = both.ours[key].sampling_sd / both.peer_errors[key]
        print(case.name, key, "difference", np.round(differences(both, key), 5).tolist())
        print(case.name, key, "sampling error, ours / NannyML's", np.round(ratio, 2).tolist())


def against_truth(both: Compared, key: str) -> str:
    """Mean absolute errors of both tools, and the share of chunks in the 95% interval."""
    truth, ours = both.truth[key], both.ours[key]
    known = np.isfinite(truth)
    sizes = [
        float(np.abs(values - truth)[known].mean())
        for values in (ours.values.value, both.peer[key])
    ]
    lower, upper = interval(ours)
    held = ((lower <= truth) & (truth <= upper))[known]
    return f"{sizes[0]:.5f} / {sizes[1]:.5f} | {int(held.sum())} of {len(held)}"


def main() -> int:
    """Print the tables; return 1 if a difference exceeds the bound."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bins", type=int, default=200, help="quantiles of the score")
    parser.add_argument("--chunks", action="store_true", help="print every chunk")
    arguments = parser.parse_args()
    columns = (*METRICS, "business_value")
    found = list(all_compared(arguments.bins))
    print("| data | chunks | calibrated: ours / NannyML |", " | ".join(columns), "|")
    print("|---" * (len(columns) + 3) + "|")
    for case, both in found:
        cells = [
            f"{np.nanmax(np.abs(differences(both, key))):.5f}" if key in both.ours else "-"
            for key in columns
        ]
        print(f"| {case.name} | {len(both.rows)} | {both.calibrated} |", " | ".join(cells), "|")
    print(
        "\n| data | accuracy: ours / NannyML | in interval "
        "| ROC AUC: ours / NannyML | in interval |"
    )
    print("|---|---|---|---|---|")
    for case, both in found:
        print(f"| {case.name} |", " | ".join(against_truth(both, key) for key in GATED), "|")
    if arguments.chunks:
        for case, both in found:
            print_chunks(case, both)
    worst = max(np.abs(differences(both, key)).max() for _, both in found for key in GATED)
    print(f"\nLargest difference of accuracy and ROC AUC: {worst:.5f} (bound {BOUND})")
    return int(not worst <= BOUND)


if __name__ == "__main__":
    sys.exit(main())
