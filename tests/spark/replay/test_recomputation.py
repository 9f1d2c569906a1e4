"""What a replay of a past run promises."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from modelwatch.io.store.replay_store import ReplayStore
from modelwatch.model.days import DayRange
from modelwatch.model.errors import SourceError
from modelwatch.pipelines.replay.recomputation import replay
from modelwatch.spark.replay.row_comparison import compared
from shop import Shop, day, inputs_of, predictions_of


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Three runs: of four days, of a fifth with corrections, and of one day asked for again."""
    shop = Shop(spark, tmp_path_factory.mktemp("shop"))
    shop.open(*(day(n) for n in range(1, 5)))
    shop.run(as_of=day(5))
    shop.open(day(5))
    shop.delete("inputs", f"day = '{day(3)}' AND height = 1")
    shop.add("inputs", inputs_of(day(2), rows=5, first=100))
    shop.run(as_of=day(6))
    shop.add("predictions", predictions_of(day(2), rows=3, first=100))
    shop.run(as_of=day(6), days=DayRange(day(2), day(3)))
    return shop


@pytest.fixture
def copied(shop: Shop, tmp_path: Path) -> Shop:
    """The same tables elsewhere, to be done harm."""
    for name in ("inputs", "predictions", "monitor"):
        shutil.copytree(shop.folder / name, tmp_path / name)
    return Shop(shop.spark, tmp_path)


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(2, id="asked for"),
        pytest.param(0, id="first", marks=pytest.mark.slow),
        pytest.param(1, id="corrected", marks=pytest.mark.slow),
    ],
)
def test_every_row_of_a_past_run_is_the_same_again(shop: Shop, number: int) -> None:
    run, before = shop.runs()[number], shop.versions()
    found = replay(shop.spark, shop.parsed(), run["run_id"])
    assert found.identical, found.text
    assert set(found.tables) == {o["table_name"] for o in run["outputs"]} | {"runs"}
    assert found.tables["drift_metrics"].rows == sum(
        row["run_id"] == run["run_id"] for row in shop.table("drift_metrics")
    )
    assert "Identical" in found.text
    assert shop.versions() == before
    assert not (shop.output / "_replay").exists()


def test_rows_that_were_changed_by_hand_are_listed(shop: Shop, copied: Shop) -> None:
    run, spark = shop.runs()[1], shop.spark
    # A replay reads the source paths of the run's own configuration, which still stand.
    table = f"delta.`{copied.output / 'drift_metrics'}`"
    spark.sql(f"ALTER TABLE {table} SET TBLPROPERTIES (delta.appendOnly = false)")
    touched = f"run_id = '{run['run_id']}' AND feature = 'amount' AND statistic = 'psi'"
    spark.sql(f"UPDATE {table} SET value = value + 1 WHERE {touched} AND segmentation = 'all'")
    found = replay(spark, copied.parsed(), run["run_id"])
    assert not found.identical
    assert set(found.tables["drift_metrics"].changed) == {"value"}
    assert found.tables["profile_metrics"].identical
    assert "changed by hand" in found.text
    assert "feature amount" in found.text


@pytest.fixture
def vacuumed(shop: Shop, tmp_path: Path) -> Iterator[Shop]:
    """The files that no longer belong to the newest version of the inputs are gone."""
    folder = shop.folder / "inputs"
    kept = {Path(unquote(uri)).name for uri in DeltaTable(str(folder)).file_uris()}
    stale = [file for file in folder.rglob("*.parquet") if file.name not in kept]
    assert stale
    for file in stale:
        shutil.move(file, tmp_path / file.name)
    yield shop
    for file in stale:
        shutil.move(tmp_path / file.name, file)


def test_vacuumed_sources_are_reported_with_the_versions_that_are_left(vacuumed: Shop) -> None:
    run = vacuumed.runs()[0]
    with pytest.raises(SourceError) as raised:
        replay(vacuumed.spark, vacuumed.parsed(), run["run_id"])
    message = str(raised.value)
    assert "version 3, which the run read, can no longer be read" in message
    assert re.search(r"Versions 5, written 20.* UTC, to 6 can", message)
    assert not (vacuumed.output / "_replay").exists()


@pytest.mark.parametrize(
    ("run_id", "message"), [("20990101", "no run has the id"), ("20", "may be several runs")]
)
def test_a_run_must_be_one(shop: Shop, run_id: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        replay(shop.spark, shop.parsed(), run_id)


def test_a_replay_sees_the_rows_of_runs_it_may_know_and_no_others(shop: Shop) -> None:
    first = shop.runs()[0]
    scratch = shop.parsed().output.model_copy(update={"path": str(shop.folder / "scratch")})
    store = ReplayStore(
        shop.spark, shop.parsed().output, scratch, [first["run_id"]], first["finished_at"]
    )
    store.prepare(("feature_states", "constraint_results"))
    for table in ("feature_states", "constraint_results"):
        runs = {row.run_id for row in store.read(table).select("run_id").distinct().collect()}
        assert runs == {first["run_id"]}


def test_rows_are_compared_by_key_where_null_is_a_value(spark: SparkSession) -> None:
    schema = "a string, b int, x double, y array<int>"
    before = [("same", None, float("nan"), [1]), ("changed", 1, 1.0, [1]), ("gone", 1, 0.0, None)]
    now = [("same", None, float("nan"), [1]), ("changed", 1, 1.5, [2]), ("twice", 1, 0.0, None)]
    found = compared(
        spark.createDataFrame(before, schema),
        spark.createDataFrame([*now, now[-1]], schema),
        ["a", "b"],
        ["x", "y"],
    )
    assert (found.rows, found.same, found.missing, found.more) == (3, 1, 1, 2)
    assert found.changed == {"x": 1, "y": 1}
    assert found.farthest["x"] == pytest.approx(1 / 3)
    changed = next(one for one in found.examples if one.key["a"] == "changed")
    assert changed.values == {"x": ("1.0", "1.5"), "y": ("[1]", "[2]")}
