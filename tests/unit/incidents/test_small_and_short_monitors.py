"""Incidents of monitors with few rows or days, from rows to sentences, without Spark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scripts.evidence.simulated import Shape, quiet_world
from scripts.evidence.watch import Seen, Watch
from scripts.evidence.world import START, World

from modelwatch.model.incidents.incident import Incident

FEW = ("normal_1", "skewed", "few_values")
Change = Callable[[pd.DataFrame], pd.DataFrame]


def month(shape: Shape, seed: int = 1, features: tuple[str, ...] = FEW) -> World:
    world = quiet_world(shape, seed)
    return replace(world, table=replace(world.table, features=features))


def seen(world: World, change: Change, day: int = 7) -> Seen:
    """What a monitor that `init` wrote shows of a month that changes from a day on."""
    changed = world.changed_from(START + day, change)
    return Watch.of(world).seen(changed)


def about(found: Seen, subject: str) -> list[Incident]:
    return [one for one in found.roots if one.subject == subject]


@pytest.mark.parametrize("rows", [30, 80, 99])
def test_a_shift_of_two_standard_deviations_is_an_incident_however_few_the_rows(rows: int) -> None:
    def shifted(of: pd.DataFrame) -> pd.DataFrame:
        return of.assign(normal_1=of["normal_1"] + 4.0)

    found = seen(month(Shape(rows=rows)), shifted)
    assert {"normal_1"} == {one.subject for one in found.roots if one.area == "data"}


@pytest.mark.parametrize(("days", "share"), [(1, 0.5), (2, 0.1)])
def test_a_new_category_is_an_incident_after_one_or_two_days(days: int, share: float) -> None:
    def renamed(of: pd.DataFrame) -> pd.DataFrame:
        new = np.random.default_rng(1).random(len(of)) < share
        return of.assign(few_values=of["few_values"].mask(new, "new"))

    (incident,) = about(seen(month(Shape(reference_days=days)), renamed), "few_values")
    assert (incident.severity, incident.kind) == ("fail", "unseen_categories")


@pytest.mark.parametrize("days", [1, 2])
def test_a_model_that_gets_half_wrong_is_an_incident_after_one_or_two_days(days: int) -> None:
    def wrong(of: pd.DataFrame) -> pd.DataFrame:
        flipped = np.random.default_rng(1).random(len(of)) < 0.5
        return of.assign(late=of["late"].mask(flipped, 1.0 - of["late"]))

    found = seen(month(Shape(reference_days=days)), wrong)
    assert any(one.area == "performance" and one.severity == "fail" for one in found.roots)


def test_quiet_months_after_five_days_that_differ_much_have_no_incident() -> None:
    shape = Shape(reference_days=5).with_design_effect(30)
    for seed in range(4):
        world = month(shape, seed)
        assert Watch.of(world).seen(world).roots == ()


def test_ten_days_with_a_fiftieth_of_the_rows_are_one_incident_of_missing_rows() -> None:
    def thinned(of: pd.DataFrame) -> pd.DataFrame:
        return of[np.random.default_rng(1).random(len(of)) < 0.02]

    (incident,) = seen(month(Shape(rows=2000)), thinned, day=18).roots
    assert (incident.kind, incident.severity) == ("missing_rows", "fail")
    assert (incident.opened - incident.onset).days == 0


def test_labels_that_stop_in_the_first_week_are_an_incident() -> None:
    def without_labels(of: pd.DataFrame) -> pd.DataFrame:
        return of.assign(known=10**6)

    world = month(Shape(reference_days=3))
    found = Watch.of(world).seen(world.changed_from(START + 3, without_labels))
    assert "label_delay" in {one.kind for one in found.roots}
