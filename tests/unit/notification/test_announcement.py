"""What follows a published run, as far as it goes without Spark."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from modelwatch.model.config.configuration import parse_config
from modelwatch.model.errors import Problem, SourceError
from modelwatch.pipelines.notification import announcement

TEXT = "monitor: m\noutput: {path: o}\ninputs: {table: {path: i}, day: {column: d}}\n"
RUN: Any = SimpleNamespace(stage=lambda *_: nullcontext(), spark=None)


def reported(section: str) -> str:
    config = parse_config(f"{TEXT}report: {section}\n")
    return announcement._reported(RUN, config, "m.yaml")


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def written(spark: object, config: object, path: str, folder: Path) -> tuple[Path, int]:
        (folder / "index.html").write_text(path)
        return folder / "index.html", 1

    monkeypatch.setattr(announcement, "report", written)
    return tmp_path


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (SourceError([Problem("", None, "there are no results yet")], "o"), "no results yet"),
        (RuntimeError("word " * 500), "word word"),
    ],
)
def test_a_report_that_is_not_written_is_a_warning_with_its_reason(
    error: Exception,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(announcement, "report", broken)
    with caplog.at_level(logging.WARNING):
        line = reported("{path: r}")
    assert line.startswith("The report was not written: ")
    assert reason in line
    assert line.count("\n") == 1
    assert len(line) < 600
    assert "the report was not written" in caplog.text


def test_a_run_ends_with_the_url_or_the_file_of_its_report(pages: Path) -> None:
    assert reported(f"{{path: {pages}}}") == f"Report: {pages}/index.html\n"
    served = f"{{path: {pages}, link: 'https://r.example.com/m/'}}"
    assert reported(served) == "Report: https://r.example.com/m/index.html\n"
    assert (pages / "index.html").read_text() == "m.yaml"


def test_without_a_place_no_report_is_written() -> None:
    assert announcement._reported(RUN, parse_config(TEXT), "m.yaml") == ""


def test_messages_link_to_pages_that_exist_and_to_the_overview_for_others(pages: Path) -> None:
    (pages / "index.html").write_text("page")
    (pages / "incident-a.html").write_text("page")
    place = f"report: {{path: {pages}, link: 'https://r.example.com'}}\n"
    message_links = announcement._message_links(parse_config(TEXT + place), "m.yaml")
    assert message_links.page("a") == "https://r.example.com/incident-a.html"
    assert message_links.page("b") == "https://r.example.com/index.html"
