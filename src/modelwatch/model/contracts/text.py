"""A contract as YAML, one clause per line, with comments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from modelwatch.model.config.document import Path
from modelwatch.model.config.section import Section
from modelwatch.model.config.yaml_text import comment_text, list_text, quoted_text, value_text
from modelwatch.model.contracts.contract import WEEKDAYS, ColumnClauses, Contract, Relation

_WIDTH = 96
Comments = Mapping[Path, Sequence[str]]
"""Comments by place: on the same line if there is one that fits, otherwise above it."""


def contract_text(
    contract: Contract, comments: Comments | None = None, head: Iterable[str] = ()
) -> str:
    """The YAML of a contract: values that differ from the defaults, in the order of the reference.

    ``head``: lines of comment at the top.
    """
    given = comments or {}
    lines = [_comment(line) for line in head]
    lines += [""] * bool(lines)
    lines += [
        f"contract: {quoted_text(contract.contract)}",
        f"version: {contract.version}",
        f"of: {contract.of}",
    ]
    if contract.description:
        lines.append(f"description: {quoted_text(contract.description)}")
    if contract.columns or ("columns",) in given:
        lines += ["", *_key(("columns",), "columns", "" if contract.columns else "{}", given)]
        for name, clauses in contract.columns.items():
            lines += _column(name, clauses, given)
    if contract.other_columns != "allowed":
        lines += ["", f"other_columns: {contract.other_columns}"]
    lines += _rows(contract, given)
    if contract.relations or ("relations",) in given:
        value = "" if contract.relations else "[]"
        lines += ["", *_key(("relations",), "relations", value, given)]
        for at, relation in enumerate(contract.relations):
            lines += _relation(("relations", at), relation, given)
    return "\n".join(lines) + "\n"


def _column(name: str, clauses: ColumnClauses, given: Comments) -> Iterator[str]:
    path = ("columns", name)
    keys = _given(clauses)
    yield from _key(path, quoted_text(name), "" if keys else "{}", given, indent=2)
    for key in keys:
        yield from _clause((*path, key), key, getattr(clauses, key), given, indent=4)


def _rows(contract: Contract, given: Comments) -> Iterator[str]:
    rows = contract.rows
    keys = _given(rows)
    if not keys:
        return
    yield ""
    yield from _key(("rows",), "rows", "", given)
    for key in keys:
        path = ("rows", key)
        if key != "volume":
            yield from _clause(path, key, getattr(rows, key), given, indent=2)
            continue
        yield from _key(path, "volume", "", given, indent=2)
        for day in WEEKDAYS:
            ends = getattr(rows.volume, day)
            if ends is not None:
                yield from _clause((*path, day), day, ends, given, indent=4)


def _relation(path: Path, relation: Relation, given: Comments) -> Iterator[str]:
    for line in given.get(path, ()):
        yield f"  {_comment(line)}"
    mark = "- "
    for key in _given(relation):
        for line in _clause((*path, key), key, getattr(relation, key), given, indent=4):
            yield line.replace("    ", f"  {mark}", 1) if mark else line
            mark = ""


def _given(section: Section) -> list[str]:
    fields = type(section).model_fields
    return [
        key
        for key, field in fields.items()
        if field.is_required() or getattr(section, key) != field.get_default()
    ]


def _clause(path: Path, key: str, value: Any, given: Comments, indent: int) -> Iterator[str]:
    text = list_text(value) if isinstance(value, tuple) else value_text(value)
    line = f"{' ' * indent}{key}: {text}"
    if len(line) > _WIDTH and isinstance(value, tuple):
        for comment in given.get(path, ()):
            yield f"{' ' * indent}{_comment(comment)}"
        yield f"{' ' * indent}{key}:"
        yield from _wrapped(value, indent + 2)
    else:
        yield from _key(path, key, text, given, indent)


def _wrapped(values: Iterable[Any], indent: int) -> Iterator[str]:
    """A list on several lines."""
    line = " " * indent + "["
    for at, value in enumerate(values):
        part = (", " if at else "") + value_text(value)
        if len(line) + len(part) > _WIDTH and line.strip() != "[":
            yield line + ","
            line, part = " " * (indent + 1), part.removeprefix(", ")
        line += part
    yield line + "]"


def _key(path: Path, key: str, value: str, given: Comments, indent: int = 0) -> Iterator[str]:
    line = f"{' ' * indent}{key}:" + (f" {value}" if value else "")
    comments = [_comment(one) for one in given.get(path, ())]
    if len(comments) == 1 and len(line) + len(comments[0]) + 2 <= _WIDTH:
        yield f"{line}  {comments[0]}"
        return
    yield from (f"{' ' * indent}{one}" for one in comments)
    yield line


def _comment(text: str) -> str:
    return f"# {comment_text(text)}".rstrip()
