"""One root of errors."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping

from architecture.source import modules

ROOT_ERROR = "ModelwatchError"
BASES = [
    (node.name, tuple(ast.unparse(base).rpartition(".")[2] for base in node.bases))
    for module in modules()
    for node in ast.walk(ast.parse(module.text))
    if isinstance(node, ast.ClassDef)
]
"""Every class of the package, with the names of its bases."""


def ancestors(name: str, bases: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Names of the classes that a class derives from, itself first."""
    yield name
    for base in bases.get(name, ()):
        yield from ancestors(base, bases)


def is_error(name: str) -> bool:
    """Whether a class of Python is one that can be raised."""
    found = getattr(builtins, name, None)
    return isinstance(found, type) and issubclass(found, BaseException)


def error_names() -> list[str]:
    """Every class of the package that derives from an exception of Python."""
    return [name for name, _ in BASES if any(map(is_error, ancestors(name, dict(BASES))))]


def test_every_error_derives_from_one_root() -> None:
    assert ROOT_ERROR in error_names()
    assert not [n for n in error_names() if ROOT_ERROR not in ancestors(n, dict(BASES))]


def test_no_two_errors_share_a_name() -> None:
    assert len(error_names()) == len(set(error_names()))
