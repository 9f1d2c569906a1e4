"""The report of a small monitor, from the result tables to its files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from labelled_shop import LabelledShop, labelled_config, labels_of
from modelwatch.model.errors import SourceError
from modelwatch.pipelines.report import collected_results, report
from shop import day

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DAYS = 9


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> LabelledShop:
    folder = tmp_path_factory.mktemp("reported")
    shop = LabelledShop(spark, folder, labelled_config(folder))
    shop.open(*(day(number) for number in range(1, DAYS + 1)))
    for number in range(1, DAYS + 1):
        shop.add("labels", labels_of(day(number)))
    return shop


def test_before_a_first_run_there_is_nothing_to_report(
    spark: SparkSession, shop: LabelledShop, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match="no results yet"):
        report(spark, shop.parsed(), "shop.yaml", tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_a_report_has_a_page_for_each_question(
    spark: SparkSession, shop: LabelledShop, tmp_path: Path
) -> None:
    shop.run(as_of=day(DAYS + 1))
    folder = tmp_path / "report"
    folder.mkdir()
    (folder / "incident-gone.html").write_text("of an earlier report")
    (folder / "mine.txt").write_text("of a person")

    first, size = report(spark, shop.parsed(), "shop.yaml", folder)

    files = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert files.pop("mine.txt") == "of a person"
    assert first == folder / "index.html"
    assert {"index.html", "features.html", "performance.html", "sources.html"} <= set(files)
    assert "incident-gone.html" not in files
    assert size == sum(len(text.encode()) for text in files.values())
    for text in files.values():
        ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>\n"))
    assert "amount" in files["features.html"]
    assert "Reliability" in files["performance.html"]
    assert f"As of {day(DAYS + 1).day}" in files["index.html"]


def test_the_histograms_count_every_row_of_the_reference(
    spark: SparkSession, shop: LabelledShop
) -> None:
    span, rows = collected_results(spark, shop.parsed())
    assert span.reference is not None
    days = (span.reference[1] - span.reference[0]).days + 1
    counted = [
        sum(cell["rows"] for cell in row["bins"])
        for row in rows["histograms"]
        if row["side"] == "reference" and row["feature"] == "amount"
    ]
    assert counted == [80 * days]
