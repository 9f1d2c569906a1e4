"""How many rows of a day hold what no reference holds."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.evaluation.verdicts.day_facts import new_shares
from modelwatch.stats.states.binning import UNSEEN
from modelwatch.stats.states.categorical import CategoricalStates
from simulated_verdicts import category_states

KNOWN = [[60, 30, 10]]


def states(counts: list[list[int]], unseen: int = 0, nulls: int = 0) -> CategoricalStates:
    found = category_states(np.array(counts), np.array([nulls] * len(counts)))
    found.counts[:, UNSEEN] = unseen
    return found


def test_a_value_that_no_reference_has_counts_with_its_rows() -> None:
    assert new_shares([states(KNOWN)], states([[50, 30, 10]], unseen=10)) == pytest.approx(0.1)


def test_nulls_are_new_where_no_reference_has_any() -> None:
    day = states([[50, 20, 10]], nulls=20)
    assert new_shares([states(KNOWN)], day) == pytest.approx(0.2)
    assert new_shares([states(KNOWN), states(KNOWN, nulls=1)], day) == pytest.approx(0.0)


def test_where_many_values_occur_once_others_are_expected() -> None:
    rare = states([[90, *[1] * 10]])
    day = states([[80, *[1] * 10]], unseen=12)
    assert new_shares([rare], day) == pytest.approx(12 / 102 - 0.1)


def test_without_a_reference_nothing_is_new() -> None:
    assert new_shares([], states(KNOWN, unseen=5)) == pytest.approx(0.0)
