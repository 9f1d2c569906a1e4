"""Paths into nested columns: `customer.age`, `probability[0]`, `scores['fraud']`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelwatch.model.config.monitor import MonitorConfig

Step = str | int
"""Name of a field, key of a map, or position in an array, from 0."""
_STEP = r"\.[^.\[\]'\"]+|\[\d+\]|\['[^']*'\]|\[\"[^\"]*\"\]"
_PATH = re.compile(rf"([^.\[\]'\"]+)((?:{_STEP})+)")
_SECTIONS = frozenset({"output", "notify", "report", "retention", "progress", "durations"})
"""Sections of the configuration that do not name a column of a table of rows."""


@dataclass(frozen=True)
class ColumnPath:
    """A column and the steps into it. ``text``: the spelling in the configuration."""

    text: str
    column: str
    steps: tuple[Step, ...]


def parsed_path(text: str) -> ColumnPath | None:
    """The path that a string represents; None for any other string."""
    found = _PATH.fullmatch(text)
    if found is None:
        return None
    steps = tuple(_step(step) for step in re.findall(_STEP, found.group(2)))
    return ColumnPath(text, found.group(1), steps)


def _step(text: str) -> Step:
    if text[0] == ".":
        return text[1:]
    inside = text[1:-1]
    return int(inside) if inside.isdigit() else inside[1:-1]


def paths_in(config: MonitorConfig) -> tuple[ColumnPath, ...]:
    """All values of the configuration that can be read as a path, each once.

    Whether a table has the column, or a plain column of the same name, is not known here.
    """
    sections = config.model_dump(mode="json", by_alias=True)
    texts: dict[str, str] = {}
    for key, section in sections.items():
        if key not in _SECTIONS:
            for text in _texts(section):
                texts.setdefault(text.lower(), text)
    return tuple(path for text in texts.values() if (path := parsed_path(text)) is not None)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _texts(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from _texts(item)
