"""Sums by code hold what is not zero, and are exact."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.stats.states import score_tally
from modelwatch.stats.states.score_tally import SparseSums, batch_sums

codes = st.lists(st.integers(0, 40), max_size=30)
batches = st.lists(st.lists(st.tuples(st.integers(0, 2**40), st.integers(-(2**61), 2**61))))


def as_dict(found) -> dict[int, int]:
    held, sums = found
    assert np.all(np.diff(held) > 0)
    return dict(zip(held.tolist(), sums.tolist(), strict=True))


@given(rows=codes, span=st.sampled_from([41, 10_000]))
def test_rows_of_a_batch_are_counted_by_code_in_a_narrow_and_in_a_wide_span(rows, span) -> None:
    found = batch_sums(np.array(rows, dtype=np.int64), None, span)
    assert as_dict(found) == Counter(rows)


@given(rows=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2**32))))
def test_units_add_up_exactly_in_a_narrow_and_in_a_wide_span(rows) -> None:
    where = np.array([code for code, _ in rows], dtype=np.int64)
    units = np.array([unit for _, unit in rows], dtype=np.float64)
    expected = Counter()
    for code, unit in rows:
        expected[code] += unit
    for span in (41, 10_000):
        assert as_dict(batch_sums(where, units, span)) == {c: n for c, n in expected.items() if n}


@given(parts=batches)
def test_sums_of_batches_do_not_depend_on_when_they_are_compacted(parts) -> None:
    expected: Counter[int] = Counter()
    held = SparseSums()
    held._limit = 3
    for part in parts:
        distinct = dict(part)
        for code, value in distinct.items():
            expected[code] += value
        held.add(
            np.array([*distinct], dtype=np.int64), np.array([*distinct.values()], dtype=np.int64)
        )
    if all(abs(total) < 2**63 for total in expected.values()):
        assert as_dict(held.compacted()) == {c: n for c, n in expected.items() if n}


def test_memory_is_that_of_distinct_codes_however_many_rows_are_added() -> None:
    held = SparseSums()
    same = np.arange(1000), np.ones(1000, dtype=np.int64)
    for _ in range(3 * score_tally._FEWEST_COMPACTED // 1000):
        held.add(*same)
        assert len(held) <= score_tally._FEWEST_COMPACTED + 1000
    assert len(held.compacted()[0]) == 1000
