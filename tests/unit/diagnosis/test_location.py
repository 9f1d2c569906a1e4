"""Which incidents a run locates, and where their changes are found to sit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from modelwatch.model.diagnosis.incident_kinds import located
from modelwatch.model.incidents.incident import Incident
from modelwatch.pipelines.diagnosis.location import MOST_LOCATED, Located, to_be_located
from modelwatch.stats.diagnosis.carriers import Split
from verdict_rows import config, day, fold, on

CONFIG = config()
DAYS = {day(number) for number in range(-30, 200)}


def asked(incidents: list[Incident]) -> tuple[Located, ...]:
    return to_be_located(roots_of(incidents), incidents, DAYS, CONFIG)


def roots_of(incidents: list[Incident]) -> list[Incident]:
    return [one for one in incidents if one.parent_id is None]


def incidents(*rows: Any, days: int = 30) -> list[Incident]:
    return list(fold([one for of in rows for one in of], days).incidents)


def test_an_incident_is_located_by_its_first_week_and_the_week_before() -> None:
    (one,) = asked(incidents(on(range(10, 25))))
    assert one.features == (("inputs", "amount"),)
    assert (one.before.first, one.before.last) == (day(3), day(9))
    assert (one.now.first, one.now.last) == (day(10), day(16))


def test_what_begins_together_is_located_together_the_strongest_first() -> None:
    rows = on((10, 11), metric="null_share_change"), on((11, 12), 5.0, subject="age")
    (one,) = asked(incidents(*rows))
    assert one.features == (("inputs", "age"), ("inputs", "amount"))


def test_warnings_and_segments_are_not_located() -> None:
    warned = [replace(one, verdict="warn") for one in on((10, 11))]
    segment = on((10, 11), segmentation="country", segment="DE")
    assert asked(incidents(warned)) == ()
    assert asked(incidents(segment)) == ()


def test_what_was_located_is_not_located_again() -> None:
    known = [replace(one, spread="everywhere") for one in incidents(on((10, 11)))]
    assert asked(known) == ()


def test_a_run_locates_the_newest_incidents_up_to_a_bound() -> None:
    rows = [on((n, n + 1), subject=f"f{n}") for n in range(5, 95, 10)]
    found = asked(incidents(*rows, days=100))
    assert len(found) == MOST_LOCATED
    assert [one.now.first for one in found] == [day(n) for n in (85, 75, 65, 55, 45)]


def split(column: str, before: list[list[int]], now: list[list[int]]) -> Split:
    return Split(column, ("a", "b"), np.array(before), np.array(now))


USUAL = [[0, 500, 500], [0, 500, 500]]
GONE_IN_A = [[1000, 0, 0], [0, 500, 500]]


def test_a_change_that_one_value_carries_says_so_and_one_that_none_does_too() -> None:
    one, two = incidents(on((10, 11)), on((10, 11), subject="age", metric="null_share_change"))
    splits = {
        ("inputs", "amount"): [split("country", USUAL, GONE_IN_A)],
        ("inputs", "age"): [split("country", USUAL, [[300, 350, 350], [300, 350, 350]])],
    }
    found = {each.subject: each for each in located((one, two), splits)}
    amount = found["amount"]
    assert (amount.spread, amount.carrier_column, amount.carrier_value) == ("value", "country", "a")
    assert (amount.carrier_changed_share, amount.carrier_row_share) == (1.0, 0.5)
    assert (found["age"].spread, found["age"].carrier_column) == ("everywhere", None)


def test_a_value_that_carries_several_changes_is_preferred() -> None:
    pair = incidents(on((10, 11)), on((10, 11), subject="age"))
    alike = split("device", USUAL, GONE_IN_A)
    splits = {
        ("inputs", "amount"): [split("country", USUAL, GONE_IN_A), alike],
        ("inputs", "age"): [alike],
    }
    found = located(pair, splits)
    assert {one.carrier_column for one in found} == {"device"}


def test_a_feature_that_fails_carries_no_change_and_may_be_what_another_follows() -> None:
    pair = incidents(on((10, 11)), on((10, 11), subject="age"))
    mixed = split("age", [[900, 0], [0, 100]], [[100, 0], [0, 900]])
    found = {one.subject: one for one in located(pair, {("inputs", "amount"): [mixed]})}
    assert (found["amount"].follows, found["amount"].spread) == ("age", "everywhere")
