"""Faults that need no reference: what is judged from the first day on."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bookings import bookings_config
from modelwatch.model.config.configuration import MonitorConfig, parse_config
from modelwatch.model.planning.reference_days import with_first_days
from modelwatch.model.verdicts.plain_faults import PlainFault, is_short, plain_faults

DAY = date(2025, 1, 6)
LABELS = {
    "table": {"path": "/labels"},
    "id": "booking",
    "day": {"column": "day"},
    "label": "label",
    "due": {"delay_days": 7},
}


def monitor(score_kind: str = "probability", **sections: Any) -> MonitorConfig:
    performance = {
        "task": "binary",
        "score": "score",
        "score_kind": score_kind,
        "positive": [1],
        "decision": {"threshold": 0.5},
    }
    whole = bookings_config(Path("/w"), labels=LABELS, performance=performance, **sections)
    return parse_config(json.dumps(whole))


def faults(
    feature: str = "score",
    role: str = "predictions",
    *,
    rows: int = 1000,
    nulls: int = 0,
    ends: tuple[float, float] | None = (0.1, 0.9),
    constant: bool = False,
    new_share: float = 0.0,
    short: bool = True,
    score_kind: str = "probability",
) -> list[PlainFault]:
    config = monitor(score_kind)
    return list(
        plain_faults(config, DAY, role, feature, rows, nulls, ends, constant, new_share, short)
    )


def test_scores_between_0_and_1_that_decide_both_ways_are_well() -> None:
    assert faults() == []


@pytest.mark.parametrize("ends", [(-0.2, 0.9), (0.1, 1.4), (3.0, 97.0)])
@pytest.mark.parametrize("short", [True, False])
def test_a_probability_outside_0_and_1_fails(ends, short) -> None:
    (found, *_) = faults(ends=ends, short=short)
    assert (found.constraint, found.severity) == ("score is a probability", "fail")


@pytest.mark.parametrize(
    ("kind", "ends", "constraint"),
    [
        ("percentage", (3.0, 97.0), None),
        ("percentage", (3.0, 120.0), "score is a percentage"),
        ("logit", (-9.0, 7.0), None),
        ("rank", (-300.0, 850.0), None),
    ],
)
def test_a_score_is_checked_against_what_the_configuration_says_of_it(
    kind, ends, constraint
) -> None:
    found = faults(ends=ends, short=False, score_kind=kind)
    assert [fault.constraint for fault in found] == ([] if constraint is None else [constraint])


def test_a_score_that_is_the_same_in_all_rows_fails() -> None:
    (found,) = faults(ends=(0.4, 0.4), constant=True, short=False)
    assert (found.constraint, found.severity) == ("score varies", "fail")


def test_one_decision_in_all_rows_is_a_warning_while_the_reference_is_short() -> None:
    (found,) = faults(ends=(0.1, 0.4))
    assert (found.constraint, found.severity) == ("score decides both ways", "warn")
    assert faults(ends=(0.1, 0.4), short=False) == []


def test_few_rows_may_have_one_decision() -> None:
    assert faults(ends=(0.1, 0.4), rows=200) == []


def test_a_column_without_values_is_a_warning_while_the_reference_is_short() -> None:
    (found,) = faults("price", "inputs", nulls=1000, ends=None, constant=True)
    assert (found.constraint, found.severity) == ("price has values", "warn")
    assert faults("price", "inputs", nulls=1000, ends=None, constant=True, short=False) == []
    assert faults("price", "inputs", nulls=999, ends=(1.0, 1.0)) == []


def test_values_that_a_short_reference_lacks_are_a_warning() -> None:
    (found,) = faults("country", "inputs", ends=None, new_share=0.1)
    assert (found.constraint, found.severity) == ("country has known values", "warn")
    assert found.reason == "10% of the rows have a null or a value that the reference lacks"
    assert faults("country", "inputs", ends=None, new_share=0.1, short=False) == []
    assert faults("country", "inputs", ends=None, new_share=0.04) == []


def test_a_reference_is_short_until_seven_of_its_days_have_rows() -> None:
    days = [DAY + timedelta(days=n) for n in range(14)]
    assert is_short(monitor(), days[:6])
    assert not is_short(monitor(), days[:7])


def test_without_references_the_first_days_are_the_reference() -> None:
    whole = bookings_config(Path("/w"))
    del whole["references"]
    config = parse_config(json.dumps(whole))
    days = [DAY + timedelta(days=n) for n in range(40)]
    (reference,) = with_first_days(config, days).references
    assert (reference.days.first, reference.days.last) == (days[0], days[27])
