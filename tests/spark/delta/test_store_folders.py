"""What the lock of a table in a store needs of Hadoop, tried on a local disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from modelwatch.capabilities import sql_settings
from modelwatch.io.delta.addresses import Place
from modelwatch.io.delta.store_folders import StoreFolder, commits_may_collide


def test_a_folder_lists_what_is_in_it(spark: SparkSession, tmp_path: Path) -> None:
    folder = StoreFolder(spark, f"file:{tmp_path}/.a {{b}}*.lock")
    assert folder.entries() == {}
    folder.put("one")
    folder.put("one")
    folder.put("two")
    (path,) = tmp_path.iterdir()
    times = {file.name: file.stat().st_mtime_ns // 1_000_000 for file in path.glob("[!.]*")}
    assert folder.entries() == times
    assert set(times) == {"one", "two"}
    folder.remove("one")
    folder.remove("one")
    assert set(folder.entries()) == {"two"}
    folder.remove_all()
    assert not path.exists()


@pytest.mark.parametrize(
    ("path", "collide"),
    [
        ("s3a://lake/results/runs", True),
        ("s3://lake/results/runs", True),
        ("abfss://container@account.dfs.core.windows.net/results/runs", False),
        ("gs://lake/results/runs", False),
        ("/results/runs", False),
    ],
)
def test_commits_may_collide_on_s3(spark: SparkSession, path: str, collide: bool) -> None:
    assert commits_may_collide(spark, Place(path=path)) == collide


def test_whoever_chooses_a_log_store_answers_for_it(spark: SparkSession) -> None:
    chosen = {"spark.delta.logStore.s3a.impl": "io.delta.storage.S3DynamoDBLogStore"}
    with sql_settings(spark, chosen):
        assert not commits_may_collide(spark, Place(path="s3a://lake/results/runs"))
        assert commits_may_collide(spark, Place(path="s3://lake/results/runs"))
