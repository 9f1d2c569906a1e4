"""Alarms of Evidently and NannyML, in their own environment.

Run: python -m scripts.evidence.peer_alarms FOLDER
Reads the months in each folder that has a reference.parquet, and writes alarms.json there. Uses the
default methods and thresholds of the packages; a chunk is a day.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
os.environ["DO_NOT_TRACK"] = "1"
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

import nannyml as nml  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from evidently.legacy.calculations import stattests  # noqa: E402
from evidently.legacy.calculations.stattests import get_stattest  # noqa: E402
from evidently.legacy.core import ColumnType  # noqa: E402

DATASET_SHARE = 0.5
"""Share of drifted columns from which Evidently reports a drifted data set."""
P_VALUE = 0.05
PSI = 0.2
Alarm = tuple[str, int, str]
"""Rule, first day of the chunk, column."""


class Months:
    """A reference, with the tools fitted on it."""

    def __init__(self, reference: pd.DataFrame, numbers: list[str], categories: list[str]) -> None:
        self.reference = _prepared(reference)
        self.numbers, self.categories = numbers, categories
        self.columns = [*numbers, *categories]
        self.values = {column: _values(self.reference[column]) for column in self.columns}
        self.known: dict[tuple[str, int, int], tuple[str, ...]] = {}
        daily = {"timestamp_column_name": "at", "chunk_period": "D"}
        known = [c for c in categories if c != "late"]
        few = [c for c in self.columns if c != "late" and reference[c].nunique() <= 200]
        self.fitted = {
            "nannyml_drift": nml.UnivariateDriftCalculator(
                column_names=self.columns, treat_as_categorical=categories, **daily
            ),
            "nannyml_missing": nml.MissingValuesCalculator(column_names=self.columns, **daily),
            "nannyml_unseen": nml.UnseenValuesCalculator(column_names=known, **daily),
            "nannyml_rows": nml.SummaryStatsRowCountCalculator(**daily),
            "nannyml_reconstruction": nml.DataReconstructionDriftCalculator(
                column_names=few, **daily
            ),
            "nannyml_performance": nml.PerformanceCalculator(
                metrics=["roc_auc", "accuracy"],
                y_true="late",
                y_pred="decided",
                y_pred_proba="probability",
                problem_type="classification_binary",
                timestamp_column_name="at",
                chunk_period="W",
            ),
        }
        for calculator in self.fitted.values():
            calculator.fit(self.reference)

    def alarms(self, month: pd.DataFrame) -> Iterator[Alarm]:
        """Every alarm on the days of a month."""
        rows = _prepared(month)
        for rule, calculator in self.fitted.items():
            yield from _nannyml(rule, calculator, rows)
        for day in sorted(set(rows["day"])):
            yield from self._of_day(int(day), rows[rows["day"] == day])

    def _of_day(self, day: int, rows: pd.DataFrame) -> Iterator[Alarm]:
        rules = {column: self._drifted(column, rows[column]) for column in self.columns}
        for column, found in rules.items():
            for rule in found:
                yield rule, day, column
        drifted = sum("evidently_columns" in found for found in rules.values())
        if drifted >= DATASET_SHARE * len(self.columns):
            yield "evidently_dataset", day, "*"

    def _drifted(self, column: str, rows: pd.Series) -> tuple[str, ...]:
        """Rules by which the values of a day drifted; cached by values."""
        now = _values(rows)
        seen = (column, len(now), pd.util.hash_pandas_object(now, index=False).sum())
        if seen not in self.known:
            self.known[seen] = tuple(self._rules(column, now)) if len(now) else ()
        return self.known[seen]

    def _rules(self, column: str, now: pd.Series) -> Iterator[str]:
        kind = ColumnType.Numerical if column in self.numbers else ColumnType.Categorical
        before = self.values[column]
        test = get_stattest(before, now, kind, None)
        if test(before, now, kind, None).drifted:
            yield "evidently_columns"
        of_rows = (
            stattests.ks_stat_test if kind is ColumnType.Numerical else stattests.chi_stat_test
        )
        if of_rows(before, now, kind, P_VALUE).drifted:
            yield "p_values"
        if stattests.psi_stat_test(before, now, kind, PSI).drifted:
            yield "psi"


def _prepared(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows as delivered, with repeated ones, and a time within their day."""
    repeated = rows.loc[np.repeat(rows.index.to_numpy(), rows["copies"])]
    at = pd.Timestamp(0) + pd.to_timedelta(repeated["day"], unit="D")
    decided = (repeated["decision"] == "true").astype(int)
    return repeated.assign(at=at, decided=decided).reset_index(drop=True)


def _values(column: pd.Series) -> pd.Series:
    """The values that Evidently compares, without nulls and infinities."""
    return column.replace([np.inf, -np.inf], np.nan).dropna()


def _nannyml(rule: str, calculator: Any, rows: pd.DataFrame) -> Iterator[Alarm]:
    try:
        found = calculator.calculate(rows).filter(period="analysis").to_df()
    except Exception as error:
        print(f"{rule}: {type(error).__name__}: {error}"[:200], file=sys.stderr)
        return
    starts = pd.to_datetime(
        found[("chunk", "start_date")]
        if ("chunk", "start_date") in found
        else found[("chunk", "chunk", "start_date")]
    )
    days = (starts - pd.Timestamp(0)).dt.days
    for column in found.columns:
        if column[-1] == "alert":
            for day in days[found[column].fillna(False).astype(bool)]:
                yield rule, int(day), str(column[0])


def main(root: Path) -> None:
    """Alarms of every month of every folder."""
    for reference in sorted(root.glob("*/reference.parquet")):
        folder = reference.parent
        columns = json.loads((folder / "columns.json").read_text())
        months = Months(pd.read_parquet(reference), columns["numbers"], columns["categories"])
        found = {
            month.stem: sorted(set(months.alarms(pd.read_parquet(month))))
            for month in sorted(folder.glob("month-*.parquet"))
        }
        (folder / "alarms.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
