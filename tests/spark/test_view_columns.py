"""The columns of views that the reference lists are those that Spark sees."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession
from scripts.view_columns import columns_of_views, kept

from modelwatch.io.store import Store
from modelwatch.io.views import create_views
from modelwatch.model.sources import OutputAddress


def test_the_kept_columns_are_those_of_the_views(spark: SparkSession, tmp_path: Path) -> None:
    output = OutputAddress(path=str(tmp_path / "monitor"))
    Store(spark, output).prepare()
    create_views(spark, output)
    assert columns_of_views(spark) == kept(), "run python -m scripts.view_columns"
