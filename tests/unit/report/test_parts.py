"""Parts of a split on a page: names of values as they are, dates as dates, ranges in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.html_tree import html_tree
from tests.report_results import results

from modelwatch.report.parts import part_text
from modelwatch.report.performance_tables import attribution_section
from modelwatch.report.results import Results


def profiled(**texts: str | None) -> Results:
    """Results of numeric features, by name the text of their median."""
    rows = [{"feature": f, "metric": "q50", "text": text} for f, text in texts.items()]
    given = results(features=1)
    return replace(given, rows={**given.rows, "profile_series": rows})


def shown_part(given: Results, name: str, part: str, split: str = "feature") -> str:
    return part_text(given, {"split": split, "split_name": name, "part": part})


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        ("[15706.0, 15712.5)", "day = Jan 1–7, 2013"),
        ("[15706, 15707)", "day = Jan 1, 2013"),
        ("[-inf, 15706)", "day = before Jan 1, 2013"),
        ("[15706, inf)", "day = Jan 1, 2013 or later"),
        ("(null)", "day = (null)"),
    ],
)
def test_bins_of_dates_are_days(part: str, shown: str) -> None:
    assert shown_part(profiled(day="2013-01-16"), "day", part) == shown


def test_bins_of_timestamps_are_times() -> None:
    shown = shown_part(profiled(at="2013-01-16 00:00:00"), "at", "[0.0, 60000000.0)")
    assert shown == "at = 1970-01-01 00:00:00 to 1970-01-01 00:01:00"


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        ("[0.25, 1.5)", "x = 0.25 to 1.5"),
        ("[-inf, 0.25)", "x = below 0.25"),
        ("[1.5, inf)", "x = 1.5 or more"),
        ("-999", "x = -999"),
    ],
)
def test_bins_of_numbers_are_ranges(part: str, shown: str) -> None:
    assert shown_part(profiled(x=None), "x", part) == shown


def test_a_value_that_looks_like_a_bin_is_itself() -> None:
    assert shown_part(profiled(x=None), "code", "[1, 2)") == "code = [1, 2)"
    assert shown_part(profiled(x=None), "x", "[1, 2)", "segmentation") == "x = [1, 2)"


def test_no_part_of_a_sensitive_feature_is_shown() -> None:
    given = replace(profiled(x=None), sensitive=frozenset({"x"}))
    assert shown_part(given, "x", "[1, 2)") == "x = (sensitive)"


def test_causes_of_each_reference_have_a_table_of_their_own() -> None:
    given = results(features=1)
    (cause, *_) = given.of("causes")
    rows: list[dict[str, Any]] = [
        {**cause, "reference": reference, "part": reference} for reference in ("before", "start")
    ]
    shown = attribution_section(replace(given, rows={**given.rows, "causes": rows}))
    tables = ["".join(one.itertext()) for one in html_tree(str(shown)).iter("table")]
    assert [("site = start" in one, "site = before" in one) for one in tables] == [
        (True, False),
        (False, True),
    ]
