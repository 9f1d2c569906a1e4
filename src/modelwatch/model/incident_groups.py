"""One cause, one incident: which subjects fail together, and which of them leads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, product

from modelwatch.model.days import DayRange
from modelwatch.model.episodes import Episode, Span
from modelwatch.model.incident import MANY_FEATURES, Family, Subject

BROAD_SHARE = 0.5
"""Share of the features of a table from which the table itself is what fails."""
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


def realm_of(family: Family) -> str:
    """Whether a family is about data, the model or labels."""
    return _REALMS[family]


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
    def realm(self) -> str:
        """Whether it is about data, the model or labels."""
        return realm_of(self.lead.subject.family)

    @property
    def since(self) -> date:
        """First day of the first window that failed, of the shortest windows: they say it best."""
        shortest = min(len(member.worst.days) for member in self.members)
        return min(m.since for m in self.members if len(m.worst.days) == shortest)

    @property
    def opened(self) -> date:
        """Last day of the window with which it was sure."""
        return min(member.opened for member in self.members)

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
        spans = sorted(
            (span.since, span.closed or date.max) for one in self.members for span in one.spans
        )
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
            min(member.since for member in self.members),
            max(self.last_failing, self.closed or date.min),
        )


def grouped(
    episodes: Iterable[Episode], features: Mapping[str, int], join_windows: int
) -> tuple[Group, ...]:
    """Episodes by cause, in the order in which they began.

    Data that begin to fail within ``join_windows`` windows of the first of them have one cause,
    and so have a feature and its segments while both last, and one subject in several kinds of
    window. Metrics, estimates and segments of a model that fail at the same time have one cause;
    labels likewise. ``features``: how many there are by role.
    """
    by_realm: dict[str, list[Episode]] = defaultdict(list)
    for episode in sorted(episodes, key=lambda e: (e.since, e.opened, str(e.subject))):
        by_realm[_REALMS[episode.subject.family]].append(episode)
    data = by_realm["data"]
    sets = _connected(data, [*_begin_together(data, join_windows), *_parts(data)])
    for realm in ("performance", "labels"):
        sets += _fail_together(by_realm[realm], join_windows)
    groups = [_group(members, features) for members in sets]
    return tuple(sorted(groups, key=lambda g: (g.since, g.opened, str(g.subject))))


Links = Iterable[tuple[int, int]]
"""Positions of two episodes of one cause."""


def _begin_together(episodes: Sequence[Episode], join_windows: int) -> Links:
    """Each episode with the first one of those that begin shortly before it."""
    first = 0
    for index, episode in enumerate(episodes):
        if episode.since - episodes[first].since > _reach(episode, episodes[first], join_windows):
            first = index
        yield first, index


def _reach(one: Episode, other: Episode, join_windows: int) -> timedelta:
    """Days within which two begin together: windows of the shorter kind, and as many days as the
    longer one may have begun before what it shows."""
    short, long = sorted((len(one.worst.days), len(other.worst.days)))
    return timedelta(days=join_windows * short + long - short)


def _parts(episodes: Sequence[Episode]) -> Links:
    """A subject with its segments and its other kinds of window, while both last."""
    whole: dict[tuple[str, ...], list[int]] = defaultdict(list)
    alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, episode in enumerate(episodes):
        of = episode.subject
        if of.of_all_traffic:
            whole[of.family, of.role, of.name].append(index)
        else:
            alike[of.family, of.role, of.name, of.segmentation, of.segment].append(index)
    for indices in (*whole.values(), *alike.values()):
        yield from _overlapping(episodes, combinations(indices, 2))
    for key, indices in alike.items():
        yield from _overlapping(episodes, product(whole[key[:3]], indices))


def _overlapping(episodes: Sequence[Episode], pairs: Links) -> Links:
    return ((i, j) for i, j in pairs if _overlap(episodes[i], episodes[j]))


def _overlap(one: Episode, other: Episode) -> bool:
    return (one.is_open or other.since <= one.last_day) and (
        other.is_open or one.since <= other.last_day
    )


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
            episode.since <= end
            or episode.since - last.since <= _reach(episode, last, join_windows)
        ):
            found[-1].append(episode)
        else:
            found.append([episode])
            end = date.min
        end = max(end, date.max if episode.is_open else episode.last_day)
    return found


def _group(members: Sequence[Episode], features: Mapping[str, int]) -> Group:
    """The members with their lead first."""
    ordered = tuple(sorted(_whole(members), key=_precedence))
    if ordered[0].subject.family == "source" and ordered[0].subject.of_all_traffic:
        return Group(ordered)
    return Group(ordered, _broad_role(ordered, features))


def _whole(members: Sequence[Episode]) -> list[Episode]:
    """One episode a subject: what is one incident for others is one for it."""
    spans: dict[Subject, list[Span]] = defaultdict(list)
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


def _precedence(episode: Episode) -> tuple[int, int, int, float, date, str]:
    """All traffic before segments; tables before features before promises; the strongest first."""
    subject = episode.subject
    families = ("source", "data", "performance", "estimate", "labels", "constraint")
    role = _ROLES.index(subject.role) if subject.role in _ROLES else len(_ROLES)
    return (
        0 if subject.of_all_traffic else 1,
        families.index(subject.family),
        role,
        -episode.effect,
        episode.since,
        str(subject),
    )
