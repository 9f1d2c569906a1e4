"""What runs say of the tables that they read, and of what they cost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from pyspark.sql import Row, SparkSession

from shop import Shop, config_of, day, inputs_of, predictions_of


def table_path(shop: Shop, name: str) -> str:
    return str(shop.folder / name)


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Two runs: of days with a gap; then the gap late, a day with rows alone, columns changed."""
    folder = tmp_path_factory.mktemp("shop")
    durations = {"table": {"path": str(folder / "jobs")}}
    shop = Shop(spark, folder, config_of(folder, durations=durations, verdicts={"late_days": 1}))
    moments = [datetime(2013, 2, n, 3) for n in range(1, 10)]
    jobs = pa.table(
        {
            "kind": ["training"] * 9,
            "started_at": pa.array(moments, pa.timestamp("us", tz="UTC")),
            "seconds": [100.0] * 5 + [300.0] * 4,
        }
    )
    write_deltalake(str(folder / "jobs"), jobs)
    shop.open(*(day(n) for n in (-1, 0, 1, 2, 4)))
    shop.run(as_of=day(6))
    shop.open(day(3))
    shop.add("inputs", inputs_of(day(5)))
    shop.add("predictions", predictions_of(day(5), rows=6))
    table = f"delta.`{table_path(shop, 'inputs')}`"
    spark.sql(f"ALTER TABLE {table} ADD COLUMNS (colours array<int>)")
    spark.sql(f"ALTER TABLE {table} ALTER COLUMN colours FIRST")
    shop.run(as_of=day(7))
    return shop


def health(shop: Shop, check: str, **where: Any) -> list[Row]:
    rows = shop.ask(f"SELECT * FROM source_health_current WHERE check_name = '{check}'")
    found = [row for row in rows if all(row[name] == value for name, value in where.items())]
    return sorted(found, key=lambda row: (row["day"] or day(1), row["subject"] or ""))


def test_a_table_is_fresh_or_stale_by_its_newest_day(shop: Shop) -> None:
    rows = {row["role"]: row for row in health(shop, "freshness")}
    assert (rows["inputs"]["verdict"], rows["inputs"]["observed"]) == ("pass", str(day(5)))
    assert rows["inputs"]["table_name"] == table_path(shop, "inputs")


def test_a_gap_is_missing_until_it_comes_and_then_late(shop: Shop) -> None:
    first, _ = shop.runs()
    wording = [r for r in shop.table("source_health") if r["run_id"] == first["run_id"]]
    missing = [r for r in wording if r["check_name"] == "missing_partition"]
    assert {(r["role"], r["day"]) for r in missing} == {("inputs", day(3)), ("predictions", day(3))}
    assert not health(shop, "missing_partition")
    late = health(shop, "late_partition", role="inputs")
    assert [row["day"] for row in late] == [day(3)]
    assert late[0]["onset"] == day(5)


def test_rows_without_a_partner_are_reported_with_their_day(shop: Shop) -> None:
    rows = {row["day"]: row for row in health(shop, "join_coverage", role="inputs")}
    assert (rows[day(4)]["verdict"], rows[day(4)]["onset"]) == ("pass", None)
    assert (rows[day(5)]["verdict"], rows[day(5)]["value"]) == ("warn", 0.5)
    assert rows[day(5)]["onset"] == day(5)


def test_volume_and_repeated_ids_stand_beside_what_was_expected(shop: Shop) -> None:
    rows = {row["day"]: row for row in health(shop, "volume", role="predictions")}
    assert set(rows) == {day(n) for n in range(-1, 6)}
    assert rows[day(5)]["observed"] == "6"
    assert {row["day"] for row in health(shop, "duplicates", role="inputs")} == set(rows)


def test_changed_columns_are_reported_since_the_run_that_saw_them(shop: Shop) -> None:
    rows = health(shop, "schema", role="inputs")
    wording = {row["subject"]: row for row in rows if row["subject"]}
    assert (wording["colours"]["expected"], wording["colours"]["observed"]) == (
        "none",
        "array<int>",
    )
    assert (wording["colours"]["verdict"], wording["colours"]["onset"]) == ("warn", day(7))
    (same,) = health(shop, "schema", role="predictions")
    assert (same["verdict"], same["subject"]) == ("pass", None)


def test_the_cost_of_a_run_stands_beside_the_usual_one(shop: Shop) -> None:
    costs = shop.ask("SELECT * FROM cost_trend WHERE kind = 'monitor' AND measure = 'seconds'")
    first, second = sorted(costs, key=lambda row: row["started_at"])
    assert (first["median_before"], first["ratio_to_median"]) == (None, None)
    assert second["median_before"] == first["value"]
    assert second["ratio_to_median"] == pytest.approx(second["value"] / first["value"])
    measures = {row["measure"] for row in shop.ask("SELECT DISTINCT measure FROM cost_trend")}
    assert {"executor_seconds", "spark_jobs", "bytes_read", "shuffle_bytes"} <= measures
    assert {"spill_bytes", "stage states"} <= measures
    assert shop.runs()[0]["work"]["tasks"] > 0


def test_durations_of_other_jobs_stand_in_the_same_trend(shop: Shop) -> None:
    rows = shop.ask("SELECT * FROM cost_trend WHERE kind = 'training' ORDER BY started_at")
    assert [row["value"] for row in rows] == [100.0] * 5 + [300.0] * 4
    assert rows[-1]["median_before"] == 100.0
    assert rows[-1]["ratio_to_median"] == 3.0
