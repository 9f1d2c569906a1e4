"""The report of a small monitor, from the result tables to its files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from html_tree import html_tree
from labelled_shop import LabelledShop, labelled_config, labels_of
from modelwatch.model.errors import SourceError
from modelwatch.pipelines.report.incident_queries import IncidentScope
from modelwatch.pipelines.report.pages import collected_results, incident_scopes, report
from modelwatch.pipelines.report.queries import page_queries, standing_queries
from same_answers import answers_of_spark, assert_same_answer
from shop import day

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DAYS, ROWS = 9, 80


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> LabelledShop:
    folder = tmp_path_factory.mktemp("reported")
    # A promise that no day keeps, so that an incident is open.
    promised = [{"name": "busy", "kind": "rows", "lower": ROWS + 1}]
    shop = LabelledShop(spark, folder, labelled_config(folder, constraints=promised))
    shop.open(*(day(number) for number in range(1, DAYS + 1)))
    for number in range(1, DAYS + 1):
        shop.add("labels", labels_of(day(number)))
    shop.run(as_of=day(DAYS + 1))
    return shop


def test_before_a_first_run_there_is_nothing_to_report(spark: SparkSession, tmp_path: Path) -> None:
    shop = LabelledShop(spark, tmp_path, labelled_config(tmp_path))
    with pytest.raises(SourceError, match="no results yet"):
        report(shop.queries(), shop.parsed(), "shop.yaml", tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_a_report_has_a_page_for_each_question(
    spark: SparkSession, shop: LabelledShop, tmp_path: Path
) -> None:
    folder = tmp_path / "report"
    folder.mkdir()
    for name in ("incident-gone.html", "features-9.html"):
        (folder / name).write_text("of an earlier report")
    (folder / "mine.txt").write_text("of a person")

    first, size = report(shop.queries(), shop.parsed(), "shop.yaml", folder)

    files = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert files.pop("mine.txt") == "of a person"
    assert first == folder / "index.html"
    assert {"index.html", "features.html", "performance.html", "sources.html"} <= set(files)
    gone = files.pop("incident-gone.html")
    assert "not in the latest report" in gone
    assert "modelwatch incidents shop.yaml show gone" in gone
    assert "features-9.html" not in files
    assert size == sum(len(text.encode()) for text in (gone, *files.values()))
    for text in files.values():
        html_tree(text)
    assert "amount" in files["features.html"]
    assert "Reliability" in files["performance.html"]
    assert "busy" in files["sources.html"]
    (incident,) = [text for name, text in files.items() if name.startswith("incident-")]
    assert "Metric over time" in incident
    assert "Open incidents (1)" in files["index.html"]


def test_the_histograms_count_every_row_of_the_reference(
    spark: SparkSession, shop: LabelledShop
) -> None:
    span, rows = collected_results(shop.queries(), shop.parsed())
    assert span.reference == (day(1), day(3))
    counted = {
        row["side"]: sum(cell["row_count"] for cell in row["bins"])
        for row in rows["histograms"]
        if row["feature"] == "amount"
    }
    assert counted == {"reference": 3 * ROWS, "current": ROWS}


def test_the_curves_count_every_labelled_row(spark: SparkSession, shop: LabelledShop) -> None:
    span, rows = collected_results(shop.queries(), shop.parsed())
    assert span.labelled is not None
    assert sum(row["row_count"] for row in rows["scores"] if row["label"] > 0) == ROWS


def test_an_incident_has_its_series_and_its_rows_before_and_after(
    spark: SparkSession, shop: LabelledShop
) -> None:
    span, _ = collected_results(shop.queries(), shop.parsed())
    what = ("a", "data", "inputs", "amount", "all", "all", "day", "mean_change_in_sd", "start", "*")
    scope = IncidentScope(*what, day(5), day(7), day(6), day(6))
    results = shop.queries()
    queries = page_queries(shop.parsed(), span, [scope])

    def rows_of(name: str) -> list[dict[str, Any]]:
        return results.answer(queries[name]).records()

    assert {row["window_start"] for row in rows_of("drift_of_incidents")} >= {day(5), day(6)}
    counted = {
        row["side"]: sum(cell["row_count"] for cell in row["bins"])
        for row in rows_of("histograms_of_incidents")
    }
    assert counted == {"before": 4 * ROWS, "after": ROWS}


@pytest.mark.slow
def test_pages_are_those_of_rows_that_spark_collects(
    spark: SparkSession, shop: LabelledShop
) -> None:
    config = shop.parsed()
    span, rows = collected_results(shop.queries(), config)
    scopes = incident_scopes(rows["incidents"])
    of_spark = answers_of_spark(spark, config.output)
    queries = {**standing_queries(config), **page_queries(config, span, scopes)}
    for statement in queries.values():
        assert_same_answer(of_spark, statement)
