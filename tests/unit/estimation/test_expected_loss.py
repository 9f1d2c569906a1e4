"""Errors of a regression without labels: what expected losses add up to."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.stats.drift.comparison import TOO_LARGE
from modelwatch.stats.estimation.estimates import back_test, interval
from modelwatch.stats.estimation.expected_loss import (
    LOSS_ASSUMPTION,
    NO_EXPECTED,
    SIDES,
    SUMS,
    LossRegressor,
    LossStates,
    loss_estimates,
    no_loss_estimates,
)
from modelwatch.stats.performance.metrics import PERFORMANCE
from modelwatch.stats.states.binning import fit_numeric
from modelwatch.stats.states.score_tally import ScoreBatch, ScorePlan, ScoreTally
from naive_scores import score_states

SCALE = 4.0
BINNING = fit_numeric(np.arange(0.0, 100.0, 2.0), 50.0, SCALE, bins=10)
BINNING = type(BINNING)(BINNING.edges, 50.0, SCALE)
NORMAL = LossRegressor("forest", (np.pi / 2 - 1, 2.0))
"""Losses of normal residuals around what is expected of each row."""


def batch_of(score, expected, *, label=None, nulls=None, days=None) -> ScoreBatch:
    """Rows with expected absolute and squared losses in their own units."""
    n = len(score)
    slots = np.zeros(n, dtype=np.int64) if days is None else np.asarray(days)
    absolute, squared = (np.asarray(one, dtype=float) for one in expected)
    target = np.full(n, np.nan) if label is None else np.asarray(label, dtype=float)
    return ScoreBatch(
        rows=n,
        keys=[(day, day + 5, "v1") for day in range(int(slots.max()) + 1)],
        slots=slots,
        decision=np.zeros(n, dtype=np.int64),
        label=(~np.isnan(target)).astype(np.int64),
        score=np.asarray(score, dtype=float),
        score_nulls=nulls,
        target=target,
        interval=None,
        age=np.where(np.isnan(target), -1, 1),
        segments=(),
        slices=(),
        values=(),
        expected=(absolute / SCALE, squared / SCALE**2),
    )


def states_of(*batches: ScoreBatch) -> LossStates:
    """The states of expected losses that a tally keeps, ascending by day."""
    tally = ScoreTally(ScorePlan("regression", BINNING, loss_regressor="forest"))
    for batch in batches:
        tally.add(batch)
    found = sorted(
        (key, state) for key, state in score_states(tally) if key.kind == "expected_loss"
    )
    assert all(key.name == "forest" for key, _ in found)
    return LossStates(
        np.stack([state.counts for _, state in found]),
        np.stack([state.sums for _, state in found]),
        SCALE,
        "forest",
    )


def drawn(days: int, rows: int, seed: int = 1):
    """Predictions whose residuals are normal with a spread that differs from row to row."""
    random = np.random.default_rng(seed)
    n = days * rows
    spread = random.uniform(1.0, 9.0, n)
    score = random.uniform(0.0, 100.0, n)
    label = score + spread * random.standard_normal(n)
    expected = (np.sqrt(2 / np.pi) * spread, spread**2)
    return score, expected, label, np.repeat(np.arange(days), rows)


def test_estimates_are_the_means_of_the_expected_losses() -> None:
    states = states_of(batch_of([1.0, 2.0, 3.0], ([1.0, 2.0, 6.0], [2.0, 4.0, 39.0])))
    found = loss_estimates(states, NORMAL)
    assert found["mae"].values.value == pytest.approx([3.0], rel=1e-10)
    assert found["rmse"].values.value == pytest.approx([np.sqrt(15.0)], rel=1e-10)
    assert found["mae"].rows.tolist() == [3.0]


def test_every_estimated_error_is_a_realised_metric_too() -> None:
    assert set(no_loss_estimates(1, "none")) <= set(PERFORMANCE)


def test_states_do_not_depend_on_how_rows_are_cut_into_batches() -> None:
    score, expected, label, _ = drawn(1, 1000)
    whole = states_of(batch_of(score, expected, label=label))
    order = np.random.default_rng(2).permutation(1000)
    parts = [
        batch_of(score[at], [one[at] for one in expected], label=label[at])
        for at in np.array_split(order, 7)
    ]
    cut = states_of(*parts)
    assert (whole.counts == cut.counts).all()
    assert (whole.sums == cut.sums).all()


def test_rows_with_a_label_are_apart_to_be_compared_with_it() -> None:
    expected = ([1.0, 3.0, 5.0], [1.0, 9.0, 25.0])
    states = states_of(batch_of([10.0, 20.0, 30.0], expected, label=[np.nan, 21.0, 33.0]))
    assert states.counts.tolist() == [[1, 2]]
    every, known = (loss_estimates(states, NORMAL, labelled_only=only) for only in (False, True))
    assert every["mae"].values.value == pytest.approx([3.0])
    assert known["mae"].values.value == pytest.approx([4.0])


def test_a_row_without_a_prediction_has_no_expected_loss() -> None:
    nulls = np.array([True, False, False])
    states = states_of(batch_of([0.0, np.nan, 5.0], ([9.0, 9.0, 1.0], [9.0] * 3), nulls=nulls))
    assert states.counts.tolist() == [[1, 0]]
    assert loss_estimates(states, NORMAL)["mae"].values.value == pytest.approx([1.0])


def test_windows_are_sums_of_days() -> None:
    score, expected, label, days = drawn(6, 50)
    states = states_of(batch_of(score, expected, label=label, days=days))
    window = states.roll_up(np.array([[1, 4]]))
    held = (days >= 1) & (days < 4)
    found = loss_estimates(window, NORMAL)["mae"].values.value
    assert found == pytest.approx([expected[0][held].mean()], rel=1e-10)


def test_the_spread_is_that_of_losses_drawn_around_what_is_expected() -> None:
    score, expected, _, _ = drawn(1, 400)
    found = loss_estimates(states_of(batch_of(score, expected)), NORMAL)
    random = np.random.default_rng(3)
    residual = np.sqrt(expected[1]) * random.standard_normal((4000, 400))
    mae, rmse = np.abs(residual).mean(axis=1), np.sqrt((residual**2).mean(axis=1))
    assert found["mae"].sampling_sd == pytest.approx([mae.std()], rel=0.05)
    assert found["rmse"].sampling_sd == pytest.approx([rmse.std()], rel=0.05)


def test_the_interval_holds_what_is_realised() -> None:
    score, expected, label, days = drawn(400, 60, seed=5)
    states = states_of(batch_of(score, expected, label=label, days=days))
    found = loss_estimates(states, NORMAL)
    missed = np.abs(label - score).reshape(400, 60)
    for key, truth in (("mae", missed.mean(1)), ("rmse", np.sqrt((missed**2).mean(1)))):
        lower, upper = interval(found[key], range=(0.0, np.inf))
        assert 0.92 <= ((lower <= truth) & (truth <= upper)).mean() <= 0.98


def test_a_back_test_widens_the_interval_where_the_regressor_is_wrong() -> None:
    score, expected, label, days = drawn(30, 200, seed=6)
    states = states_of(batch_of(score, [0.5 * one for one in expected], label=label, days=days))
    found = loss_estimates(states, NORMAL, labelled_only=True)["mae"]
    truth = np.abs(label - score).reshape(30, 200).mean(axis=1)
    realised = type(found.values)(truth, np.full(30, None, dtype=object))
    tested = back_test(found, realised)
    assert tested.bias < -1.0
    _, upper = interval(found, tested)
    assert (upper > truth).mean() > 0.9


def test_no_row_is_undefined_and_says_why() -> None:
    empty = LossStates(
        np.zeros((1, SIDES), dtype=np.int64), np.zeros((1, SUMS), dtype=np.int64), SCALE, "forest"
    )
    for found in loss_estimates(empty, NORMAL).values():
        assert np.isnan(found.values.value).all()
        assert found.values.reason.tolist() == [NO_EXPECTED]


def test_an_expected_loss_beyond_the_fixed_point_is_undefined_and_says_why() -> None:
    states = states_of(batch_of([1.0, 2.0], ([1e300, 1.0], [1e300, 1.0])))
    assert loss_estimates(states, NORMAL)["mae"].values.reason.tolist() == [TOO_LARGE]


def test_without_a_regressor_the_reason_stands_in_place_of_the_value() -> None:
    found = no_loss_estimates(2, "labels are not due")
    assert found["mae"].values.reason.tolist() == ["labels are not due"] * 2
    assert np.isnan(found["rmse"].values.value).all()


def test_losses_of_different_regressors_do_not_add_up() -> None:
    one = states_of(batch_of([1.0], ([1.0], [1.0])))
    other = LossStates(one.counts, one.sums, SCALE, "another forest")
    with pytest.raises(ValueError, match="do not merge"):
        one + other


def test_the_assumption_is_said() -> None:
    assert "P(y|x) is the same" in LOSS_ASSUMPTION
