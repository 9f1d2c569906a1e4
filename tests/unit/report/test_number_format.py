"""Figures as a report shows them."""

from __future__ import annotations

from datetime import date

import pytest

from modelwatch.report.number_format import (
    ago,
    duration_text,
    percent,
    short_count,
    signed,
    span_text,
    three_digits,
)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (0.123456, "0.123"),
        (-0.00123456, "−0.00123"),
        (1.0, "1"),
        (12.3456, "12.3"),
        (999.96, "1,000"),
        (123456.0, "123,000"),
        (1234567.0, "1.23e6"),
        (0.0000123, "1.23e−5"),
        (float("nan"), "–"),
        (float("-inf"), "−∞"),
        (None, "–"),
    ],
)
def test_a_metric_has_three_significant_digits(value: float | None, shown: str) -> None:
    assert three_digits(value) == shown


def test_a_signed_metric_shows_that_it_is_positive() -> None:
    assert [signed(0.5), signed(-0.5), signed(0.0)] == ["+0.5", "−0.5", "0"]


@pytest.mark.parametrize(
    ("share", "shown"), [(0.12345, "12.3%"), (1.0, "100%"), (0.00001, "<0.01%"), (0.0, "0%")]
)
def test_a_share_is_a_percentage(share: float, shown: str) -> None:
    assert percent(share) == shown


@pytest.mark.parametrize(
    ("count", "shown"), [(950.0, "950"), (9999.0, "9,999"), (12345.0, "12.3k"), (4.56e6, "4.56M")]
)
def test_a_large_count_is_short(count: float, shown: str) -> None:
    assert short_count(count) == shown


@pytest.mark.parametrize(
    ("last", "shown"),
    [
        (date(2024, 2, 3), "Feb 3, 2024"),
        (date(2024, 2, 9), "Feb 3–9, 2024"),
        (date(2024, 3, 1), "Feb 3 – Mar 1, 2024"),
        (date(2025, 3, 1), "Feb 3, 2024 – Mar 1, 2025"),
    ],
)
def test_a_range_of_days_does_not_repeat_itself(last: date, shown: str) -> None:
    assert span_text(date(2024, 2, 3), last) == shown


def test_durations_and_ages_are_reported_in_words() -> None:
    assert [duration_text(s) for s in (45.0, 150.0, 7260.0)] == ["45 s", "2 min 30 s", "2 h 01 min"]
    assert [ago(days) for days in (0, 1, 16)] == ["today", "yesterday", "16 days ago"]
