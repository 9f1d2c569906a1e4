"""Compare expected losses with NannyML's DLE on the regression data set of NannyML.

NannyML and this project require different versions of some packages, so each runs in a separate
environment, NannyML first:

    python -m venv .venv-nannyml
    .venv-nannyml/bin/python -m pip install nannyml==0.13.1 statsmodels
    .venv-nannyml/bin/python scripts/loss_comparison.py nannyml FOLDER
    .venv/bin/python -m scripts.loss_comparison modelwatch FOLDER       # . scripts/environment.sh

The second prints a table for docs/appendices/estimation.md, and fails if its mean absolute error
is more than 1.5 times NannyML's.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

CHUNK = 6000
METRICS = ("mae", "rmse")
NUMBERS = ("car_age", "km_driven", "price_new", "accident_count", "door_count")
CATEGORIES = ("fuel", "transmission")
WORSE = 1.5
REFERENCE_DAY, FIRST_DAY = date(2017, 1, 1), date(2017, 1, 2)


def nannyml_estimates(folder: Path) -> int:
    """Write the data set, and NannyML's estimates for each chunk."""
    import nannyml as nml

    # NannyML cannot take the strings of pandas 3.
    pd.set_option("future.infer_string", False)
    reference, analysis, targets = nml.load_synthetic_car_price_dataset()
    analysis = analysis.merge(targets, on="id", validate="one_to_one")
    for rows in (reference, analysis):
        rows[list(CATEGORIES)] = rows[list(CATEGORIES)].astype(object)
    estimator = nml.DLE(
        feature_column_names=[*NUMBERS, *CATEGORIES],
        y_pred="y_pred",
        y_true="y_true",
        metrics=list(METRICS),
        chunk_size=CHUNK,
        tune_hyperparameters=False,
    ).fit(reference)
    found = estimator.estimate(analysis.drop(columns="y_true")).filter(period="analysis").to_df()
    reported = {key: found[(key, "value")].tolist() for key in METRICS}
    (folder / "nannyml.json").write_text(json.dumps(reported), encoding="utf-8")
    reference.to_parquet(folder / "reference.parquet")
    analysis.to_parquet(folder / "analysis.parquet")
    return 0


def labelled(spark, rows: pd.DataFrame, day: np.ndarray):
    """Rows as input of a pass over predictions and labels; all labels are known and due."""
    from modelwatch.evaluation.states.label_layout import LabelledLayout
    from modelwatch.spark.states.labelled_rows import LabelledRows

    nothing = [0] * len(rows)
    columns = {
        "c0": day,
        "c1": day,
        "c2": ["(none)"] * len(rows),
        "c3": [True] * len(rows),
        "c4": np.nan,
        "c5": rows["y_true"],
        **{f"c{at}": nothing for at in range(6, 11)},
        "c11": None,
        "c12": None,
        "c13": rows["y_pred"],
        **{f"c{14 + i}": rows[name] for i, name in enumerate((*NUMBERS, *CATEGORIES))},
    }
    kinds = ["date"] * 2 + ["string", "boolean", "double", "double"] + ["int"] * 4 + ["bigint"]
    kinds += ["date"] * 2 + ["double"] * (1 + len(NUMBERS)) + ["string"] * len(CATEGORIES)
    schema = ", ".join(f"c{at} {kind}" for at, kind in enumerate(kinds))
    frame = spark.createDataFrame(pd.DataFrame(columns, index=rows.index), schema)
    features = tuple(range(14, 14 + len(NUMBERS) + len(CATEGORIES)))
    return LabelledRows(frame, LabelledLayout((13,), (), (), (), (), (), features=features))


