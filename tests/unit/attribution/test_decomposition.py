"""Why a metric changed, and where it is worst."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.stats.attribution.decomposition import (
    ADDITIVE,
    EFFECTS,
    NO_REFERENCE,
    NO_WINDOW_ROWS,
    PartMeans,
    attribute,
)
from modelwatch.stats.attribution.slices import FEW_DAYS as FEW_SLICE_DAYS
from modelwatch.stats.attribution.slices import NO_REST, TOO_SMALL, worst_slices
from modelwatch.stats.performance.jackknife import FEW_DAYS


def parts(rows, rates, days: int = 1) -> PartMeans:
    rows = np.tile(np.asarray(rows, dtype=float), (days, 1))
    return PartMeans(rows, rows * np.asarray(rates, dtype=float))


def effect(found, name: str):
    return found.effects.value[EFFECTS.index(name)]


def test_a_change_of_shares_alone_is_mix() -> None:
    found = attribute(parts([80, 20], [0.1, 0.5]), parts([50, 50], [0.1, 0.5]))
    assert found.total.value == pytest.approx(-0.12)
    assert effect(found, "mix")[-1] == pytest.approx(-0.12)
    assert effect(found, "within")[-1] == pytest.approx(0.0)


def test_a_part_above_the_rest_that_has_grown_raises_the_metric() -> None:
    found = attribute(parts([50, 50], [0.1, 0.5]), parts([80, 20], [0.1, 0.5]))
    assert np.all(effect(found, "mix")[:2] > 0)


def test_a_change_of_rates_alone_is_within() -> None:
    found = attribute(parts([50, 50], [0.1, 0.7]), parts([50, 50], [0.1, 0.5]))
    np.testing.assert_allclose(effect(found, "within"), [0.0, 0.1, 0.1], atol=1e-12)
    np.testing.assert_allclose(effect(found, "mix"), 0.0, atol=1e-12)


def test_new_and_vanished_parts_stand_apart() -> None:
    found = attribute(parts([50, 50, 0], [0.2, 0.8, 0.0]), parts([50, 0, 50], [0.2, 0.0, 0.4]))
    assert np.isnan(effect(found, "new")).tolist() == [True, False, True, False]
    assert np.isnan(effect(found, "vanished")).tolist() == [True, True, False, False]
    centre = (0.5 + 0.3) / 2
    assert effect(found, "new")[1] == pytest.approx(0.5 * (0.8 - centre))
    assert effect(found, "vanished")[2] == pytest.approx(-0.5 * (0.4 - centre))
    assert found.effects.value[:, -1].sum() == pytest.approx(found.total.value)


def test_effects_are_ranked_by_size() -> None:
    found = attribute(parts([50, 50], [0.1, 0.7]), parts([50, 50], [0.15, 0.5]))
    assert found.ranked()[:2] == [("within", 1), ("within", 0)]
    assert len(found.ranked()) == 4


def test_an_empty_side_is_a_reason() -> None:
    empty, full = parts([0, 0], [0.0, 0.0]), parts([50, 50], [0.1, 0.5])
    assert attribute(empty, full).reason == NO_WINDOW_ROWS
    assert attribute(full, empty).reason == NO_REFERENCE
    assert np.isnan(attribute(full, empty).total.value)


def test_too_few_days_give_no_interval() -> None:
    found = attribute(parts([50, 50], [0.1, 0.7], 5), parts([50, 50], [0.1, 0.5], 2))
    assert found.reason == FEW_DAYS
    assert np.isnan(found.effects.lower).all()
    assert found.total.value == pytest.approx(0.1)


def test_a_part_of_one_day_only_has_an_interval() -> None:
    current, reference = parts([50, 50], [0.1, 0.7], 6), parts([50, 50], [0.1, 0.5], 6)
    current.rows[1:, 1] = current.sums[1:, 1] = 0
    reference.rows[:, 1] = reference.sums[:, 1] = 0
    found = attribute(current, reference)
    assert np.isfinite(found.effects.lower[EFFECTS.index("new"), 1])
    assert np.isfinite(found.total.lower)


def test_intervals_hold_the_change_as_often_as_they_say() -> None:
    random = np.random.default_rng(4)
    held = []
    for _ in range(300):
        sides = []
        for share, days in ((0.6, 12), (0.5, 20)):
            first = random.binomial(400, share, days)
            rows = np.stack([first, 400 - first], axis=1)
            moved = np.clip(np.array([0.3, 0.5]) + random.normal(0, 0.05, (days, 1)), 0, 1)
            sides.append(PartMeans(rows, random.binomial(rows, moved)))
        found = attribute(*sides)
        held.append(found.total.lower <= (0.6 - 0.5) * (0.3 - 0.5) <= found.total.upper)
    assert 0.90 <= np.mean(held) <= 0.99


def test_additive_metrics_are_those_of_the_confusion_table() -> None:
    counts = np.random.default_rng(1).integers(1, 50, (3, 4, 2, 3))
    losses = np.full((3, 4), 2**30)
    (_, (n0, p0)), (_, (n1, p1)) = ((r[0], r[1:]) for r in counts.sum(axis=(0, 1)))
    expected = {
        "accuracy": (n0 + p1) / (n0 + p0 + n1 + p1),
        "precision": p1 / (p1 + n1),
        "recall": p1 / (p1 + p0),
        "specificity": n0 / (n0 + n1),
        "base_rate": (p0 + p1) / (n0 + p0 + n1 + p1),
        "selection_rate": (n1 + p1) / (n0 + p0 + n1 + p1),
        "brier": 12 / (n0 + p0 + n1 + p1),
    }
    assert set(expected) == set(ADDITIVE)
    for key, parts_of in ADDITIVE.items():
        rows, sums = parts_of(counts, losses)
        assert sums.sum() / rows.sum() == pytest.approx(expected[key])


def test_the_brier_score_of_slices_needs_its_sums() -> None:
    with pytest.raises(ValueError, match="squared errors"):
        ADDITIVE["brier"](np.ones((1, 1, 2, 3), dtype=np.int64), None)


def slices_of(days: int = 20, bad: float = 0.4, seed: int = 2):
    """Ten slices of one split, the third of which is worse."""
    random = np.random.default_rng(seed)
    rows = random.integers(40, 60, (days, 10))
    share = np.full(10, 0.2)
    share[2] = bad
    losses = random.binomial(rows, share)
    return rows, losses, rows.sum(axis=1, keepdims=True), losses.sum(axis=1, keepdims=True)


def test_the_slice_that_is_worse_is_found() -> None:
    found = worst_slices(*slices_of())
    assert found.worst.tolist() == [2]
    assert found.excess[2] == pytest.approx(0.2, abs=0.04)
    assert found.lower[2] < 0.2 < found.upper[2]


def test_where_all_are_alike_hardly_any_slice_is_named() -> None:
    named = [len(worst_slices(*slices_of(bad=0.2, seed=seed)).worst) > 0 for seed in range(100)]
    assert np.mean(named) <= 0.12


def test_a_small_slice_is_not_looked_at() -> None:
    rows, losses, total, lost = slices_of()
    rows[:, 2], losses[:, 2] = 1, 1
    found = worst_slices(rows, losses, total, lost)
    assert found.reason[2] == TOO_SMALL
    assert np.isnan(found.p_value[2])
    assert not len(found.worst)


def test_a_slice_that_is_all_has_nothing_to_be_compared_with() -> None:
    rows = np.full((5, 1), 100.0)
    found = worst_slices(rows, rows / 2, rows, rows / 2)
    assert found.reason[0] == NO_REST
    assert np.isnan(found.excess[0])


def test_few_days_are_a_reason_where_losses_are_no_counts() -> None:
    rows, losses, total, lost = slices_of(days=2)
    found = worst_slices(rows, losses, total, lost, fewest_rows=10)
    assert set(found.reason) == {FEW_SLICE_DAYS}
    counted = worst_slices(rows, losses, total, lost, fewest_rows=10, right_or_wrong=True)
    assert counted.p_value[2] < 0.05
    assert counted.reason[2] is None
