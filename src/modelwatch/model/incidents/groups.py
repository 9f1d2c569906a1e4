"""One cause, one incident: which subjects fail together, and which of them leads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

from modelwatch.model.days import DayRange
from modelwatch.model.incidents.episodes import BROKEN, Episode, FailingSpan
from modelwatch.model.incidents.incident import MANY_FEATURES, Family, Subject
from modelwatch.model.incidents.segment_parents import Homes, overlap, reach
from modelwatch.model.incidents.shared_causes import SharedCauses, by_cause, explains_performance

BROAD_SHARE = 0.5
"""Share of the features of a table from which the table itself is what fails."""
LARGE_EFFECT = 5.0
"""Times the threshold from which on no effect is larger than another: units of figures differ."""
FEWEST_BROAD = 4
"""Features without which half of them say nothing of the table."""
_REALMS: Mapping[Family, str] = {
    "source": "data",
    "data": "data",
    "constraint": "data",
    "performance": "performance",
    "estimate": "performance",
    "labels": "labels",
}
"""Families whose failures may have one cause: data apart from the model and from its labels."""
_ROLES = ("inputs", "predictions", "labels")
"""What comes first causes what comes later."""


def realm_of(family: Family, role: str) -> str:
    """Whether failures of a family and role are about data, the model or labels."""
    return "labels" if role == "labels" and family == "source" else _REALMS[family]


@dataclass(frozen=True)
class Group:
    """Episodes of one cause. ``members[0]`` leads them.

    ``broad_role``: the table of which half of the features fail, if that is what it is; then no
    member stands for the whole.
    """

    members: tuple[Episode, ...]
    broad_role: str | None = None

    @property
    def lead(self) -> Episode:
        """The member that stands for the others."""
        return self.members[0]

    @property
    def subject(self) -> Subject:
        """What the incident is about."""
        if self.broad_role is None:
            return self.lead.subject
        window = self.lead.subject.window
        return Subject("source", self.broad_role, self.broad_role, "all", "all", window)

    @property
    def figure(self) -> str:
        """The figure of the largest effect, or that many features fail."""
        return self.lead.worst.figure if self.broad_role is None else MANY_FEATURES

    @property
    def since(self) -> date:
        """First day of the first window that failed, of the shortest windows: they say it best.

        A longer one tells where it was sure before any of them failed.
        """
        shortest = min(len(span.worst.days) for span in self._spans)
        first = min(s.since for s in self._spans if len(s.worst.days) == shortest)
        return min(s.since for s in self._spans if s.since == first or s.opened < first)

    @property
    def opened(self) -> date:
        """Last day of the window with which it was sure."""
        return min(span.opened for span in self._spans)

    @property
    def _spans(self) -> list[FailingSpan]:
        """Of all members, but what was over before the lead began: that was something else."""
        begin = self.lead.since if self.broad_role is None else date.min
        return [s for m in self.members for s in m.spans if s.closed is None or s.closed >= begin]

    @property
    def is_open(self) -> bool:
        """Whether some member lasts."""
        return any(member.is_open for member in self.members)

    @property
    def closed(self) -> date | None:
        """The day the last member was over; None while one lasts."""
        return None if self.is_open else max(member.last_day for member in self.members)

    @property
    def last_failing(self) -> date:
        """Last day of the last window that failed."""
        return max(member.spans[-1].last_failing for member in self.members)

    @property
    def begins(self) -> tuple[date, ...]:
        """The days on which it began, and on which it came back after all of it was over."""
        spans = sorted((span.since, span.closed or date.max) for span in self._spans)
        begins, end = [spans[0][0]], spans[0][1]
        for since, closed in spans[1:]:
            if since > end:
                begins.append(since)
            end = max(end, closed)
        return tuple(begins)

    @property
    def days(self) -> DayRange:
        """From its first failing day to its last one, or to the day it was over."""
        return DayRange(
            min(span.since for span in self._spans),
            max(self.last_failing, self.closed or date.min),
        )


def grouped(
    episodes: Iterable[Episode],
    features: Mapping[str, int],
    join_windows: int,
    causes: SharedCauses | None = None,
) -> tuple[Group, ...]:
    """Episodes by cause, in the order in which they began.

    What begins to fail within ``join_windows`` windows of one another may have one cause: data of
    all traffic, one subject in several kinds of window, a segment with its feature while both fail,
    else with what it begins and ends with, else with the segments that begin with it. ``by_cause``
    tells which of them have. Metrics, estimates and segments of a model that fail at the same time
    have one cause; that of the data that they begin and end with, where these may explain it, else
    that of labels that stopped to come. ``features``: how many there are by role.
    """
    causes = causes or SharedCauses()
    by_realm: dict[str, list[Episode]] = defaultdict(list)
    for episode in sorted(episodes, key=lambda e: (e.since, e.opened, str(e.subject))):
        by_realm[realm_of(episode.subject.family, episode.subject.role)].append(episode)
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
    return tuple(sorted(groups, key=lambda g: (g.since, g.opened, str(g.subject))))


def _home_of_model(
    model: Sequence[Episode],
    sets: Sequence[list[Episode]],
    labels: Sequence[list[Episode]],
    join_windows: int,
    causes: SharedCauses,
) -> list[Episode] | None:
    """The set of data that explains what moved of a model, or that of labels; None if none does.

    Of several, the one in which the answers of the model have moved, else the nearest.
    """
    homes = [
        one
        for one in sets
        if _fails_with(model, one, join_windows) and explains_performance(one, model, causes)
    ]
    homes = homes or [one for one in labels if _fails_with(model, one, join_windows)]
    return max(homes, key=lambda home: _nearness(home, model), default=None)


def _fails_with(model: Sequence[Episode], data: Sequence[Episode], join_windows: int) -> bool:
    """Whether a model begins to fail with data, and does not go on when they are well again."""
    first = model[0]
    last = max(one.spans[-1].last_failing for one in model)
    for one in data:
        near = reach(first, one, join_windows)
        until = date.max - near if one.is_open else one.spans[-1].last_failing
        if abs(first.since - one.since) <= near and last <= until + near:
            return True
    return False


def _nearness(
    members: Sequence[Episode], model: Sequence[Episode]
) -> tuple[bool, timedelta, float]:
    """How near a set of data is to what moved of a model: the nearest compares greatest."""
    answered = any(one.subject.role == "predictions" for one in members)
    apart = min(abs(one.since - model[0].since) for one in members)
    return answered, -apart, max(one.effect for one in members)


Links = Iterable[tuple[int, int]]
"""Positions of two episodes of one cause."""


def _begin_together(episodes: Sequence[Episode], join_windows: int) -> Links:
    """Each episode with the first one of those that begin shortly before it."""
    first = 0
    for index, episode in enumerate(episodes):
        if episode.since - episodes[first].since > reach(episode, episodes[first], join_windows):
            first = index
        yield first, index


def _alike(episodes: Sequence[Episode]) -> Links:
    """A subject and its other kinds of window, while both last."""
    alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, episode in enumerate(episodes):
        of = episode.subject
        alike[of.family, of.role, of.name, of.segmentation, of.segment].append(index)
    for indices in alike.values():
        yield from _overlapping(episodes, combinations(indices, 2))


def _with_segments(
    sets: Sequence[list[Episode]], episodes: Sequence[Episode], join_windows: int
) -> list[list[Episode]]:
    """The sets of what fails in all traffic with the segments of each, and sets of other segments.

    Each span of a segment is by itself, so that what came back with something else is part of that.
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
    loose.sort(key=lambda part: (part.since, part.opened, str(part.subject)))
    links = [*_begin_together(loose, join_windows), *_alike(loose), *_come_back(loose)]
    return [*found, *_connected(loose, links)]


