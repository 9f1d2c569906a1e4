"""A new model version is followed: what it is compared with from then on."""

from __future__ import annotations

import pytest

from modelwatch.model.incidents.folding import History, fold_incidents
from modelwatch.model.incidents.ranking import Weights
from modelwatch.model.planning.version_references import (
    counts,
    version_references,
    with_version_references,
)
from verdict_rows import config, day, on, row, windows

OWN = "retraining: {new_reference: first_days, reference_days: 7}"
VERSIONS = {"v1": day(-100), "v/2": day(20)}
NAME = "first days of v_2"


def test_references_are_kept_unless_it_is_said_otherwise() -> None:
    assert version_references(config(), VERSIONS, day(60)) == ()


def test_a_new_version_gets_its_first_days_once_they_are_over() -> None:
    assert version_references(config(OWN), VERSIONS, day(26)) == ()
    (found,) = version_references(config(OWN), VERSIONS, day(27))
    assert (found.version, found.name) == ("v/2", NAME)
    assert (found.days.first, found.days.last) == (day(20), day(26))


def test_they_are_a_reference_beside_the_others() -> None:
    known = version_references(config(OWN), VERSIONS, day(30))
    with_it = with_version_references(config(OWN), known)
    assert [one.name for one in with_it.references] == ["start", NAME]
    assert with_it.binning_reference.name == "start"


def test_names_that_look_alike_are_told_apart() -> None:
    versions = {"v1": day(0), "v/2": day(10), "v:2": day(20)}
    names = [one.name for one in version_references(config(OWN), versions, day(60))]
    assert names == [NAME, f"{NAME} 3"]


@pytest.mark.parametrize(
    ("number", "reference", "counted"),
    [(19, "start", True), (19, NAME, False), (20, "start", False), (20, NAME, True)],
)
def test_from_its_first_day_on_its_own_reference_counts_alone(
    number: int, reference: str, counted: bool
) -> None:
    known = version_references(config(OWN), VERSIONS, day(30))
    assert counts(row(number, reference=reference), known) is counted


def test_what_has_no_reference_counts_always() -> None:
    known = version_references(config(OWN), VERSIONS, day(30))
    assert counts(row(25, reference=None), known)


def test_what_only_the_old_reference_shows_is_over_with_the_new_version() -> None:
    known = version_references(config(OWN), VERSIONS, day(30))
    rows = on(range(10, 30))
    history = History(day(30), windows(range(30)), rows, version_references=known)
    (incident,) = fold_incidents(history, config(OWN), Weights()).incidents
    assert (incident.last_failing, incident.closed) == (day(19), day(22))
