"""What a trace of one prediction promises."""

from __future__ import annotations

import json
from datetime import date

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from modelwatch.model.errors import SourceError
from modelwatch.pipelines.replay.report import trace_json, trace_text
from modelwatch.pipelines.replay.trace import Trace, TracedRows, trace
from shop import Shop, config_of, day, inputs_of, labels_section

pytestmark = pytest.mark.slow


def labels_of(*rows: tuple[int, int, date]) -> pa.Table:
    return pa.table(
        {
            "id": [f"{day(2)}-{number}" for number, _, _ in rows],
            "day": pa.array([day(2)] * len(rows), pa.date32()),
            "label": [label for _, label, _ in rows],
            "known": pa.array([known for _, _, known in rows], pa.date32()),
        }
    )


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Two runs with labels and a rule; after the first a row of the second day was replaced."""
    folder = tmp_path_factory.mktemp("shop")
    config = config_of(
        folder,
        labels=labels_section(str(folder / "labels"), 1),
        performance={"task": "binary", "score": "score", "decision": {"threshold": 0.5}},
        rules=[{"name": "paid", "treatment": "quarantine", "must": "amount is not null"}],
        constraints=[{"name": "many", "kind": "rows", "lower": 100}],
    )
    shop = Shop(spark, folder, config)
    shop.open(day(1), day(2), day(3))
    shop.add("labels", labels_of((3, 0, day(3)), (4, 1, day(3))))
    shop.run(as_of=day(4))
    shop.delete("inputs", f"id = '{day(2)}-3'")
    shop.add("inputs", inputs_of(day(2), rows=1, first=3, nulls=4))
    shop.add("labels", labels_of((3, 1, day(4))))
    shop.run(as_of=day(6))
    return shop


def traced(shop: Shop, number: int, as_of: date | None = None) -> Trace:
    return trace(shop.spark, shop.parsed(), [f"{day(2)}-{number}"], as_of=as_of)


def rows_of(found: Trace, role: str) -> TracedRows:
    return next(table for table in found.tables if table.role == role)


def test_a_row_is_shown_as_the_run_of_its_day_read_it(shop: Shop) -> None:
    then, now = traced(shop, 3, as_of=day(4)), traced(shop, 3)
    (before,), (after,) = rows_of(then, "inputs").rows, rows_of(now, "inputs").rows
    assert (before["amount"], after["amount"]) == (3 + day(2).day / 4, None)
    assert rows_of(then, "inputs").version < rows_of(now, "inputs").version
    assert (then.day, then.model_version) == (day(2), "v1")
    assert rows_of(now, "predictions").rows[0]["score"] == pytest.approx(3 / 12)


def test_labels_are_those_that_were_known(shop: Shop) -> None:
    then, now = traced(shop, 3, as_of=day(4)), traced(shop, 3)
    assert [row["label"] for row in rows_of(then, "labels").rows] == [0]
    assert [row["label"] for row in rows_of(now, "labels").rows] == [0, 1]


def test_rules_and_the_quarantine_say_what_became_of_a_row(shop: Shop) -> None:
    found = traced(shop, 3)
    (rule,) = rows_of(found, "inputs").rules
    assert (rule["rule"], rule["holds"], rule["fate"]) == ("paid", False, "quarantined")
    (held,) = found.quarantine
    assert (held["rules"], held["state"]) == (["paid"], "held")
    assert not traced(shop, 3, as_of=day(4)).quarantine


def test_constraints_and_incidents_of_its_day_are_reported(shop: Shop) -> None:
    found = traced(shop, 5)
    assert ("many", "fail") in {(r["constraint_name"], r["verdict"]) for r in found.constraints}
    assert [one["onset"] for one in found.incidents if "many" in str(one["sentence"])] == [day(1)]


def test_it_is_reported_as_text_and_as_json(shop: Shop) -> None:
    found = traced(shop, 3)
    text = trace_text(found)
    assert f"Prediction {day(2)}-3 of shop, as of {day(6)}" in text
    assert "quarantine: paid: not (amount is not null)" in text
    whole = json.loads(trace_json(found))
    assert whole["day"] == str(day(2))
    assert [table["role"] for table in whole["tables"]] == ["inputs", "predictions", "labels"]


def test_an_id_that_is_not_there_is_reported(shop: Shop) -> None:
    with pytest.raises(SourceError, match="no row with id nobody"):
        trace(shop.spark, shop.parsed(), ["nobody"])
    with pytest.raises(SourceError, match="an id has 1 values, of id; got 2"):
        trace(shop.spark, shop.parsed(), ["a", "b"])
    with pytest.raises(SourceError, match="the first run is as of"):
        traced(shop, 3, as_of=day(1))
