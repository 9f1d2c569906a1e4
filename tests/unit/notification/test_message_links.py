"""Where a message leads its reader, and the sparkline that it shows."""

from __future__ import annotations

from datetime import date

import pytest

from modelwatch.model.notification.message import Bar, Message
from modelwatch.model.notification.message_links import MessageLinks
from modelwatch.model.notification.message_text import sparkline

MESSAGE = Message("m1", "shop", "opened", "3f2a", "fail", "Title", "Body.")


def drawn(*effects: float | None) -> str:
    return sparkline([Bar(date(2020, 1, 1), effect) for effect in effects])


def test_the_highest_bar_is_the_largest_effect_and_a_gap_is_shown() -> None:
    assert drawn(0.0, 2.0, None, 4.0, 8.0) == "▁▂·▄█"


def test_bars_below_the_threshold_stay_below_the_highest() -> None:
    assert drawn(0.0, 0.5) == "▁▄"


@pytest.mark.parametrize("effect", [float("inf"), float("nan"), 1e308])
def test_an_effect_of_any_size_is_drawn(effect: float) -> None:
    assert drawn(0.0, effect) == "▁█"


def test_a_link_ends_in_the_page_of_the_incident() -> None:
    place = MessageLinks(report="https://r.example.com/shop/")
    assert place.page("3f2a") == "https://r.example.com/shop/incident-3f2a.html"
    assert place.page() == "https://r.example.com/shop/index.html"


def test_an_incident_without_a_page_leads_to_the_overview() -> None:
    place = MessageLinks(report="/var/report", pages=frozenset({"index.html", "incident-b.html"}))
    assert place.page("a") == "/var/report/index.html"
    assert place.page("b") == "/var/report/incident-b.html"


def test_without_a_report_there_is_no_link() -> None:
    assert MessageLinks().page("3f2a") is None


def test_an_incident_that_is_over_is_only_shown() -> None:
    over = Message("m1", "shop", "closed", "3f2a", "fail", "Title", "Body.")
    assert list(MessageLinks().commands(over)) == ["show"]
    assert list(MessageLinks().commands(MESSAGE)) == ["show", "acknowledge", "mute"]


def test_a_path_of_a_configuration_is_one_word_of_a_command() -> None:
    found = MessageLinks("my conf; rm -rf.yaml").commands(MESSAGE)["show"]
    assert found == "modelwatch incidents 'my conf; rm -rf.yaml' show 3f2a"
