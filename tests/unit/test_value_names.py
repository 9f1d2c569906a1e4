"""Names of values: none is that of a code, and two values never have one."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.io.store.views import views
from modelwatch.stats.profile.histogram import bar_labels
from modelwatch.stats.states.binning import CategoricalBinning, labels_of
from modelwatch.stats.states.slice_bins import SliceBins
from modelwatch.stats.value_names import CODES, SEPARATOR, part_name, value_name

VALUES = st.one_of(
    st.sampled_from(sorted(CODES)),
    st.text(alphabet='"×() anulother*', max_size=8),
    st.sampled_from(sorted(CODES)).map(value_name),
    st.text(),
)


def crossing_name(values: Sequence[str | None]) -> str:
    """The name of values of several columns, as segments have it."""
    return SEPARATOR.join(map(part_name, values))


CROSSINGS = st.lists(st.none() | VALUES, min_size=2, max_size=3)


@given(VALUES, VALUES)
def test_two_values_have_two_names(one: str, other: str) -> None:
    assert (value_name(one) == value_name(other)) == (one == other)


@given(VALUES)
def test_no_value_has_the_name_of_a_code(value: str) -> None:
    assert value_name(value) not in CODES


@given(CROSSINGS, CROSSINGS)
def test_two_crossings_have_two_names(one: list[str | None], other: list[str | None]) -> None:
    assert (crossing_name(one) == crossing_name(other)) == (one == other)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("north", "north"),
        ("", ""),
        ("(north)", "(north)"),
        ("(null)", '"(null)"'),
        ("all", '"all"'),
        ('"(null)"', '"""(null)"""'),
        ("a × b", "a × b"),
    ],
)
def test_a_value_keeps_its_name_unless_it_could_be_taken_for_a_code(value: str, name: str) -> None:
    assert value_name(value) == name


def test_a_crossing_distinguishes_values_from_codes_and_its_sign_from_one_in_a_value() -> None:
    assert crossing_name([None, "x"]) == "(null) × x"
    assert crossing_name(["(null)", "x"]) == '"(null)" × x'
    assert crossing_name(["a × b", "c"]) == '"a × b" × c'
    assert crossing_name(["a", "b × c"]) == 'a × "b × c"'


@pytest.mark.parametrize("labels", [labels_of, bar_labels, lambda b: SliceBins(b).labels])
def test_every_part_of_a_category_has_a_label_of_its_own(labels: object) -> None:
    values = ("(null)", "(other)", "(rest)", "(unseen)", "north", *(f"v{i:02}" for i in range(40)))
    found = list(labels(CategoricalBinning(values, np.empty(0, dtype=np.uint64))))  # type: ignore[operator]
    assert len(found) == len(set(found))
    assert found[:4] == ["(null)", "(other)", "(unseen)", '"(null)"']


def test_the_view_of_histograms_knows_the_same_codes() -> None:
    sql = views()["histogram_comparison"]
    (listed,) = re.findall(r"value IN \(((?:'[^']*'(?:, )?)+)\)", sql)
    assert frozenset(re.findall(r"'([^']*)'", listed)) == CODES
