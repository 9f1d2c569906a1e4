"""The columns of views that the reference lists are those that Spark sees."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession
from scripts.view_columns import view_columns

from modelwatch.io.store.output_tables import Store
from modelwatch.io.store.views import create_views, views
from modelwatch.model.sources.tables import OutputAddress


@pytest.fixture(scope="module")
def session(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> SparkSession:
    output = OutputAddress(path=str(tmp_path_factory.mktemp("monitor")))
    Store(spark, output).prepare()
    create_views(spark, output)
    return spark


@pytest.mark.parametrize("name", sorted(views()))
def test_the_columns_read_from_the_sql_are_those_of_the_view(
    session: SparkSession, name: str
) -> None:
    assert tuple(session.table(name).columns) == view_columns(name)