def estimates_of_chunks(reference: pd.DataFrame, analysis: pd.DataFrame):
    """Estimates of modelwatch for each chunk, fitted and computed as in a run."""
    from modelwatch.io.session.spark_session import open_session
    from modelwatch.spark.estimation.loss_regression import (
        LossInput,
        LossModel,
        content,
        fitted,
        fitting_rows,
    )
    from modelwatch.spark.states.aggregation import merged_score_states
    from modelwatch.stats.estimation.expected_loss import LossRegressor, LossStates, loss_estimates
    from modelwatch.stats.states.binning import fit_numeric
    from modelwatch.stats.states.score_tally import ScorePlan

    spark = open_session("loss comparison")
    said = reference["y_pred"].to_numpy()
    binning = fit_numeric(said, float(np.median(said)), 4096.0, bins=200)
    inputs = (
        LossInput("y_pred"),
        *(LossInput(name) for name in NUMBERS),
        *(LossInput(name, tuple(sorted(reference[name].unique()))) for name in CATEGORIES),
    )
    as_of = date(2018, 1, 1)
    days = np.array([REFERENCE_DAY] * len(reference), dtype=object)
    held = fitting_rows(labelled(spark, reference, days), inputs, binning.scale, as_of).persist()
    rows, _ = content(held)
    model, dispersion = fitted(held, inputs)
    regressor = LossRegressor("forest", (dispersion[0], dispersion[1]))
    days = np.array([FIRST_DAY + timedelta(days=i // CHUNK) for i in range(len(analysis))])
    expected = LossModel(regressor, (), inputs, model).expected(labelled(spark, analysis, days))
    plan = ScorePlan("regression", binning, loss_regressor=regressor.version)
    states = merged_score_states(expected, (plan,), False, as_of)
    found = states.where("kind = 'expected_loss'").orderBy("day").collect()
    chunks = LossStates(
        np.array([row["counts"] for row in found]),
        np.array([row["sums"] for row in found]),
        binning.scale,
        regressor.version,
    )
    print(f"fitted on {rows} rows, dispersion {dispersion[0]:.3f} and {dispersion[1]:.3f}")
    return loss_estimates(chunks, regressor)


def compared(folder: Path) -> int:
    """Print both with the realized values; return 1 if ours exceed the bound."""
    from modelwatch.stats.estimation.estimates import interval

    reference, analysis = (pd.read_parquet(folder / f"{n}.parquet") for n in PERIODS)
    peer = json.loads((folder / "nannyml.json").read_text(encoding="utf-8"))
    ours = estimates_of_chunks(reference, analysis)
    missed = (analysis["y_true"] - analysis["y_pred"]).to_numpy().reshape(-1, CHUNK)
    truth = {"mae": np.abs(missed).mean(axis=1), "rmse": np.sqrt((missed**2).mean(axis=1))}
    print(
        "| metric | chunks | mean absolute error: ours / NannyML "
        "| mean error: ours / NannyML | in interval |"
    )
    print("|---|---|---|---|---|")
    worst = 0.0
    for key in METRICS:
        errors = [found - truth[key] for found in (ours[key].values.value, np.array(peer[key]))]
        sizes = [float(np.abs(error).mean()) for error in errors]
        bias = " / ".join(f"{error.mean():.1f}" for error in errors)
        lower, upper = interval(ours[key])
        held = int(((lower <= truth[key]) & (truth[key] <= upper)).sum())
        reported = f"{sizes[0]:.1f} / {sizes[1]:.1f} | {bias} | {held} of {len(missed)}"
        print(f"| {key} | {len(missed)} | {reported} |")
        worst = max(worst, sizes[0] / sizes[1])
    for i in range(len(missed)):
        both = ours["mae"].values.value[i], peer["mae"][i]
        print(f"| {i + 1} | {truth['mae'][i]:.1f} | {both[0]:.1f} | {both[1]:.1f} |")
    print(f"\nLargest ratio of the mean absolute errors: {worst:.2f} (bound {WORSE})")
    return int(not worst <= WORSE)


PERIODS = ("reference", "analysis")
STEPS = {"nannyml": nannyml_estimates, "modelwatch": compared}


def main() -> int:
    """One of the two steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("folder", type=Path, help="folder for data and estimates")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    return STEPS[arguments.step](arguments.folder)


if __name__ == "__main__":
    sys.exit(main())
