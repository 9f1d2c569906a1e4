"""Releases: rows in quarantine that a person lets through, and what is said of each day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

MOST_KEYS = 10_000
"""Rows that are released one by one; more of them are released by day and rule."""


@dataclass(frozen=True)
class Saying:
    """What a person says of rows in quarantine: of one row of a day, or of all that fail a rule.

    ``row_key`` or ``rule`` is None. Of contrary sayings the last one counts.
    """

    action: Literal["release", "withdraw"]
    day: date
    role: str
    rule: str | None
    row_key: str | None
    at: datetime


@dataclass(frozen=True)
class Released:
    """What stands released of the rows of one role: days by rule, and rows of days by their key."""

    rules: Mapping[str, frozenset[date]] = field(default_factory=dict)
    keys: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether anything is released."""
        return bool(self.rules or self.keys)


NOTHING = Released()


@dataclass(frozen=True)
class Releases:
    """What stands released, by role; ``said``: whether anything was ever said, or taken back."""

    by_role: Mapping[str, Released] = field(default_factory=dict)
    said: bool = False

    def of(self, role: str) -> Released:
        """What stands released of the rows of a role."""
        return self.by_role.get(role, NOTHING)


NO_RELEASES = Releases()


def releases_of(sayings: Iterable[Saying]) -> Releases:
    """What stands released after all that was said, whatever the order in which it is given."""
    last: dict[tuple[str, date, str | None, str | None], Saying] = {}
    for one in sorted(sayings, key=lambda one: (one.at, one.action)):
        last[one.role, one.day, one.rule, one.row_key] = one
    standing = [one for one in last.values() if one.action == "release"]
    roles = {one.role for one in standing}
    by_role = {role: _released([s for s in standing if s.role == role]) for role in roles}
    return Releases(by_role, said=bool(last))


def _released(sayings: Collection[Saying]) -> Released:
    rules: dict[str, set[date]] = {}
    for one in sayings:
        if one.rule is not None:
            rules.setdefault(one.rule, set()).add(one.day)
    return Released(
        {rule: frozenset(days) for rule, days in rules.items()},
        frozenset(one.row_key for one in sayings if one.row_key is not None),
    )
