"""The incident in all traffic to which a failing segment belongs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from modelwatch.model.days import shifted
from modelwatch.model.incidents.episodes import Episode

_Feature = tuple[str, str, str]
_Home = tuple[date, int, date]
"""First day of an episode, position of its set, and its last day: that of the calendar if it is
open."""


class Homes:
    """Sets of episodes in all traffic, among which the set of a segment is looked up.

    If many episodes of a set begin on the same day, the longest one stands for all. The cost of a
    lookup therefore does not depend on the number of failing features or of days.
    """

    def __init__(self, sets: Sequence[list[Episode]], join_windows: int) -> None:
        """Sorts the members of the sets by feature and onset."""
        self._join_windows = join_windows
        self._of_feature: dict[_Feature, list[tuple[Episode, int]]] = defaultdict(list)
        ends: dict[int, dict[tuple[date, int], date]] = defaultdict(dict)
        for place, members in enumerate(sets):
            for member in members:
                self._of_feature[_feature(member)].append((member, place))
                key = member.onset, place
                of_length = ends[len(member.worst.days)]
                of_length[key] = max(of_length.get(key, date.min), _end(member))
        self._of_length: dict[int, list[_Home]] = {
            length: sorted((onset, place, end) for (onset, place), end in held.items())
            for length, held in ends.items()
        }

    def of(self, part: Episode) -> int | None:
        """The position of the set of a segment's span; None if there is none.

        It is the set of its feature while both fail, otherwise the one that it begins and ends
        with; of several, the one with the nearest onset.
        """
        own = [
            (abs(part.onset - member.onset), place)
            for member, place in self._of_feature.get(_feature(part), ())
            if overlap(part, member)
        ]
        return min(own or self._beside(part), default=(None, None))[1]

    def _beside(self, part: Episode) -> Iterator[tuple[timedelta, int]]:
        """Distance and position of each set that a span begins and ends with."""
        own_length = len(part.worst.days)
        for length, homes in self._of_length.items():
            days = _reach_days(own_length, length, self._join_windows)
            first = bisect_left(homes, shifted(part.onset, -days), key=_first_day)
            last = bisect_right(homes, shifted(part.onset, days), key=_first_day)
            for onset, place, end in homes[first:last]:
                if end == date.max or _end(part) <= shifted(end, days):
                    yield abs(part.onset - onset), place


def reach(one: Episode, other: Episode, join_windows: int) -> timedelta:
    """The number of days within which two onsets coincide: windows of the shorter kind, plus the
    days by which the longer kind may detect a change late."""
    lengths = len(one.worst.days), len(other.worst.days)
    return timedelta(days=_reach_days(*lengths, join_windows))


def overlap(one: Episode, other: Episode) -> bool:
    """Whether both fail on some day."""
    return (one.is_open or other.onset <= one.last_day) and (
        other.is_open or one.onset <= other.last_day
    )


def _reach_days(one: int, other: int, join_windows: int) -> int:
    short, long = sorted((one, other))
    return join_windows * short + long - short


def _feature(episode: Episode) -> _Feature:
    return episode.subject.area, episode.subject.role, episode.subject.name


def _end(episode: Episode) -> date:
    return date.max if episode.is_open else episode.last_day


def _first_day(home: _Home) -> date:
    return home[0]
