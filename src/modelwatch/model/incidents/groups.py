"""One incident per cause: which subjects fail together, and which of them leads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

from modelwatch.model.days import DayRange
from modelwatch.model.incidents.episodes import BROKEN, Episode, FailingSpan
from modelwatch.model.incidents.incident import MANY_FEATURES, Area, Subject
from modelwatch.model.incidents.segment_parents import Homes, overlap, reach
from modelwatch.model.incidents.shared_causes import SharedCauses, by_cause, explains_performance

BROAD_SHARE = 0.5
"""Share of the features of a table from which the table itself is the subject."""
LARGE_EFFECT = 5.0
"""Effect above which effects count as equally large, because units of metrics differ."""
FEWEST_BROAD = 4
"""Minimum number of features for which half of them stand for the table."""
_REALMS: Mapping[Area, str] = {
    "source": "data",
    "data": "data",
    "constraint": "data",
    "performance": "performance",
    "estimate": "performance",
    "labels": "labels",
}
"""Families whose failures may have a common cause: data separate from the model and its labels."""
_ROLES = ("inputs", "predictions", "labels")
"""Order of causes: earlier ones cause later ones."""


def realm_of(area: Area, role: str) -> str:
    """Whether failures of a family and role concern data, the model, or labels."""
    return "labels" if role == "labels" and area == "source" else _REALMS[area]


@dataclass(frozen=True)
class Group:
    """Episodes with a common cause. ``members[0]`` leads them.

    ``broad_role``: the table of which half of the features fail, if so; then no member stands for
    the group.
    """

    members: tuple[Episode, ...]
    broad_role: str | None = None

    @property
    def lead(self) -> Episode:
        """The member that stands for the others."""
        return self.members[0]

    @property
    def subject(self) -> Subject:
        """The subject of the incident."""
        if self.broad_role is None:
            return self.lead.subject
        window = self.lead.subject.window
        return Subject("source", self.broad_role, self.broad_role, "all", "all", window)

    @property
    def metric(self) -> str:
        """The metric with the largest effect, or that many features fail."""
        return self.lead.worst.metric if self.broad_role is None else MANY_FEATURES

    @property
    def onset(self) -> date:
        """First day of the first window that failed, among the shortest windows, which are most
        precise. A longer window counts if it was confirmed before any of them failed."""
        shortest = min(len(span.worst.days) for span in self._spans)
        first = min(s.onset for s in self._spans if len(s.worst.days) == shortest)
        return min(s.onset for s in self._spans if s.onset == first or s.opened < first)

    @property
    def opened(self) -> date:
        """Last day of the window that confirmed it."""
        return min(span.opened for span in self._spans)

    @property
    def _spans(self) -> list[FailingSpan]:
        """The spans of all members, except those that ended before the lead began."""
        begin = self.lead.onset if self.broad_role is None else date.min
        return [s for m in self.members for s in m.spans if s.closed is None or s.closed >= begin]

    @property
    def is_open(self) -> bool:
        """Whether any member lasts."""
        return any(member.is_open for member in self.members)

    @property
    def closed(self) -> date | None:
        """The day on which the last member closed; None while one lasts."""
        return None if self.is_open else max(member.last_day for member in self.members)

    @property
    def last_failing(self) -> date:
        """Last day of the last window that failed."""
        return max(member.spans[-1].last_failing for member in self.members)

    @property
    def begins(self) -> tuple[date, ...]:
        """The days on which it began, and on which it returned after all members had closed."""
        spans = sorted((span.onset, span.closed or date.max) for span in self._spans)
        begins, end = [spans[0][0]], spans[0][1]
        for onset, closed in spans[1:]:
            if onset > end:
                begins.append(onset)
            end = max(end, closed)
        return tuple(begins)

    @property
    def days(self) -> DayRange:
        """From its first failing day to its last one, or to the day on which it closed."""
        return DayRange(
            min(span.onset for span in self._spans),
            max(self.last_failing, self.closed or date.min),
        )


def grouped(
    episodes: Iterable[Episode],
    features: Mapping[str, int],
    join_windows: int,
    causes: SharedCauses | None = None,
) -> tuple[Group, ...]:
    """Episodes by cause, in the order in which they began.

    Episodes that begin within ``join_windows`` windows of one another may have one cause: data of
    all traffic; one subject in several kinds of window; a segment with its feature while both fail,
    otherwise with the data that it begins and ends with, otherwise with the segments that begin
    with it. ``by_cause`` decides which of them do. Metrics, estimates, and segments of a model that
    fail at the same time have one cause: that of the data that they begin and end with if it can
    explain them, otherwise that of missing labels. ``features``: their number by role.
    """
    causes = causes or SharedCauses()
    by_realm: dict[str, list[Episode]] = defaultdict(list)
    for episode in sorted(episodes, key=lambda e: (e.onset, e.opened, str(e.subject))):
        by_realm[realm_of(episode.subject.area, episode.subject.role)].append(episode)
    data = by_realm["data"]
    whole = [episode for episode in data if episode.subject.of_all_traffic]
    together = _connected(whole, [*_begin_together(whole, join_windows), *_alike(whole)])
    segments = [episode for episode in data if not episode.subject.of_all_traffic]
    together = _with_segments(together, segments, join_windows)
    sets = [one for members in together for one in by_cause(members, causes)]
    labels = _fail_together(by_realm["labels"], join_windows)
    for model in _fail_together(by_realm["performance"], join_windows):
        home = _home_of_model(model, sets, labels, join_windows, causes)
        if home is None:
            sets.append(model)
        else:
            home.extend(model)
    groups = [_group(members, features, causes) for members in (*sets, *labels)]
    return tuple(sorted(groups, key=lambda g: (g.onset, g.opened, str(g.subject))))


def _home_of_model(
    model: Sequence[Episode],
    sets: Sequence[list[Episode]],
    labels: Sequence[list[Episode]],
    join_windows: int,
    causes: SharedCauses,
) -> list[Episode] | None:
    """The set of data or labels that explains the failures of a model; None if there is none.

    Of several sets, the one in which the predictions changed, otherwise the nearest.
    """
    homes = [
        one
        for one in sets
        if _fails_with(model, one, join_windows) and explains_performance(one, model, causes)
    ]
    homes = homes or [one for one in labels if _fails_with(model, one, join_windows)]
    return max(homes, key=lambda home: _nearness(home, model), default=None)


def _fails_with(model: Sequence[Episode], data: Sequence[Episode], join_windows: int) -> bool:
    """Whether failures of a model begin with those of data, and no window of the model fails that
    begins after the data recovered."""
    first = model[0]
    last = max(one.spans[-1].failing[-1][0] for one in model)
    for one in data:
        until = date.max if one.is_open else one.last_day
        if abs(first.onset - one.onset) <= reach(first, one, join_windows) and last <= until:
            return True
    return False


def _nearness(
    members: Sequence[Episode], model: Sequence[Episode]
) -> tuple[bool, timedelta, float]:
    """How close a set of data is to the failures of a model; the closest compares greatest."""
    answered = any(one.subject.role == "predictions" for one in members)
    apart = min(abs(one.onset - model[0].onset) for one in members)
    return answered, -apart, max(one.effect for one in members)


Links = Iterable[tuple[int, int]]
"""Positions of two episodes of one cause."""


def _begin_together(episodes: Sequence[Episode], join_windows: int) -> Links:
    """Each episode with the first one of those that begin shortly before it."""
    first = 0
    for index, episode in enumerate(episodes):
        if episode.onset - episodes[first].onset > reach(episode, episodes[first], join_windows):
            first = index
        yield first, index


def _alike(episodes: Sequence[Episode]) -> Links:
    """A subject and its other kinds of window, while both last."""
    alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, episode in enumerate(episodes):
        of = episode.subject
        alike[of.area, of.role, of.name, of.segmentation, of.segment].append(index)
    for indices in alike.values():
        yield from _overlapping(episodes, combinations(indices, 2))


def _with_segments(
    sets: Sequence[list[Episode]], episodes: Sequence[Episode], join_windows: int
) -> list[list[Episode]]:
    """The sets of failures in all traffic with their segments, and sets of other segments.

    Each span of a segment is treated separately, because a segment that returns together with
    another failure is part of that one.
    """
    found = [list(one) for one in sets]
    homes = Homes(sets, join_windows)
    loose: list[Episode] = []
    for episode in episodes:
        for span in episode.spans:
            part = Episode(episode.subject, (span,))
            home = homes.of(part)
            if home is None:
                loose.append(part)
            else:
                found[home].append(part)
    loose.sort(key=lambda part: (part.onset, part.opened, str(part.subject)))
    links = [*_begin_together(loose, join_windows), *_alike(loose), *_come_back(loose)]
    return [*found, *_connected(loose, links)]


def _come_back(parts: Sequence[Episode]) -> Links:
    """Each span of a segment with the previous one."""
    last: dict[Subject, int] = {}
    for index, part in enumerate(parts):
        if part.subject in last:
            yield last[part.subject], index
        last[part.subject] = index


def _overlapping(episodes: Sequence[Episode], pairs: Links) -> Links:
    return ((i, j) for i, j in pairs if overlap(episodes[i], episodes[j]))


def _connected(episodes: Sequence[Episode], links: Links) -> list[list[Episode]]:
    """Episodes that are connected by links, in order."""
    above = list(range(len(episodes)))

    def top(index: int) -> int:
        while above[index] != index:
            above[index] = above[above[index]]
            index = above[index]
        return index

    for i, j in links:
        first, second = sorted((top(i), top(j)))
        above[second] = first
    found: dict[int, list[Episode]] = defaultdict(list)
    for index, episode in enumerate(episodes):
        found[top(index)].append(episode)
    return list(found.values())


def _fail_together(episodes: Sequence[Episode], join_windows: int) -> list[list[Episode]]:
    """Runs of episodes that overlap, or begin shortly after one another."""
    found: list[list[Episode]] = []
    end = date.min
    for episode in episodes:
        last = found[-1][-1] if found else None
        if last is not None and (
            episode.onset <= end or episode.onset - last.onset <= reach(episode, last, join_windows)
        ):
            found[-1].append(episode)
        else:
            found.append([episode])
            end = date.min
        end = max(end, date.max if episode.is_open else episode.last_day)
    return found


def _group(members: Sequence[Episode], features: Mapping[str, int], causes: SharedCauses) -> Group:
    """The members with their lead first."""
    ordered = tuple(sorted(_whole(members), key=lambda one: _precedence(one, causes)))
    if ordered[0].subject.area == "source" and ordered[0].subject.of_all_traffic:
        return Group(ordered)
    return Group(ordered, _broad_role(ordered, features))


def _whole(members: Sequence[Episode]) -> list[Episode]:
    """One episode per subject, even if its others are separate incidents."""
    spans: dict[Subject, list[FailingSpan]] = defaultdict(list)
    for member in members:
        spans[member.subject] += member.spans
    return [
        Episode(subject, tuple(sorted(of, key=lambda span: span.onset)))
        for subject, of in spans.items()
    ]


def _broad_role(members: Sequence[Episode], features: Mapping[str, int]) -> str | None:
    """The first table of which half of the features fail."""
    failing: dict[str, set[str]] = defaultdict(set)
    for member in members:
        if member.subject.area == "data" and member.subject.of_all_traffic:
            failing[member.subject.role].add(member.subject.name)
    for role in _ROLES:
        known = features.get(role, 0)
        if known >= FEWEST_BROAD and len(failing[role]) >= BROAD_SHARE * known:
            return role
    return None


def _precedence(
    episode: Episode, causes: SharedCauses
) -> tuple[bool, int, int, int, bool, float, int, bool, float, date, str]:
    """What lasts before what is over; all traffic before segments; tables before features before
    constraints; faults before changes that follow from them; the strongest first.

    Among those far above their thresholds, the longest leads, and then broken data.
    """
    subject = episode.subject
    areas = ("source", "data", "performance", "estimate", "labels", "constraint")
    role = _ROLES.index(subject.role) if subject.role in _ROLES else len(_ROLES)
    return (
        not episode.is_open,
        0 if subject.of_all_traffic else 1,
        areas.index(subject.area),
        role,
        subject.area == "data" and not causes.of([episode]).is_named,
        -min(episode.effect, LARGE_EFFECT),
        -episode.failing_windows,
        episode.worst.metric not in BROKEN,
        -episode.effect,
        episode.onset,
        str(subject),
    )
