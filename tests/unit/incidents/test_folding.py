"""A reference of a few days: faults are failures, and what new days may bring is a warning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from modelwatch.model.incidents.folding import History, fold_incidents
from modelwatch.model.incidents.incident import Incident
from modelwatch.model.incidents.ranking import Weights
from modelwatch.model.verdicts.row import VerdictRow
from verdict_rows import config, day, fold, on, only, week, windows

DAYS = 20
SHORT = frozenset({"start"})


def reported(kind: str | None, short: frozenset[str] = SHORT, **metric: Any) -> Incident:
    """The incident of a feature that fails on two days, once its kind of change is known."""
    return incident(on((5, 6), **metric), kind, short)


def incident(rows: Sequence[VerdictRow], kind: str | None, short: frozenset[str]) -> Incident:
    """The only incident of some rows."""
    looked = [replace(one, kind=kind) for one in fold(rows, DAYS).incidents if kind]
    history = History(
        as_of=day(DAYS),
        windows=windows(range(DAYS), range(DAYS // 7)),
        rows=rows,
        features={"inputs": 20, "predictions": 2},
        explained=looked,
        short_references=short,
    )
    return only(fold_incidents(history, config(), Weights()))


@pytest.mark.parametrize("kind", ["population_shift", "undetermined"])
def test_a_shift_from_a_few_days_is_a_warning(kind: str) -> None:
    assert reported(kind).severity == "warn"


def test_a_shift_from_a_week_of_days_is_a_failure() -> None:
    assert reported("population_shift", short=frozenset()).severity == "fail"


def test_other_answers_than_those_of_a_few_days_are_a_warning() -> None:
    found = reported("model_change", role="predictions", subject="score")
    assert found.severity == "warn"


@pytest.mark.parametrize("kind", ["nulls", "scale_change", "sentinel", "constant", "stale"])
def test_a_fault_is_a_failure_after_a_few_days_as_well(kind: str) -> None:
    assert reported(kind).severity == "fail"


def test_a_change_that_was_not_looked_into_keeps_its_severity() -> None:
    assert reported(None).severity == "fail"


def test_missing_rows_are_a_failure_whatever_the_reference() -> None:
    found = reported(None, source="volume", subject="inputs", metric="rows", value=-0.5)
    assert found.severity == "fail"


def test_an_estimate_from_a_few_days_is_a_warning() -> None:
    rows = [week(n, source="estimate", metric="estimated_accuracy") for n in (0, 1)]
    assert incident(rows, None, SHORT).severity == "warn"


def test_measured_performance_from_a_few_days_is_a_failure() -> None:
    assert incident([week(0), week(1)], None, SHORT).severity == "fail"
