"""The page that `modelwatch init` writes beside a configuration."""

from __future__ import annotations

from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from html_tree import html_tree
from modelwatch.model.days import DayRange
from modelwatch.model.onboarding.readings import Reading
from modelwatch.report.setup import Setup, setup_page

FIRST = date(2024, 1, 1)
ROWS = {FIRST + timedelta(days=n): 100 + n for n in range(60)}
REFERENCE = DayRange(FIRST, FIRST + timedelta(days=27))


def setup(*readings: Reading, reference: DayRange | None = REFERENCE) -> Setup:
    return Setup(
        "payments",
        "conf/payments.yaml",
        {"inputs": ROWS, "labels": {}},
        readings,
        reference,
        "The newest 28 days without a change.",
        [(FIRST + timedelta(days=40), "the mean of amount")],
        ["outcome reveals the label."],
    )


def read(text: str) -> ElementTree.Element:
    return html_tree(text)


def test_the_page_shows_each_column_with_what_it_was_taken_for() -> None:
    column = Reading("inputs", "zip", "categorical feature", "an integer with the name of a code")
    cells = ["".join(cell.itertext()) for cell in read(setup_page(setup(column))).iter("td")]
    expected = ["inputs", "zip", "categorical feature", "An integer with the name of a code"]
    at = cells.index("zip") - 1
    assert cells[at : at + 4] == expected


@pytest.mark.parametrize(("reference", "shades"), [(REFERENCE, 1), (None, 0)])
def test_the_reference_is_shaded_behind_the_rows_of_the_inputs(
    reference: DayRange | None, shades: int
) -> None:
    page = read(setup_page(setup(reference=reference)))
    found = [path for path in page.iter("path") if path.get("class") == "iv"]
    assert len(found) == shades


def test_the_page_says_why_the_reference_is_typical_and_what_to_run() -> None:
    text = " ".join("".join(read(setup_page(setup())).itertext()).split())
    assert "The newest 28 days without a change." in text
    assert "modelwatch check conf/payments.yaml modelwatch run conf/payments.yaml" in text
    assert "outcome reveals the label." in text
    assert "the mean of amount changed" in text


def test_names_of_columns_are_escaped() -> None:
    text = setup_page(setup(Reading("inputs", "<script>x", "id", "<b>")))
    assert "<script>x" not in text
    assert "&lt;script&gt;x" in text


def test_a_table_without_rows_has_a_page() -> None:
    empty = Setup("payments", "c.yaml", {"inputs": {}}, (), None, "")
    assert "no rows yet" in setup_page(empty)
