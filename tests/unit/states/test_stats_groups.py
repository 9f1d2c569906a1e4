"""Frozen bins collapse into groups of about equal mass in which nothing new can hide."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.drift.comparison import collapsed, quantile_groups


def groups_of(reference: list[int], groups: int, *, beyond: bool = False) -> list[int]:
    counts = np.array([reference], dtype=np.int64)
    return list(quantile_groups(counts, groups, beyond=beyond)[0])


def test_bins_of_equal_mass_make_groups_of_equal_mass() -> None:
    assert groups_of([1] * 20, 5) == [g for g in range(5) for _ in range(4)]


def test_empty_bins_at_the_ends_join_the_end_groups() -> None:
    assert groups_of([0, 0, *[1] * 6, 0], 2) == [0, 0, 0, 0, 0, 1, 1, 1, 1]


def test_empty_bins_at_the_ends_stand_apart_where_asked() -> None:
    assert groups_of([0, 0, *[1] * 6, 0], 2, beyond=True) == [0, 0, 1, 1, 1, 2, 2, 2, 3]


def test_a_heavy_bin_stands_alone() -> None:
    assert groups_of([1, 1, 30, 1, 1], 4) == [0, 0, 1, 2, 2]


def test_a_constant_reference_has_a_group_on_either_side() -> None:
    assert groups_of([0, 0, 9, 0], 10) == [0, 0, 1, 2]


def test_a_gap_between_heavy_values_is_a_group() -> None:
    assert groups_of([5, 0, 5], 2) == [0, 1, 2]


def test_a_reference_without_rows_has_one_group() -> None:
    assert groups_of([0, 0, 0], 10) == [0, 0, 0]


def test_collapsing_keeps_every_row() -> None:
    random = np.random.default_rng(3)
    current = random.integers(0, 9, size=(6, 40))
    for references in (1, 6):
        reference = random.integers(0, 9, size=(references, 40))
        first, second = collapsed(current, reference, quantile_groups(reference, 10))
        np.testing.assert_array_equal(first.sum(axis=1), current.sum(axis=1))
        np.testing.assert_array_equal(second.sum(axis=1), reference.sum(axis=1))
