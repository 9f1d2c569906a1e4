"""Products of a numeric block merge by addition, with gaps and however the rows are cut."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from modelwatch.stats.states.pairs import CLIP, STEPS
from samples import pair_state, pair_states

SHAPES = array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=20).map(lambda s: (s[0], 4))
blocks = SHAPES.flatmap(lambda shape: arrays(np.float64, shape, elements=st.floats(width=64)))


@given(st.lists(blocks, min_size=1, max_size=4))
def test_the_sum_of_batches_is_the_state_of_all_rows(parts) -> None:
    rolled = pair_states(parts).roll_up(np.array([[0, len(parts)]]))
    np.testing.assert_array_equal(rolled.products, pair_state(np.concatenate(parts)).products)


@given(blocks, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(block, random) -> None:
    order = random.sample(range(len(block)), len(block))
    np.testing.assert_array_equal(pair_state(block).products, pair_state(block[order]).products)


@given(blocks)
def test_products_are_those_of_integers(block) -> None:
    present = np.isfinite(block)
    clipped = np.clip(np.where(present, block, 0.0), -CLIP, CLIP)
    steps = [[round(v * STEPS) for v in row] for row in clipped]
    products = pair_state(block).products[0]
    for i in range(4):
        for j in range(4):
            both = [k for k in range(len(block)) if present[k, i] and present[k, j]]
            assert products[0, i, j] == len(both)
            assert products[1, i, j] == sum(steps[k][i] for k in both)
            assert products[2, i, j] == sum(steps[k][i] ** 2 for k in both)
            assert products[3, i, j] == sum(steps[k][i] * steps[k][j] for k in both)
