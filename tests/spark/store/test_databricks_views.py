"""Views in the layout of the tables that Databricks data profiling writes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from modelwatch.io.session.spark_session import prepare_session
from written import Monitor

PROFILE_COLUMNS = {
    "window": "struct<start:timestamp,end:timestamp>",
    "log_type": "string",
    "logging_table_commit_version": "int",
    "monitor_version": "bigint",
    "granularity": "string",
    "slice_key": "string",
    "slice_value": "string",
    "column_name": "string",
    "count": "bigint",
    "data_type": "string",
    "num_nulls": "bigint",
    "avg": "double",
    "quantiles": "array<double>",
    "min": "double",
    "max": "double",
    "stddev": "double",
    "num_zeros": "bigint",
    "num_nan": "bigint",
    "min_length": "double",
    "max_length": "double",
    "avg_length": "double",
    "non_null_columns": "array<string>",
    "frequent_items": "array<struct<item:string,count:bigint>>",
    "median": "double",
    "distinct_count": "bigint",
    "percent_nan": "double",
    "percent_null": "double",
    "percent_zeros": "double",
    "percent_distinct": "double",
}
DRIFT_COLUMNS = {
    "window": "struct<start:timestamp,end:timestamp>",
    "granularity": "string",
    "monitor_version": "bigint",
    "slice_key": "string",
    "slice_value": "string",
    "column_name": "string",
    "data_type": "string",
    "window_cmp": "struct<start:timestamp,end:timestamp>",
    "drift_type": "string",
    "count_delta": "bigint",
    "avg_delta": "double",
    "percent_null_delta": "double",
    "percent_zeros_delta": "double",
    "percent_distinct_delta": "double",
    "non_null_columns_delta": "struct<added:int,missing:int>",
    "js_distance": "double",
    "ks_test": "struct<statistic:double,pvalue:double>",
    "wasserstein_distance": "double",
    "population_stability_index": "double",
    "chi_squared_test": "struct<statistic:double,pvalue:double>",
    "tv_distance": "double",
    "l_infinity_distance": "double",
}
"""Columns and types of both tables, as Databricks documents them."""
MONDAY = date(2013, 2, 4)
TUESDAY = date(2013, 2, 5)
WEDNESDAY = date(2013, 2, 6)
WIND = {"rows": 10.0, "nulls": 1.0, "null_share": 0.1, "nans": 0.0, "nan_share": 0.0}


def of_window(day: date, role: str, feature: str, segment: str = "all") -> dict[str, Any]:
    segmentation = "all" if segment == "all" else "origin"
    return {
        "model_version": "v1",
        "segmentation": segmentation,
        "segment": segment,
        "role": role,
        "feature": feature,
        "window_name": "day",
        "window_start": day,
        "window_end": day,
        "partial": False,
    }


def profile(row: dict[str, Any], text: str | None = None, **metrics: float | None) -> Any:
    return [
        {
            **row,
            "metric": name,
            "value": value,
            "row_count": 10,
            "text": text if value is None else None,
        }
        for name, value in metrics.items()
    ]


def drift(row: dict[str, Any], reference: str, start: date, end: date, **statistics: float) -> Any:
    against = {"reference": reference, "reference_start": start, "reference_end": end}
    counts = {"row_count": 10, "reference_rows": 30, "threshold": None, "feature_b": None}
    return [
        {**row, **against, **counts, "statistic": name, "value": value}
        for name, value in statistics.items()
    ]


@pytest.fixture(scope="module")
def monitor(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Monitor:
    """Two days of a number in two segments, a category, and the performance of a binary model."""
    folder = tmp_path_factory.mktemp("databricks")
    session = prepare_session(spark.newSession(), brief=True)
    tables = ("profile_metrics", "drift_metrics", "performance_metrics", "runs")
    flights = Monitor(session, folder, tables)
    days = (TUESDAY, WEDNESDAY)
    wind = [of_window(day, "inputs", "wind") for day in days]
    flights.append(
        "profile_metrics",
        "run",
        *profile(wind[0], **WIND, mean=2.0, distinct=4.0),
        *profile(wind[1], **WIND, mean=5.0, q01=1.0, q50=4.0, distinct=5.0),
        *profile(of_window(WEDNESDAY, "inputs", "wind", "EWR"), **WIND),
        *profile(of_window(WEDNESDAY, "inputs", "gone"), rows=10.0, nulls=10.0),
        *profile(
            of_window(WEDNESDAY, "predictions", "carrier"),
            '[{"value": "UA", "rows": 7, "share": 0.7}]',
            nulls=0.0,
            most_frequent=None,
        ),
    )
    january = ("january", date(2013, 1, 1), date(2013, 1, 31))
    carrier = of_window(WEDNESDAY, "predictions", "carrier")
    flights.append(
        "drift_metrics",
        "run",
        *drift(wind[0], "previous", MONDAY, MONDAY, psi=0.1),
        *drift(wind[1], "previous", TUESDAY, TUESDAY, psi=0.2, nan_share_change=0.0),
        *drift(wind[1], *january, ks=0.5, ks_p_value=0.01, null_share_change=-0.05),
        *drift(carrier, *january, chi_square=9.0, chi_square_p_value=0.002),
    )
    of_all = {
        **of_window(WEDNESDAY, "predictions", ""),
        "as_of": WEDNESDAY,
        "cohort": "due",
    }
    del of_all["role"], of_all["feature"]
    flights.append(
        "performance_metrics",
        "run",
        *(
            {**of_all, "metric": metric, "reference": reference, "value": value}
            for metric, reference, value in (
                ("accuracy", None, 0.9),
                ("accuracy", "january", -0.1),
                ("precision", None, 0.75),
            )
        ),
    )
    windows = [{"window_name": "day", "window_start": day, "window_end": day} for day in days]
    flights.publish(
        "run", 1, list(days), as_of=WEDNESDAY, windows=windows, performance_windows=windows
    )
    return flights


def rows(monitor: Monitor, view: str, column: str, **where: str) -> list[Row]:
    """Rows of Wednesday for one column, all traffic unless another slice is named."""
    wanted = {"slice_value": None, **where}
    found = monitor.query(f"SELECT * FROM {view} WHERE column_name = '{column}'")
    return [
        row
        for row in found
        if row["window"]["start"] == datetime(2013, 2, 6)
        and all(row[name] == value for name, value in wanted.items())
    ]


@pytest.mark.parametrize(
    ("view", "documented"),
    [("databricks_profile_metrics", PROFILE_COLUMNS), ("databricks_drift_metrics", DRIFT_COLUMNS)],
)
def test_the_first_columns_are_those_that_databricks_documents(
    monitor: Monitor, view: str, documented: dict[str, str]
) -> None:
    found = monitor.views.query(f"SELECT * FROM {view}").dtypes
    assert dict(found[: len(documented)]) == documented
    assert [name for name, _ in found[: len(documented)]] == list(documented)


def test_a_profile_has_counts_percentages_and_the_window(monitor: Monitor) -> None:
    (found,) = rows(monitor, "databricks_profile_metrics", "wind")
    assert found["window"]["end"] == datetime(2013, 2, 7)
    assert (found["granularity"], found["log_type"], found["data_type"]) == (
        *("1 day", "INPUT", "double"),
    )
    assert (found["count"], found["num_nulls"], found["percent_null"]) == (10, 1, 10.0)
    assert (found["avg"], found["median"], found["distinct_count"]) == (5.0, 4.0, 5)
    assert found["percent_distinct"] == 50.0
    assert found["quantiles"] == [1.0, None, None, 4.0, None, None, None]


def test_a_segment_is_a_slice(monitor: Monitor) -> None:
    (found,) = rows(monitor, "databricks_profile_metrics", "wind", slice_value="EWR")
    assert found["slice_key"] == "origin"


def test_a_category_has_its_most_frequent_values(monitor: Monitor) -> None:
    (found,) = rows(monitor, "databricks_profile_metrics", "carrier")
    assert found["data_type"] == "string"
    assert found["frequent_items"] == [Row(item="UA", count=7)]


def test_the_row_of_the_table_lists_columns_with_a_value(monitor: Monitor) -> None:
    (found,) = rows(monitor, "databricks_profile_metrics", ":table", role="inputs")
    assert (found["count"], found["non_null_columns"]) == (10, ["wind"])
    assert found["accuracy_score"] is None


def test_the_row_of_the_table_has_the_quality_of_the_model(monitor: Monitor) -> None:
    (found,) = rows(monitor, "databricks_profile_metrics", ":table", role="predictions")
    assert found["accuracy_score"] == 0.9
    assert found["precision"]["one_vs_all"]["1"] == 0.75
    assert found["precision"]["macro"] is None
    assert found["recall"] is None


def test_a_reference_that_moves_is_consecutive(monitor: Monitor) -> None:
    found = {row["reference"]: row for row in rows(monitor, "databricks_drift_metrics", "wind")}
    assert {name: row["drift_type"] for name, row in found.items()} == {
        "previous": "CONSECUTIVE",
        "january": "BASELINE",
    }
    previous = found["previous"]
    assert previous["window_cmp"] == Row(start=datetime(2013, 2, 5), end=datetime(2013, 2, 6))
    assert (previous["avg_delta"], previous["percent_distinct_delta"]) == (3.0, 10.0)
    assert previous["population_stability_index"] == 0.2
    assert (found["january"]["count_delta"], found["january"]["avg_delta"]) == (-20, None)
    assert found["january"]["percent_null_delta"] == -5.0


def test_a_test_has_its_statistic_and_p_value(monitor: Monitor) -> None:
    found = {row["reference"]: row for row in rows(monitor, "databricks_drift_metrics", "wind")}
    assert found["january"]["ks_test"] == Row(statistic=0.5, pvalue=0.01)
    assert found["previous"]["ks_test"] is None
    (carrier,) = rows(monitor, "databricks_drift_metrics", "carrier")
    assert carrier["chi_squared_test"] == Row(statistic=9.0, pvalue=0.002)
    assert carrier["data_type"] == "string"
