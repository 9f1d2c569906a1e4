"""Laws of calibration, attribution and intervals, whatever the rows."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from modelwatch.stats.attribution.decomposition import PartMeans, attribute
from modelwatch.stats.attribution.stratified import stratified
from modelwatch.stats.estimation.calibration import fit_on_bins, isotonic
from modelwatch.stats.performance.jackknife import day_interval

COUNTS = st.integers(0, 60)
SHARES = st.floats(0.0, 1.0)


def counts(*shape: int) -> st.SearchStrategy:
    return arrays(np.int64, shape, elements=COUNTS)


@given(arrays(np.float64, 12, elements=SHARES), arrays(np.int64, 12, elements=st.integers(1, 50)))
def test_isotonic_regression_ascends_and_keeps_the_mean(values, weights) -> None:
    fitted = isotonic(values, weights.astype(float))
    assert np.all(np.diff(fitted) >= 0)
    np.testing.assert_allclose(fitted @ weights, values @ weights, atol=1e-9)
    np.testing.assert_allclose(isotonic(fitted, weights.astype(float)), fitted, atol=1e-12)


@given(counts(11, 6), counts(11, 6))
def test_a_calibration_does_not_depend_on_the_order_of_the_days(negatives, positives) -> None:
    scores = (negatives + positives) * np.linspace(0.1, 0.9, 6)
    found = fit_on_bins(negatives, positives, scores)
    turned = fit_on_bins(negatives[::-1], positives[::-1], scores[::-1])
    np.testing.assert_allclose(found.probabilities, turned.probabilities)
    assert found.rows == turned.rows
    assert np.all((found.probabilities >= 0) & (found.probabilities <= 1))


@given(counts(4, 5), counts(4, 5), st.data())
def test_the_parts_of_a_change_add_up_to_it(rows, reference_rows, data) -> None:
    sides = []
    for part in (rows, reference_rows):
        shares = data.draw(arrays(np.float64, part.shape, elements=SHARES))
        sides.append(PartMeans(part, part * shares))
    found = attribute(*sides)
    if not rows.sum() or not reference_rows.sum():
        assert np.isnan(found.total.value)
        return
    rates = [side.sums.sum() / side.rows.sum() for side in sides]
    np.testing.assert_allclose(found.total.value, rates[0] - rates[1], atol=1e-9)
    np.testing.assert_allclose(
        np.nansum(found.effects.value[:, :-1]), rates[0] - rates[1], atol=1e-9
    )


@given(counts(4, 5), counts(4, 5), st.data())
def test_a_change_flipped_has_the_opposite_sign(rows, reference_rows, data) -> None:
    sides = []
    for part in (rows, reference_rows):
        shares = data.draw(arrays(np.float64, part.shape, elements=SHARES))
        sides.append(PartMeans(part, part * shares))
    there, back = attribute(*sides), attribute(*sides[::-1])
    swapped = back.effects.value[[0, 1, 3, 2]]
    np.testing.assert_allclose(there.effects.value, -swapped, atol=1e-9)


@given(counts(4, 2, 2))
def test_stratified_tests_are_probabilities_or_say_why_not(tables) -> None:
    found = stratified(tables)
    for value in (found.p_value, found.breslow_day_p_value, found.tarone_p_value):
        assert np.isnan(value) or 0.0 <= value <= 1.0
    assert found.reason is not None or found.stratified.lower <= found.stratified.value
    assert found.reason is None or not found.disagree


@given(arrays(np.float64, (6, 3), elements=st.floats(-5, 5)), st.floats(0.5, 0.999))
def test_an_interval_is_around_its_value(without, level) -> None:
    whole = without.mean(axis=0)
    found = day_interval(whole, [without], level=level)
    assert np.all(found.lower <= whole)
    assert np.all(found.upper >= whole)
    assert np.all((found.p_value >= 0) & (found.p_value <= 1))
