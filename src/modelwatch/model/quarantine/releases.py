"""Releases of quarantined rows, and the released rows of each day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

MOST_KEYS = 10_000
"""Maximum number of rows that are released individually; more are released by day and rule."""


@dataclass(frozen=True)
class ReleaseRequest:
    """An instruction about quarantined rows: about one row of a day, or all rows that fail a rule.

    Either ``row_key`` or ``rule`` is None. The last of contradicting instructions counts.
    """

    action: Literal["release", "withdraw"]
    day: date
    role: str
    rule: str | None
    row_key: str | None
    at: datetime


@dataclass(frozen=True)
class Released:
    """The released rows of one role: days by rule, and keys of rows by day."""

    rules: Mapping[str, frozenset[date]] = field(default_factory=dict)
    keys: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether anything is released."""
        return bool(self.rules or self.keys)


NOTHING = Released()


@dataclass(frozen=True)
class Releases:
    """All releases by role. ``recorded``: whether anything was ever released or withdrawn."""

    by_role: Mapping[str, Released] = field(default_factory=dict)
    recorded: bool = False

    def of(self, role: str) -> Released:
        """The released rows of a role."""
        return self.by_role.get(role, NOTHING)


NO_RELEASES = Releases()


def releases_of(sayings: Iterable[ReleaseRequest]) -> Releases:
    """The releases after all instructions, regardless of their order."""
    last: dict[tuple[str, date, str | None, str | None], ReleaseRequest] = {}
    for one in sorted(sayings, key=lambda one: (one.at, one.action)):
        last[one.role, one.day, one.rule, one.row_key] = one
    standing = [one for one in last.values() if one.action == "release"]
    roles = {one.role for one in standing}
    by_role = {role: _released([s for s in standing if s.role == role]) for role in roles}
    return Releases(by_role, recorded=bool(last))


def _released(sayings: Collection[ReleaseRequest]) -> Released:
    rules: dict[str, set[date]] = {}
    for one in sayings:
        if one.rule is not None:
            rules.setdefault(one.rule, set()).add(one.day)
    return Released(
        {rule: frozenset(days) for rule, days in rules.items()},
        frozenset(one.row_key for one in sayings if one.row_key is not None),
    )
