"""The root of every error that modelwatch raises on its own account, and checks of what holds."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


class ModelwatchError(Exception):
    """A command, a run or a call cannot be carried out; the message says why."""


class InternalError(ModelwatchError):
    """Something that the code relies on does not hold: a defect of modelwatch itself."""


def present(value: T | None, what: str) -> T:
    """A value that must be there where it is used; InternalError names it if it is None."""
    if value is None:
        raise InternalError(f"internal error: {what} is None where it is needed")
    return value


def instance_of(value: object, kind: type[T]) -> T:
    """A value that must be of a class where it is used; InternalError if it is of another."""
    if not isinstance(value, kind):
        found = type(value).__name__
        raise InternalError(f"internal error: a {kind.__name__} is needed, and this is a {found}")
    return value
