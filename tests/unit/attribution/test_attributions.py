"""Splits of the rows by which a change of performance is explained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelwatch.evaluation.attribution.attributions import SliceStates

RANDOM = np.random.default_rng(1)
COUNTS = RANDOM.integers(1, 50, (4, 3, 2, 3))
BY_SEGMENTS = SliceStates(
    "segmentation",
    "sales_channel",
    ("web", "app", "(other)"),
    np.arange(4),
    np.concatenate([COUNTS[:, :2], 0 * COUNTS[:, :1]], axis=1),
    np.zeros((4, 3)),
)


def test_a_feature_that_is_the_column_of_a_segmentation_repeats_it_whatever_its_name() -> None:
    feature = SliceStates(
        "feature", "channel", ("app", "web", "(null)"), np.arange(4), 0 * COUNTS, 0.0
    )
    feature.counts[:, [1, 0]] = COUNTS[:, :2]
    assert feature.repeats(BY_SEGMENTS)


def test_a_feature_with_other_rows_or_other_values_does_not_repeat_a_segmentation() -> None:
    same = replace(BY_SEGMENTS, split="feature")
    other_rows = replace(same, counts=same.counts + 1)
    other_values = replace(same, labels=("shop", "app", "(other)"))
    assert same.repeats(BY_SEGMENTS)
    assert not other_rows.repeats(BY_SEGMENTS)
    assert not other_values.repeats(BY_SEGMENTS)
