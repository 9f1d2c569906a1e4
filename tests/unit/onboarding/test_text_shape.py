"""Texts of one form have a pattern; prose has none."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.model.onboarding.text_shape import DIGIT, LOWER, UPPER, TextShapes, pattern_of


def shape_of(text: str) -> str:
    """The shape of a text, as Spark computes it."""
    text = re.sub(r"[0-9]", DIGIT, text)
    return re.sub(r"[a-z]", LOWER, re.sub(r"[A-Z]", UPPER, text))


def shapes(*texts: str) -> TextShapes:
    return TextShapes(frozenset(map(shape_of, texts)), min(texts), max(texts))


@pytest.mark.parametrize(
    ("texts", "pattern"),
    [
        (["AA", "UA"], "^[A-Z]{2}$"),
        (["N14250", "N5EHAA", "N9"], "^N[0-9]{1,5}[A-Z]{0,4}$"),
        (["2013-01-02", "2013-12-31"], "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
        (["order-7", "order-123"], "^order-[0-9]{1,3}$"),
        (["a.b", "c.d"], r"^[a-z]\.[a-z]$"),
    ],
)
def test_a_form_is_found(texts: list[str], pattern: str) -> None:
    assert pattern_of(shapes(*texts)) == pattern


@pytest.mark.parametrize(
    "texts", [["Hello World", "foo"], ["x" * 100, "y"], ["Zürich", "Bern"], [""], ["a=b", "c"]]
)
def test_prose_has_no_form(texts: list[str]) -> None:
    assert pattern_of(shapes(*texts)) is None


def test_too_many_shapes_are_no_form() -> None:
    one = shapes("AB", "CD")
    assert pattern_of(TextShapes(one.shapes, one.first, one.last, complete=False)) is None


@given(st.lists(st.text("AZaz09-_. ", min_size=1, max_size=8), min_size=1, max_size=20))
def test_every_text_matches_the_pattern_of_them_all(texts: list[str]) -> None:
    pattern = pattern_of(shapes(*texts))
    assert pattern is None or all(re.search(pattern, text) for text in texts)
