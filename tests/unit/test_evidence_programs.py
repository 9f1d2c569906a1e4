"""What the measure of false alarms and faults promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scripts.evidence.configuration import configuration, configuration_text
from scripts.evidence.detection import Injected, Outcome, QuietWatch, injected, outcome
from scripts.evidence.false_alarms import QuietMonth
from scripts.evidence.fault import FAULTS, Fault
from scripts.evidence.faults import FACTOR
from scripts.evidence.matrix import ROWS
from scripts.evidence.page import BEGIN, END, quiet_holds, results_page, write_page
from scripts.evidence.results import Results, Share, false_alarms, named_rightly, rows_of_half
from scripts.evidence.services import SERVICES, service_month
from scripts.evidence.simulated import Shape, quiet_world
from scripts.evidence.watch import Watch, overdue_days
from scripts.evidence.world import START, World, day_of

from modelwatch.model.planning.window_specs import DEFAULT_THRESHOLDS

FIRST = START + 7
FEW = ("normal_1", "skewed", "with_nulls", "some_values")


@pytest.fixture(scope="module")
def quiet() -> World:
    world = quiet_world(Shape(), 1)
    return replace(world, table=replace(world.table, features=FEW))


@pytest.fixture(scope="module")
def watched(quiet: World) -> QuietWatch:
    return QuietWatch("plain", quiet)


@pytest.fixture(scope="module")
def found(quiet: World, watched: QuietWatch) -> Callable[..., Outcome]:
    def of(key: str, target: str, size: float) -> Outcome:
        fault = FAULTS[key]
        rng = np.random.default_rng(1)
        inject = partial(fault.inject, target=target, size=size, rng=rng)
        until = None if fault.days is None else FIRST + fault.days - 1
        world = quiet.changed_from(FIRST - fault.before, inject, until)
        return outcome(watched, Injected("plain", fault, target, size, True, FIRST, 1, world))

    return of


def test_a_month_in_which_nothing_happens_has_no_incident(watched: QuietWatch) -> None:
    month = QuietMonth.of("plain", 1, watched.seen)
    assert (month.incidents, month.subjects) == (0, ())


@pytest.mark.parametrize(
    ("fault", "target", "size", "days"),
    [
        ("nulls", "normal_1", 0.5, 1),
        ("scale", "normal_1", 1.0, 2),
        ("sentinel", "skewed", 0.2, 2),
        ("filled", "with_nulls", 1.0, 2),
        ("dead", "rows", 1.0, 2),
        ("collapsed", "rows", 0.01, 1),
        ("fan_out", "some_values=v3", 2.0, 1),
        ("stale", "normal_1", 1.0, 1),
    ],
)
def test_a_plain_fault_is_found_and_named(found, fault, target, size, days) -> None:
    seen = found(fault, target, size)
    assert seen.days is not None and seen.days <= days
    assert (seen.in_time, seen.right, seen.incidents) == (True, True, 1)


def test_delays_are_counted_in_the_windows_by_which_a_monitor_judges() -> None:
    few = QuietWatch("rows-20", quiet_world(Shape(rows=20, features=3), 0))
    assert few.shortest == 7
    by_key = {case.fault.key: case for case in injected("x", few.world, 0, few.shortest)}
    assert (by_key["nulls"].window_days, by_key["dead"].window_days) == (7, 1)
    sparse = quiet_world(Shape(rows=300, every=14, features=3), 0)
    assert {case.window_days for case in injected("x", sparse, 0)} == {14}


def test_labels_that_stop_are_found_when_the_first_of_them_are_overdue(found) -> None:
    seen = found("no_labels", "labels", 1.0)
    assert (seen.in_time, seen.kind) == (True, "label_delay")


def test_a_fault_that_joins_an_open_incident_is_found(quiet: World) -> None:
    def without(world: World, column: str, start: int) -> World:
        def inject(rows: pd.DataFrame) -> pd.DataFrame:
            return FAULTS["nulls"].inject(rows, column, 0.5, np.random.default_rng(1))

        return world.changed_from(start, inject)

    broken = without(quiet, "skewed", FIRST)
    both = without(broken, "normal_1", FIRST + 1)
    case = Injected("plain", FAULTS["nulls"], "normal_1", 0.5, True, FIRST + 1, 1, both)
    seen = outcome(QuietWatch("plain", broken), case)
    assert (seen.in_time, seen.right) == (True, True)


def test_a_fault_that_hits_no_row_is_not_found(found) -> None:
    seen = found("nulls", "normal_1", 0.0)
    assert (seen.delay, seen.kind, seen.incidents, seen.in_time) == (None, None, 0, False)


def test_metrics_taken_from_another_month_are_those_of_this_one(quiet, watched) -> None:
    def inject(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(normal_1=rows["normal_1"] * FACTOR)

    world = quiet.changed_from(FIRST, inject)
    watch = watched.watch
    month = watch.month(world)
    like = watch.metrics(month, world.as_of, watched.metrics).drift
    for key, anew in watch.metrics(month, world.as_of).drift.items():
        for one, other in zip(anew, like[key], strict=True):
            np.testing.assert_array_equal(one.value, other.value)
            np.testing.assert_array_equal(one.p_value, other.p_value)


def test_every_fault_has_a_size_that_matters_and_hits_some_row_of_a_plain_world(quiet) -> None:
    assert all(any(matters for _, matters in fault.sizes) for fault in FAULTS.values())
    hit = {case.fault.key for case in injected("plain", quiet_world(Shape(rows=60), 2), 2)}
    assert set(FAULTS) - hit <= {"cut", "upper", "prefix"}


@pytest.mark.parametrize("fault", ["nulls", "sentinel", "scale", "decimal", "sign", "constant"])
def test_rows_before_a_fault_and_other_columns_stay(quiet, fault: str) -> None:
    def inject(rows: pd.DataFrame) -> pd.DataFrame:
        return FAULTS[fault].inject(rows, "normal_1", 1.0, np.random.default_rng(1))

    before, after = quiet.rows, quiet.changed_from(FIRST, inject).rows
    others = [name for name in before if name != "normal_1"]
    pd.testing.assert_frame_equal(before[others], after[others])
    early = (before["day"] < FIRST).to_numpy()
    pd.testing.assert_frame_equal(before[early], after[early])
    assert not before.loc[~early, "normal_1"].equals(after.loc[~early, "normal_1"])


def test_a_stale_column_holds_the_values_of_the_day_before(quiet) -> None:
    def inject(rows: pd.DataFrame) -> pd.DataFrame:
        return FAULTS["stale"].inject(rows, "normal_1", 1.0, np.random.default_rng(1))

    rows = quiet.changed_from(FIRST - 1, inject).rows
    days = {
        day: rows.loc[rows["day"] == day, "normal_1"].to_numpy()
        for day in range(FIRST - 1, FIRST + 1)
    }
    n = min(len(values) for values in days.values())
    np.testing.assert_array_equal(days[FIRST][:n], days[FIRST - 1][:n])
    own = quiet.rows.loc[quiet.rows["day"] == FIRST - 1, "normal_1"].to_numpy()
    np.testing.assert_array_equal(days[FIRST - 1], own)


def test_a_fault_of_one_segment_leaves_the_others(quiet) -> None:
    def inject(rows: pd.DataFrame) -> pd.DataFrame:
        return FAULTS["cents"].inject(
            rows, "normal_1=some_values=v3", 1.0, np.random.default_rng(1)
        )

    before, after = quiet.rows, quiet.changed_from(FIRST, inject).rows
    hit = ((before["some_values"] == "v3") & (before["day"] >= FIRST)).to_numpy()
    np.testing.assert_array_equal(after.loc[~hit, "normal_1"], before.loc[~hit, "normal_1"])
    np.testing.assert_allclose(after.loc[hit, "normal_1"], 100 * before.loc[hit, "normal_1"])


def test_the_settings_are_those_that_init_writes(quiet) -> None:
    config = configuration(quiet)
    assert config.effective_thresholds == DEFAULT_THRESHOLDS
    first, last = (day_of(n) for n in quiet.period.reference)
    (reference,) = config.fixed_references
    assert tuple(reference.days or ())[::27] == (first, last)
    assert "Written by `modelwatch init`" in configuration_text(quiet)


def test_windows_of_few_rows_are_longer_ones() -> None:
    few = Watch.of(quiet_world(Shape(rows=20), 0)).config
    assert [spec.name for spec in few.windows] == ["week", "month"]
    monthly = Watch.of(quiet_world(Shape(every=0), 0)).config
    assert "day" in [spec.name for spec in monthly.windows]


@pytest.mark.parametrize("shape", [Shape(), Shape(every=7), Shape(every=14)])
def test_no_day_of_a_regular_schedule_is_overdue(shape: Shape) -> None:
    period, days = shape.period()
    found = overdue_days(tuple(days.tolist()), *period.current, 1)
    assert [missing for _, missing in found if missing] == []


def test_days_of_very_many_rows_are_draws_with_weights() -> None:
    rows = quiet_world(Shape(rows=100_000, reference_days=3), 0).rows
    by_day = rows.groupby("day")["weight"].sum()
    assert 50_000 < by_day.min() < by_day.max() < 130_000
    assert len(rows) <= 31 * 4000


def test_the_design_effect_of_a_shape_is_that_of_its_days() -> None:
    shape = Shape(rows=50, reference_days=1500, features=2).with_design_effect(10.0)
    rows = quiet_world(shape, 5).rows
    weekdays = rows[(rows["day"] + 3) % 7 < 5]
    by_day = weekdays.groupby("day")["normal_1"].agg(["mean", "size"])
    between = by_day["mean"].var() * by_day["size"].mean()
    assert between / rows["normal_1"].var() == pytest.approx(10.0, rel=0.1)


def test_each_half_has_real_worlds_and_shapes() -> None:
    for half in ("tuned", "confirmed"):
        questions = {ROWS[key].question for key in rows_of_half(half)}
        assert questions == {row.question for row in ROWS.values()}


def test_the_interval_of_a_share_is_wilsons() -> None:
    low, high = Share(5, 100).interval
    assert (low, high) == pytest.approx((0.02154, 0.11175), abs=1e-5)


@pytest.mark.parametrize(
    ("hits", "cases", "holds"),
    [(4, 100, True), (5, 100, False), (6, 100, False), (1, 10, True), (4, 10, False)],
)
def test_a_row_meets_its_target_if_its_interval_ends_below_ten_percent(hits, cases, holds) -> None:
    assert quiet_holds(Share(hits, cases)) is holds


def an_outcome(fault: Fault, size: float, **changes: object) -> Outcome:
    plain = Outcome("plain", fault.key, "x", size, True, 1, 1, "nulls", True, 1, "x all psi", 1.0)
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_faults_found_too_late_do_not_count_as_named() -> None:
    nulls = FAULTS["nulls"]
    outcomes = [an_outcome(nulls, 0.2), an_outcome(nulls, 0.2, delay=3, right=False)]
    assert named_rightly(outcomes) == Share(1, 1)


def some_results() -> Results:
    outcomes = tuple(an_outcome(f, size) for f in FAULTS.values() for size, _ in f.sizes)
    nothing = {"delay": None, "days": None, "kind": None, "right": False}
    missed = an_outcome(FAULTS["ramp"], 1.0, **nothing)
    hopeless = an_outcome(FAULTS["nulls"], 0.05, power=0.3, **nothing)
    months = (QuietMonth("flights", 0, 1, ("x all psi",), 2), QuietMonth("rows-20", 0, 0, (), 0))
    return Results(months, (*outcomes, missed, hopeless))


def test_results_are_read_as_they_were_written(tmp_path) -> None:
    some_results().write(tmp_path / "results.json")
    assert Results.read(tmp_path / "results.json") == some_results()


def test_quiet_months_are_counted_by_row() -> None:
    results = some_results()
    assert false_alarms(results.quiet_of("flights")) == Share(1, 1)
    assert false_alarms(results.quiet_of("rows-20")) == Share(0, 1)


def test_what_is_missed_is_listed_with_its_size() -> None:
    text = results_page(some_results())
    assert f"| {FAULTS['ramp'].title} | 1 sd | plain | `x` | 100% | never |" in text


def test_what_the_best_test_does_not_find_is_listed_apart() -> None:
    missed, hopeless = results_page(some_results()).split("Faults that the best test does not find")
    line = f"| {FAULTS['nulls'].title} | 5% | plain | `x` | 30% | never |"
    assert line in hopeless and line not in missed


def test_the_tables_take_the_place_between_the_markers(tmp_path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nwhat was there\n{END}\nafter\n")
    text = results_page(some_results())
    write_page(page, text)
    written = page.read_text()
    assert written.startswith("before\n") and written.endswith("after\n")
    assert "what was there" not in written and text in written
    page.write_text("no markers")
    with pytest.raises(ValueError, match="no markers"):
        write_page(page, text)


@pytest.mark.parametrize("key", SERVICES)
def test_a_service_has_rows_of_both_labels_on_each_day_and_the_same_ones_for_a_seed(key) -> None:
    world = service_month(key, 5)
    days = np.arange(world.period.first, world.period.current[1] + 1)
    assert np.array_equal(np.unique(world.rows["day"]), days)
    assert 0.001 < world.rows["late"].mean() < 0.6
    assert world.rows.equals(service_month(key, 5).rows)
