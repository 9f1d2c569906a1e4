"""Segments of rows, by the names of their values."""

from __future__ import annotations

import pyarrow as pa
import pytest

from modelwatch.evaluation.states.batches import segment_codes, texts_of
from modelwatch.stats.states.batch import SegmentationCodes


def segments_of(kept: tuple[str, ...], *columns: list[str | None]) -> list[str]:
    split = SegmentationCodes("s", kept)
    codes = segment_codes(split, [texts_of(pa.array(column, pa.string())) for column in columns])
    return [split.segments[code] for code in codes]


def test_texts_that_are_spelled_as_codes_are_segments_of_their_own() -> None:
    kept = ('"(null)"', '"(other)"', "north")
    values = [None, "(null)", "(other)", "north", "south"]
    assert segments_of(kept, values) == ["(null)", *kept, "(other)"]


def test_texts_that_are_spelled_as_codes_join_the_rest_where_they_are_not_kept() -> None:
    assert segments_of(("north",), [None, "(null)", "(other)"]) == ["(null)", "(other)", "(other)"]


@pytest.mark.parametrize("more", [0, 70_000])
def test_crossings_of_texts_that_hold_the_sign_between_them_are_distinguished(more: int) -> None:
    kept = ('"a × b" × c', 'a × "b × c"', '"(null)" × c', "(null) × c")
    ones = ["a × b", "a", "(null)", None, *(f"v{i}" for i in range(more))]
    others = ["c", "b × c", "c", "c", *(["x"] * more)]
    assert segments_of(kept, ones, others)[:4] == list(kept)
