"""Small tables on a local disk, as a set-up reads them without Spark."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from modelwatch.model.onboarding.day_guess import DayGuess
from modelwatch.model.onboarding.table_facts import ColumnFacts
from modelwatch.model.sources.tables import TableAddress
from modelwatch.pipelines.onboarding import local_rows as reading
from modelwatch.pipelines.onboarding.joined_labels import LabelJoin
from modelwatch.pipelines.onboarding.local_rows import LocalRows, local_rows
from modelwatch.pipelines.onboarding.table_facts import daily_metrics, facts_of
from modelwatch.pipelines.onboarding.table_rows import TableSide

FIRST, DAYS, ROWS = date(2024, 3, 1), 40, 4000
DAY = DayGuess("day", time=False)


def written(
    path: Path, rows: pa.Table | pd.DataFrame, *, partition: str | None = None
) -> LocalRows:
    write_deltalake(str(path), rows, partition_by=partition)
    found = local_rows(TableAddress(path=str(path)))
    assert found is not None
    return found


def shop(count: int = ROWS) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    amount = rng.gamma(3, 10, count)
    return pd.DataFrame(
        {
            "order_id": np.arange(10_000, 10_000 + count),
            "day": [FIRST + timedelta(days=n * DAYS // count) for n in range(count)],
            "amount": np.where(rng.random(count) < 0.1, np.nan, amount),
            "kind": rng.choice(["a", "b"], count, p=[0.7, 0.3]),
        }
    )


@pytest.mark.parametrize("partition", [None, "day"])
def test_facts_are_those_of_the_rows(tmp_path: Path, partition: str | None) -> None:
    rows = shop()
    facts = facts_of(written(tmp_path / "t", rows, partition=partition))
    assert facts.rows_by_day == rows.groupby("day").size().to_dict()
    assert facts.partitions == ((partition,) if partition else ())
    amount = facts.column("amount")
    assert amount is not None
    newest = rows[rows["day"] > FIRST + timedelta(days=DAYS - 31)]
    assert (facts.rows, amount.spark_type) == (len(newest), "double")
    assert amount.nulls == newest["amount"].isna().sum()
    assert "order_id" in facts.unique


def test_metrics_of_a_day_are_those_of_its_rows(tmp_path: Path) -> None:
    rows = shop()
    held = written(tmp_path / "t", rows)
    facts = facts_of(held)
    columns = [column for column in facts.columns if column.name in ("amount", "kind")]
    metrics = {one.name: one.by_day for one in daily_metrics(held, facts, columns, "UTC")}
    by_day = rows.groupby("day")
    nulls = by_day["amount"].apply(lambda values: values.isna().mean())
    assert metrics["the share of nulls of amount"] == pytest.approx(nulls.to_dict())
    within = by_day["amount"].std().median()
    mean = (by_day["amount"].mean() / within).to_dict()
    assert metrics["the mean of amount"] == pytest.approx(mean)
    share = by_day["kind"].apply(lambda values: (values == "a").mean())
    assert metrics["the share of a value of kind"] == pytest.approx(share.to_dict())


def test_a_number_that_is_constant_within_days_has_no_mean_to_follow(tmp_path: Path) -> None:
    rows = shop()
    rows["rate"] = [0.1 + day.day / 7 for day in rows["day"]]
    held = written(tmp_path / "t", rows)
    facts = facts_of(held)
    columns = [column for column in facts.columns if column.name == "rate"]
    metrics = {one.name: one.by_day for one in daily_metrics(held, facts, columns, "UTC")}
    assert metrics["the mean of rate"] == {}


def test_a_timestamp_has_its_day_in_the_time_zone(tmp_path: Path) -> None:
    at = [datetime(2024, 3, 1, hour, tzinfo=timezone.utc) for hour in (1, 6, 23)]
    rows = pa.table({"ts": pa.array([*at, None], pa.timestamp("us", "UTC")), "n": [1, 2, 3, 4]})
    held = written(tmp_path / "t", rows)
    moment = DayGuess("ts", time=True)
    assert held.rows_by_day(moment, "UTC") == {FIRST: 3}
    assert held.rows_by_day(moment, "America/New_York") == {date(2024, 2, 29): 1, FIRST: 2}


@pytest.mark.parametrize(
    "days",
    [
        pa.array(["20240301", "20240302", "nothing", None]),
        pa.array(["2024-03-01", "2024-3-2 10:00", "2024-13-01", None]),
        pa.array([20240301, 20240302, 7, None], pa.int64()),
    ],
)
def test_days_that_are_spelled_are_read_and_other_values_are_none(
    tmp_path: Path, days: pa.Array
) -> None:
    held = written(tmp_path / "t", pa.table({"day": days, "n": [1, 2, 3, 4]}))
    assert held.rows_by_day(DAY, "UTC") == {FIRST: 1, date(2024, 3, 2): 1}


def test_the_distance_of_a_partition_counts_rows_of_other_days(tmp_path: Path) -> None:
    at = [datetime(2024, 3, day, 12, tzinfo=timezone.utc) for day in (1, 2, 5)]
    rows = pa.table(
        {
            "ts": pa.array([*at, None], pa.timestamp("us", "UTC")),
            "load_date": pa.array([FIRST] * 4, pa.date32()),
        }
    )
    seen = written(tmp_path / "t", rows).distance("ts", "load_date", "UTC")
    assert (seen.rows, seen.without_time, seen.elsewhere, seen.apart) == (4, 1, 2, 1)


def test_labels_are_joined_by_id_and_their_arrivals_counted(tmp_path: Path) -> None:
    rows = shop(400)
    late = pd.Series(np.arange(len(rows)) % 2 == 0)
    key = rows[["order_id", "day"]]
    known = [one + timedelta(days=int(n % 5)) for n, one in enumerate(rows["day"])]
    inputs = written(tmp_path / "inputs", rows.assign(copy=np.where(late, "yes", "no")))
    answers = written(tmp_path / "answers", key.assign(score=late * 0.5))
    labels = written(tmp_path / "labels", key.assign(late=late, known_on=known).iloc[:300])
    sides = [
        TableSide(role, held, facts_of(held), ("order_id",), day)
        for role, held, day in (
            ("predictions", answers, DAY),
            ("inputs", inputs, DAY),
            ("labels", labels, None),
        )
    ]
    found = LabelJoin(*sides, "late", "UTC", 20_000).facts()
    assert found.rows == 300
    assert found.copies == {("inputs", "copy"), ("predictions", "score")}
    assert found.lags["day"].same_day == 1.0
    assert found.lags["known_on"].median == 2.0
    assert found.means["score"] == {True: 0.5, False: 0.0}
    arrived = labels.arrivals("late", "day", "known_on", "UTC")
    assert sum(count for _, _, count in arrived) == 300
    assert {days for _, days, _ in arrived} == {0, 1, 2, 3, 4}


@pytest.mark.parametrize(
    "column", [pa.array([{"a": 1}, {"a": 2}]), pa.array([b"x", b"y"]), pa.array([[1], [2]])]
)
def test_a_table_with_nested_or_binary_columns_is_left_to_spark(
    tmp_path: Path, column: pa.Array
) -> None:
    write_deltalake(str(tmp_path / "t"), pa.table({"day": [FIRST] * 2, "x": column}))
    assert local_rows(TableAddress(path=str(tmp_path / "t"))) is None


def test_a_large_table_and_what_is_no_table_are_left_to_spark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "t", shop(100))
    monkeypatch.setattr(reading, "MOST_READ_VALUES", 100)
    assert local_rows(TableAddress(path=str(tmp_path / "t"))) is None
    assert local_rows(TableAddress(path=str(tmp_path / "nothing"))) is None
    assert local_rows(TableAddress(name="main.shop.orders")) is None


def test_columns_have_the_types_that_spark_names(tmp_path: Path) -> None:
    rows = pa.table({"day": [FIRST], "a": pa.array([1], pa.int32()), "b": ["x"], "c": [True]})
    held = written(tmp_path / "t", rows)
    assert held.columns == tuple(
        ColumnFacts(name, kind)
        for name, kind in (("day", "date"), ("a", "int"), ("b", "string"), ("c", "boolean"))
    )
