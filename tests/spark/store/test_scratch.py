"""The place of a replay that only Spark reaches."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession

from modelwatch.io.store.scratch import removed, scratch_of
from modelwatch.model.sources.tables import OutputAddress


def test_it_is_removed_through_spark(spark: SparkSession, tmp_path: Path) -> None:
    scratch = scratch_of(OutputAddress(path=f"file:{tmp_path}"), "run")
    spark.range(3).write.format("delta").save(f"{scratch.path}/runs")
    assert removed(spark, scratch)
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]
