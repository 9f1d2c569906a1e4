"""What segments are worth."""

from __future__ import annotations

import pytest

from modelwatch.pipelines.incidents.stage import shares_of

NORTH, SOUTH, OLD = ("region", "north"), ("region", "south"), ("age", "old")


def test_shares_of_a_segmentation_add_up_to_one() -> None:
    shares = shares_of({NORTH: [10.0, 20.0], SOUTH: [10.0], OLD: [5.0]})
    assert shares == pytest.approx({NORTH: 0.75, SOUTH: 0.25, OLD: 1.0})


def test_a_loss_matters_as_much_as_a_gain() -> None:
    assert shares_of({NORTH: [-30.0], SOUTH: [10.0]}) == pytest.approx({NORTH: 0.75, SOUTH: 0.25})


def test_sums_beyond_the_doubles_have_shares() -> None:
    shares = shares_of({NORTH: [1.5e308] * 3, SOUTH: [1.5e308]})
    assert shares == pytest.approx({NORTH: 0.75, SOUTH: 0.25})


def test_segments_that_are_worth_nothing_have_no_share() -> None:
    assert shares_of({NORTH: [0.0], SOUTH: []}) == {}


def test_shares_do_not_depend_on_the_order_of_the_segments() -> None:
    values = {NORTH: [1.0], **{("region", str(n)): [1e-16] for n in range(40)}}
    assert shares_of(dict(reversed(values.items()))) == shares_of(values)
