"""Every statistic of the registry keeps what it says of itself, on every class of input."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.statistics import STATISTIC_MODULES, STATISTICS, drift
from samples import (
    categorical_binning,
    categorical_states,
    numeric_binning,
    numeric_states,
    pair_state,
    pair_states,
)

RANDOM = np.random.default_rng(11)
REFERENCE = RANDOM.gamma(2.0, size=4000)
WORDS = [*"aaaaabbbbccdefgh" * 60]
NUMERIC = {
    "same": list(REFERENCE),
    "sample": list(RANDOM.gamma(2.0, size=500)),
    "shifted": list(RANDOM.gamma(2.0, size=500) + 1.0),
    "far away": [1e9 + k for k in range(100)],
    "beyond the fixed point": [1e300] * 50,
    "largest doubles": [1.7e308, -1.7e308] * 20,
    "empty": [],
    "null": [None] * 80,
    "NaN": [float("nan")] * 80,
    "infinite": [float("inf"), float("-inf")] * 40,
    "constant": [1.0] * 80,
    "zero": [0.0] * 80,
    "special": [-999.0] * 80,
    "one row": [1.0],
    "mixed": [None, float("nan"), float("inf"), -999.0, 0.0, 1.0, 2.0, 1e300] * 10,
}
CATEGORICAL = {
    "same": WORDS,
    "sample": [*"aaabbcda" * 20],
    "empty": [],
    "null": [None] * 80,
    "unseen": ["new"] * 80,
    "other": ["h"] * 80,
    "constant": ["a"] * 80,
    "one row": ["a"],
    "mixed": [None, "a", "", "new"] * 10,
}
BLOCK_ROWS = RANDOM.normal(size=(600, 4)) @ RANDOM.normal(size=(4, 4))
GAPS = np.where(RANDOM.random(BLOCK_ROWS.shape) < 0.2, np.nan, BLOCK_ROWS)
BLOCK = {
    "same": BLOCK_ROWS,
    "sample": RANDOM.normal(size=(50, 4)),
    "gaps": GAPS,
    "empty": BLOCK_ROWS[:0],
    "null": np.full((50, 4), np.nan),
    "constant": np.ones((50, 4)),
    "clipped": np.full((50, 4), 1e9),
    "one row": BLOCK_ROWS[:1],
}


def stacks() -> dict[str, object]:
    numeric = numeric_binning(REFERENCE, special=(-999.0,))
    categorical = categorical_binning(WORDS, max_values=5)
    return {
        "numeric": numeric_states(numeric, list(NUMERIC.values())),
        "categorical": categorical_states(categorical, list(CATEGORICAL.values())),
        "block": pair_states(list(BLOCK.values())),
    }


STACKS = stacks()
KINDS = sorted(STACKS)


def against_each(kind: str) -> Iterator[Comparison]:
    """All classes of input against each of them as the one reference."""
    stack = STACKS[kind]
    for at in range(len(stack)):
        yield Comparison(stack, stack.take(np.array([at])))


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_is_finite_or_has_a_reason(kind: str) -> None:
    for comparison in against_each(kind):
        for key, found in drift(comparison).items():
            undefined = np.isnan(found.value)
            assert np.isfinite(found.value[~undefined]).all(), key
            assert all(isinstance(reason, str) and reason for reason in found.reason[undefined])
            assert all(reason is None for reason in found.reason[~undefined]), key


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_lies_in_its_range(kind: str) -> None:
    for comparison in against_each(kind):
        for key, found in drift(comparison).items():
            low, high = STATISTICS[key].range
            held = found.value[~np.isnan(found.value)]
            assert ((held >= low) & (held <= high)).all(), key


@pytest.mark.parametrize("kind", KINDS)
def test_identical_rows_give_the_value_of_identity(kind: str) -> None:
    stack = STACKS[kind]
    for key, found in drift(Comparison(stack, stack)).items():
        expected = STATISTICS[key].identical
        if not np.isnan(expected):
            held = found.value[~np.isnan(found.value)]
            np.testing.assert_allclose(held, expected, atol=1e-9, err_msg=key)


@pytest.mark.parametrize("kind", KINDS)
def test_symmetric_statistics_do_not_mind_which_side_is_which(kind: str) -> None:
    stack = STACKS[kind]
    reversed_stack = stack.take(np.arange(len(stack))[::-1])
    there, back = (
        drift(Comparison(stack, reversed_stack)),
        drift(Comparison(reversed_stack, stack)),
    )
    for key in there:
        if STATISTICS[key].symmetric:
            np.testing.assert_allclose(
                there[key].value, back[key].value, rtol=1e-12, equal_nan=True, err_msg=key
            )


@pytest.mark.parametrize("kind", KINDS)
def test_one_reference_for_all_windows_is_the_same_as_one_for_each(kind: str) -> None:
    stack = STACKS[kind]
    one = drift(Comparison(stack, stack.take(np.array([0]))))
    each = drift(Comparison(stack, stack.take(np.zeros(len(stack), dtype=np.int64))))
    for key in one:
        np.testing.assert_allclose(
            one[key].value, each[key].value, rtol=1e-12, atol=1e-15, equal_nan=True, err_msg=key
        )


@pytest.mark.parametrize("kind", KINDS)
def test_a_window_does_not_depend_on_the_windows_beside_it(kind: str) -> None:
    stack = STACKS[kind]
    first = stack.take(np.array([0]))
    together = drift(Comparison(stack, first))
    for at in range(len(stack)):
        alone = drift(Comparison(stack.take(np.array([at])), first))
        for key in together:
            np.testing.assert_allclose(
                together[key].value[at],
                alone[key].value[0],
                rtol=1e-12,
                atol=1e-15,
                equal_nan=True,
                err_msg=key,
            )


@pytest.mark.parametrize("kind", ["numeric", "categorical"])
def test_an_empty_side_leaves_every_statistic_undefined(kind: str) -> None:
    stack = STACKS[kind]
    classes = list(NUMERIC if kind == "numeric" else CATEGORICAL)
    empty = stack.take(np.array([classes.index("empty")]))
    full = stack.take(np.array([0]))
    for found in drift(Comparison(empty, full)).values():
        assert list(found.reason) == ["current window has no rows"]
    for found in drift(Comparison(full, empty)).values():
        assert list(found.reason) == ["reference has no rows"]


@pytest.mark.parametrize(
    "key",
    [
        "psi",
        "jensen_shannon",
        "hellinger",
        "total_variation",
        "ks",
        "wasserstein",
        "chi_square",
        "cramers_v",
        "mean_change_in_sd",
    ],
)
def test_a_larger_shift_gives_a_larger_value(key: str) -> None:
    binning = numeric_binning(REFERENCE)
    shifts = [0.0, 0.2, 0.5, 1.0, 2.0, 4.0]
    current = numeric_states(binning, [list(REFERENCE + shift) for shift in shifts])
    found = drift(Comparison(current, current.take(np.array([0]))), [key])[key]
    assert (np.diff(found.value) > 0).all()


@pytest.mark.parametrize("key", ["psi", "jensen_shannon", "total_variation", "l_infinity"])
def test_a_larger_share_of_a_new_category_gives_a_larger_value(key: str) -> None:
    binning = categorical_binning(WORDS)
    windows = [WORDS + ["new"] * extra for extra in (0, 50, 200, 1000)]
    current = categorical_states(binning, windows)
    found = drift(Comparison(current, current.take(np.array([0]))), [key])[key]
    assert (np.diff(found.value) > 0).all()


@pytest.mark.parametrize("key", ["psi", "jensen_shannon", "chi_square"])
def test_nulls_that_appear_are_a_drift(key: str) -> None:
    binning = numeric_binning(REFERENCE)
    current = numeric_states(binning, [list(REFERENCE) + [None] * 2000, list(REFERENCE)])
    found = drift(Comparison(current, current.take(np.array([1]))), [key])[key]
    assert found.value[0] > 10 * found.value[1] + 0.01


def test_a_correlation_that_turns_is_the_top_pair() -> None:
    from modelwatch.stats.drift.correlation import pair_positions, top_pairs

    turned = BLOCK_ROWS.copy()
    turned[:, 2] = -turned[:, 2]
    comparison = Comparison(pair_state(turned), pair_state(BLOCK_ROWS))
    changes = drift(comparison)["correlation_change"]
    first, second = pair_positions(4)
    top = top_pairs(changes, 3)[0]
    assert all(2 in (first[at], second[at]) for at in top)


def test_a_broken_relation_raises_the_reconstruction_error() -> None:
    x = RANDOM.normal(size=(2000, 1))
    rows = np.concatenate([x, x + 0.1 * RANDOM.normal(size=(2000, 1)), -x], axis=1)
    broken = rows.copy()
    broken[:, 1] = RANDOM.permutation(broken[:, 1])
    change = drift(Comparison(pair_state(broken), pair_state(rows)))["pca_error_change"]
    assert change.value[0] > 5


def test_gaps_at_random_hardly_change_the_reconstruction_error() -> None:
    change = drift(Comparison(pair_state(GAPS), pair_state(BLOCK_ROWS)))["pca_error_change"]
    assert abs(change.value[0]) < 0.1


def test_states_of_different_bins_do_not_compare() -> None:
    other = numeric_states(numeric_binning([1.0, 2.0]), [[1.0]])
    with pytest.raises(ValueError, match="different binnings"):
        Comparison(STACKS["numeric"], other)


def test_states_of_different_kinds_do_not_compare() -> None:
    with pytest.raises(ValueError, match="different kinds"):
        Comparison(STACKS["numeric"], STACKS["categorical"])


def test_references_are_one_or_as_many_as_windows() -> None:
    stack = STACKS["numeric"]
    with pytest.raises(ValueError, match="as many references or one"):
        Comparison(stack, stack.take(np.array([0, 1])))


def test_every_family_registers_statistics_that_are_its_own() -> None:
    modules = {known.compute.__module__ for known in STATISTICS.values()}
    assert modules == {module.__name__ for module in STATISTIC_MODULES}


def test_special_values_have_a_statistic_only_where_some_are_configured() -> None:
    plain = numeric_states(numeric_binning(REFERENCE), [[1.0]])
    assert "special_share_change" not in drift(Comparison(plain, plain))
    assert "special_share_change" in drift(Comparison(STACKS["numeric"], STACKS["numeric"]))
