"""Which incident of all traffic a failing segment belongs to."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from modelwatch.model.days import shifted
from modelwatch.model.incidents.episodes import Episode

_Feature = tuple[str, str, str]
_Home = tuple[date, int, date]
"""First day of an episode, position of its set, and its last day: the calendar's last if it is
open."""


class Homes:
    """Sets of episodes of all traffic, in which the set of a segment is looked up.

    Of many episodes of one set that begin on the same day, the one that lasts longest stands for
    all. So what a look-up costs does not grow with the number of features that fail, nor with the
    days of the history.
    """

    def __init__(self, sets: Sequence[list[Episode]], join_windows: int) -> None:
        """Order the members of the sets by their features, and by when they begin."""
        self._join_windows = join_windows
        self._of_feature: dict[_Feature, list[tuple[Episode, int]]] = defaultdict(list)
        ends: dict[int, dict[tuple[date, int], date]] = defaultdict(dict)
        for place, members in enumerate(sets):
            for member in members:
                self._of_feature[_feature(member)].append((member, place))
                key = member.since, place
                of_length = ends[len(member.worst.days)]
                of_length[key] = max(of_length.get(key, date.min), _end(member))
        self._of_length: dict[int, list[_Home]] = {
            length: sorted((since, place, end) for (since, place), end in held.items())
            for length, held in ends.items()
        }

    def of(self, part: Episode) -> int | None:
        """Position of the set that a span of a segment belongs to; None if there is none.

        That is the set of its feature while both fail, else the one that it begins and ends with;
        of several, the one that begins nearest.
        """
        own = [
            (abs(part.since - member.since), place)
            for member, place in self._of_feature.get(_feature(part), ())
            if overlap(part, member)
        ]
        return min(own or self._beside(part), default=(None, None))[1]

    def _beside(self, part: Episode) -> Iterator[tuple[timedelta, int]]:
        """Distance and position of each set that a span begins and ends with."""
        own_length = len(part.worst.days)
        for length, homes in self._of_length.items():
            days = _reach_days(own_length, length, self._join_windows)
            first = bisect_left(homes, shifted(part.since, -days), key=_first_day)
            last = bisect_right(homes, shifted(part.since, days), key=_first_day)
            for since, place, end in homes[first:last]:
                if end == date.max or _end(part) <= shifted(end, days):
                    yield abs(part.since - since), place


def reach(one: Episode, other: Episode, join_windows: int) -> timedelta:
    """Days within which two begin together: windows of the shorter kind, and as many days as the
    longer one may have begun before what it shows."""
    lengths = len(one.worst.days), len(other.worst.days)
    return timedelta(days=_reach_days(*lengths, join_windows))


def overlap(one: Episode, other: Episode) -> bool:
    """Whether both fail on some day."""
    return (one.is_open or other.since <= one.last_day) and (
        other.is_open or one.since <= other.last_day
    )


def _reach_days(one: int, other: int, join_windows: int) -> int:
    short, long = sorted((one, other))
    return join_windows * short + long - short


def _feature(episode: Episode) -> _Feature:
    return episode.subject.family, episode.subject.role, episode.subject.name


def _end(episode: Episode) -> date:
    return date.max if episode.is_open else episode.last_day


def _first_day(home: _Home) -> date:
    return home[0]
