"""What labels give a run to do, and why."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from modelwatch.model.config.configuration import (
    MonitorConfig,
    labels_fingerprint,
    parse_config,
    performance_fingerprint,
)
from modelwatch.model.days import DayRange
from modelwatch.model.planning.label_plan import (
    LabelDay,
    LabelPlan,
    PublishedLabels,
    label_plan_of,
    with_days,
)
from modelwatch.model.planning.retention import NOTHING_RETIRED, Retired
from modelwatch.model.sources.change import SourceChange

FIRST = date(2020, 1, 1)
DELAY = 10


def day(number: int) -> date:
    return FIRST + timedelta(number - 1)


def days(first: int, last: int) -> frozenset[date]:
    return frozenset(day(number) for number in range(first, last + 1))


def monitor(due: str = f"delay_days: {DELAY}", threshold: float = 0.5) -> MonitorConfig:
    return parse_config(
        "monitor: m\noutput: {path: o}\ninputs: {table: {path: i}, id: i, day: {column: d}}\n"
        "predictions: {score: s}\nreferences: [{name: fixed, days: 2020-01-01..2020-01-02}]\n"
        "windows: [day]\n"
        f"labels: {{table: {{path: l}}, id: i, day: {{column: d}}, label: y, due: {{{due}}}}}\n"
        f"performance: {{task: binary, score: s, decision: {{threshold: {threshold}}}}}\n"
    )


def published(config: MonitorConfig, last: int, **held: LabelDay) -> PublishedLabels:
    """Days 1 to 9, seen on a day; ``d5`` gives the fifth another state than the others'."""
    whole = {one: LabelDay() for one in days(1, 9)}
    whole |= {day(int(name[1:])): value for name, value in held.items()}
    return PublishedLabels(
        labels_fingerprint(config), performance_fingerprint(config), day(last), whole
    )


def labels(*changed: int, **more: Any) -> SourceChange:
    touched = frozenset(map(day, changed))
    return SourceChange("labels", "l", 7, **{"from_version": 5, "days": touched, **more})


def plan(
    config: MonitorConfig,
    change: SourceChange,
    before: PublishedLabels,
    as_of: int,
    computed: frozenset[date] = frozenset(),
    asked: DayRange | None = None,
    gone: Retired = NOTHING_RETIRED,
) -> LabelPlan:
    return label_plan_of(
        config, [change], before, days(1, 9) | computed, computed, day(as_of), asked, gone
    )


def test_without_labels_there_is_nothing_to_do() -> None:
    plain = monitor().model_copy(update={"labels": None})
    assert not plan(plain, labels(3), PublishedLabels(), 12)


def test_the_first_run_holds_every_day_against_its_labels() -> None:
    found = plan(monitor(), labels(all_days=True, from_version=None), PublishedLabels(), 12)
    assert set(found.days) == days(1, 9)


def test_only_days_of_changed_labels_are_due_however_many_are_known() -> None:
    config = monitor()
    found = plan(config, labels(2, 5), published(config, 10), 10)
    assert found.days == {day(2): "labels changed", day(5): "labels changed"}
    # The second is in the reference of all windows.
    assert len(found.windows) == 9
    found = plan(config, labels(5), published(config, 10), 10)
    assert [window.start for window in found.windows] == [day(5)]


def test_a_day_whose_states_are_gone_is_not_compared_with_labels_that_come() -> None:
    config = monitor()
    found = plan(config, labels(4, 7), published(config, 10), 10, gone=Retired(day(6)))
    assert set(found.days) == {day(7)}
    assert [window.start for window in found.windows] == [day(7)]


def test_more_days_are_added_but_for_those_whose_states_are_gone() -> None:
    config = monitor()
    before = plan(config, labels(7), published(config, 10), 10)
    more = dict.fromkeys(days(3, 12), "because")
    found = with_days(before, config, more, day(10), Retired(day(6)))
    assert set(found.days) == days(6, 9)
    assert found.days[day(7)] == before.days[day(7)] != found.days[day(8)] == "because"
    assert {window.start for window in found.windows} == days(6, 9)


def test_labels_that_became_known_make_their_day_due_without_a_change() -> None:
    config = monitor()
    before = published(config, 10, d4=LabelDay(next_known=day(12)))
    assert not plan(config, labels(), before, 10).days
    assert plan(config, labels(), before, 12).days == {day(4): "labels became known"}


def test_a_run_as_of_an_earlier_day_forgets_what_became_known_later() -> None:
    config = monitor()
    before = published(config, 20, d4=LabelDay(last_known=day(15)))
    assert plan(config, labels(), before, 14).days == {day(4): "labels became known"}
    assert day(4) not in plan(config, labels(), before, 15).days


def test_days_whose_predictions_changed_are_due() -> None:
    config = monitor()
    found = plan(config, labels(), published(config, 10), 10, computed=frozenset({day(3)}))
    assert found.days == {day(3): "predictions or inputs changed"}


def test_windows_are_evaluated_when_their_cohort_falls_due() -> None:
    config = monitor()
    found = plan(config, labels(), published(config, 13), 15)
    assert not found.days
    # Due on the 14th and 15th: predictions of the 4th and 5th.
    assert [window.start for window in found.windows] == [day(4), day(5)]


def test_with_a_due_column_days_that_may_have_fallen_due_are_evaluated() -> None:
    config = monitor(due="column: c")
    before = published(config, 13, d6=LabelDay(last_due=day(14)), d7=LabelDay(last_due=day(13)))
    found = plan(config, labels(), before, 15)
    assert [window.start for window in found.windows] == [day(6)]


def test_another_threshold_makes_every_day_due() -> None:
    found = plan(monitor(threshold=0.6), labels(), published(monitor(), 10), 10)
    assert set(found.days.values()) == {"configuration changed"}
    assert set(found.days) == days(1, 9)


def test_requested_days_are_computed_and_changes_elsewhere_are_left_to_a_later_run() -> None:
    config = monitor()
    asked = DayRange(day(2), day(3))
    found = plan(config, labels(3, 7), published(config, 10), 10, asked=asked)
    assert found.days == {day(2): "requested", day(3): "requested"}
    assert found.left_out == (day(7),)


def test_days_from_that_of_the_run_on_are_left_out() -> None:
    config = monitor()
    found = plan(config, labels(5, 8), published(config, 10), 6)
    assert set(found.days) == {day(5)}
    assert found.left_out == (day(8),)
