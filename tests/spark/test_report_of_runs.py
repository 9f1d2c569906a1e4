"""A run writes the report where the configuration says so, and messages lead to its pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from labelled_shop import LabelledShop, labelled_config, labels_of
from shop import day

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from modelwatch.pipelines.runs.monitor import RunReport

pytestmark = pytest.mark.slow

ROWS = 80


def opened_shop(spark: SparkSession, folder: Path, **changes: Any) -> LabelledShop:
    # A promise that no day keeps, so that an incident is open.
    promised = [{"name": "busy", "kind": "rows", "lower": ROWS + 1}]
    log = [{"name": "log", "kind": "file", "path": str(folder / "messages.jsonl")}]
    config = labelled_config(folder, constraints=promised, notify=log, **changes)
    shop = LabelledShop(spark, folder, config)
    for number in range(1, 6):
        shop.open(day(number))
        shop.add("labels", labels_of(day(number)))
    return shop


def messages(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "messages.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def last_line(report: RunReport) -> str:
    return report.text.splitlines()[-1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reporting")


@pytest.fixture(scope="module")
def ran(spark: SparkSession, folder: Path) -> tuple[LabelledShop, RunReport]:
    place = {"path": str(folder / "pages"), "link": "https://reports.example.com/shop"}
    shop = opened_shop(spark, folder, report=place)
    return shop, shop.run(as_of=day(6), config_path="conf/shop.yaml")


def test_a_run_ends_with_the_link_of_its_report(
    ran: tuple[LabelledShop, RunReport], folder: Path
) -> None:
    assert last_line(ran[1]) == "Report: https://reports.example.com/shop/index.html"
    assert (folder / "pages" / "index.html").is_file()


def test_a_message_links_to_a_page_that_is_there(
    ran: tuple[LabelledShop, RunReport], folder: Path
) -> None:
    wording = [message for message in messages(folder) if message["incident_id"]]
    assert wording
    for message in wording:
        base, _, file = message["link"].rpartition("/")
        assert base == "https://reports.example.com/shop"
        assert file == f"incident-{message['incident_id']}.html"
        assert (folder / "pages" / file).is_file()
        show = f"modelwatch incidents conf/shop.yaml show {message['incident_id']}"
        assert message["commands"]["show"] == show
        assert message["series"][-1]["effect"] == 1.0


def test_a_report_that_cannot_be_written_fails_no_run(
    ran: tuple[LabelledShop, RunReport], folder: Path
) -> None:
    shop, first = ran
    (folder / "file").write_text("in the way")
    shop.config["report"] = {"path": str(folder / "file" / "pages")}
    shop.open(day(6))
    again = shop.run(as_of=day(7))
    assert again.exit_code == first.exit_code
    assert last_line(again).startswith("The report was not written: ")
    assert "Not a directory" in last_line(again) or "NotADirectoryError" in last_line(again)


def test_a_run_with_nothing_to_do_writes_it_too(
    ran: tuple[LabelledShop, RunReport], folder: Path
) -> None:
    shop, _ = ran
    shop.config["report"] = {"path": str(folder / "elsewhere")}
    shop.run(as_of=day(7))
    quiet = shop.run(as_of=day(7))
    assert last_line(quiet) == f"Report: {folder / 'elsewhere' / 'index.html'}"
    assert (folder / "elsewhere" / "index.html").is_file()
