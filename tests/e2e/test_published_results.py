"""Current results as any engine reads them: plain tables, and no rows of generations past."""

from __future__ import annotations

import math
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from labelled_shop import LabelledShop, labelled_config, labels_of
from modelwatch.io.store.output_tables import Store
from modelwatch.pipelines.maintenance.upkeep import maintain
from modelwatch.pipelines.runs import publication
from modelwatch.pipelines.runs.publication import publish_current
from modelwatch.pipelines.runs.queries import statements
from modelwatch.tables.published import PUBLISHED
from shop import Shop, day

PAGE = Path(__file__).parents[2] / "docs" / "guides" / "sql_cookbook.md"
VIEWS = tuple(table.view for table in PUBLISHED)
AS_OF = date(2013, 3, 6)


class Killed(BaseException):
    """The process ends here."""


def blocks(language: str) -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    found = re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)
    return [query for block in found for query in statements(block)[0]]


COOKBOOK = [query for query in blocks("sql") if "histogram_comparison" not in query]


def table(shop: Shop, name: str) -> str:
    return str(shop.output / "published" / name)


def engine(shop: Shop) -> duckdb.DuckDBPyConnection:
    """DuckDB with the published tables under the names of the views."""
    connection = duckdb.connect()
    for name in VIEWS:
        if (shop.output / "published" / name).exists():
            connection.register(name, DeltaTable(table(shop, name)).to_pyarrow_dataset())
    return connection


def plain(value: Any) -> Any:
    """A value as engines agree on it: structs by their values, times to the second."""
    if hasattr(value, "asDict"):
        value = value.asDict(recursive=True)
    if isinstance(value, dict):
        return tuple(plain(one) for one in value.values())
    if isinstance(value, (list, tuple)):
        return tuple(plain(one) for one in value)
    if isinstance(value, float):
        return None if math.isnan(value) else float(f"{value:.9g}")
    return value.strftime("%Y-%m-%d %H:%M:%S") if hasattr(value, "hour") else value


def rows_of_view(shop: Shop, query: str) -> list[tuple[Any, ...]]:
    return [tuple(plain(value) for value in row) for row in shop.ask(query)]


def version(shop: Shop, name: str) -> int:
    return DeltaTable(table(shop, name)).version()


def publications(shop: Shop) -> list[dict[str, Any]]:
    rows = DeltaTable(table(shop, "publications")).to_pyarrow_table().to_pylist()
    newest = max(row["published_at"] for row in rows)
    return [row for row in rows if row["published_at"] == newest]


def publish(shop: Shop) -> tuple[str, ...]:
    config = shop.parsed()
    return tuple(publish_current(shop.spark, Store(shop.spark, config.output), config))


def in_order(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=repr)


def agree(shop: Shop) -> None:
    """The published tables hold what the views show."""
    connection = engine(shop)
    for view in VIEWS:
        columns = [field[0] for field in connection.sql(f"DESCRIBE {view}").fetchall()]
        scalars = [
            name
            for name, kind in zip(
                columns, connection.sql(f"SELECT * FROM {view}").types, strict=True
            )
            if str(kind.id) not in ("list", "struct", "map", "timestamp with time zone")
        ]
        query = f"SELECT {', '.join(scalars)} FROM {view}"
        found = [tuple(map(plain, row)) for row in connection.sql(query).fetchall()]
        assert in_order(found) == in_order(rows_of_view(shop, query)), view


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> LabelledShop:
    folder = tmp_path_factory.mktemp("published")
    sections = {
        "windows": ["day", "week", "month"],
        "references": [{"name": "start", "days": f"{day(1)}..{day(2)}"}],
    }
    made = LabelledShop(spark, folder, labelled_config(folder, **sections))
    made.config["output"]["publish"] = True
    made.open(*(day(number) for number in range(1, 11)))
    for number in range(1, 11):
        made.add("labels", labels_of(day(number)))
    made.run(as_of=AS_OF)
    return made


def test_duckdb_reads_what_the_views_show(shop: LabelledShop) -> None:
    agree(shop)


def test_delta_rs_and_polars_read_the_same_rows(shop: LabelledShop) -> None:
    for name in VIEWS:
        by_arrow = DeltaTable(table(shop, name)).to_pyarrow_table()
        by_polars = pl.read_delta(table(shop, name))
        assert (
            by_polars.height == by_arrow.num_rows == shop.ask(f"SELECT count(*) FROM {name}")[0][0]
        )
        assert by_polars.columns == by_arrow.column_names


