"""The kind of an incident is that of what leads it, and stays what it was found to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelwatch.model.diagnosis.change_kinds import FeatureChange
from modelwatch.model.diagnosis.incident_kinds import (
    Surroundings,
    kind_of_incident,
    leads_of_parts,
    surroundings_key,
    with_kinds_inside,
    with_kinds_of_parts,
)
from modelwatch.model.incidents.incident import Incident
from samples import numeric_binning, numeric_state
from verdict_rows import day, fold, on, row

ROWS = 2000
RANDOM = np.random.default_rng(8)
USUAL, AGAIN = (np.exp(RANDOM.normal(3.0, 0.5, ROWS)).round(2) for _ in range(2))
BINS = numeric_binning(USUAL)
FEW = np.arange(ROWS) < 20
"""Rows that a fault hits: one in a hundred."""


def change(name: str, now: np.ndarray | list[float | None]) -> FeatureChange:
    return FeatureChange(name, "inputs", numeric_state(BINS, USUAL), numeric_state(BINS, list(now)))


GONE = change("age", [None if n % 3 == 0 else v for n, v in enumerate(AGAIN)])
CENTS = change("amount", 100.0 * AGAIN)


def area() -> tuple[Incident, tuple[Incident, ...]]:
    """An incident of the amount, with the age and a week of the amount."""
    week = row(0, 2.0, window="week", window_end=day(6))
    rows = [*on((5, 6), 4.0), *on((5, 6), subject="age"), week]
    root, *children = fold(rows, more="incidents: {windows: [day, week]}").incidents
    return root, tuple(children)


def test_each_feature_has_the_kind_of_its_own_failures() -> None:
    root, children = area()
    around = {
        surroundings_key(one): Surroundings((CENTS, GONE)) for one in leads_of_parts(root, children)
    }
    found = with_kinds_of_parts(root, children, around)
    kinds = {(one.subject, one.kind) for one in found}
    assert kinds == {("amount", "scale_change"), ("age", "nulls")}
    assert all(one.subject in str(one.evidence) for one in found)


def test_an_incident_has_the_kind_of_what_leads_it() -> None:
    root, children = area()
    around = {
        surroundings_key(one): Surroundings((CENTS, GONE)) for one in leads_of_parts(root, children)
    }
    root, *rest = with_kinds_of_parts(root, children, around)
    assert kind_of_incident(root, rest, (), around).kind == "scale_change"


def test_a_fault_of_few_rows_shows_in_the_rows_that_carry_it() -> None:
    few = change("amount", np.where(FEW, 100.0 * AGAIN, AGAIN))
    incidents = fold(on((5, 6))).incidents
    (root,) = with_kinds_of_parts(
        incidents[0], (), {surroundings_key(incidents[0]): Surroundings((few,))}
    )
    (found,) = with_kinds_inside((root,), {("inputs", "amount"): Surroundings((CENTS,))})
    assert found.kind == "scale_change"
    assert "is 100x larger" in str(found.evidence)


def test_what_was_found_in_the_rows_that_carry_a_change_stays() -> None:
    (root,) = fold(on((5, 6))).incidents
    known = replace(
        root,
        spread="value",
        carrier_column="country",
        carrier_value="DE",
        kind="sentinel",
        evidence="all of them are -1",
    )
    (found,) = with_kinds_of_parts(known, (), {surroundings_key(root): Surroundings((CENTS,))})
    assert (found.kind, found.evidence) == ("sentinel", "all of them are -1")


def test_what_joins_a_feature_later_is_reported_as_it_is() -> None:
    root, children = area()
    known = replace(root, spread="everywhere", kind="nulls")
    found = with_kinds_of_parts(known, children, {})
    assert {one.spread for one in found if one.subject == "amount"} == {"everywhere"}
