"""whylogs on Spark: profiles of the reference and of all days, and their drift."""

from __future__ import annotations

from collections.abc import Callable

from scripts.bench.case import BASELINE_DAYS, COLUMNS, CORES, Case


def prepared(case: Case) -> Callable[[], None]:
    from pyspark.sql import DataFrame, SparkSession
    from whylogs.api.pyspark.experimental import collect_dataset_profile_view
    from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

    spark = (
        SparkSession.builder.master(f"local[{CORES}]")
        .config("spark.driver.memory", "4g")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.sql.execution.arrow.pyspark.enabled", "true")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )

    def read(last: int) -> DataFrame:
        return spark.read.parquet(*case.parquet_files(0, last)).select(*COLUMNS)

    def drift() -> None:
        reference = collect_dataset_profile_view(read(min(BASELINE_DAYS, case.days)))
        target = collect_dataset_profile_view(read(case.days))
        found = calculate_drift_scores(target, reference, with_thresholds=True)
        assert len(found) == len(COLUMNS)

    return drift