@pytest.mark.parametrize("query", COOKBOOK)
def test_a_query_of_the_cookbook_has_one_answer_in_both_engines(
    shop: LabelledShop, query: str
) -> None:
    found = [tuple(map(plain, row)) for row in engine(shop).sql(query).fetchall()]
    assert in_order(found) == in_order(rows_of_view(shop, query))


@pytest.mark.parametrize("question", ["drift_current", "run_costs", "performance_timeline"])
def test_a_question_of_the_cookbook_has_an_answer(shop: LabelledShop, question: str) -> None:
    (query,) = [one for one in COOKBOOK if f"FROM {question}" in one]
    assert engine(shop).sql(query).fetchall()


def test_the_bars_of_a_histogram_are_read_in_duckdb(shop: LabelledShop) -> None:
    (query,) = blocks("duckdb")
    assert engine(shop).sql(query).fetchall()


@pytest.mark.slow
def test_a_run_replaces_only_what_changed(
    shop: LabelledShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The earlier run ended just now, and is published again lest it overtook another.
    monkeypatch.setattr("modelwatch.pipelines.runs.publication._OVERLAP", timedelta(0))
    before = {name: version(shop, name) for name in VIEWS}
    files = set(DeltaTable(table(shop, "drift_current")).file_uris())
    shop.add("labels", labels_of(day(3), range(4), flipped=True, after=20))
    shop.run(as_of=AS_OF)
    assert version(shop, "drift_current") == before["drift_current"]
    assert set(DeltaTable(table(shop, "drift_current")).file_uris()) == files
    assert version(shop, "performance_current") > before["performance_current"]
    agree(shop)


@pytest.mark.slow
def test_spark_replaces_the_same_rows_where_only_it_can(
    shop: LabelledShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publication, "local_results", lambda _: None)
    before = version(shop, "performance_current")
    shop.add("labels", labels_of(day(7), range(4), flipped=True, after=20))
    shop.run(as_of=AS_OF)
    assert version(shop, "performance_current") > before
    agree(shop)


def test_versions_of_a_publication_belong_together(shop: LabelledShop) -> None:
    rows = publications(shop)
    assert {row["table_name"]: row["version"] for row in rows} == {
        name: version(shop, name) for name in VIEWS
    }
    assert {row["run_id"] for row in rows} == {shop.runs()[-1]["run_id"]}


@pytest.mark.slow
def test_a_killed_publication_does_not_count_and_the_next_run_heals_it(
    shop: LabelledShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = publications(shop)
    shop.add("labels", labels_of(day(4), range(4), flipped=True, after=20))

    def dies(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(publication, "append_publication", dies)
        with pytest.raises(Killed):
            shop.run(as_of=AS_OF)
    assert publications(shop) == whole
    kept = {row["table_name"]: row["version"] for row in whole}
    old = DeltaTable(table(shop, "run_costs"), version=kept["run_costs"])
    assert old.to_pyarrow_table().num_rows == len(shop.runs()) - 1
    shop.run(as_of=AS_OF)
    assert publications(shop) != whole
    agree(shop)


def test_a_publication_without_news_writes_nothing(shop: LabelledShop) -> None:
    before = {name: version(shop, name) for name in (*VIEWS, "publications")}
    assert publish(shop) == ()
    assert {name: version(shop, name) for name in before} == before


@pytest.mark.slow
def test_two_publications_at_once_leave_each_row_once(shop: LabelledShop) -> None:
    shop.config["output"]["publish"] = False
    shop.add("labels", labels_of(day(5), range(4), flipped=True, after=20))
    shop.run(as_of=AS_OF)
    shop.config["output"]["publish"] = True
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(lambda _: publish(shop), range(2)))
    agree(shop)


@pytest.mark.slow
def test_maintenance_tidies_the_published_tables(
    shop: LabelledShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without Spark, rows that remain and new ones are in one file, and there is nothing to merge.
    monkeypatch.setattr(publication, "local_results", lambda _: None)
    shop.add("labels", labels_of(day(6), range(4), flipped=True, after=20))
    shop.run(as_of=AS_OF)
    text = maintain(shop.spark, shop.parsed())
    assert "published performance_current" in text
    agree(shop)
