"""The value of another column to which a change is limited, from simulated rows."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.stats.diagnosis.carriers import (
    Split,
    carriers,
    explained_by_mix,
    group_edges,
    group_labels,
)

ROWS = 4000
COUNTRIES = ("DE", "ES", "FR", "IT")
SHARES = (0.4, 0.3, 0.2, 0.1)
BINS = 12


def counted(countries: np.ndarray, bins: np.ndarray) -> np.ndarray:
    """Rows by country and bin."""
    counts = np.zeros((len(COUNTRIES), BINS), dtype=np.int64)
    np.add.at(counts, (countries, bins), 1)
    return counts


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Countries, and bins from 1 on that do not depend on them; bin 0 is for nulls."""
    random = np.random.default_rng(seed)
    countries = random.choice(len(COUNTRIES), ROWS, p=SHARES)
    return countries, random.integers(1, BINS, ROWS)


def split(now: np.ndarray, bins: np.ndarray) -> Split:
    return Split("country", COUNTRIES, counted(*drawn(1)), counted(now, bins))


@pytest.mark.parametrize("country", [0, 3])
def test_the_value_whose_rows_lost_a_feature_carries_that(country: int) -> None:
    countries, bins = drawn(2)
    bins[countries == country] = 0
    (found,) = carriers([split(countries, bins)])
    assert found.key == ("country", COUNTRIES[country])
    assert found.changed_share == pytest.approx(1.0, abs=0.01)
    assert found.row_share == pytest.approx((countries == country).mean())


def test_nothing_carries_a_change_that_hits_rows_at_random() -> None:
    countries, bins = drawn(2)
    bins[np.random.default_rng(3).random(ROWS) < 0.3] = 0
    assert carriers([split(countries, bins)]) == ()


def test_nothing_carries_what_did_not_change() -> None:
    assert carriers([split(*drawn(2))]) == ()


def test_two_values_of_four_carry_no_change_alone() -> None:
    countries, bins = drawn(2)
    bins[np.isin(countries, (0, 1))] = 0
    assert carriers([split(countries, bins)]) == ()


def test_a_value_that_holds_most_changed_rows_and_not_nearly_all_carries_no_change() -> None:
    countries, bins = drawn(2)
    random = np.random.default_rng(5).random(ROWS)
    bins[(countries == 0) | (random < 0.2)] = 0
    assert carriers([split(countries, bins)]) == ()


def test_few_changed_rows_name_no_value_among_many() -> None:
    countries, bins = drawn(2)
    hit = np.flatnonzero(countries == 3)[:12]
    bins[hit] = 0
    assert carriers([split(countries, bins)] * 50) == ()


def test_chance_names_no_value_in_two_hundred_draws() -> None:
    named = 0
    for seed in range(200):
        countries, bins = drawn(seed + 10)
        bins[np.random.default_rng(seed).random(ROWS) < 0.02] = 0
        named += bool(carriers([split(countries, bins)]))
    assert named == 0


def test_the_shares_of_another_column_explain_what_depends_on_them() -> None:
    random = np.random.default_rng(4)
    before = random.choice(4, ROWS, p=SHARES)
    now = random.choice(4, ROWS, p=(0.1, 0.2, 0.2, 0.5))
    # Each country has bins of its own.
    bins = [3 * of + random.integers(0, 3, ROWS) for of in (before, now)]
    depends = Split("country", COUNTRIES, counted(before, bins[0]), counted(now, bins[1]))
    assert explained_by_mix(depends) > 0.9


def test_the_shares_of_another_column_do_not_explain_a_fault() -> None:
    countries, bins = drawn(2)
    bins[countries == 0] = 0
    assert explained_by_mix(split(countries, bins)) < 0.1


def test_the_shares_of_another_column_do_not_explain_a_fault_of_few_rows_in_small_samples() -> None:
    for seed in range(50):
        countries, bins = drawn(seed + 300)
        now = np.random.default_rng(seed).choice(len(countries), 800, replace=False)
        bins[now[:80]] = 0
        assert explained_by_mix(split(countries[now], bins[now])) < 0.3


def test_what_did_not_change_is_not_explained() -> None:
    assert explained_by_mix(split(*drawn(2))) == 0.0


def test_numbers_are_grouped_by_quantiles_with_finer_ends() -> None:
    edges = group_edges(np.full(100, 5), np.arange(100.0))
    assert edges == (1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0)
    assert group_labels(edges[2:4]) == ("below 25", "25 to 50", "50 and more")


def test_a_number_of_one_value_has_no_groups() -> None:
    assert group_edges(np.array([0, 50, 0]), np.array([-np.inf, 1.0, 2.0])) == ()
    assert group_labels(()) == ()
