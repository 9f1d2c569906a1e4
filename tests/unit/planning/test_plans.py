"""What a run has to do, and why."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from modelwatch.model.config.configuration import (
    MonitorConfig,
    evaluation_fingerprint,
    parse_config,
    states_fingerprint,
)
from modelwatch.model.days import DayRange
from modelwatch.model.planning.description import describe
from modelwatch.model.planning.plan import Plan, Published, plan_of
from modelwatch.model.profile.features import Feature, NotProfiled
from modelwatch.model.sources.change import SourceChange

FEATURES = (
    Feature("amount", "inputs", "amount", "numeric", "double"),
    Feature("country", "inputs", "country", "categorical", "string"),
)
FIRST = date(2020, 1, 1)
AS_OF = date(2020, 2, 1)


def day(number: int) -> date:
    return FIRST + timedelta(number - 1)


def days(first: int, last: int) -> frozenset[date]:
    return frozenset(day(number) for number in range(first, last + 1))


def monitor(more: str = "", reference: str = "days: 2020-01-01..2020-01-05") -> MonitorConfig:
    return parse_config(
        "monitor: m\noutput: {path: o}\ninputs: {table: {path: i}, day: {column: d}}\n"
        f"references: [{{name: fixed, {reference}}}]\nwindows: [day, week]\n{more}\n",
        statistics={"psi"},
    )


def published(config: MonitorConfig, known: frozenset[date], **more: Any) -> Published:
    return Published(
        states_fingerprint=states_fingerprint(config),
        evaluation_fingerprint=evaluation_fingerprint(config),
        days=known,
        bins=True,
        **more,
    )


def inputs(changed: frozenset[date] = frozenset(), **more: Any) -> SourceChange:
    return SourceChange("inputs", "i", 7, **{"from_version": 5, "days": changed, **more})


def planned(plan: Plan) -> dict[date, str]:
    return {one.day: one.reason for one in plan.days}


def test_the_first_run_computes_every_day_before_its_own() -> None:
    change = inputs(from_version=None, present=days(1, 40))
    plan = plan_of(monitor(), FEATURES, [change], Published(), AS_OF)
    assert planned(plan) == dict.fromkeys(sorted(days(1, 31)), "new")
    assert plan.left_out == tuple(sorted(days(32, 40)))
    assert [scan.purpose for scan in plan.scans] == [
        "fit the bins on fixed",
        "states of all features",
    ]


def test_a_later_run_computes_what_is_new_and_what_changed() -> None:
    config = monitor()
    plan = plan_of(config, FEATURES, [inputs(days(9, 11))], published(config, days(1, 9)), AS_OF)
    assert planned(plan) == {day(9): "changed", day(10): "new", day(11): "new"}
    assert [scan.purpose for scan in plan.scans] == ["states of all features"]


def test_days_that_were_too_young_before_are_due_although_nothing_was_written_since() -> None:
    config = monitor()
    change = inputs(present=days(1, 12))
    plan = plan_of(config, FEATURES, [change], published(config, days(1, 9)), AS_OF)
    assert planned(plan) == dict.fromkeys(sorted(days(10, 12)), "new")


def test_nothing_changed_is_nothing_to_do() -> None:
    config = monitor()
    change = inputs(present=days(1, 9))
    plan = plan_of(config, FEATURES, [change], published(config, days(1, 9)), AS_OF)
    assert plan.nothing_to_do
    assert "Nothing to do" in describe(plan)


def test_a_table_that_may_have_changed_anywhere_makes_every_day_due() -> None:
    config = monitor()
    change = inputs(all_days=True, present=days(2, 9))
    plan = plan_of(config, FEATURES, [change], published(config, days(1, 5)), AS_OF)
    assert set(planned(plan)) == days(1, 9)


def test_a_changed_day_of_the_predictions_is_computed_with_its_inputs() -> None:
    config = monitor()
    changes = [inputs(days(4, 4)), SourceChange("predictions", "p", 3, 2, days(4, 5))]
    plan = plan_of(config, FEATURES, changes, published(config, days(1, 9)), AS_OF)
    assert [(one.day, one.roles) for one in plan.days] == [
        (day(4), ("inputs", "predictions")),
        (day(5), ("predictions",)),
    ]


def test_a_configuration_with_other_states_makes_every_day_due() -> None:
    old = published(monitor(), days(1, 9))
    config = monitor("binning: {bins: 100}")
    plan = plan_of(config, FEATURES, [inputs(present=days(1, 10))], old, AS_OF)
    assert planned(plan) == {
        **dict.fromkeys(sorted(days(1, 9)), "configuration changed"),
        day(10): "new",
    }
    assert "fit the bins on fixed" in [scan.purpose for scan in plan.scans]
    assert "all days are computed again" in describe(plan)


def test_a_configuration_with_other_questions_evaluates_stored_states() -> None:
    old = published(monitor(), days(1, 9))
    config = monitor("thresholds: {psi: 0.9}")
    plan = plan_of(config, FEATURES, [inputs()], old, AS_OF)
    assert plan.days == plan.scans == ()
    assert len(plan.windows) == 9 + 2
    assert "windows are evaluated from stored states" in describe(plan)


def test_days_that_are_asked_for_are_computed_and_no_others() -> None:
    config = monitor()
    change = inputs(days(8, 8), present=days(1, 9))
    asked = DayRange(day(3), day(4))
    plan = plan_of(config, FEATURES, [change], published(config, days(1, 9)), AS_OF, asked)
    assert planned(plan) == {day(3): "requested", day(4): "requested"}
    assert plan.left_out == (day(8),)


def test_requested_days_without_rows_are_nothing_to_do() -> None:
    config = monitor()
    asked = DayRange(day(20), day(25))
    change = inputs(present=days(1, 9))
    plan = plan_of(config, FEATURES, [change], published(config, days(1, 9)), AS_OF, asked)
    assert plan.nothing_to_do


def test_only_windows_that_the_days_touch_are_evaluated() -> None:
    config = monitor()
    plan = plan_of(config, FEATURES, [inputs(days(20, 20))], published(config, days(1, 19)), AS_OF)
    assert [(window.name, window.start) for window in plan.windows] == [
        ("day", day(20)),
        ("week", day(20)),
    ]


ANOTHER = "table: {path: t}"


def reference(**more: Any) -> SourceChange:
    return SourceChange("reference:fixed", "t", 3, **{"from_version": 2, **more})


def test_a_reference_with_a_table_of_its_own_is_computed_once() -> None:
    config = monitor(reference=ANOTHER)
    first = plan_of(
        config, FEATURES, [inputs(days(1, 2)), reference(from_version=None)], Published(), AS_OF
    )
    assert [(one.name, one.version, one.reason) for one in first.references] == [
        ("fixed", 3, "new")
    ]
    old = published(config, days(1, 2), references=frozenset({"fixed"}))
    assert plan_of(config, FEATURES, [inputs(), reference()], old, AS_OF).nothing_to_do


def test_a_changed_reference_evaluates_every_window() -> None:
    config = monitor(reference=ANOTHER)
    old = published(config, days(1, 9), references=frozenset({"fixed"}))
    plan = plan_of(config, FEATURES, [inputs(), reference(days=days(1, 1))], old, AS_OF)
    assert [one.reason for one in plan.references] == ["changed"]
    assert len(plan.windows) == 9 + 2


def test_a_reference_that_stands_for_other_days_is_computed_anew() -> None:
    table = "table: {path: t}, day: {column: d}, days: 2020-01-01..2020-01-0"
    old, config = (monitor(reference="days: 2020-01-01}, {name: t, " + table + n) for n in "56")
    known = published(old, days(1, 9), references=frozenset({"t"}))
    changes = [inputs(), SourceChange("reference:t", "t", 3, 3)]
    plan = plan_of(config, FEATURES, changes, known, AS_OF)
    assert [(one.name, one.reason) for one in plan.references] == [("t", "configuration changed")]
    assert plan.days == ()


def test_a_change_outside_a_reference_s_days_is_none_of_its_business() -> None:
    config = monitor(reference="table: {path: t}, days: 2020-01-01..2020-01-05, day: {column: d}")
    old = published(config, days(1, 9), references=frozenset({"fixed"}))
    changes = [inputs(), reference(days=days(6, 6))]
    assert plan_of(config, FEATURES, changes, old, AS_OF).nothing_to_do


def test_states_are_bounded_by_days_segments_and_features() -> None:
    config = monitor("segments: [{name: s, columns: c, max_values: 4}, {name: p, predicate: x}]")
    plan = plan_of(config, FEATURES, [inputs(days(1, 10))], Published(), AS_OF)
    # 10 days; all traffic, 4 + 2 values and 3 booleans; 2 features and their pairs.
    assert plan.states == 10 * (1 + 6 + 3) * (2 + 1)


def test_constraints_are_a_scan_a_table() -> None:
    more = (
        "constraints: [{name: a, kind: rows, lower: 1}, {name: b, kind: mean, column: x, lower: 1}]"
    )
    plan = plan_of(monitor(more), FEATURES, [inputs(days(1, 2))], Published(bins=True), AS_OF)
    assert plan.scans[-1].purpose == "2 constraints of the inputs"
    assert plan.scans[-1].columns == ("x",)


def test_a_plan_is_reported_in_words() -> None:
    change = inputs(days(1, 3) | days(7, 7), from_version=None)
    plan = plan_of(
        monitor("segments: [{name: origin, columns: o}]"),
        FEATURES,
        [change],
        Published(),
        AS_OF,
        not_profiled=[NotProfiled("inputs", "raw", "binary", "type binary")],
    )
    assert describe(plan) == (
        "Monitor m, as of 2020-02-01\n"
        "  source     inputs: i at version 7 (first read)\n"
        "  days       4 days: 2020-01-01..2020-01-03, 2020-01-07 (new)\n"
        "  columns    2 (1 categorical, 1 numeric): amount, country\n"
        "  columns    not profiled: raw (type binary)\n"
        "  segments   all traffic, origin\n"
        "  scan       fit the bins on fixed: 2 columns, 5 days of i\n"
        "  scan       states of all features: 2 columns, 4 days of i\n"
        "  states     at most 276 for a model version\n"
        "  windows    4 day in 2020-01-01..2020-01-07\n"
        "  windows    2 week in 2019-12-30..2020-01-12\n"
    )
