"""The home of a failing segment, as a comparison with every failing feature would find it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from modelwatch.model.incidents.episodes import Episode, FailingSpan
from modelwatch.model.incidents.incident import Subject
from modelwatch.model.incidents.segment_parents import Homes
from verdict_rows import day, row

LENGTHS = {"day": 1, "week": 7}


def episode(name: str, begin: int, last: int | None, window: str = "day", **of: str) -> Episode:
    """A subject that fails from a day on; ``last`` is the day it was over, None while it lasts."""
    days = LENGTHS[window]
    subject = Subject(
        "data", "inputs", name, of.get("segmentation", "all"), of.get("segment", "all"), window
    )
    worst = row(begin, subject=name, window=window, window_end=day(begin + days - 1))
    span = FailingSpan(
        onset=day(begin),
        opened=day(begin + 1),
        last_failing=day(begin + 1 if last is None else last),
        closed=None if last is None else day(last),
        failing=((day(begin), day(begin)),),
        worst=worst,
        severity="fail",
        metrics=frozenset({"psi"}),
        adjusted_p=0.01,
        latest_effect=None,
    )
    return Episode(subject, (span,))


def naive_home(part: Episode, sets: Sequence[list[Episode]], join_windows: int) -> int | None:
    """Each member looked at: its feature's own while both fail, else what begins and ends with
    it; the nearest."""
    own: list[tuple[timedelta, int]] = []
    beside: list[tuple[timedelta, int]] = []
    for place, members in enumerate(sets):
        for member in members:
            apart = abs(part.onset - member.onset)
            part_end = date.max if part.is_open else part.last_day
            member_end = date.max if member.is_open else member.last_day
            if part.subject.name == member.subject.name and (
                part.onset <= member_end and member.onset <= part_end
            ):
                own.append((apart, place))
            short, long = sorted((len(part.worst.days), len(member.worst.days)))
            reach = timedelta(days=join_windows * short + long - short)
            ends_with = member.is_open or (
                not part.is_open and part.last_day <= member.last_day + reach
            )
            if apart <= reach and ends_with:
                beside.append((apart, place))
    return min(own or beside, default=(None, None))[1]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("join_windows", [0, 1, 3])
def test_the_home_is_the_one_that_a_look_at_every_member_finds(seed, join_windows) -> None:
    draw = random.Random(seed)

    def drawn(**of: str) -> Episode:
        begin = draw.randrange(60)
        last = None if draw.random() < 0.2 else begin + draw.randrange(1, 15)
        return episode(f"f{draw.randrange(8)}", begin, last, draw.choice(list(LENGTHS)), **of)

    sets = [[drawn() for _ in range(draw.randrange(1, 6))] for _ in range(12)]
    homes = Homes(sets, join_windows)
    parts = [drawn(segmentation="origin", segment="EWR") for _ in range(60)]
    found = [homes.of(part) for part in parts]
    assert found == [naive_home(part, sets, join_windows) for part in parts]
    assert len(set(found)) > 3


def test_an_open_feature_at_the_end_of_the_calendar_is_a_home() -> None:
    last = (date.max - day(0)).days
    sets = [[episode("f1", last - 1, None)]]
    part = episode("f2", last - 1, None, segmentation="origin", segment="EWR")
    assert Homes(sets, 5).of(part) == 0


def test_without_sets_there_is_no_home() -> None:
    assert Homes([], 1).of(episode("f1", 1, 2)) is None
