"""What the next run makes of an incident: its identity, its events, and what people said."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest

from modelwatch.model.days import DayRange
from modelwatch.model.diagnosis.change_evidence import compared_days
from modelwatch.model.incidents.folding import Folded, changed
from modelwatch.model.incidents.incident import Action, ActionKind, Event, Incident
from modelwatch.model.verdicts.row import VerdictRow
from verdict_rows import day, fold, on, only, roots, row, week

LASTING = on(range(5, 60))


def said(on: Incident, action: ActionKind, number: int, until: int | None = None) -> Action:
    at = datetime.combine(day(number), datetime.min.time(), timezone.utc)
    return Action(on.id, action, at, "ada", None if until is None else day(until))


def kinds(folded: Folded) -> list[str]:
    return [event.event for event in folded.events]


def event(folded: Folded, kind: str) -> Event:
    (found,) = [one for one in folded.events if one.event == kind]
    return found


def after(rows: list[VerdictRow], days: int, last: Folded, **more: object) -> Folded:
    return fold(rows, days, previous=last.incidents, **more)  # type: ignore[arg-type]


def test_a_new_incident_is_reported() -> None:
    opened = event(fold(LASTING, 10), "opened")
    assert (opened.day, opened.is_reported) == (day(6), True)


def test_what_was_over_before_it_was_first_seen_is_not_reported() -> None:
    folded = fold([row(5), row(6)], 30)
    assert [(one.event, one.is_reported) for one in folded.events] == [
        ("opened", False),
        ("closed", False),
    ]


def test_a_second_run_of_the_same_day_says_nothing() -> None:
    first = fold(LASTING, 10)
    again = after(LASTING, 10, first)
    assert (again.incidents, again.events) == (first.incidents, ())
    assert changed(again.incidents, first.incidents) == ()


def test_an_incident_keeps_its_id_while_it_lasts_and_is_reported_once() -> None:
    first = fold(LASTING, 10)
    later = after(LASTING, 20, first)
    assert only(later).id == only(first).id
    assert kinds(later) == []
    assert [one.failing_windows for one in changed(later.incidents, first.incidents)] == [15]


def test_the_end_is_reported() -> None:
    first = fold([row(5), row(6)], 8)
    closed = event(after([row(5), row(6)], 12, first), "closed")
    assert (closed.day, closed.is_reported) == (day(9), True)


def test_an_incident_that_comes_back_is_reported_again() -> None:
    rows = [row(5), row(6), row(20), row(21)]
    closed = fold(rows, 15)
    back = after(rows, 22, closed)
    assert only(back).id == only(closed).id
    assert event(back, "reopened").is_reported


def test_a_subject_that_joins_is_an_event_and_no_message() -> None:
    first = fold(LASTING, 8)
    joined = after([*LASTING, *on((8, 9), subject="price")], 10, first)
    assert only(joined).id == only(first).id
    assert (event(joined, "child_added").detail, event(joined, "child_added").is_reported) == (
        "price",
        False,
    )


def test_an_incident_keeps_its_id_when_another_subject_comes_to_lead_it() -> None:
    first = fold(LASTING, 8)
    led = after([*LASTING, *on((8, 9), 9.0, subject="price")], 10, first)
    assert (only(led).subject, only(led).id) == ("price", only(first).id)


def test_an_incident_that_splits_leaves_its_id_to_the_part_that_began_it() -> None:
    rows = [*on(range(8, 16)), week(1), week(2)]
    first = fold(rows, 21)
    split = after([*rows, week(3), week(4)], 42, first)
    data, model = sorted(roots(split), key=lambda one: one.area)
    assert (data.area, data.id) == ("data", only(first).id)
    assert (model.area, model.state, model.rank) == ("performance", "open", 1)
    assert len({one.id for one in split.incidents}) == len(split.incidents)


@pytest.mark.parametrize(("effect", "wording"), [(3.9, False), (4.1, True)])
def test_an_incident_has_worsened_when_its_effect_has_doubled(effect: float, wording: bool) -> None:
    first = fold(LASTING, 10)
    rows = [*LASTING, row(12, effect)]
    later = after(rows, 15, first)
    assert ("worsened" in kinds(later)) is wording
    assert kinds(after(rows, 16, later)) == []


def test_what_restated_data_do_not_show_any_more_is_withdrawn() -> None:
    first = fold([row(5), row(6)], 8)
    restated = after([row(5)], 8, first)
    assert [(one.id, one.state) for one in restated.incidents] == [(only(first).id, "withdrawn")]
    assert event(restated, "withdrawn").is_reported
    assert after([row(5)], 9, restated).events == ()


def test_an_incident_that_restated_data_move_keeps_its_id() -> None:
    first = fold([row(5), row(6), row(7)], 8)
    moved = after([row(6), row(7)], 8, first)
    assert only(moved).id == only(first).id
    assert event(moved, "restated").detail == f"it began on {day(6)} instead of {day(5)}"


def test_an_incident_older_than_the_history_keeps_its_beginning() -> None:
    first = fold(LASTING, 30)
    later = fold(LASTING, 20, first=25, previous=first.incidents)
    assert (only(later).id, only(later).onset) == (only(first).id, day(5))


def test_what_was_over_before_the_history_is_left_as_it_was() -> None:
    first = fold([row(5), row(6)], 15)
    later = fold([], 20, first=20, previous=first.incidents)
    assert (later.incidents, later.events) == ((), ())


def test_an_acknowledged_incident_does_not_call_any_more() -> None:
    first = fold(LASTING, 10)
    actions = [said(only(first), "acknowledge", 10)]
    later = after([*LASTING, row(11, 9.0)], 12, first, actions=actions)
    assert (only(first).needs_attention, only(later).needs_attention) == (True, False)
    assert only(later).acknowledged_by == "ada"
    assert [(one.event, one.is_reported) for one in later.events] == [
        ("worsened", False),
        ("acknowledged", False),
    ]
    assert after([*LASTING, row(11, 9.0)], 12, later, actions=actions).events == ()


def test_what_comes_back_calls_although_it_was_acknowledged() -> None:
    rows = [row(5), row(6), *on(range(20, 25))]
    first = fold(rows, 8)
    actions = [said(only(first), "acknowledge", 8)]
    assert only(after(rows, 25, first, actions=actions)).needs_attention


def test_a_mute_incident_is_followed_and_not_reported_until_the_day_named() -> None:
    first = fold(LASTING, 10)
    actions = [said(only(first), "mute", 10, until=20)]
    mute = after([*LASTING, row(15, 9.0)], 20, first, actions=actions)
    assert (only(mute).muted_until, only(mute).needs_attention) == (day(20), False)
    assert not any(one.is_reported for one in mute.events)
    later = after(LASTING, 21, mute, actions=actions)
    assert (only(later).muted_until, only(later).needs_attention) == (None, True)
    assert "unmuted" in kinds(later)


def test_a_mute_without_a_day_lasts_a_month() -> None:
    first = fold(LASTING, 10)
    actions = [said(only(first), "mute", 10)]
    assert only(after(LASTING, 40, first, actions=actions)).muted_until == day(40)
    assert only(after(LASTING, 41, first, actions=actions)).muted_until is None


def test_a_false_alarm_is_over_and_the_same_effect_does_not_fail_for_a_quarter() -> None:
    rows = on(range(5, 150), 2.0)
    first = fold(rows, 10)
    actions = [said(only(first), "false_alarm", 10)]
    marked = after(rows, 11, first, actions=actions)
    assert (only(marked).state, only(marked).closed) == ("closed", day(10))
    assert [one.event for one in marked.events if not one.is_reported] == ["closed", "false_alarm"]
    assert only(after(rows, 99, marked, actions=actions)).state == "closed"
    later = after(rows, 110, marked, actions=actions)
    assert [one.opened for one in roots(later)] == [day(6), day(101)]


def test_a_false_alarm_comes_back_with_a_larger_effect() -> None:
    rows = [*on(range(5, 20)), *on((20, 21), 3.1)]
    first = fold(rows, 10)
    actions = [said(only(first), "false_alarm", 10)]
    back = only(after(rows, 22, first, actions=actions))
    assert (back.reopened, back.state, back.false_alarm_at) == (1, "open", None)


def test_a_false_alarm_can_be_taken_back() -> None:
    first = fold(LASTING, 10)
    actions = [said(only(first), "false_alarm", 10), said(only(first), "reopen", 12)]
    assert only(after(LASTING, 13, first, actions=actions)).needs_attention


def test_an_incident_of_features_that_do_not_matter_is_listed_and_not_reported() -> None:
    from modelwatch.model.incidents.ranking import Weights

    folded = fold(LASTING, 10, weights=Weights(importance={"amount": 0.0}))
    assert not only(folded).needs_attention
    assert not event(folded, "opened").is_reported


def test_a_warning_does_not_call() -> None:
    warned = {"source": "constraint", "subject": "c", "metric": "rows", "verdict": "warn"}
    assert not only(fold(on(range(5, 20), 1.0, **warned), 10)).needs_attention


def test_an_action_on_an_incident_that_is_not_there_changes_nothing() -> None:
    first = fold(LASTING, 10)
    stray = Action("nowhere", "false_alarm", datetime(2020, 1, 1, tzinfo=timezone.utc), "ada")
    assert after(LASTING, 10, first, actions=[stray]) == Folded(first.incidents, ())


def test_days_are_days() -> None:
    assert isinstance(only(fold(LASTING, 10)).onset, date)


def test_an_incident_that_failed_on_few_of_its_days_is_named_by_the_worst_of_them() -> None:
    incident = only(fold([row(5), row(6, 4.0), row(20), row(21)]))
    assert compared_days(incident)[1] == DayRange(day(6), day(6))
