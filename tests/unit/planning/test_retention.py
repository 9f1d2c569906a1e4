"""What stays for how long, and what a plan makes of days whose states are gone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from labelled import LABELLED
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.config.fingerprints import evaluation_fingerprint, states_fingerprint
from modelwatch.model.days import DayRange
from modelwatch.model.planning.plan import Published, plan_of
from modelwatch.model.planning.retention import (
    NOTHING_RETIRED,
    Retired,
    ended_replays,
    first_retained_day,
    horizon,
    least_states_days,
    oldest_unpublished,
    retired,
)
from modelwatch.model.planning.windows import Window
from modelwatch.model.sources.change import SourceChange
from monitored import monitor

BEFORE = date(2013, 6, 1)
AS_OF = date(2013, 12, 20)
START = DayRange(date(2013, 2, 1), date(2013, 2, 2))
DAYS = frozenset(date(2013, 2, 1) + timedelta(days=n) for n in range(300))


def config(**sections: Any) -> MonitorConfig:
    return monitor(**{"windows": ["day", "week", "month"], **sections})


def planned(changed: set[date], config: MonitorConfig, retired_before: date | None = BEFORE) -> Any:
    change = SourceChange("inputs", "inputs", 7, 6, frozenset(changed), present=DAYS)
    known = {day for day in DAYS if retired_before is None or day >= retired_before or day in START}
    published = Published(
        states_fingerprint=states_fingerprint(config),
        evaluation_fingerprint=evaluation_fingerprint(config),
        as_of=AS_OF,
        days=frozenset(known),
        bins=True,
        retired_before=retired_before,
    )
    return plan_of(config, (), [change], published, AS_OF)


def test_states_go_by_whole_months() -> None:
    assert horizon(date(2013, 12, 20), 100) == date(2013, 9, 1)


def test_days_of_fixed_references_stay() -> None:
    gone = retired(config(), BEFORE)
    assert gone is not None
    assert START.first not in gone
    assert date(2013, 2, 3) in gone
    assert BEFORE not in gone


def test_a_retired_day_that_changed_is_reported_and_not_computed() -> None:
    plan = planned({date(2013, 3, 5)}, config())
    assert plan.nothing_to_do
    assert not plan.left_out
    assert "states before 2013-06-01 were removed" in plan.reasons[0]


def test_a_day_that_never_was_retired_is_computed_as_before() -> None:
    plan = planned({date(2013, 7, 5)}, config())
    assert [one.day for one in plan.days] == [date(2013, 7, 5)]
    assert {w.name for w in plan.windows} == {"day", "week", "month"}


def test_a_day_of_a_reference_is_computed_again() -> None:
    plan = planned({START.first}, config())
    assert [one.day for one in plan.days] == [START.first]


def test_a_window_that_has_retired_days_stands_as_it_is() -> None:
    plan = planned({BEFORE}, config())
    # 1 June 2013 is a Saturday: its week began in May. The days after it are compared with it.
    assert {w.name for w in plan.windows if w.start <= BEFORE} == {"day", "month"}
    assert min(w.start for w in plan.windows if w.name == "week") > BEFORE


def test_a_window_whose_reference_is_retired_stands_as_it_is() -> None:
    previous = [{"name": "start", "days": str(START)}, {"name": "before", "previous_windows": 1}]
    plan = planned({BEFORE + timedelta(days=1)}, config(references=previous))
    assert {(w.name, w.start) for w in plan.windows if w.start < BEFORE + timedelta(days=7)} == {
        ("day", BEFORE + timedelta(days=later)) for later in range(1, 7)
    }


def test_without_retention_nothing_is_different() -> None:
    plan = planned({date(2013, 3, 5)}, config(), retired_before=None)
    assert [one.day for one in plan.days] == [date(2013, 3, 5)]


@pytest.mark.parametrize(
    ("sections", "days"),
    [
        ({"windows": ["day"]}, 71),
        ({"windows": ["day", "month"]}, 101),
        ({"windows": [{"name": "last", "trailing_days": 200}]}, 270),
    ],
)
def test_windows_and_references_say_what_must_be_kept(sections: dict[str, Any], days: int) -> None:
    assert least_states_days(config(**sections)) == days


def test_references_that_move_look_further_back() -> None:
    start = {"name": "start", "days": str(START)}
    year = config(references=[start, {"name": "year", "lag_days": 365}])
    assert least_states_days(year) == 31 + 365
    months = config(references=[start, {"name": "before", "previous_windows": 12}])
    assert least_states_days(months) == 31 + 12 * 31


def test_labels_are_waited_for() -> None:
    labels = {**LABELLED["labels"], "due": {"delay_days": 45}}
    assert least_states_days(monitor(LABELLED, windows=["day"], labels=labels)) == 71 + 45


def test_months_with_labels_that_are_not_due_yet_stay() -> None:
    def run(*held: tuple[date, date | None]) -> dict[str, Any]:
        return {"label_days": [{"day": day, "last_due": last} for day, last in held]}

    old, until = date(2013, 5, 20), horizon(AS_OF, 120)
    assert first_retained_day([run((old, None))], AS_OF, 120) == until
    assert first_retained_day([run((old, AS_OF - timedelta(days=1)))], AS_OF, 120) == until
    assert first_retained_day([run((old, AS_OF))], AS_OF, 120) == date(2013, 5, 1)
    assert first_retained_day([run((old, AS_OF)), run((old, old))], AS_OF, 120) == until
    assert first_retained_day([{"label_days": None}], AS_OF, 120) == until


def test_replays_of_runs_that_need_retired_days_end() -> None:
    def run(id: str, day: date, *, labelled: bool = False) -> dict[str, Any]:
        windows = [{"window_name": "day", "window_start": day, "window_end": day}]
        if labelled:
            held = {"label_days": [{"day": day}], "performance_windows": windows}
            return {"run_id": id, "days": [], "windows": [], **held}
        held = {"label_days": None, "performance_windows": None}
        return {"run_id": id, "days": [day], "windows": windows, **held}

    runs = [
        run("long ago", date(2013, 2, 20)),
        run("old", date(2013, 4, 1)),
        run("labels", date(2013, 4, 1), labelled=True),
        run("reference", START.first),
        run("new", date(2013, 7, 1)),
    ]
    limit = Retired(BEFORE, (START,))
    assert ended_replays(runs, limit, NOTHING_RETIRED) == ("long ago", "old", "labels")
    assert ended_replays(runs, limit, Retired(date(2013, 3, 1), (START,))) == ("old", "labels")


def test_a_window_of_a_reference_stays_replayable() -> None:
    gone = Retired(BEFORE, (START,))
    assert not gone.touches(config(), Window("reference", START.first, START.last))


def test_run_ids_show_how_old_they_are() -> None:
    assert oldest_unpublished(date(2013, 2, 10), 7) == "20130203T000000"
    assert "20130202T235959-aa" < "20130203T000000" < "20130203T000001-aa"