def _come_back(parts: Sequence[Episode]) -> Links:
    """Each span of a segment with the one before."""
    last: dict[Subject, int] = {}
    for index, part in enumerate(parts):
        if part.subject in last:
            yield last[part.subject], index
        last[part.subject] = index


def _overlapping(episodes: Sequence[Episode], pairs: Links) -> Links:
    return ((i, j) for i, j in pairs if overlap(episodes[i], episodes[j]))


def _connected(episodes: Sequence[Episode], links: Links) -> list[list[Episode]]:
    """Episodes that links connect, in order."""
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
            episode.since <= end or episode.since - last.since <= reach(episode, last, join_windows)
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
    if ordered[0].subject.family == "source" and ordered[0].subject.of_all_traffic:
        return Group(ordered)
    return Group(ordered, _broad_role(ordered, features))


def _whole(members: Sequence[Episode]) -> list[Episode]:
    """One episode a subject: what is one incident for others is one for it."""
    spans: dict[Subject, list[FailingSpan]] = defaultdict(list)
    for member in members:
        spans[member.subject] += member.spans
    return [
        Episode(subject, tuple(sorted(of, key=lambda span: span.since)))
        for subject, of in spans.items()
    ]


def _broad_role(members: Sequence[Episode], features: Mapping[str, int]) -> str | None:
    """The first table of which half of the features fail."""
    failing: dict[str, set[str]] = defaultdict(set)
    for member in members:
        if member.subject.family == "data" and member.subject.of_all_traffic:
            failing[member.subject.role].add(member.subject.name)
    for role in _ROLES:
        known = features.get(role, 0)
        if known >= FEWEST_BROAD and len(failing[role]) >= BROAD_SHARE * known:
            return role
    return None


def _precedence(
    episode: Episode, causes: SharedCauses
) -> tuple[int, int, int, bool, float, int, bool, float, date, str]:
    """All traffic before segments; tables before features before promises; what tells what happened
    before what moved with it; the strongest first.

    Of those far beyond their thresholds, what lasts longest stands for the others, then what is
    broken.
    """
    subject = episode.subject
    families = ("source", "data", "performance", "estimate", "labels", "constraint")
    role = _ROLES.index(subject.role) if subject.role in _ROLES else len(_ROLES)
    return (
        0 if subject.of_all_traffic else 1,
        families.index(subject.family),
        role,
        subject.family == "data" and not causes.of([episode]).is_named,
        -min(episode.effect, LARGE_EFFECT),
        -episode.failing_windows,
        episode.worst.figure not in BROKEN,
        -episode.effect,
        episode.since,
        str(subject),
    )
