"""How messages quote values of data."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.model.config.section import did_you_mean
from modelwatch.model.plain_text import one_line
from modelwatch.model.quoted_values import distinguishable_value, quoted_value, quoted_values

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "Zürich") for form in ("NFC", "NFD"))


def test_a_value_alone_is_quoted_as_it_is() -> None:
    assert quoted_values(["north", "Zürich", "北京", "True "]) == [
        "'north'",
        "'Zürich'",
        "'北京'",
        "'True '",
    ]


def test_two_normal_forms_of_one_text_are_distinguished() -> None:
    assert quoted_values([COMPOSED, DECOMPOSED]) == ["'Z\\xfcrich'", "'Zu\\u0308rich'"]


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (["True", "True "], ["'True'", "'True\\x20'"]),
        (["a b", "a  b"], ["'a b'", "'a \\x20b'"]),
        (["a b", "a\u00a0b"], ["'a b'", "'a\\xa0b'"]),
        (["scope", "ѕсоре"], ["'scope'", "'\\u0455\\u0441\\u043e\\u0440\\u0435'"]),
        (["ab", "a\u200bb"], ["'ab'", "'a\\u200bb'"]),
    ],
)
def test_values_that_look_alike_are_distinguished(values: list[str], shown: list[str]) -> None:
    assert quoted_values(values) == shown


def test_another_case_can_be_seen_and_is_left_as_it_is() -> None:
    assert quoted_values(["Émile", "émile"]) == ["'Émile'", "'émile'"]


def test_what_controls_a_terminal_is_always_escaped() -> None:
    assert quoted_value("a\x1b[31mb\n\u202e\x00") == "'a\\x1b[31mb\\n\\u202e\\x00'"


def test_values_that_a_reader_knows_count_as_values_beside() -> None:
    assert quoted_value(DECOMPOSED, [COMPOSED, "Bern"]) == "'Zu\\u0308rich'"
    assert quoted_value(DECOMPOSED, [DECOMPOSED, "Bern"]) == f"'{DECOMPOSED}'"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("north", "north"),
        ("O'Hare", "O'Hare"),
        ("C:\\temp", "C:\\temp"),
        ("(null)", "(null)"),
        ("", "''"),
        ("north ", "'north '"),
        ("null", "'null'"),
        ("a\tb", "'a\\tb'"),
    ],
)
def test_a_value_without_quotes_is_one_that_can_be_read_as_it_is(value: str, shown: str) -> None:
    assert distinguishable_value(value) == shown


def test_a_name_that_was_meant_is_distinguished_from_the_one_that_was_written() -> None:
    assert did_you_mean(COMPOSED, [DECOMPOSED]) == "; did you mean 'Zu\\u0308rich'?"
    assert did_you_mean("amount", ["amount "]) == "; did you mean 'amount\\x20'?"


def test_long_values_that_begin_alike_are_distinguished() -> None:
    one, other = quoted_values(["x" * 500 + "a", "x" * 500 + "b"])
    assert one != other
    assert max(len(one), len(other)) < 300


@given(st.lists(st.text(max_size=8), min_size=2, max_size=2, unique=True))
def test_different_values_are_never_shown_alike_even_on_one_line(values: list[str]) -> None:
    one, other = (one_line(unicodedata.normalize("NFC", v)) for v in quoted_values(values))
    assert one != other


@given(st.text())
def test_a_quoted_value_has_no_character_that_cannot_be_seen(value: str) -> None:
    shown = quoted_value(value)
    assert not any(unicodedata.category(c)[0] == "C" for c in shown)
