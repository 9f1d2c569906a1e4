"""When failures become an incident, how long it lasts, and when it comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from verdict_rows import day, fold, on, only, roots, row, week


def test_one_failing_window_is_no_incident() -> None:
    assert roots(fold([row(5)])) == []


def test_two_failing_windows_of_three_are_one() -> None:
    incident = only(fold([row(5), row(7)]))
    assert (incident.onset, incident.opened, incident.last_failing) == (day(5), day(7), day(7))


def test_failures_that_are_further_apart_are_none() -> None:
    assert roots(fold([row(5), row(8), row(11)])) == []


def test_a_rise_and_a_fall_are_no_two_windows_of_one_failure() -> None:
    volume = {"source": "volume", "subject": "inputs", "metric": "rows", "threshold": 0.3}
    half, twice = row(5, **volume, value=-0.5), row(6, **volume, value=1.0)
    assert roots(fold([half, twice])) == []
    assert only(fold([half, twice, row(7, **volume, value=-0.5)])).opened == day(7)


def test_how_many_of_how_many_can_be_chosen() -> None:
    rows = [row(5), row(6), row(7)]
    assert only(fold(rows, more="incidents: {fails: 3, of: 3}")).opened == day(7)
    assert roots(fold(rows[:2], more="incidents: {fails: 3, of: 3}")) == []


def test_it_is_one_incident_while_it_lasts() -> None:
    incident = only(fold(on(range(5, 25)), days=25))
    assert (incident.state, incident.failing_windows, incident.opened) == ("open", 20, day(6))


def test_a_subject_fails_with_any_of_its_metrics() -> None:
    incident = only(fold([row(5), row(6, metric="mean_change_in_sd")]))
    assert incident.metrics == ("mean_change_in_sd", "psi")


def test_the_largest_effect_says_what_is_reported_of_it() -> None:
    incident = only(fold([row(5), row(6, 7.0, metric="ks", reference="other"), row(7)]))
    assert (incident.effect, incident.metric, incident.reference) == (7.0, "ks", "other")
    assert incident.worst_start == day(6)


def test_an_effect_that_is_not_beyond_chance_does_not_fail() -> None:
    assert roots(fold(on(range(5, 9), 3.0, verdict="pass"))) == []


def test_it_is_over_after_three_quiet_windows() -> None:
    incident = only(fold([row(5), row(6)]))
    assert (incident.state, incident.closed) == ("closed", day(9))


def test_a_window_close_to_the_threshold_is_not_quiet() -> None:
    rows = [row(5), row(6), row(8, 0.9), row(11, 0.9)]
    assert only(fold(rows)).closed == day(14)


def test_a_failing_window_beside_one_that_nearly_fails_opens_an_incident() -> None:
    nearly = row(6, 0.8, adjusted_p=0.03)
    incident = only(fold([row(5, adjusted_p=0.001), nearly]))
    assert (incident.onset, incident.opened) == (day(5), day(6))
    assert only(fold([row(5, 0.8, adjusted_p=0.03), row(6, adjusted_p=0.001)])).opened == day(6)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"effect": 0.4}, id="far below the threshold"),
        pytest.param({"adjusted_p": 0.5}, id="what chance may bring"),
        pytest.param({"value": -0.2}, id="the other way"),
        pytest.param({"metric": "ks"}, id="another metric"),
        pytest.param({"model_version": "v2"}, id="another model"),
    ],
)
def test_a_failing_window_alone_does_not(other: dict[str, Any]) -> None:
    beside = row(6, **{"effect": 0.9, "adjusted_p": 0.01, **other})
    assert roots(fold([row(5, adjusted_p=1e-9), beside])) == []


def test_two_windows_that_are_below_the_threshold_on_average_do_not() -> None:
    assert roots(fold([row(5, 1.1, adjusted_p=1e-9), row(6, 0.8, adjusted_p=1e-9)])) == []


def test_two_windows_that_both_pass_do_not() -> None:
    passing = on((5, 6), 1.5, verdict="pass", adjusted_p=0.06)
    assert roots(fold(passing)) == []


def test_where_three_windows_must_fail_two_are_not_enough_together() -> None:
    more = "incidents: {fails: 3, of: 3}"
    strong = {"adjusted_p": 1e-9}
    assert roots(fold(on((5, 6), 3.0, **strong), more=more)) == []
    assert only(fold([*on((5, 6), 3.0, **strong), row(7, 0.8)], more=more)).opened == day(7)


def test_a_window_below_the_fraction_of_the_threshold_is_quiet() -> None:
    assert only(fold([row(5), row(6), *on((7, 8, 9), 0.7)])).closed == day(9)


def test_a_window_that_chance_alone_explains_is_quiet_although_beyond_the_threshold() -> None:
    by_chance = on((7, 8, 9), 1.5, verdict="pass", adjusted_p=0.9)
    assert only(fold([row(5), row(6), *by_chance])).closed == day(9)


@pytest.mark.parametrize("verdict", ["no_data", "too_few_rows", "no_reference"])
def test_windows_without_a_verdict_neither_open_nor_clear(verdict: str) -> None:
    unknown = on((6, 7, 8, 9), None, verdict=verdict)
    assert only(fold([row(5), *unknown, row(10)])).opened == day(10)
    still = fold([row(4), row(5), *on(range(6, 30), None, verdict=verdict)])
    assert only(still).state == "open"


def test_the_failing_metric_must_be_known_for_it_to_clear() -> None:
    undefined = on(range(7, 30), None, verdict="undefined")
    assert only(fold([row(5), row(6), *undefined])).state == "open"


def test_another_metric_that_is_undefined_hinders_nothing() -> None:
    undefined = on(range(30), None, verdict="undefined", metric="special_share_change")
    assert only(fold([row(5), row(6), *undefined])).closed == day(9)


@pytest.mark.parametrize("metric", ["null_share_change", "unseen_share_change", "rows"])
def test_broken_data_opens_an_incident_at_once(metric: str) -> None:
    sure = {"metric": metric, "p_value": 1e-5, "adjusted_p": 1e-4}
    assert only(fold([row(5, 11.0, **sure)])).opened == day(5)
    assert roots(fold([row(5, 9.0, **sure)])) == []


def test_broken_data_that_are_not_quite_sure_have_to_persist() -> None:
    assert roots(fold([row(5, 60.0, metric="null_share_change", adjusted_p=0.01)])) == []


def test_what_is_broken_in_one_segment_alone_has_to_persist() -> None:
    broken = {"metric": "null_share_change", "adjusted_p": 1e-4}
    segment = {"segmentation": "origin", "segment": "EWR"}
    assert roots(fold([row(5, 60.0, **broken, **segment)])) == []
    assert only(fold([row(n, 60.0, **broken, **segment) for n in (5, 6)])).opened == day(6)


def test_a_shift_does_not_open_one_at_once_however_large() -> None:
    assert roots(fold([row(5, 60.0, adjusted_p=0.0)])) == []


def test_a_missing_day_opens_one_at_once() -> None:
    rows = [row(5, 1.0, source="freshness", subject="inputs", metric="missing_day")]
    assert only(fold(rows)).area == "source"


def test_a_broken_constraint_opens_one_at_once_and_a_warning_only_if_it_persists() -> None:
    broken = {"source": "constraint", "subject": "few nulls", "metric": "completeness"}
    assert only(fold([row(5, 1.0, **broken)])).severity == "fail"
    warned = on((5, 6), 1.0, **broken, verdict="warn")
    assert roots(fold(warned[:1])) == []
    assert only(fold(warned)).severity == "warn"


def test_what_comes_back_soon_is_the_same_incident() -> None:
    incident = only(fold([row(5), row(6), row(20), row(21)]))
    assert (incident.reopened, incident.onset, incident.closed) == (1, day(5), day(24))


def test_what_comes_back_late_is_another_one() -> None:
    folded = fold([row(5), row(6), row(50), row(51)], days=60)
    assert [one.onset for one in roots(folded)] == [day(5), day(50)]


def test_performance_is_followed_by_week() -> None:
    incident = only(fold([week(1), week(2)], days=60))
    assert (incident.area, incident.onset, incident.opened) == ("performance", day(7), day(20))
    assert incident.closed == day(41)


def test_drift_of_longer_windows_is_not_followed() -> None:
    assert roots(fold([row(5, window="week"), row(6, window="week")])) == []


def test_rows_of_all_versions_count_where_there_are_any() -> None:
    assert roots(fold(on((5, 6), model_version="v2"))) == []


@pytest.mark.parametrize(("value", "opens"), [(-0.95, True), (-0.5, False), (3.5, True)])
def test_a_day_that_lost_nearly_all_of_its_rows_opens_one_at_once(
    value: float, opens: bool
) -> None:
    rows = row(5, abs(value) / 0.3, value=value, source="volume", subject="inputs", metric="rows")
    found = roots(fold([replace(rows, adjusted_p=1e-6)]))
    assert bool(found) is opens


def test_a_collapse_is_as_sure_whatever_else_is_asked_of_the_table() -> None:
    rows = row(5, 3.0, value=-0.9, source="volume", subject="inputs", metric="rows")
    assert only(fold([replace(rows, p_value=3e-4, adjusted_p=0.02)])).opened == day(5)
    assert roots(fold([replace(rows, p_value=3e-3, adjusted_p=0.003)])) == []


def test_values_that_were_delivered_before_open_an_incident_at_once() -> None:
    sure = {"metric": "stale_share", "adjusted_p": 1e-9}
    assert only(fold([row(5, **sure)])).opened == day(5)
    assert roots(fold([row(5, metric="stale_share", adjusted_p=0.01)])) == []
    assert roots(fold([row(5, metric="psi", adjusted_p=1e-9)])) == []
