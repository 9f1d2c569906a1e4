"""Changes of a contract: clauses that were added, removed, loosened, or tightened."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from modelwatch.model.config.document import Path, place_of
from modelwatch.model.config.section import Section
from modelwatch.model.contracts.contract import Contract
from modelwatch.model.quoted_values import distinguishable_value

Way = Literal["removed", "loosened", "changed", "tightened", "added"]
WAYS: tuple[Way, ...] = ("removed", "loosened", "changed", "tightened", "added")
"""Kinds of change of a clause, those that allow more first."""
_ORDERS: Mapping[str, tuple[Any, ...]] = {
    "severity": ("warn", "fail"),
    "treatment": (None, "warn", "exclude", "quarantine", "fail"),
    "other_columns": ("allowed", "warn", "fail"),
    "nullable": (True, False),
    "unique": (False, True),
}
"""By clause, its values from the loosest to the tightest."""
_LEAST = frozenset({"completeness", "share", "at_least"})
_MOST = frozenset({"freshness_days"})
_ENDS = frozenset({"range", "length"})
_ALL_MATTER = frozenset({"severity", "treatment", "nullable", "unique", "share", "other_columns"})
"""Clauses that always apply, by their default, so they are neither added nor removed."""
_IGNORED = frozenset({"contract", "version", "description", "name"})


@dataclass(frozen=True)
class ClauseChange:
    """A clause that differs, with the kind of change and its details."""

    way: Way
    place: str
    wording: str

    def __str__(self) -> str:
        """Its line in the output."""
        return f"{self.way:<9}  {self.place}{': ' if self.wording else ''}{self.wording}"


def clause_changes(old: Contract, new: Contract) -> tuple[ClauseChange, ...]:
    """The clauses in which two contracts differ, those that allow more first."""
    found = [ClauseChange(way, place_of(path), wording) for way, path, wording in _of(old, new, ())]
    return tuple(sorted(found, key=lambda one: WAYS.index(one.way)))


def review(old: Contract, new: Contract, texts: tuple[str, str], names: tuple[str, str]) -> str:
    """The diff of the texts of two contracts, and its meaning in words."""
    lines = list(
        difflib.unified_diff(texts[0].splitlines(), texts[1].splitlines(), *names, lineterm="", n=2)
    )
    changes = clause_changes(old, new)
    if not changes:
        lines += ["", "The clauses are identical."]
    else:
        counts = [(way, sum(one.way == way for one in changes)) for way in WAYS]
        lines += ["", ", ".join(f"{count} {way}" for way, count in counts if count) + ":"]
        lines += [f"  {change}" for change in changes]
    wording = version_problem(old, new)
    if wording:
        lines += ["", f"version: {wording}"]
    return "\n".join(line for line in lines) + "\n"


def version_problem(old: Contract, new: Contract) -> str | None:
    """The problem with the version of a contract that follows another; None if there is none."""
    if old.contract != new.contract or old.fingerprint == new.fingerprint:
        return None
    if new.version > old.version:
        return None
    return f"{new.version} must grow: the contract differs from version {old.version}"


def _of(old: Section, new: Section, path: Path) -> Iterator[tuple[Way, Path, str]]:
    for key in type(new).model_fields:
        before, after = getattr(old, key), getattr(new, key)
        if before == after or (key in _IGNORED):
            continue
        yield from _of_key(key, before, after, (*path, key))


def _of_key(key: str, before: Any, after: Any, path: Path) -> Iterator[tuple[Way, Path, str]]:
    if key == "relations":
        named = ({r.name: r for r in before}, {r.name: r for r in after})
        yield from _of_mapping(*named, path)
    elif isinstance(before, dict):
        yield from _of_mapping(before, after, path)
    elif isinstance(before, Section) and isinstance(after, Section):
        yield from _of(before, after, path)
    elif key in _ALL_MATTER and not isinstance(before, tuple):
        yield _way(key, before, after), path, f"{_shown(before)} -> {_shown(after)}"
    elif before is None or before == ():
        yield ("loosened" if key == "sentinels" else "added"), path, _shown(after)
    elif after is None or after == ():
        yield ("tightened" if key == "sentinels" else "removed"), path, f"was {_shown(before)}"
    elif key in ("domain", "sentinels"):
        yield _of_values(key, before, after, path)
    else:
        yield _way(key, before, after), path, f"{_shown(before)} -> {_shown(after)}"


def _of_mapping(
    before: Mapping[str, Any], after: Mapping[str, Any], path: Path
) -> Iterator[tuple[Way, Path, str]]:
    for name in before:
        if name not in after:
            yield "removed", (*path, name), ""
    for name, section in after.items():
        if name not in before:
            yield "added", (*path, name), ""
        else:
            yield from _of(before[name], section, (*path, name))


def _of_values(
    key: str, before: tuple[Any, ...], after: tuple[Any, ...], path: Path
) -> tuple[Way, Path, str]:
    gone = [value for value in before if value not in after]
    new = [value for value in after if value not in before]
    wording = "; ".join(
        f"{what} {_shown(tuple(values), (*gone, *new))}"
        for what, values in (("without", gone), ("with", new))
        if values
    )
    if not gone and not new:
        return "changed", path, "in another order"
    way: Way = "changed" if gone and new else "tightened" if gone else "loosened"
    return way, path, wording


def _way(key: str, before: Any, after: Any) -> Way:
    if key in _ORDERS and not isinstance(before, tuple):
        order = _ORDERS[key]
        return "tightened" if order.index(after) > order.index(before) else "loosened"
    if key in _LEAST:
        return "tightened" if after > before else "loosened"
    if key in _MOST:
        return "tightened" if after < before else "loosened"
    if key in _ENDS or _is_ends(before, after):
        if _within(after, before):
            return "tightened"
        return "loosened" if _within(before, after) else "changed"
    return "changed"


def _is_ends(before: Any, after: Any) -> bool:
    def ends(one: Any) -> bool:
        numbers = isinstance(one, tuple) and len(one) == 2
        return numbers and all(end is None or isinstance(end, (int, float, Decimal)) for end in one)

    return ends(before) and ends(after)


def _within(inner: tuple[Any, Any], outer: tuple[Any, Any]) -> bool:
    low = outer[0] is None or (inner[0] is not None and inner[0] >= outer[0])
    return low and (outer[1] is None or (inner[1] is not None and inner[1] <= outer[1]))


def _shown(value: Any, beside: Sequence[Any] = ()) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        texts = [one for one in (*value, *beside) if isinstance(one, str)]
        shown = ", ".join(_of_list(one, texts) for one in value[:10])
        return f"[{shown}{', ...' if len(value) > 10 else ''}]"
    text = str(value)
    text = text if text.isprintable() else ascii(text)
    return text if len(text) <= 60 else text[:57] + "..."


def _of_list(value: Any, beside: Sequence[str]) -> str:
    """A value in a list, with strings distinguishable from other values."""
    if value is None:
        return "null"
    return distinguishable_value(value, beside) if isinstance(value, str) else str(value)
