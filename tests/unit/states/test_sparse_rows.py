"""Sparse vectors in rows of Arrow: added up by key, and no row is long."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwatch.evaluation import sorted_rows
from modelwatch.evaluation.states import sparse_rows
from modelwatch.evaluation.states.merged_rows import merged_rows
from modelwatch.evaluation.states.sparse_rows import (
    Entries,
    entries_of,
    merged_vectors,
    sparse_table,
)
from modelwatch.stats.states.moments import normalised

NEVER = 9999
entries = st.lists(
    st.tuples(
        st.sampled_from([3, 5, NEVER]), st.integers(0, 9), st.integers(0, 4), st.integers(-5, 5)
    ),
    max_size=8,
)


def rows_of(*kinds: str) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(kinds), entries), max_size=12)


def table_of(held) -> pa.Table:
    """Rows with a key, a kind, and their entries; several of a row's may be of one position."""
    flat = [(at, *entry) for at, (_, _, own) in enumerate(held) for entry in own]
    columns = [np.array([entry[i] for entry in flat], dtype=np.int64) for i in range(5)]
    return sparse_table(
        {
            "key": pa.array([key for key, _, _ in held], pa.string()),
            "kind": pa.array([kind for _, kind, _ in held], pa.string()),
            "day": pa.array(range(len(held)), pa.int32()),
        },
        Entries(*columns),
    )


def totals(table: pa.Table) -> dict[Any, list[int]]:
    """Counts and sums by key, kind, due day and position."""
    found: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
    lists = ("due_days", "positions", "counts", "sums")
    for row in table.to_pylist():
        for due, position, count, total in zip(*(row[name] for name in lists), strict=True):
            cell = found[row["key"], row["kind"], due, position]
            cell[0] += count
            cell[1] += total
    return {key: cell for key, cell in found.items() if any(cell)}


def merged(held, cut: int) -> pa.Table:
    ordered = sorted(held, key=lambda row: row[:2])
    records = table_of(ordered).to_batches(max_chunksize=cut) if ordered else []
    found = merged_rows(records, ("key", "kind"), {}, merged_vectors(NEVER))
    return pa.concat_tables(
        [pa.table({"key": pa.array([], pa.string())}), *found], promote_options="default"
    )


@given(
    held=rows_of("binary", "multiclass"),
    cut=st.integers(1, 20),
    bound=st.sampled_from([1, 300, 10**6]),
)
@settings(max_examples=30)
def test_rows_of_one_key_add_up_however_they_come_in_batches(held, cut: int, bound: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_rows, "BATCH_BYTES", bound)
        found = merged(held, cut)
    assert totals(found) == (totals(table_of(held)) if held else {})
    keys = (
        list(zip(found["key"].to_pylist(), found["kind"].to_pylist(), strict=True)) if held else []
    )
    assert sorted(set(keys)) == sorted({(key, kind) for key, kind, _ in held})


@given(held=rows_of("binary", "value"))
def test_sums_in_limbs_are_carried_over_and_others_are_not(held) -> None:
    large = [
        (key, kind, [(due, at % 4, n, total * 2**31) for due, at, n, total in own])
        for key, kind, own in held
    ]
    found = totals(merged(large, 3)) if held else {}
    expected = totals(table_of(large)) if held else {}
    for key, kind, due in {k[:3] for k in expected}:
        at = range(4)
        plain = np.array([expected.get((key, kind, due, i), (0, 0))[1] for i in at])
        mine = [found.get((key, kind, due, i), (0, 0))[1] for i in at]
        assert mine == (normalised(plain) if kind == "value" else plain).tolist()
        assert [found.get((key, kind, due, i), (0, 0))[0] for i in at] == [
            expected.get((key, kind, due, i), (0, 0))[0] for i in at
        ]


def test_a_vector_with_many_positions_takes_several_rows() -> None:
    many = 2 * sparse_rows.POSITIONS_A_ROW + 1
    found = table_of([("a", "binary", [(3, at, 1, 0) for at in range(many)]), ("b", "binary", [])])
    assert found["part"].to_pylist() == [0, 1, 2, 0]
    assert [len(held) for held in found["positions"].to_pylist()] == [64, 64, 1, 0]
    assert len(entries_of(found, NEVER)) == many
