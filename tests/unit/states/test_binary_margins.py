"""Margins of the states of a binary model."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.stats.states.binary import BinaryStates
from modelwatch.stats.states.binary_margins import BinaryMargins
from modelwatch.stats.states.binning import NUMERIC_OFFSET, fit_numeric
from modelwatch.stats.states.score_scale import with_edges

BINNING = with_edges(
    fit_numeric(np.array([0.0, 1.0]), 0.0, 1.0), np.array([-np.inf, 0.0, 0.25, 0.5, 1.5, np.inf])
)


@pytest.fixture
def states() -> BinaryStates:
    """Four days with rows in every cell."""
    draw = np.random.default_rng(1)
    shape = (4, 2, 3, BINNING.length)
    undecided = (4, 3, BINNING.length)
    return BinaryStates(
        draw.integers(0, 9, shape),
        draw.integers(0, 1 << 40, shape),
        draw.integers(0, 1 << 40, (4, 3, 2)),
        BINNING,
        draw.integers(0, 9, undecided),
        draw.integers(0, 1 << 40, undecided),
    )


def arrays(margins: BinaryMargins) -> list[np.ndarray]:
    return [getattr(margins, name) for name in margins.added]


def test_margins_add_up_as_their_states_do(states: BinaryStates) -> None:
    spans = np.array([[0, 4], [1, 3], [2, 2]])
    rolled = states.roll_up(spans).margins
    for one, other in zip(arrays(rolled), arrays(states.margins.roll_up(spans)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_margins_count_rows_with_and_without_a_decision(states: BinaryStates) -> None:
    both = np.concatenate([states.counts, states.undecided[:, None]], axis=1)
    margins = states.margins
    np.testing.assert_array_equal(margins.by_label, both.sum(axis=(1, 3)))
    np.testing.assert_array_equal(margins.confusion, states.counts.sum(axis=3))
    np.testing.assert_array_equal(margins.ranked, both[..., NUMERIC_OFFSET:].sum(axis=1))
    inside = slice(NUMERIC_OFFSET + 1, NUMERIC_OFFSET + 4)
    np.testing.assert_array_equal(margins.scored, both[..., inside].sum(axis=1))


def test_rows_above_a_bin_are_those_of_higher_bins(states: BinaryStates) -> None:
    margins = states.margins
    expected = np.stack([margins.ranked[..., at + 1 :].sum(axis=2) for at in range(6)], axis=2)
    np.testing.assert_array_equal(margins.ranked_above, expected)


def test_decisions_alone_give_their_confusion_table() -> None:
    table = np.arange(12).reshape(2, 2, 3)
    margins = BinaryMargins.of_decisions(table)
    np.testing.assert_array_equal(margins.confusion, table)
    np.testing.assert_array_equal(margins.by_label, table.sum(axis=1))
