"""A YAML text as plain values, with the line of each value."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from modelwatch.model.config.literals import WrittenFloat
from modelwatch.model.errors import Problem

Path = tuple["str | int", ...]

_MAX_CHARACTERS = 500_000
MAX_DEPTH = 30
_MAX_VALUES = 50_000
"""Maximum number of values after aliases are expanded, which bounds documents that grow when
read."""
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Document:
    """The content of a YAML text: mappings are dicts, lists are tuples, keys are strings.

    ``lines``: the line of each value. ``mappings``: the path of each dict by its identity.
    ``problems``: errors in the YAML itself.
    """

    value: Any
    lines: dict[Path, int]
    mappings: dict[int, Path]
    problems: tuple[Problem, ...]

    def line(self, path: Path) -> int | None:
        """The line of a value, or of the nearest enclosing value in the text."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None


def place_of(path: Path) -> str:
    """A path as people write it: ``segments[1].columns``, ``columns["wind speed"].bins``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += "[" + _quoted(part) + "]"
    return text


def _quoted(text: str) -> str:
    short = text if len(text) <= 80 else text[:77] + "..."
    escaped = short.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in escaped) + '"'


class _Loader(yaml.SafeLoader):
    """Composes nodes of bounded depth, with the scalars of YAML 1.2 (``no`` and ``on`` are
    strings).

    Days (2013-02-08) are values of their own, as in YAML 1.1.
    """

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self.depth += 1
        try:
            if self.depth > MAX_DEPTH:
                raise yaml.composer.ComposerError(
                    None,
                    None,
                    f"is nested more than {MAX_DEPTH} deep",
                    self.peek_event().start_mark,  # type: ignore[no-untyped-call]
                )
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


_Loader.yaml_implicit_resolvers = {}
for _type, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
    ("timestamp", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "0123456789"),
):
    _Loader.add_implicit_resolver(_TAG + _type, re.compile(f"(?:{_pattern})$"), list(_first))


def read_document(text: str) -> Document:
    """The values of a YAML text. Errors are in ``problems`` and never raised."""
    if len(text) > _MAX_CHARACTERS:
        return _broken(f"has more than {_MAX_CHARACTERS} characters", None)
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = error.problem or error.context or "cannot be read"
        return _broken(f"is not YAML: {message}", mark.line + 1 if mark else None)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return _broken(f"contains a character that YAML forbids: {error.character!r}", line)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return _broken(f"is not YAML: {error}", None)
    if node is None:
        return _broken("is empty", None)
    reading = _Reading()
    value = reading.value(node, ())
    return Document(value, reading.lines, reading.mappings, tuple(reading.problems))


def _broken(message: str, line: int | None) -> Document:
    return Document(None, {}, {}, (Problem("", line, message),))


class _Reading:
    """Converts nodes to values, and records lines and problems."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.mappings: dict[int, Path] = {}
        self.problems: list[Problem] = []
        self._mappings_read: list[Any] = []
        self._values = 0

    def value(self, node: yaml.Node, path: Path) -> Any:
        self._values += 1
        self.lines.setdefault(path, node.start_mark.line + 1)
        if self._values > _MAX_VALUES or len(path) > MAX_DEPTH:
            if self._values <= _MAX_VALUES + 1:
                self._values = _MAX_VALUES + 1
                self._wrong((), node, f"expands to more than {_MAX_VALUES} values, or endlessly")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            if node.tag != _TAG + "seq":
                return self._wrong(path, node, f"has the tag {node.tag!r}, which is not allowed")
            return tuple(self.value(item, (*path, i)) for i, item in enumerate(node.value))
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> Any:
        if node.tag != _TAG + "map":
            return self._wrong(path, node, f"has the tag {node.tag!r}, which is not allowed")
        result: dict[str, Any] = {}
        # The dict must live as long as its identity is used.
        self._mappings_read.append(result)
        self.mappings[id(result)] = path
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._wrong(path, key_node, "has a key that is not a string")
                continue
            key = key_node.value
            if key in result:
                self._wrong((*path, key), key_node, "appears twice")
                continue
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            result[key] = self.value(value_node, (*path, key))
            if self._values > _MAX_VALUES:
                break
        return result

    def _scalar(self, node: yaml.Node, path: Path) -> Any:
        text = str(node.value)
        kind = node.tag.removeprefix(_TAG)
        try:
            if kind == "str":
                return text
            if kind == "null":
                return None
            if kind == "bool":
                return {"true": True, "false": False}[text.lower()]
            if kind == "int":
                return int(text)
            if kind == "float":
                plain = re.sub(r"\.(?=inf|nan)", "", text.lower())
                return WrittenFloat(plain) if math.isfinite(float(plain)) else float(plain)
            if kind == "timestamp":
                return date.fromisoformat(text)
        except (ValueError, KeyError):
            self._wrong(path, node, f"{_quoted(text)} is not a {_KINDS[kind]}")
            return text
        return self._wrong(path, node, f"has the tag {node.tag!r}, which is not allowed")

    def _wrong(self, path: Path, node: yaml.Node, message: str) -> None:
        self.problems.append(Problem(place_of(path), node.start_mark.line + 1, message))


_KINDS = {"bool": "boolean", "int": "number", "float": "number", "timestamp": "day"}
