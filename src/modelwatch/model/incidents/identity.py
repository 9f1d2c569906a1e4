"""The match between incidents of this run and of the last run."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from modelwatch.model.incidents.episodes import Episode
from modelwatch.model.incidents.groups import Group
from modelwatch.model.incidents.incident import Incident, Subject


def group_ids(
    monitor: str, groups: Sequence[Group], previous: Iterable[Incident]
) -> tuple[str, ...]:
    """A unique id for each group, in order: that of the matching incident, otherwise a new one.

    The match is the incident of the last run that shares a subject at an overlapping time. If an
    incident split into several groups, the group that began it keeps its id. If several incidents
    match a group, the one that began first does. A new id depends on the monitor, the first
    confirmed subject, and its time, so the same history gives the same id.
    """
    known = _by_subject(previous)
    formers = [_former(group, known) for group in groups]
    own = [_own_id(monitor, group) for group in groups]
    found: dict[int, str] = {}
    taken: set[str] = set()
    for at, id in enumerate(own):
        if id in formers[at] and id not in taken:
            found[at] = id
            taken.add(id)
    for at, former in enumerate(formers):
        if at not in found:
            free = sorted((opened, id) for id, opened in former.items() if id not in taken)
            found[at] = free[0][1] if free else _unused(own[at], taken)
            taken.add(found[at])
    return tuple(found[at] for at in range(len(groups)))


def _former(group: Group, known: Mapping[Subject, list[Incident]]) -> dict[str, date]:
    """The matching incidents, with the day on which they or the group were confirmed."""
    former = {
        (one.parent_id or one.id): min(one.opened, group.opened)
        for member in group.members
        for one in _matching(member, known)
    }
    if group.broad_role is not None:
        for one in known.get(group.subject, ()):
            if one.onset <= group.days.last and group.onset <= one.last_day:
                former.setdefault(one.id, one.opened)
    return former


def _unused(id: str, taken: Collection[str]) -> str:
    while id in taken:
        id = _hashed(id, "other")
    return id


def child_id(parent_id: str, subject: Subject) -> str:
    """The id of a subject within an incident."""
    return _hashed(parent_id, str(subject))


def _own_id(monitor: str, group: Group) -> str:
    first = min(group.members, key=lambda m: (m.opened, str(m.subject)))
    return _hashed(monitor, str(first.subject), str(first.opened))


def _hashed(*parts: str) -> str:
    text = "\0".join(parts)
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


def _by_subject(previous: Iterable[Incident]) -> Mapping[Subject, list[Incident]]:
    known: dict[Subject, list[Incident]] = defaultdict(list)
    for incident in previous:
        if incident.state != "withdrawn":
            known[incident.key].append(incident)
    return known


def _matching(episode: Episode, known: Mapping[Subject, list[Incident]]) -> list[Incident]:
    """The incidents of the same subject at an overlapping time."""
    return [
        one
        for one in known.get(episode.subject, ())
        if (one.is_open or episode.onset <= one.last_day)
        and one.onset <= max(episode.last_day, date.max if episode.is_open else date.min)
    ]
