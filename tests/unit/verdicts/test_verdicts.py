"""Verdicts on observed values."""

from __future__ import annotations

import math

import pytest

from modelwatch.model.verdicts.bounds import bound_verdict


@pytest.mark.parametrize(
    ("observed", "lower", "upper", "verdict"),
    [
        (1.0, 1.0, None, "pass"),
        (0.999, 1.0, None, "fail"),
        (5.0, None, 5.0, "pass"),
        (5.1, None, 5.0, "fail"),
        (3.0, 2.0, 4.0, "pass"),
        (3.0, None, None, "pass"),
        (math.inf, 0.0, None, "pass"),
        (math.inf, None, 1e308, "fail"),
        (None, 0.0, 1.0, "undefined"),
        (math.nan, 0.0, 1.0, "undefined"),
    ],
)
def test_bounds_belong_to_what_passes(
    observed: float | None, lower: float | None, upper: float | None, verdict: str
) -> None:
    assert bound_verdict(observed, lower, upper, "fail", None) == verdict


@pytest.mark.parametrize("last_digits", [4.999999999999999, 5.000000000000001])
def test_a_sum_in_another_order_lies_on_the_same_bound(last_digits: float) -> None:
    assert bound_verdict(last_digits, 5.0, 5.0, "fail") == "pass"


def test_one_row_of_a_billion_is_no_last_digit() -> None:
    assert bound_verdict(1.0 - 1e-9, 1.0, None, "fail") == "fail"


def test_a_breach_is_what_the_severity_says() -> None:
    assert bound_verdict(2.0, None, 1.0, "warn", None) == "warn"


def test_a_reason_makes_the_verdict_unknown() -> None:
    assert bound_verdict(0.5, 0.0, 1.0, "fail", "no metric came back") == "undefined"
