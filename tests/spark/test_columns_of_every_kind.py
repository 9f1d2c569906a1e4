"""Columns as users have them: nested ones by path, and those that can't be profiled by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.ml.functions import array_to_vector
from pyspark.sql import DataFrame, Row, SparkSession

from modelwatch.io.store.views import ResultViews
from modelwatch.model.config.configuration import parse_config
from modelwatch.model.errors import ProblemsError
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.pipelines.runs.monitor import RunReport, run_monitor

pytestmark = pytest.mark.slow

FIRST = date(2024, 1, 1)
DAYS, ROWS = 3, 20
AS_OF = FIRST + timedelta(days=DAYS + 1)
NUMBERED = (
    f"(SELECT id, date_add(DATE'{FIRST}', CAST(id DIV {ROWS} AS INT)) AS day "
    f"FROM range(0, {DAYS * ROWS}))"
)
NESTED = (
    "named_struct('age', CAST(id % 50 AS INT), 'home', named_struct('city', concat('c', id % 3))) "
    "AS customer, array(id, id * 2) AS sizes, map('net', id % 9, 'gross', id) AS prices, "
    "CAST(CAST(id AS STRING) AS BINARY) AS photo, '{\"a\": 1}' AS document"
)
# Probabilities of the classes 0, 1 and 2 of a row.
FIRST_CLASS, SECOND_CLASS = "(id % 3) / 4", "0.25"
LABELS = "CASE id % 4 WHEN 0 THEN '0' WHEN 1 THEN '1.0' WHEN 2 THEN ' 2' ELSE '2' END"
FORMS = {
    "array": f"array({FIRST_CLASS}, {SECOND_CLASS}, 1 - {FIRST_CLASS} - {SECOND_CLASS})",
    "vector": f"array({FIRST_CLASS}, {SECOND_CLASS}, 1 - {FIRST_CLASS} - {SECOND_CLASS})",
    "map": f"map(0, {FIRST_CLASS}, 1, {SECOND_CLASS}, 2, 1 - {FIRST_CLASS} - {SECOND_CLASS})",
}


@dataclass(frozen=True)
class Case:
    """Tables in a folder, and a monitor over them."""

    spark: SparkSession
    folder: Path

    def save(self, role: str, columns: str) -> None:
        rows = self.spark.sql(f"SELECT id, day, {columns} FROM {NUMBERED}")
        self.write(role, rows)

    def write(self, role: str, rows: DataFrame) -> None:
        rows.write.format("delta").mode("overwrite").save(str(self.folder / role))

    def config(self, **sections: Any) -> dict[str, Any]:
        def table(role: str) -> dict[str, Any]:
            address = {"path": str(self.folder / role)}
            return {"table": address, "id": "id", "day": {"column": "day"}}

        return {
            "monitor": "columns",
            "output": {"path": str(self.folder / "results")},
            "inputs": table("inputs"),
            "predictions": {**table("predictions"), "score": "score"},
            "labels": {**table("labels"), "label": "label", "due": {"delay_days": 0}},
            "pairs": {"max_features": 0},
            "windows": ["day"],
            "references": [{"name": "start", "days": f"{FIRST}..{FIRST + timedelta(days=1)}"}],
            **sections,
        }

    def run(self, *, dry_run: bool = False, **sections: Any) -> RunReport:
        text = json.dumps(self.config(**sections))
        return run_monitor(
            self.spark, parse_config(text), config_text=text, as_of=AS_OF, dry_run=dry_run
        )

    def ask(self, query: str) -> list[Row]:
        output = OutputAddress(path=str(self.folder / "results"))
        return ResultViews(self.spark, output).query(query).collect()

    def performance(self, metric: str) -> dict[date, Row]:
        rows = self.ask(
            f"SELECT * FROM performance_current WHERE metric = '{metric}' AND window_name = 'day' "
            "AND cohort = 'due' AND reference IS NULL"
        )
        return {row.window_start: row for row in rows}


@dataclass(frozen=True)
class Nested:
    """A run over nested columns in two tables, and what was said of it before."""

    case: Case
    plan: RunReport


@pytest.fixture(scope="module", params=FORMS)
def nested(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Nested:
    case = Case(spark, tmp_path_factory.mktemp("nested"))
    case.save("inputs", f"id % 7 AS amount, {NESTED}")
    case.save("predictions", f"{FORMS[request.param]} AS scores, map('k', id) AS more")
    if request.param == "vector":
        stored = spark.read.format("delta").load(str(case.folder / "predictions"))
        vector = array_to_vector(stored["scores"].cast("array<double>"))
        case.write("vectors", stored.withColumn("scores", vector))
    case.save("labels", f"{LABELS} AS label")
    scores = [f"scores[{i}]" for i in range(3)]
    predictions = {**case.config()["predictions"], "score": scores}
    if request.param == "vector":
        predictions["table"] = {"path": str(case.folder / "vectors")}
    named = ("customer.age", "sizes[1]", "prices['net']")
    sections: dict[str, Any] = {
        "predictions": predictions,
        "performance": {
            "task": "multiclass",
            "score": scores,
            "classes": [0, 1, 2],
            "slices": False,
        },
        "features": {"columns": {name: {"bins": 10} for name in named}},
        "segments": [{"name": "city", "columns": "customer.home.city"}],
    }
    plan = case.run(dry_run=True, **sections)
    case.run(**sections)
    return Nested(case, plan)


def test_values_in_nested_columns_are_features_by_their_path(nested: Nested) -> None:
    ids = np.arange(DAYS * ROWS).reshape(DAYS, ROWS)
    wanted = {
        "amount": (ids % 7).mean(axis=1),
        "customer.age": (ids % 50).mean(axis=1),
        "sizes[1]": (ids * 2.0).mean(axis=1),
        "prices['net']": (ids % 9).mean(axis=1),
    }
    rows = nested.case.ask(
        "SELECT feature, window_start, value FROM profile_current WHERE metric = 'mean' "
        "AND window_name = 'day' AND segmentation = 'all' AND role = 'inputs'"
    )
    found = {(row.feature, row.window_start): row.value for row in rows}
    assert found == pytest.approx(
        {
            (name, FIRST + timedelta(days=at)): mean
            for name, means in wanted.items()
            for at, mean in enumerate(means)
        }
    )


def test_a_value_in_a_nested_column_makes_segments(nested: Nested) -> None:
    rows = nested.case.ask(
        "SELECT segment, sum(value) AS n FROM profile_current WHERE segmentation = 'city' "
        "AND feature = 'amount' AND metric = 'rows' AND window_name = 'day' GROUP BY segment"
    )
    assert {row.segment: row.n for row in rows} == dict.fromkeys(("c0", "c1", "c2"), 20.0)


def test_columns_that_are_not_profiled_are_named(nested: Nested) -> None:
    (line,) = (one for one in nested.plan.text.splitlines() if "not profiled" in one)
    for wording in (
        "customer (type struct; name its fields, as customer.age)",
        "sizes (type array; name values in it, as sizes[0])",
        "prices (type map; name values in it, as prices['key'])",
        "photo (type binary)",
    ):
        assert wording in line


def test_probabilities_in_a_nested_column_are_compared_with_labels(nested: Nested) -> None:
    ids = np.arange(DAYS * ROWS)
    scores = np.stack([ids % 3 / 4, np.full(len(ids), 0.25), 0.75 - ids % 3 / 4], axis=1)
    decision = scores.argmax(axis=1)
    # "1.0" and " 2" are spelled as no class is.
    label = np.choose(ids % 4, [0, -1, -1, 2])
    found = nested.case.performance("accuracy")
    for at in range(DAYS):
        rows = slice(at * ROWS, (at + 1) * ROWS)
        known = label[rows] >= 0
        right = (decision[rows] == label[rows])[known].mean()
        row = found[FIRST + timedelta(days=at)]
        assert row.value == pytest.approx(right)
    accounts = nested.case.ask("SELECT day, unknown_classes FROM label_accounts")
    assert [row.unknown_classes for row in accounts] == [ROWS // 2] * DAYS


def test_zero_nan_and_infinite_labels_of_a_regression(spark: SparkSession, tmp_path: Path) -> None:
    case = Case(spark, tmp_path)
    case.save("inputs", "id % 7 AS amount")
    case.save("predictions", "CAST(id % 7 AS DOUBLE) AS score")
    case.save(
        "labels",
        "CASE id % 5 WHEN 0 THEN 0D WHEN 1 THEN double('NaN') WHEN 2 THEN double('Infinity') "
        "ELSE CAST(id % 7 + 1 AS DOUBLE) END AS label",
    )
    case.run(performance={"task": "regression", "score": "score", "slices": False})
    ids = np.arange(DAYS * ROWS)
    score = (ids % 7).astype(float)
    label = np.choose(ids % 5, [np.zeros(len(ids)), np.nan, np.inf, score + 1, score + 1])
    for at in range(DAYS):
        rows = slice(at * ROWS, (at + 1) * ROWS)
        y, p = label[rows], score[rows]
        finite = np.isfinite(y)
        missed = np.abs(y - p)[finite]
        nonzero = y[finite] != 0
        wanted = {
            "mae": missed.mean(),
            "rmse": np.sqrt((missed**2).mean()),
            "mape": (missed[nonzero] / y[finite][nonzero]).mean(),
        }
        for metric, value in wanted.items():
            row = case.performance(metric)[FIRST + timedelta(days=at)]
            assert row.value == pytest.approx(value), metric
        # NaN is no label; an infinite one is, with which nothing is compared.
        assert row.labelled_rows == np.isfinite(y).sum() + np.isinf(y).sum()


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "place", "wording"),
    [
        (
            lambda c: c["predictions"].update(score="scores"),
            "predictions.score",
            "must be a number; name values in it, as scores[0]",
        ),
        (
            lambda c: c["features"].update(include=["customer.agee"]),
            "features.include",
            "has no column that fits 'customer.agee'",
        ),
        (lambda c: c["inputs"].update(id="customer.home"), "inputs.id", "name its fields"),
        (lambda c: c["inputs"].update(day={"column": "document"}), "inputs", "can be parsed"),
    ],
    ids=["an array as a score", "no such field", "a struct as an id", "a day that spells none"],
)
def test_what_cannot_work_is_reported_with_its_place_before_any_write(
    spark: SparkSession, tmp_path: Path, change: Change, place: str, wording: str
) -> None:
    case = Case(spark, tmp_path)
    case.save("inputs", f"id % 7 AS amount, {NESTED}")
    case.save("predictions", "0.5 AS score, array(0.5) AS scores")
    config = case.config(features={"include": ["amount"]})
    del config["labels"]
    change(config)
    text = json.dumps(config)
    with pytest.raises(ProblemsError) as raised:
        run_monitor(spark, parse_config(text), config_text=text, as_of=AS_OF)
    assert place in str(raised.value)
    assert wording in str(raised.value)
    assert not (tmp_path / "results").exists()
