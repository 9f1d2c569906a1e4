"""Loans with their predictions and labels, a monitor over them, and the rows that runs leave."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from modelwatch.tables import TABLES

ROWS_A_DAY = 200
FIRST, DAYS = date(2024, 1, 1), 4
CONFIG = """
monitor: loans
output: {{path: {output}}}
inputs: {{table: {{path: {folder}/inputs}}, id: loan, day: {{column: day}}}}
predictions:
  table: {{path: {folder}/predictions}}
  id: loan
  day: {{column: day}}
  score: risk
  model_version: {{column: version}}
labels:
  table: {{path: {folder}/labels}}
  id: loan
  day: {{column: day}}
  label: defaulted
  known: {{column: known}}
  due: {{delay_days: 1}}
performance:
  task: binary
  score: risk
  decision: {{threshold: 0.3}}
  values: {{true_positive: 2, false_positive: -1, expressions: {{lent: amount * label}}}}
  slices: [amount]
comparison: {{champion: v1, challenger: v2, expected_share: 0.333}}
segments: [{{name: country, columns: country, max_values: 2}}]
windows: [day]
references: [{{name: start, days: 2024-01-01..2024-01-02}}, {{name: previous, previous_windows: 1}}]
binning: {{bins: 20}}
constraints:
  - {{name: amount is there, kind: completeness, column: amount, lower: 0.99}}
  - {{name: one row per loan, kind: uniqueness, columns: loan}}
"""
_RUN_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}")
OF_THE_RUN = {"run_id", "started_at", "finished_at", "created_at", "reported_at"}
"""Identity and times."""
OF_THE_MACHINE = {"stages", "executor_seconds", "spark_jobs", "work", "history"}
"""What the work cost."""
WITHOUT_ROWS = {
    *("loss_models", "change_attributions", "model_comparisons"),
    *("durations", "feature_states_monthly", "performance_states_monthly"),
    *("contracts", "row_accounts", "quarantine", "quarantine_releases"),
    *("incident_actions", "promotion_decisions", "retraining_decisions", "outbox"),
}
"""They are of regressions, of windows of three days and more, of maintenance, of what people say or
ask, and of sections that the configuration does not have."""
OF_THE_CONFIGURATION = {"config_yaml", "config_fingerprint"}
"""The two configurations name different folders of output."""


def made_tables(folder: Path) -> None:
    """Loans with nulls, NaN, an unmatched row on either side and a mean that moves."""
    random = np.random.default_rng(7)
    rows = ROWS_A_DAY * DAYS
    days = np.repeat([FIRST + timedelta(n) for n in range(DAYS)], ROWS_A_DAY)
    shift = np.repeat(np.arange(DAYS), ROWS_A_DAY) / 3
    amount = random.lognormal(5 + shift, 1.0)
    inputs = pd.DataFrame(
        {
            "loan": np.arange(rows),
            "day": days,
            "amount": np.where(random.random(rows) < 0.05, np.nan, amount),
            "children": pd.array(random.poisson(1.5, rows), dtype="Int64"),
            "country": random.choice(["CH", "AT", "LI", None], rows, p=[0.5, 0.3, 0.1, 0.1]),
            "first": random.random(rows) < 0.3,
        }
    )
    inputs.loc[random.random(rows) < 0.1, "children"] = pd.NA
    predictions = pd.DataFrame(
        {
            "loan": np.arange(rows),
            "day": days,
            "risk": random.beta(2, 5, rows),
            "version": np.where(np.arange(rows) % 3 == 0, "v2", "v1"),
        }
    )
    write_deltalake(folder / "inputs", inputs.iloc[1:], partition_by=["day"])
    write_deltalake(folder / "predictions", predictions.iloc[:-1], partition_by=["day"])
    labels = inputs[["loan", "day"]].assign(
        defaulted=random.random(rows) < predictions["risk"], known=days + timedelta(1)
    )
    write_deltalake(folder / "labels", labels.iloc[::2], partition_by=["day"])


def configured(folder: Path, name: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(CONFIG.format(folder=folder, output=folder / name), encoding="utf-8")
    return path


def rows_of(output: Path, table: str, but: Collection[str] = ()) -> list[str]:
    """The rows of a table as texts, in their order, without what no two runs share.

    ``but``: further columns to leave out.
    """
    return texts_of(DeltaTable(output / table).to_pyarrow_table(), str(output), table, but)


def texts_of(rows: pa.Table, place: str, table: str, but: Collection[str] = ()) -> list[str]:
    """Rows of a table as texts without the names of the output's place and of runs, of which a path
    may consist; see ``rows_of``."""
    left_out = OF_THE_RUN | OF_THE_MACHINE | OF_THE_CONFIGURATION | {*but}
    compared = rows.drop_columns([name for name in TABLES[table].names if name in left_out])
    texts = (repr(row).replace(place, "PLACE") for row in compared.to_pylist())
    return sorted(_RUN_ID.sub("RUN", text) for text in texts)
