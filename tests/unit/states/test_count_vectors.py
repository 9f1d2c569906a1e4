"""Count vectors in columns of Arrow."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.evaluation.states.count_vectors import (
    COUNT_COLUMNS,
    count_matrix,
    count_vectors,
    packed_counts,
)

COUNTS = st.one_of(st.just(0), st.integers(-(2**63), 2**63 - 1))
VECTORS = st.lists(
    st.lists(COUNTS, max_size=12).map(lambda held: np.array(held, dtype=np.int64)), max_size=8
)


def columns(packed: dict[str, pa.Array]) -> list[pa.Array]:
    return [packed[name] for name in COUNT_COLUMNS]


@given(VECTORS, st.data())
def test_vectors_come_back_as_they_were(vectors: list[np.ndarray], data: st.DataObject) -> None:
    whole = [data.draw(st.booleans()) for _ in vectors]
    found = count_vectors(*columns(packed_counts(vectors, whole)))
    assert [one.tolist() for one in found] == [one.tolist() for one in vectors]


@given(VECTORS)
def test_a_slice_holds_the_vectors_of_its_rows(vectors: list[np.ndarray]) -> None:
    record = pa.table(packed_counts(vectors, [False] * len(vectors))).slice(1)
    found = count_vectors(*(record.column(name) for name in COUNT_COLUMNS))
    assert [one.tolist() for one in found] == [one.tolist() for one in vectors[1:]]


@given(st.lists(COUNTS, max_size=40).map(lambda held: np.array(held, dtype=np.int64)))
def test_no_vector_takes_more_than_its_counts(vector: np.ndarray) -> None:
    packed = packed_counts([vector], [False])
    ints = len(packed["positions"].values) + 2 * len(packed["counts"].values)
    assert ints <= 2 * len(vector)


def test_a_vector_of_few_counts_lists_their_positions() -> None:
    vector = np.zeros(300, dtype=np.int64)
    vector[[7, 299]] = 3, 1
    packed = packed_counts([vector], [False])
    assert packed["counts_length"].to_pylist() == [300]
    assert packed["positions"].to_pylist() == [[7, 299]]
    assert packed["counts"].to_pylist() == [[3, 1]]


def test_a_vector_that_is_wanted_whole_lists_all_counts() -> None:
    packed = packed_counts([np.zeros(9, dtype=np.int64)], [True])
    assert packed["positions"].to_pylist() == [None]
    assert packed["counts"].to_pylist() == [[0] * 9]


def test_vectors_of_one_length_are_a_matrix() -> None:
    vectors = [np.array([0, 0, 0, 5]), np.array([1, 2, 3, 4]), np.zeros(4, dtype=np.int64)]
    packed = packed_counts(vectors, [False, False, True])
    chunked = [pa.chunked_array([column[:1], column[1:]]) for column in columns(packed)]
    np.testing.assert_array_equal(count_matrix(*chunked, 4), vectors)


def test_vectors_of_other_lengths_are_refused() -> None:
    packed = packed_counts([np.array([1, 2]), np.array([3])], [False, False])
    with pytest.raises(ValueError, match="other lengths than 2"):
        count_matrix(*columns(packed), 2)


@pytest.mark.parametrize(
    ("length", "positions", "counts"),
    [(3, [0], [1, 2]), (3, None, [1, 2]), (3, [0], None), (3, [3], [1]), (3, [-1], [1])],
)
def test_counts_that_do_not_fit_their_positions_are_refused(
    length: int, positions: list[int] | None, counts: list[int] | None
) -> None:
    with pytest.raises(ValueError, match="vector"):
        count_vectors(
            pa.array([length], pa.int32()),
            pa.array([positions], pa.list_(pa.int32())),
            pa.array([counts], pa.list_(pa.int64())),
        )
