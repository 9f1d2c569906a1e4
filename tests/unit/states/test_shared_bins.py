"""Columns and segmentations with more values than are kept are named, with what that hides."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest

from modelwatch.evaluation.states import reference_bins
from modelwatch.evaluation.states.reference_sample import Field
from modelwatch.model.states.shared_bins import SharedBin, shared_bin_lines

WORDS = [f"w{i}" for i in range(12) for _ in range(i + 1)] + [None] * 22


def fitted(max_values: int, **more: object) -> dict[str, object]:
    """Bins of the words, fitted by two tasks."""
    field = Field((0,), False, 200, max_values, **more)
    parts = []
    for task in (WORDS[::2], WORDS[1::2]):
        hashes = pa.array(range(len(task)), pa.int64())
        record = pa.record_batch([pa.array(task, pa.string()), hashes], names=["c0", "hash"])
        parts += list(reference_bins.summaries_of([field])([record]))
    (row,) = (
        r for record in reference_bins.fits_of([field])(iter(parts)) for r in record.to_pylist()
    )
    return row


def test_values_that_are_not_kept_are_counted_with_their_rows() -> None:
    row = fitted(5)
    rows = sorted(Counter(word for word in WORDS if word).values())
    assert (row["known_values"], row["other_rows"]) == (12, sum(rows[:-5]))
    assert row["fitted_rows"] == len(WORDS)


def test_values_that_are_all_kept_leave_no_rows() -> None:
    assert fitted(12)["other_rows"] == 0


def test_more_values_than_are_remembered_are_at_least_so_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reference_bins, "_MAX_VALUES", 8)
    row = fitted(5)
    assert (row["known_values"], row["known_hashes"]) == (8, None)


def test_a_line_says_how_many_values_share_a_bin_and_what_that_hides() -> None:
    text = shared_bin_lines([SharedBin("airport", False, "start", 1228, 500, 30, 1000)])
    assert text == (
        "Note: airport has 1,228 values in reference start. The 500 most frequent ones have bins "
        "of their own; the others (3.0% of the rows) share a bin, which hides drift among them. "
        "To list more of them, increase binning.max_values.\n"
    )


def test_a_line_says_which_segment_holds_the_others() -> None:
    text = shared_bin_lines([SharedBin("carrier", True, "start", 40, 20, 300, 1000)])
    assert "the others (30.0% of the rows) are the segment (other)" in text


def test_the_largest_shares_are_reported_and_the_others_named() -> None:
    found = [SharedBin(f"c{i}", False, "start", 900, 500, i, 100) for i in range(1, 6)]
    first, second, third, last = shared_bin_lines(found).splitlines()
    assert [line.split()[1] for line in (first, second, third)] == ["c5", "c4", "c3"]
    assert last == "Note: the same holds for 2 more: c2, c1."


def test_nothing_is_reported_where_all_values_are_kept() -> None:
    assert shared_bin_lines([]) == ""
