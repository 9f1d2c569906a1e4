"""Verdicts of one family of comparisons."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.stats.verdicts.judgement import (
    MOST_TIMES,
    NO_SIGNIFICANCE,
    NO_THRESHOLD,
    Judgement,
    judged,
)

SURE = 1e-9


def judge(
    value=0.3,
    threshold=0.2,
    p=SURE,
    rows=1000,
    reference_rows=5000,
    reason=None,
    **settings,
) -> Judgement:
    """The judgement of a family of one, or of as many as ``value`` has."""
    columns = np.broadcast_arrays(value, threshold, p, rows, reference_rows)
    given = np.full(columns[0].shape, reason, dtype=object)
    return judged(*(np.atleast_1d(c) for c in columns), np.atleast_1d(given), **settings)


def test_a_large_and_sure_effect_fails() -> None:
    found = judge()
    assert found.verdict.tolist() == ["fail"]
    assert found.effect.tolist() == pytest.approx([1.5])
    assert found.reason.tolist() == [None]


def test_an_effect_below_its_threshold_passes_however_sure() -> None:
    assert judge(value=0.19).verdict.tolist() == ["pass"]


def test_a_large_effect_that_may_be_chance_passes() -> None:
    assert judge(p=0.2).verdict.tolist() == ["pass"]


def test_a_fall_is_as_large_as_a_rise() -> None:
    assert judge(value=-0.3).verdict.tolist() == ["fail"]


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({"rows": 0, "reference_rows": 0}, "no_data"),
        ({"rows": 10, "reference_rows": 0}, "no_reference"),
        ({"rows": 10, "value": np.nan}, "too_few_rows"),
        ({"value": np.nan, "p": np.nan}, "undefined"),
        ({"p": np.nan}, "undefined"),
    ],
)
def test_the_first_thing_that_is_missing_is_the_verdict(given, verdict) -> None:
    assert judge(**given).verdict.tolist() == [verdict]


def test_the_reason_of_an_undefined_value_is_kept() -> None:
    assert judge(value=np.nan, reason="reference is constant").reason.tolist() == [
        "reference is constant"
    ]


def test_an_effect_alone_never_fails() -> None:
    found = judge(value=100.0, p=np.nan)
    assert (found.verdict[0], found.reason[0]) == ("undefined", NO_SIGNIFICANCE)


def test_a_value_without_a_threshold_is_not_judged() -> None:
    assert judge(threshold=np.nan).reason.tolist() == [NO_THRESHOLD]


def test_what_is_not_tested_is_no_comparison() -> None:
    found = judge(value=[0.3, 0.3, np.nan], p=[0.03, 0.02, 0.01], rows=[1000, 10, 1000])
    assert found.comparisons == 1
    assert found.adjusted_p[0] == 0.03
    assert np.isnan(found.adjusted_p[1:]).all()


def test_many_comparisons_ask_for_more_than_one() -> None:
    p = np.array([0.01, *np.full(99, 0.5)])
    found = judge(value=np.full(100, 0.3), p=p)
    assert found.adjusted_p[0] > 0.05
    assert set(found.verdict) == {"pass"}


def test_benjamini_yekutieli_asks_for_more() -> None:
    given = {"value": np.full(2, 0.3), "p": np.array([0.02, 0.9])}
    assert judge(**given).verdict[0] == "fail"
    assert judge(**given, correction="benjamini_yekutieli").verdict[0] == "pass"


@pytest.mark.parametrize(("direction", "verdict"), [(1, "pass"), (-1, "fail"), (0, "fail")])
def test_a_change_for_the_better_is_no_effect(direction, verdict) -> None:
    found = judge(value=-0.3, worse_only=np.array([direction]))
    assert found.verdict.tolist() == [verdict]


def test_a_threshold_of_nothing_is_reached_by_any_change() -> None:
    assert judge(value=0.001, threshold=0.0).effect.tolist() == [MOST_TIMES]
    assert judge(value=0.0, threshold=0.0).effect.tolist() == [0.0]


def test_a_threshold_is_not_negative() -> None:
    with pytest.raises(ValueError, match="not negative"):
        judge(threshold=-0.1)


def test_a_family_of_none_has_no_verdicts() -> None:
    assert len(judge(value=np.empty(0), threshold=np.empty(0))) == 0


def test_metrics_that_are_about_the_number_of_rows_are_judged_whatever_it_is() -> None:
    rows = np.array([0, 1, 50, 50])
    found = judged(
        np.full(4, -0.99),
        np.full(4, 0.3),
        np.full(4, 1e-9),
        rows,
        np.full(4, 10_000),
        np.full(4, None),
        min_rows=np.array([0, 0, 0, 100]),
    )
    assert found.verdict.tolist() == ["fail", "fail", "fail", "too_few_rows"]
    assert found.reason[3] == "fewer than 100 rows"
