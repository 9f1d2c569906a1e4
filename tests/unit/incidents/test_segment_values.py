"""What segments are worth."""

from __future__ import annotations

import pytest

from modelwatch.pipelines.incidents.segment_values import shares_of


def test_shares_of_a_segmentation_add_up_to_one() -> None:
    shares = shares_of({("region", "north"): 30.0, ("region", "south"): 10.0, ("age", "old"): 5.0})
    assert shares == {("region", "north"): 0.75, ("region", "south"): 0.25, ("age", "old"): 1.0}


def test_a_loss_matters_as_much_as_a_gain() -> None:
    assert shares_of({("region", "north"): -30.0, ("region", "south"): 10.0}) == pytest.approx(
        {("region", "north"): 0.75, ("region", "south"): 0.25}
    )


def test_segments_that_are_worth_nothing_have_no_share() -> None:
    assert shares_of({("region", "north"): 0.0, ("region", "south"): 0.0}) == {}
