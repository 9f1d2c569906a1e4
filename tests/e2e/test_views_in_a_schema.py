"""Views that a run makes beside tables in a schema of the catalog."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from modelwatch.io.store.views import has_views, views
from shop import Shop, config_of, day

pytestmark = pytest.mark.slow

SCHEMA = "results_of_a_shop"


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("schema")
    output = {"schema": SCHEMA, "publish": True}
    made = Shop(spark, folder, config_of(folder, output=output))
    made.open(day(1), day(2))
    made.run()
    return made


def test_a_run_creates_the_views_in_the_schema(shop: Shop) -> None:
    listed = shop.spark.sql(f"SHOW VIEWS IN {SCHEMA}").where("NOT isTemporary").collect()
    assert {row["viewName"] for row in listed} == set(views())


def test_the_views_show_results_without_modelwatch(shop: Shop) -> None:
    (found,) = shop.spark.sql(f"SELECT count(*) FROM {SCHEMA}.drift_current").collect()
    assert found[0] > 0


def test_the_published_tables_lie_in_the_schema(shop: Shop) -> None:
    shown, published = (
        shop.spark.sql(f"SELECT count(*) FROM {SCHEMA}.{name}").collect()[0][0]
        for name in ("drift_current", "published_drift_current")
    )
    assert shown == published > 0


def test_the_views_are_made_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert has_views(shop.spark, shop.parsed().output)
    shop.open(day(3))
    made: list[object] = []
    monkeypatch.setattr("modelwatch.pipelines.runs.publication.create_views", made.append)
    shop.run()
    assert made == []
