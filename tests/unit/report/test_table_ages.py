"""How old the newest data of each table are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from html_tree import html_tree
from modelwatch.report.pages import pages_of
from modelwatch.report.volumes import calendars_of, table_ages
from report_results import LAST, results

GIVEN = results(features=2)


def test_every_table_has_an_age_labels_and_challengers_too() -> None:
    ages = {one.role: (one.age_days, one.verdict) for one in table_ages(GIVEN)}
    assert ages == {
        "inputs": (1, "fail"),
        "predictions": (1, None),
        "labels": (31, "pass"),
        "challenger:next": (3, "pass"),
    }


def test_a_table_that_is_late_says_so_on_the_overview() -> None:
    root = html_tree(pages_of(GIVEN)["index.html"])
    (card,) = (
        one
        for one in root.iter("div")
        if one.get("class") == "card" and one.findtext("h2") == "Newest data"
    )
    ages = dict(
        zip(
            ["".join(one.itertext()) for one in card.iter("dt")],
            ["".join(one.itertext()) for one in card.iter("dd")],
            strict=True,
        )
    )
    assert ages["Inputs"] == "lateMar 30, 2024, yesterday"
    assert ages["Labels"] == "of predictions on Feb 29, 2024, 31 days ago"
    assert ages["Challenger next"] == "Mar 28, 2024, 3 days ago"


def test_the_age_of_a_table_marks_none_of_its_days() -> None:
    late = [row for row in GIVEN.of("health") if row["check_name"] == "freshness"]
    rows = {**GIVEN.rows, "health": [{**row, "day": LAST - timedelta(days=9)} for row in late]}
    (inputs, _) = calendars_of(replace(GIVEN, rows=rows))
    assert LAST - timedelta(days=9) not in inputs.unusual
