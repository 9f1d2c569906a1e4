"""Which windows each model version is asked of, and all versions together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from modelwatch.evaluation.planning.windows import (
    WindowQuestion,
    WindowReference,
    version_windows,
)
from modelwatch.model.planning.windows import Window
from modelwatch.stats.day_numbers import day_number

DAYS = [date(2024, 1, 1) + timedelta(days=k) for k in range(4)]


@dataclass(frozen=True)
class Question(WindowQuestion):
    windows: tuple[Window, ...]
    references: tuple[WindowReference, ...] = ()


QUESTION = Question(tuple(Window("day", day, day) for day in DAYS))
NUMBERS = np.array([day_number(day) for day in (DAYS[0], DAYS[1], DAYS[1], DAYS[2])])
VERSIONS = np.array(["v1", "v1", "v2", "v2"], dtype=object)


def asked(*, unseen: bool) -> dict[str, list[int]]:
    found = version_windows(QUESTION, NUMBERS, VERSIONS, unseen=unseen)
    return {one.version: one.windows.tolist() for one in found}


def test_all_versions_come_together_where_several_have_rows() -> None:
    assert asked(unseen=False) == {"v1": [0, 1], "v2": [1, 2], "*": [1]}


def test_and_where_none_has_rows_if_that_is_to_be_said() -> None:
    assert asked(unseen=True)["*"] == [1, 3]


def test_spans_are_of_the_states_of_the_version() -> None:
    _, of_second, _ = version_windows(QUESTION, NUMBERS, VERSIONS, unseen=False)
    assert of_second.states.tolist() == [2, 3]
    assert of_second.spans.tolist() == [[0, 1], [1, 2]]


def test_a_window_without_a_reference_has_no_days_of_it() -> None:
    reference = WindowReference("before", (None, (DAYS[0], DAYS[0]), None, None))
    assert reference.held.tolist() == [False, True, False, False]
    firsts, lasts = reference.bounds
    assert (firsts <= lasts).tolist() == reference.held.tolist()
    assert reference.columns(np.array([0, 1]))["reference_start"].to_pylist() == [None, DAYS[0]]
