"""A regression that gets worse as hard rows grow in number: what is said before labels are due."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from modelwatch.io.delta.table_schema import OutputError
from modelwatch.io.store.models import load_model
from modelwatch.pipelines.estimation.loss_models import NO_PLACE, NOT_DUE, _losses
from shop import Shop, config_of, day, labels_section

pytestmark = pytest.mark.slow

ROWS = 500
DELAY = 2
REFERENCE, LAST = 4, 12
LABELLED = 9
"""Last day whose labels are in at the second run."""


@dataclass(frozen=True)
class Sales:
    """Rows of a day: where ``size`` is above 5, predictions miss by twice as much."""

    size: np.ndarray
    kind: list[str | None]
    score: np.ndarray
    label: np.ndarray

    @property
    def missed(self) -> np.ndarray:
        return np.abs(self.label - self.score)


def sales(of: date) -> Sales:
    number = (of - day(1)).days + 1
    random = np.random.default_rng(number)
    hard = random.random(ROWS) < (0.2 if number <= REFERENCE else 0.1 * (number - 2))
    size = np.where(hard, random.uniform(5, 10, ROWS), random.uniform(0, 5, ROWS))
    score = 20.0 + 3.0 * random.standard_normal(ROWS)
    label = score + np.where(hard, 4.0, 2.0) * random.standard_normal(ROWS)
    # New kinds come up after the reference.
    kind = [["plain", "fancy", None, f"new {number}"][i % 4] for i in range(ROWS)]
    return Sales(size, kind, score, label)


@dataclass
class House:
    """A shop that predicts prices, the reports of its runs, and what it says."""

    shop: Shop
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def open(self, *days: date) -> None:
        for of in days:
            known = sales(of)
            ids = [f"{of}-{i}" for i in range(ROWS)]
            columns: dict[str, Any] = {"id": ids, "day": pa.array([of] * ROWS, pa.date32())}
            size = [None if i == 0 else value for i, value in enumerate(known.size.tolist())]
            inputs = {**columns, "size": size, "kind": known.kind}
            self.shop.add("inputs", pa.table(inputs))
            said = {**columns, "score": known.score, "model": ["v1"] * ROWS}
            self.shop.add("predictions", pa.table(said))

    def learn(self, *days: date) -> None:
        for of in days:
            ids = [f"{of}-{i}" for i in range(ROWS)]
            wording: dict[str, Any] = {"id": ids, "day": pa.array([of] * ROWS, pa.date32())}
            wording["label"] = sales(of).label
            wording["known"] = pa.array([of + timedelta(days=1)] * ROWS, pa.date32())
            self.shop.add("labels", pa.table(wording))

    def run(self, name: str, **options: Any) -> None:
        self.shop.run(**options)
        self.runs[name] = self.shop.runs()[-1]

    def estimates(self, name: str, metric: str = "mae", **where: Any) -> dict[date, dict[str, Any]]:
        """Estimates of a run by day."""
        where = {"window_name": "day", "segmentation": "all", "metric": metric, **where}
        return {
            row["window_start"]: row
            for row in self.shop.table("performance_estimates")
            if row["run_id"] == self.runs[name]["run_id"]
            and all(row[column] == value for column, value in where.items())
        }


@pytest.fixture(scope="module")
def house(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> House:
    """Three runs: before the labels of the reference are due, after, and a day later."""
    folder = tmp_path_factory.mktemp("losses")
    house = House(Shop(spark, folder, regression_config(folder)))
    house.open(*map(day, range(1, 6)))
    house.learn(*map(day, range(1, REFERENCE)))
    house.run("early", as_of=day(5))
    house.open(*map(day, range(6, LAST + 1)))
    house.learn(*map(day, range(REFERENCE, LABELLED + 1)))
    house.run("fitted", as_of=day(LAST + 1))
    house.open(day(LAST + 1))
    house.run("later", as_of=day(LAST + 2))
    return house


def regression_config(folder: Path, **sections: Any) -> dict[str, Any]:
    return config_of(
        folder,
        **{
            "features": {"include": ["size", "kind"]},
            "segments": [{"name": "kind", "columns": "kind"}],
            "windows": ["day"],
            "references": [{"name": "start", "days": f"{day(1)}..{day(REFERENCE)}"}],
            "constraints": [],
            "labels": labels_section(str(folder / "labels"), DELAY),
            "performance": {"task": "regression", "score": "score", "slices": False},
            **sections,
        },
    )


def test_before_the_reference_is_due_the_reason_stands_in_place_of_an_estimate(
    house: House,
) -> None:
    rows = house.estimates("early")
    assert {row["reason"] for row in rows.values()} == {NOT_DUE}
    assert all(row["value"] is None and row["loss_model"] is None for row in rows.values())


def test_the_estimate_follows_an_error_that_doubles_where_rows_are_hard(house: House) -> None:
    rows = house.estimates("fitted")
    after = [day(number) for number in range(REFERENCE + 1, LAST + 1)]
    truth = np.array([sales(of).missed.mean() for of in after])
    value = np.array([rows[of]["value"] for of in after])
    assert truth[-1] > 1.5 * sales(day(1)).missed.mean()
    assert np.abs(value - truth).max() < 0.1 * truth.max()
    held = [
        rows[of]["lower"] <= true <= rows[of]["upper"]
        for of, true in zip(after, truth, strict=True)
    ]
    assert sum(held) >= len(after) - 1


def test_the_root_of_the_mean_square_is_estimated_too(house: House) -> None:
    rows = house.estimates("fitted", "rmse")
    held = 0
    for number in range(REFERENCE + 1, LAST + 1):
        row, missed = rows[day(number)], sales(day(number)).missed
        truth = np.sqrt((missed**2).mean())
        held += row["lower"] <= truth <= row["upper"]
        assert row["value"] == pytest.approx(truth, rel=0.15)
    assert held >= LAST - REFERENCE - 1


def test_an_estimate_is_of_all_rows_and_says_its_method_and_assumption(house: House) -> None:
    row = house.estimates("fitted")[day(LAST)]
    assert (row["method"], row["row_count"]) == ("direct_loss", ROWS)
    assert "P(y|x) is the same" in row["assumption"]


def test_estimates_are_compared_with_truth_outside_the_reference(house: House) -> None:
    row = house.estimates("fitted")[day(LAST)]
    # Days 5 to 9 have labels, 10 and 11 are due without.
    assert row["back_test_windows"] == LABELLED - REFERENCE
    assert abs(row["back_test_bias"]) < 0.3
    assert 0 < row["back_test_error"] < 0.3


def test_segments_have_estimates_of_their_own(house: House) -> None:
    rows = house.estimates("fitted", segmentation="kind", segment="plain")
    missed = sales(day(LAST)).missed[::4]
    assert rows[day(LAST)]["row_count"] == ROWS // 4
    assert rows[day(LAST)]["lower"] <= missed.mean() <= rows[day(LAST)]["upper"]


def test_the_regressor_is_stored_once_and_every_estimate_names_it(house: House) -> None:
    (row,) = house.shop.table("loss_models")
    assert row["run_id"] == house.runs["fitted"]["run_id"]
    assert row["fitted_rows"] == REFERENCE * ROWS
    assert row["fitted_days"] == [day(number) for number in range(1, REFERENCE + 1)]
    name = f"{row['fingerprint']}-{row['run_id']}"
    assert Path(row["path"]) == house.shop.output / "models" / "shop" / name
    assert Path(row["path"]).is_dir()
    for name in ("fitted", "later"):
        named = {one["loss_model"] for one in house.estimates(name).values()}
        assert named == {row["fingerprint"]}


def test_a_new_regressor_makes_all_days_due_and_an_old_one_none(house: House) -> None:
    days = {name: [held["day"] for held in run["label_days"]] for name, run in house.runs.items()}
    assert days["fitted"] == [day(number) for number in range(1, LAST + 1)]
    assert days["later"] == [day(LAST + 1)]


def test_a_run_that_reuses_the_regressor_estimates_new_days(house: House) -> None:
    row, missed = house.estimates("later")[day(LAST + 1)], sales(day(LAST + 1)).missed
    assert row["lower"] <= missed.mean() <= row["upper"]


def test_estimate_and_truth_stand_in_one_row(house: House) -> None:
    rows = house.shop.ask(
        "SELECT window_start, value, estimate FROM performance_timeline WHERE metric = 'mae' "
        f"AND window_name = 'day' AND segmentation = 'all' AND window_start = '{day(LABELLED)}'"
    )
    (row,) = rows
    assert row.value == pytest.approx(sales(day(LABELLED)).missed.mean())
    assert row.estimate == pytest.approx(row.value, rel=0.15)


def test_the_same_rows_give_the_same_version(house: House, tmp_path: Path) -> None:
    config = regression_config(house.shop.folder, output={"path": str(tmp_path / "again")})
    again = House(Shop(house.shop.spark, house.shop.folder, config))
    again.run("again", as_of=day(LAST + 2))
    (first,), (second,) = house.shop.table("loss_models"), again.shop.table("loss_models")
    assert first["fingerprint"] == second["fingerprint"]
    for name in ("mae", "rmse"):
        old, new = house.estimates("later", name), again.estimates("again", name)
        same = [of for of in old if old[of]["value"] is not None]
        assert same
        assert [new[of]["value"] for of in same] == pytest.approx(
            [old[of]["value"] for of in same], rel=1e-9
        )


def test_a_schema_without_a_place_for_models_says_so(house: House) -> None:
    shop = house.shop
    shop.spark.sql("CREATE SCHEMA IF NOT EXISTS losses_somewhere")
    config = regression_config(shop.folder, output={"schema": "losses_somewhere"})
    Shop(shop.spark, shop.folder, config).run(as_of=day(3))
    found = shop.spark.sql("SELECT DISTINCT reason FROM losses_somewhere.performance_estimates")
    assert [row.reason for row in found.collect()] == [NO_PLACE]
    shop.spark.sql("DROP SCHEMA losses_somewhere CASCADE")


def test_a_model_whose_files_were_changed_is_not_loaded(house: House) -> None:
    (row,) = house.shop.table("loss_models")
    metadata = Path(row["path"]) / "metadata" / "part-00000"
    original = metadata.read_text()
    planted = Path(row["path"]) / "metadata" / "part-00001"
    try:
        metadata.write_text(original.replace("PipelineModel", "EvilModel"))
        metadata.with_name(f".{metadata.name}.crc").unlink(missing_ok=True)
        with pytest.raises(OutputError, match="its files were changed"):
            load_model(house.shop.spark, row["path"], row["content"])
        metadata.write_text(original)
        planted.write_text(original)
        with pytest.raises(OutputError, match="it was not loaded"):
            load_model(house.shop.spark, row["path"], row["content"])
    finally:
        metadata.write_text(original)
        planted.unlink(missing_ok=True)
    assert load_model(house.shop.spark, row["path"], row["content"]).stages


def test_a_model_is_read_from_the_configured_folder_whatever_the_table_says(house: House) -> None:
    (row,) = house.shop.table("loss_models")
    folder = str(house.shop.output / "models" / "shop")
    version = row["fingerprint"]
    for name in (f"{version}-{row['run_id']}", version):
        moved = {**row, "path": f"/somewhere/else/{name}"}
        assert _losses(moved, folder, (), ()).path == f"{folder}/{name}"
    for name in ("else", f"{version}-..", f"else-{row['run_id']}"):
        moved = {**row, "path": f"/somewhere/{name}"}
        assert _losses(moved, folder, (), ()).path == f"{folder}/{version}"
    with pytest.raises(OutputError, match="is not the fingerprint"):
        _losses({**row, "fingerprint": "../../evil"}, folder, (), ())
