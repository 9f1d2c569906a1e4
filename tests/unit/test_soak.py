"""The page of the soak test; `make soak` injects the faults."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripts.soak import __main__ as soak
from scripts.soak.fault import SCENARIOS, Outcome
from scripts.soak.page import BEGIN, END, as_markdown

KILL = Outcome("driver kill", "after 50 % of it", True, "healed | whole", 12.34)


def test_every_scenario_has_a_guarantee() -> None:
    assert set(SCENARIOS) == {
        "driver kill",
        "executor kill",
        "concurrent",
        "full disk",
        "source table",
        "output table",
        "size",
    }
    assert all(one.guarantee.endswith(".") for one in SCENARIOS.values())


def test_the_page_counts_what_was_tried_and_survived() -> None:
    lost = Outcome("concurrent", "2 runs", False, "views\ndiffer", 3.0)
    skipped = Outcome("full disk", "small", None, "no rights", 0.0)
    page = as_markdown([KILL, KILL, lost, skipped])
    assert "| driver kill | 2 | 2 | 25 |" in page
    assert "| concurrent | 1 | 0 | 3 |" in page
    assert "| **all** | **3** | **2** | |" in page
    assert "**not survived**: views differ" in page
    assert "not tried: no rights" in page
    assert "healed \\| whole" in page


def test_metrics_of_an_earlier_run_are_kept(tmp_path: Path) -> None:
    soak._keep(tmp_path / "results.json", [KILL])
    assert soak._kept(tmp_path / "results.json") == [KILL]


def test_the_page_has_a_place_for_metrics() -> None:
    page = Path(__file__).parents[2] / "docs" / "appendices" / "soak.md"
    text = page.read_text(encoding="utf-8")
    assert text.index(BEGIN) < text.index(END)


def test_a_scenario_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["soak", "--only", "earthquake"])
    with pytest.raises(SystemExit):
        soak._options()
