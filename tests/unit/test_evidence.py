"""What the measure of false alarms and faults promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scripts.evidence import simulated
from scripts.evidence.detection import Injected, Outcome, outcome
from scripts.evidence.false_alarms import QuietMonth, quiet_cases
from scripts.evidence.fault import FAULTS, Fault
from scripts.evidence.faults import FACTOR
from scripts.evidence.page import BEGIN, END, figures, write_page
from scripts.evidence.results import FLIGHTS, Results, Share, false_alarms, named_rightly
from scripts.evidence.watch import MonthFigures, Watch, default_config
from scripts.evidence.world import CURRENT, World, number_of

START = number_of(CURRENT[0]) + 7


@pytest.fixture(scope="module")
def quiet() -> World:
    world = simulated.quiet_world(3.0, 1)
    features = {"normal_1": True, "skewed": True, "some_values": False}
    return replace(world, table=replace(world.table, features=features, segmentations={}))


@pytest.fixture(scope="module")
def watch(quiet: World) -> Watch:
    return Watch.of(quiet, default_config())


@pytest.fixture(scope="module")
def undisturbed(quiet: World, watch: Watch) -> MonthFigures:
    return watch.figures(watch.month(quiet), quiet.as_of)


@pytest.fixture(scope="module")
def found(quiet: World, watch: Watch, undisturbed: MonthFigures) -> Callable[..., Outcome]:
    seen = watch.seen(quiet, undisturbed)

    def of(fault: str, column: str, size: float) -> Outcome:
        def inject(rows: pd.DataFrame) -> pd.DataFrame:
            return FAULTS[fault].inject(rows, column, size, np.random.default_rng(1))

        case = Injected(FAULTS[fault], column, size, True, START, quiet.changed_from(START, inject))
        return outcome(watch, case, seen, undisturbed)

    return of


def test_a_month_in_which_nothing_happens_has_no_incident(quiet, watch, undisturbed) -> None:
    month = QuietMonth.of("simulated", watch.seen(quiet, undisturbed))
    assert (month.incidents, month.subjects) == (0, ())


@pytest.mark.parametrize(
    ("fault", "column", "size", "days"),
    [("nulls", "normal_1", 0.5, 1), ("scale", "normal_1", 1.0, 2), ("sentinel", "skewed", 0.2, 2)],
)
def test_a_plain_fault_is_found_and_named(found, fault, column, size, days) -> None:
    seen = found(fault, column, size)
    assert seen.days is not None and seen.days <= days
    assert (seen.in_time, seen.right, seen.incidents) == (True, True, 1)


def test_a_fault_that_joins_an_open_incident_is_found(quiet, watch, undisturbed) -> None:
    def without(world: World, column: str, start: int) -> World:
        def inject(rows: pd.DataFrame) -> pd.DataFrame:
            return FAULTS["nulls"].inject(rows, column, 0.5, np.random.default_rng(1))

        return world.changed_from(start, inject)

    broken = without(quiet, "skewed", START)
    both = without(broken, "normal_1", START + 1)
    case = Injected(FAULTS["nulls"], "normal_1", 0.5, True, START + 1, both)
    seen = outcome(watch, case, watch.seen(broken, undisturbed), undisturbed)
    assert (seen.in_time, seen.right, seen.incidents) == (True, True, 1)


def test_a_fault_that_hits_no_row_is_not_found(found) -> None:
    seen = found("nulls", "normal_1", 0.0)
    assert (seen.delay, seen.kind, seen.incidents, seen.in_time) == (None, None, 0, False)


def test_figures_taken_from_another_month_are_those_of_this_one(quiet, watch, undisturbed) -> None:
    def inject(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(normal_1=rows["normal_1"] * FACTOR)

    world = quiet.changed_from(START, inject)
    month = watch.month(world)
    for key, anew in watch.figures(month, world.as_of).drift.items():
        taken = watch.figures(month, world.as_of, undisturbed).drift[key]
        for one, other in zip(anew, taken, strict=True):
            np.testing.assert_array_equal(one.value, other.value)
            np.testing.assert_array_equal(one.p_value, other.p_value)


def test_there_are_twelve_faults_each_with_sizes_that_matter() -> None:
    assert len(FAULTS) == 12
    assert all(any(matters for _, matters in fault.sizes) for fault in FAULTS.values())


@pytest.mark.parametrize("fault", ["nulls", "sentinel", "scale", "constant"])
def test_rows_before_a_fault_and_other_columns_stay(quiet, fault: str) -> None:
    def inject(rows: pd.DataFrame) -> pd.DataFrame:
        return FAULTS[fault].inject(rows, "normal_1", 1.0, np.random.default_rng(1))

    before, after = quiet.rows, quiet.changed_from(START, inject).rows
    others = [name for name in before if name != "normal_1"]
    pd.testing.assert_frame_equal(before[others], after[others])
    early = (before["day"] < START).to_numpy()
    pd.testing.assert_frame_equal(before[early], after[early])
    assert not before.loc[~early, "normal_1"].equals(after.loc[~early, "normal_1"])


def test_labels_that_have_not_come_are_not_known(quiet) -> None:
    day = START + 1
    seen = quiet.seen_on(day).rows
    assert seen["day"].max() == day - 1
    assert seen.loc[seen["known"] > day, "late"].isna().all()
    assert seen.loc[seen["known"] <= day, "late"].notna().all()


def test_a_case_is_not_taken_for_one_whose_name_begins_alike() -> None:
    months = tuple(
        QuietMonth(case, incidents, (), 0)
        for case, incidents in [
            ("simulated, design effect 1", 0),
            ("simulated, design effect 10", 1),
            ("flights, winter", 1),
        ]
    )
    results = Results(months, ())
    assert false_alarms(results.quiet_of("simulated, design effect 1")).hits == 0
    assert len(results.quiet_of("simulated")) == 2
    assert len(results.quiet_of(FLIGHTS)) == 1


def test_cases_are_so_many_of_each_season_and_design_effect() -> None:
    names = [case.name for case in quiet_cases(2, 3, [1.0, 30.0])]
    assert len(names) == 4 * 2 + 2 * 3
    assert names.count("flights, summer") == 2
    assert names.count("simulated, design effect 30") == 3


def test_the_interval_of_a_share_is_wilsons() -> None:
    low, high = Share(5, 100).interval
    assert (low, high) == pytest.approx((0.02154, 0.11175), abs=1e-5)


def an_outcome(fault: Fault, size: float, **changes: object) -> Outcome:
    plain = Outcome(fault.key, "x", size, True, 1, 1, "nulls", True, 1, "x all psi")
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_faults_found_too_late_do_not_count_as_named() -> None:
    nulls = FAULTS["nulls"]
    outcomes = [an_outcome(nulls, 0.2), an_outcome(nulls, 0.2, delay=3, right=False)]
    assert named_rightly(outcomes) == Share(1, 1)


def test_results_are_read_as_they_were_written(tmp_path) -> None:
    outcomes = tuple(an_outcome(f, size) for f in FAULTS.values() for size, _ in f.sizes)
    results = Results((QuietMonth("flights, winter", 1, ("x all psi",), 2),), outcomes)
    results.write(tmp_path / "figures.json")
    assert Results.read(tmp_path / "figures.json") == results


def test_the_tables_take_the_place_between_the_markers(tmp_path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    outcomes = tuple(an_outcome(f, size) for f in FAULTS.values() for size, _ in f.sizes)
    text = figures(Results((QuietMonth("flights, winter", 0, (), 2),), outcomes))
    write_page(page, text)
    written = page.read_text()
    assert written.startswith("before\n") and written.endswith("after\n")
    assert "old" not in written and text in written
    page.write_text("no markers")
    with pytest.raises(ValueError, match="no place"):
        write_page(page, text)
