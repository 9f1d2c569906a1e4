"""A run gives the same in ANSI mode, the default of Spark 4, and without."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from labelled_shop import LabelledShop, labelled_config, labels_of
from loans import rows_of
from modelwatch.capabilities import sql_settings
from modelwatch.spark.casts import ANSI
from modelwatch.tables import TABLES
from shop import day


@pytest.mark.slow
def test_every_row_of_a_run_is_the_same_in_ansi_mode_and_without(
    spark: SparkSession, tmp_path: Path
) -> None:
    sources = tmp_path / "sources"
    shop = LabelledShop(spark, sources, labelled_config(sources))
    shop.open(*(day(n) for n in range(1, 9)))
    for n in range(1, 7):
        shop.add("labels", labels_of(day(n), flipped=n == 6))
    for mode in ("false", "true"):
        shop.config["output"] = {"path": str(tmp_path / mode)}
        with sql_settings(spark, {ANSI: mode}):
            shop.run()
    found = {
        mode: {table: rows_of(tmp_path / mode, table) for table in TABLES}
        for mode in ("false", "true")
    }
    assert found["true"] == found["false"]
    assert len(found["true"]["performance_metrics"]) > 100
