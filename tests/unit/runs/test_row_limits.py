"""How many rows are few for a run, and how many fit a batch."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.io.delta.file_days import DayVolume
from modelwatch.io.session.spark_session import MOST_ROWS_PER_BATCH
from modelwatch.model.profile.features import Feature
from modelwatch.pipelines.runs.row_limits import (
    MOST_BATCH_BYTES,
    MOST_READ,
    reads_few_rows,
    row_bytes,
    rows_within,
    state_bytes,
)

DAY = date(2013, 2, 8)


def asked(references: tuple[str, ...] = (), **rows: int | None) -> tuple[Any, Any]:
    """Tables of so many rows a day, and a plan of one day and another of labels."""
    opened = {
        role: SimpleNamespace(
            volume=lambda days, n=n: DayVolume(1, 1, None if n is None else n * len(days))
        )
        for role, n in rows.items()
    }
    labels = SimpleNamespace(days={date(2013, 1, 8): "labels came"})
    plan = SimpleNamespace(dates=[DAY], references=references, labels=labels)
    return SimpleNamespace(opened=opened), plan


def test_rows_of_inputs_and_predictions_are_counted_together() -> None:
    assert reads_few_rows(*asked(inputs=MOST_READ // 4, predictions=MOST_READ // 4))
    assert not reads_few_rows(*asked(inputs=MOST_READ // 4, predictions=MOST_READ // 4 + 1))


@pytest.mark.parametrize("of", [asked(inputs=None), asked(references=("training",), inputs=1)])
def test_an_unknown_number_of_rows_may_be_large(of: tuple[Any, Any]) -> None:
    assert not reads_few_rows(*of)


def features(numeric: int, categorical: int) -> list[Feature]:
    kinds = ["numeric"] * numeric + ["categorical"] * categorical
    return [Feature("inputs", f"f{i}", f"f{i}", kind, "double") for i, kind in enumerate(kinds)]


@given(
    row=st.integers(1, 2 * MOST_BATCH_BYTES),
    pairs=st.integers(0, 5000),
    width=st.integers(1, 10**7),
)
def test_no_batch_of_rows_or_of_states_has_more_bytes_than_allowed(row, pairs, width) -> None:
    rows = rows_within(row, pairs, width)
    assert 1 <= rows <= MOST_ROWS_PER_BATCH
    assert rows == 1 or rows * row <= MOST_BATCH_BYTES
    assert rows == 1 or min(rows, pairs) * width <= MOST_BATCH_BYTES


def test_rows_of_25_columns_come_in_the_longest_batches() -> None:
    assert rows_within(row_bytes(features(20, 5))) == MOST_ROWS_PER_BATCH


def test_rows_of_2000_columns_come_in_shorter_ones() -> None:
    assert rows_within(row_bytes(features(2000, 0))) * 2000 * 8 <= MOST_BATCH_BYTES


def test_large_states_of_pairs_that_fit_one_batch_together_do_not_shorten_all_others() -> None:
    block = state_bytes(4 * 64 * 64)
    assert rows_within(500, pair_rows=274, pair_bytes=block) == MOST_ROWS_PER_BATCH
    assert rows_within(500, pair_rows=2000, pair_bytes=block) < 1100
