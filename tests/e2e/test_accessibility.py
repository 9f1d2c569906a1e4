"""Every kind of page in Chromium, wide and narrow, light and dark: axe-core has no objection."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from scripts.bench.first_paint import browser

from browser import axe_script, examined
from modelwatch.model.days import DayRange
from modelwatch.model.onboarding.readings import Reading
from modelwatch.report.page import departed_page
from modelwatch.report.pages import pages_of
from modelwatch.report.setup import Setup, setup_page
from report_results import results

COMMAND, AXE = browser(), axe_script()
FIRST = date(2024, 1, 1)
SETUP = Setup(
    "payments",
    "conf/payments.yaml",
    {"inputs": {FIRST + timedelta(days=n): 100 + n for n in range(60)}},
    [Reading("inputs", "zip", "categorical feature", "an integer with the name of a code")],
    DayRange(FIRST, FIRST + timedelta(days=27)),
    "The newest 28 days without a change.",
    [(FIRST + timedelta(days=40), "the mean of amount")],
    ["outcome reveals the label."],
)
PAGES = {
    **pages_of(results(features=6)),
    "features of many": pages_of(results(features=60))["features.html"],
    "setup": setup_page(SETUP),
    "departed": departed_page("shop", "a1b2", "modelwatch incidents conf/shop.yaml show a1b2"),
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(COMMAND is None, reason="there is no Chromium"),
    pytest.mark.skipif(AXE is None, reason="axe-core-python is not installed"),
]


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_accessible_and_no_wider_than_its_window(
    name: str, width: int, dark: bool
) -> None:
    assert COMMAND is not None
    assert AXE is not None
    seen = examined(PAGES[name], COMMAND, AXE, width=width, dark=dark)
    assert (seen.width, seen.dark) == (width, dark)
    assert seen.violations == []
    assert "color-contrast" in seen.passed
    assert seen.needed <= width
