"""Odds ratios within strata, and how strong a hidden cause would have to be."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modelwatch.stats.attribution.stratified import (
    NO_RATIO,
    NO_STRATA,
    e_value,
    sensitivity,
    stratified,
)

KIDNEY_STONES = np.array([[[81, 6], [234, 36]], [[192, 71], [55, 25]]])
"""Charig et al. (1986): open surgery by success, for small stones and for large ones."""


def test_crude_and_stratified_answers_that_disagree_are_said_so() -> None:
    # Ten times the patients: what was a reversal becomes a sure one.
    found = stratified(KIDNEY_STONES * 10)
    assert found.crude.value < 1 < found.stratified.value
    assert (found.crude.answer, found.stratified.answer) == (-1, 1)
    assert found.disagree
    assert "disagree" in found.note


def test_answers_that_agree_need_no_note() -> None:
    table = np.array([[60, 40], [30, 70]])
    found = stratified(np.stack([table, table]))
    assert not found.disagree
    assert found.note is None
    assert found.crude.value == pytest.approx(found.stratified.value)
    assert found.breslow_day == pytest.approx(0.0, abs=1e-9)


def test_strata_that_differ_are_said_so() -> None:
    found = stratified(np.array([[[80, 20], [20, 80]], [[20, 80], [80, 20]]]))
    assert found.breslow_day_p_value < 0.001
    assert "strata differ" in found.note


def test_strata_that_say_nothing_are_left_out() -> None:
    table = [[60, 40], [30, 70]]
    silent = [[[0, 0], [5, 6]], [[3, 0], [8, 0]]]
    found, alone = stratified(np.array([table, *silent])), stratified(np.array([table]))
    assert found.strata == alone.strata == 1
    assert found.statistic == alone.statistic
    assert found.stratified == alone.stratified


def test_one_stratum_has_nothing_to_differ_from() -> None:
    found = stratified(np.array([[[60, 40], [30, 70]]]))
    assert math.isnan(found.breslow_day)
    assert found.p_value < 0.001


def test_no_stratum_is_a_reason() -> None:
    found = stratified(np.zeros((3, 2, 2), dtype=np.int64))
    assert found.reason == NO_STRATA
    assert math.isnan(found.p_value)
    assert stratified(np.zeros((0, 2, 2), dtype=np.int64)).reason == NO_STRATA


def test_a_cell_that_is_always_empty_is_a_reason() -> None:
    found = stratified(np.array([[[5, 0], [3, 4]], [[6, 0], [2, 2]]]))
    assert found.reason == NO_RATIO
    assert math.isinf(found.stratified.value)
    assert math.isfinite(found.p_value)
    assert not found.disagree


def test_exchanging_the_sides_inverts_the_odds_ratio() -> None:
    there, back = stratified(KIDNEY_STONES), stratified(KIDNEY_STONES[:, ::-1])
    assert there.stratified.value == pytest.approx(1 / back.stratified.value)
    assert there.stratified.lower == pytest.approx(1 / back.stratified.upper)
    assert there.p_value == pytest.approx(back.p_value)
    assert there.breslow_day == pytest.approx(back.breslow_day)


def test_e_value_of_the_published_example() -> None:
    # VanderWeele and Ding (2017): risk ratio 3.9 (1.8 to 8.7).
    found = sensitivity(3.9, 1.8, 8.7)
    assert found.of_ratio == pytest.approx(7.26, abs=0.01)
    assert found.of_interval == pytest.approx(3.0, abs=0.01)


def test_e_value_is_the_same_for_a_ratio_and_its_inverse() -> None:
    assert e_value(0.5) == pytest.approx(e_value(2.0))
    assert e_value(1.0) == 1.0


def test_an_interval_that_holds_one_needs_no_hidden_cause() -> None:
    assert sensitivity(1.4, 0.9, 2.1).of_interval == 1.0


def test_an_odds_ratio_of_a_common_outcome_is_taken_at_its_root() -> None:
    assert sensitivity(4.0, 2.25, 9.0, outcome_share=0.4) == sensitivity(2.0, 1.5, 3.0)
    assert sensitivity(4.0, 2.25, 9.0, outcome_share=0.1) == sensitivity(4.0, 2.25, 9.0)


@pytest.mark.parametrize("ratio", [0.0, -1.0, math.inf, math.nan])
def test_a_ratio_that_is_none_has_no_e_value(ratio: float) -> None:
    assert math.isnan(e_value(ratio))
    assert math.isnan(sensitivity(ratio, math.nan, math.nan).of_interval)
