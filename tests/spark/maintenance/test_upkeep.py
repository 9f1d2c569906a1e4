"""What maintenance promises: views and later runs stay right."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from labelled_shop import LabelledShop, labelled_config, labels_of
from modelwatch.io.delta.addresses import Place
from modelwatch.io.delta.alterations import MAINTENANCE_COMMAND
from modelwatch.io.store import upkeep
from modelwatch.io.store.output_tables import Store
from modelwatch.model.errors import ConfigurationError, SourceError
from modelwatch.pipelines.maintenance.upkeep import maintain
from modelwatch.pipelines.replay.recomputation import replay
from monitored import whole_vector
from shop import KEYS, Shop, day, inputs_of

pytestmark = pytest.mark.slow

OLD = (day(1), day(10), day(30), day(31))
"""The reference's day, and days of February and March."""
NEW = (day(200), day(201), day(202))
AS_OF = day(203)


def late_inputs(of: date) -> pa.Table:
    return inputs_of(of, rows=2, first=100).select(["id", "day", "amount", "region"])


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Two runs with a day recomputed, rows of a run that died, then maintenance."""
    folder = tmp_path_factory.mktemp("shop")
    config = labelled_config(
        folder,
        windows=["day", "week"],
        references=[
            {"name": "start", "days": f"{day(1)}..{day(1)}"},
            {"name": "previous", "previous_windows": 1},
        ],
        segments=[],
        challengers=[],
        verdicts={"late_days": 366},
        retention={"states_days": 120},
    )
    del config["comparison"]
    shop = LabelledShop(spark, folder, config)
    shop.open(*OLD, *NEW[:2])
    for of in OLD:
        shop.add("labels", labels_of(of))
    shop.run(as_of=NEW[2])
    shop.open(NEW[2])
    shop.add("inputs", late_inputs(OLD[1]))
    shop.run(as_of=AS_OF)
    store = Store(spark, shop.parsed().output)
    died = store.read("feature_states").limit(3)
    store.append("feature_states", died.drop("run_id"), "20200101T000000-died")
    return shop


@pytest.fixture(scope="module")
def before(shop: Shop) -> dict[str, Any]:
    """What stood before maintenance, which is then carried out."""
    return {
        "drift": shop.shown("drift_current", KEYS["drift_current"]),
        "states": shop.ask("SELECT * FROM feature_states_current"),
        "performance": shop.ask("SELECT * FROM performance_states_current"),
        "wording": maintain(shop.spark, shop.parsed(), dry_run=True),
        "versions": shop.versions(),
        "done": maintain(shop.spark, shop.parsed()),
    }


def test_rows_are_deleted_alike_where_a_statement_can_t_say_whose_it_is(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "refused_settings", lambda session: {upkeep._USER_METADATA})
    place = Place(path=str(tmp_path / "t"))
    properties = "TBLPROPERTIES ('delta.appendOnly' = 'true')"
    spark.sql(f"CREATE TABLE {place.identifier} (n int, run string) USING DELTA {properties}")
    spark.sql(f"INSERT INTO {place.identifier} VALUES (1, 'a'), (2, 'a'), (3, 'b')")
    assert upkeep.delete(spark, place, "run = 'a' AND n NOT IN (2)") == 1
    assert sorted(row["n"] for row in place.read(spark).collect()) == [2, 3]
    reported = [commit.get("userMetadata") for commit in DeltaTable(str(tmp_path / "t")).history()]
    assert reported == [None, MAINTENANCE_COMMAND, None, None, None]


def test_a_dry_run_shows_and_changes_nothing(shop: Shop, before: dict[str, Any]) -> None:
    wording = str(before["wording"])
    assert "Nothing was changed." in wording
    assert "states     3 days before 2013-04-01" in wording
    assert "rolled up  2 months in feature_states_monthly: 2013-02, 2013-03" in wording
    assert "rolled up  2 months in performance_states_monthly: 2013-02, 2013-03" in wording
    assert "unpublished  feature_states: 3 rows" in wording
    assert "no longer possible for 2 runs" in wording


def test_states_of_old_days_are_gone_but_for_those_of_the_reference(
    shop: Shop, before: dict[str, Any]
) -> None:
    for name in ("feature_states", "performance_states"):
        left = {row["day"] for row in shop.table(name)}
        assert left - {AS_OF} == {OLD[0], *NEW}
    assert not [r for r in shop.table("feature_states") if "died" in r["run_id"]]


def test_a_month_is_the_sum_of_its_days(shop: Shop, before: dict[str, Any]) -> None:
    rows: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    key = ("role", "model_version", "segmentation", "segment", "feature", "kind")
    for row in before["states"]:
        if row["day"] in OLD[1:]:
            rows[(row["day"].replace(day=1), *(row[k] for k in key))].append(row)
    months = shop.ask("SELECT * FROM feature_states_monthly_current")
    assert {(row["month"], *(row[k] for k in key)) for row in months} == set(rows)
    for row in months:
        days = rows[(row["month"], *(row[k] for k in key))]
        assert row["days"] == len(days)
        assert row["row_count"] == sum(one["row_count"] for one in days)
        counts = np.sum([whole_vector(one) for one in days], axis=0)
        assert whole_vector(row).tolist() == counts.tolist()
    assert any(row["days"] == 2 for row in months)


def test_performance_of_a_month_is_the_sum_of_its_days(shop: Shop, before: dict[str, Any]) -> None:
    key = ("model_version", "segmentation", "segment", "kind", "name", "binning")
    days: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for row in before["performance"]:
        if row["day"] in OLD[1:]:
            days[(row["day"].replace(day=1), *(row[k] for k in key))].append(row)
    months = shop.ask("SELECT * FROM performance_states_monthly_current")
    found: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for row in months:
        found[(row["month"], *(row[k] for k in key))].append(row)
    assert set(found) == set(days)
    assert {"binary", "labels", "slice"} <= {row["kind"] for row in months}
    for of, parts in found.items():
        assert sorted(row["part"] for row in parts) == [*range(len(parts))]
        assert {row["days"] for row in parts} == {len({one["day"] for one in days[of]})}
        for name in ("counts", "sums"):
            assert dense_sum(parts, name) == dense_sum(days[of], name)


def dense_sum(rows: Sequence[Any], name: str) -> dict[int, int]:
    """A vector of several rows of states together, by position."""
    total: Counter[int] = Counter()
    for row in rows:
        for position, value in zip(row["positions"], row[name], strict=True):
            total[position] += value
    return {position: value for position, value in total.items() if value}


def test_metrics_stand_as_they_stood(shop: Shop, before: dict[str, Any]) -> None:
    now = shop.shown("drift_current", KEYS["drift_current"])
    at = KEYS["drift_current"].index("window_start")
    old = {key: row for key, row in before["drift"].items() if key[at] <= OLD[-1]}
    assert old
    assert old == {key: row for key, row in now.items() if key[at] <= OLD[-1]}


def test_tables_are_append_only_again_and_have_fewer_files(
    shop: Shop, before: dict[str, Any]
) -> None:
    table = DeltaTable(str(shop.output / "feature_states"))
    assert table.metadata().configuration["delta.appendOnly"] == "true"
    maintain(shop.spark, shop.parsed())
    assert len(DeltaTable(str(shop.output / "runs")).file_uris()) == 1
    assert "compacted" in before["done"]


def test_maintenance_that_is_done_finds_nothing_more(shop: Shop, before: dict[str, Any]) -> None:
    again = maintain(shop.spark, shop.parsed())
    assert "states " not in again
    assert "unpublished " not in again


def test_a_later_run_computes_new_days_and_leaves_retired_ones(
    shop: Shop, before: dict[str, Any]
) -> None:
    shop.add("inputs", late_inputs(OLD[2]))
    shop.add("labels", labels_of(OLD[3], flipped=True))
    shop.open(AS_OF)
    shop.run(as_of=AS_OF + timedelta(days=1))
    run = shop.runs()[-1]
    assert run["days"] == [AS_OF]
    assert not {held["day"] for held in run["label_days"]} & {*OLD}
    assert all(window["window_start"] >= NEW[0] - timedelta(days=7) for window in run["windows"])
    versions = {s["role"]: (s["version"], s["seen"]) for s in run["sources"]}
    assert versions["inputs"][0] == versions["inputs"][1]
    nothing = shop.run(as_of=AS_OF + timedelta(days=1))
    assert "Nothing to do" in nothing.text


def test_a_run_whose_states_are_gone_is_not_replayed_and_says_why(
    shop: Shop, before: dict[str, Any]
) -> None:
    with pytest.raises(SourceError, match="removed by `modelwatch maintain`"):
        replay(shop.spark, shop.parsed(), shop.runs()[0]["run_id"])


def test_less_than_windows_look_back_on_is_refused(shop: Shop) -> None:
    shorter = Shop(shop.spark, shop.folder, {**shop.config, "retention": {"states_days": 90}})
    shorter.config["references"] = [
        {"name": "start", "days": f"{day(1)}..{day(1)}"},
        {"name": "year", "lag_days": 365},
    ]
    with pytest.raises(ConfigurationError, match="must be at least 375"):
        maintain(shop.spark, shorter.parsed())
