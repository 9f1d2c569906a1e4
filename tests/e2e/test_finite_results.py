"""Whatever the data hold, no result column of any table holds a number that is not finite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from modelwatch.tables import TABLES
from shop import Shop, config_of, day, labels_section

pytestmark = pytest.mark.slow

ROWS = 60
DAYS = 8
EMPTY = 5
"""Day without a row."""
ODD = (float("nan"), float("inf"), float("-inf"), 1.7e308, -1.7e308, 5e-324, 0.0)
CONTRACT = """\
contract: shop
version: 1
columns:
  amount: {type: double, range: [0, 100]}
  infinite: {type: double, range: [0, null]}
"""


def inputs_of(number: int) -> pa.Table:
    """Features of which each breaks another metric: two with equal values, so that rows have no
    noise, constants, columns without values, infinities, NaN, and values at the ends of doubles."""
    of, steps = day(number), range(ROWS)
    random = np.random.default_rng(number)
    amount = random.normal(50.0, 9.0, ROWS)
    return pa.table(
        {
            "id": [f"{of}-{i}" for i in steps],
            "day": pa.array([of] * ROWS, pa.date32()),
            "amount": amount,
            "copy": 2.0 * amount,
            "constant": pa.array([7.0 + 1e9 * (number > 6)] * ROWS),
            "empty": pa.array([None] * ROWS, pa.float64()),
            "nan": pa.array([float("nan")] * ROWS),
            "infinite": pa.array([ODD[i % 3] if i % 2 else float(i) for i in steps]),
            "huge": pa.array([(-1.7e308 if i % 2 else 1.7e308) for i in steps]),
            "tiny": pa.array([5e-324 * i for i in steps]),
            "at times": pa.array([None if number % 2 else float(i) for i in steps], pa.float64()),
            "largest": pa.array([2**63 - 1 - i for i in steps]),
            "code": [f"c{i}" for i in steps],
            "region": [("north", "south", None)[i % 3] for i in steps],
        }
    )


def predictions_of(number: int) -> pa.Table:
    of, steps = day(number), range(ROWS)
    score = np.random.default_rng(100 + number).random(ROWS)
    if number == 6:
        score = np.array([ODD[i % len(ODD)] for i in steps])
    if number == 7:
        score[:] = 0.5
    return pa.table(
        {
            "id": [f"{of}-{i}" for i in steps],
            "day": pa.array([of] * ROWS, pa.date32()),
            "score": score,
            "low": score - 1.0,
            "high": score + 1.0,
            "model": [("v1", "v2")[i % 2] for i in steps],
        }
    )


def labels_of(number: int, regression: bool) -> pa.Table:
    of, steps = day(number), range(ROWS)
    random = np.random.default_rng(200 + number)
    label = random.integers(0, 2, ROWS).astype(float)
    if regression:
        label = np.array([ODD[i % len(ODD)] if i % 4 == 0 else label[i] for i in steps])
    elif number == 2:
        label[:] = 1.0
    elif number == 3:
        label[:] = 0.0
    return pa.table(
        {
            "id": [f"{of}-{i}" for i in steps],
            "day": pa.array([of] * ROWS, pa.date32()),
            "label": label,
            "known": pa.array([of] * ROWS, pa.date32()),
        }
    )


def config_for(folder: Path, regression: bool) -> dict[str, Any]:
    performance: dict[str, Any] = {"task": "regression", "score": "score"}
    more: dict[str, Any] = {}
    if regression:
        performance["interval"] = ["low", "high"]
        performance["values"] = {"expressions": {"sum": "label * infinite"}}
    else:
        performance = {
            "task": "binary",
            "score": "score",
            "decision": {"threshold": 0.5},
            "positive": [1],
            "values": {"true_positive": 1e308, "expressions": {"sum": "infinite * huge"}},
        }
        shadow = {"path": str(folder / "shadow")}
        challenger = {"name": "shadow", "table": shadow, "id": "id", "day": {"column": "day"}}
        more = {
            "challengers": [{**challenger, "score": "score"}],
            "comparison": {"champion": "v1", "challenger": "v2", "expected_share": 0.5},
        }
    return config_of(
        folder,
        features={"exclude": []},
        windows=["day", {"name": "last 3", "trailing_days": 3}],
        references=[{"name": "start", "days": f"{day(1)}..{day(3)}"}],
        binning={"bins": 10, "max_values": 20},
        constraints=[
            {"name": "spread", "column": "huge", "kind": "sd", "upper": 100},
            {"name": "middle", "column": "infinite", "kind": "mean", "upper": 100},
        ],
        contracts=[{"path": "contracts/shop.yaml"}],
        rules=[{"name": "known", "treatment": "quarantine", "must": "amount < 70"}],
        labels=labels_section(str(folder / "labels"), 0),
        performance=performance,
        outliers={"fence": 1.5},
        incidents={"fails": 1, "of": 1},
        **more,
    )


@pytest.fixture(scope="module", params=["binary", "regression"])
def shop(
    request: pytest.FixtureRequest, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Shop:
    folder, regression = tmp_path_factory.mktemp(request.param), request.param == "regression"
    (folder / "contracts").mkdir()
    (folder / "contracts" / "shop.yaml").write_text(CONTRACT, encoding="utf-8")
    shop = Shop(spark, folder, config_for(folder, regression))
    days = [number for number in range(1, DAYS + 1) if number != EMPTY]
    shop.add("inputs", pa.concat_tables([inputs_of(n) for n in days]))
    answers = pa.concat_tables([predictions_of(n) for n in days])
    shop.add("predictions", answers)
    if not regression:
        shop.add("shadow", answers.select(["id", "day", "score"]))
    shop.add("labels", pa.concat_tables([labels_of(n, regression) for n in days]))
    shop.file()
    report = shop.run(as_of=day(DAYS + 1), folder=folder)
    (folder / "text").write_text(report.text, encoding="utf-8")
    return shop


def numbers_in(value: Any) -> list[float]:
    """The doubles of a value, those of structs and arrays too."""
    if isinstance(value, dict):
        return [number for one in value.values() for number in numbers_in(one)]
    if isinstance(value, list):
        return [number for one in value for number in numbers_in(one)]
    return [value] if isinstance(value, float) else []


def test_every_number_of_every_table_is_finite(shop: Shop) -> None:
    odd = []
    for name, table in TABLES.items():
        edges = {column.name for column in table.columns if column.type == "array<double>"}
        for row in shop.table(name):
            for column, value in row.items():
                # The edges of bins are infinite by definition.
                if column not in edges and not np.isfinite(numbers_in(value)).all():
                    odd.append((name, column, row))
    assert not odd, odd[0]


def test_the_run_wrote_the_tables_that_hold_metrics(shop: Shop) -> None:
    written = {name for name in TABLES if shop.table(name)}
    expected = {"profile_metrics", "drift_metrics", "performance_metrics", "verdicts", "incidents"}
    expected |= {"constraint_results", "business_metrics", "source_health", "quarantine"}
    assert expected <= written


def test_a_metric_without_a_value_has_its_reason(shop: Shop) -> None:
    for name in ("profile_metrics", "drift_metrics", "performance_metrics"):
        for row in shop.table(name):
            if row["value"] is None and row.get("text") is None:
                assert row["reason"], (name, row)


def test_the_run_says_which_columns_share_a_bin(shop: Shop) -> None:
    text = (shop.folder / "text").read_text(encoding="utf-8")
    (line,) = (line for line in text.splitlines() if line.startswith("Note: "))
    reported = (
        "Note: code has 60 values in reference start, and the 20 most frequent ones are counted "
    )
    assert line.startswith(f"{reported}one by one; the others, ")
    # Two thirds of the values, and about as many of the rows that no rule has set apart.
    share = float(line.split("the others, ")[1].split("%")[0])
    assert share == pytest.approx(200 / 3, abs=1.0)
    assert not [row for row in shop.table("incidents") if row["metric"] == "other_share"]
