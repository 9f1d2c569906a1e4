"""Errors that list all problems, each with its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from modelwatch.errors import ModelwatchError


@dataclass(frozen=True)
class Problem:
    """A problem: its place in the configuration, and a message.

    ``place`` is dotted (``segments[1].columns``), and empty for the whole file. ``line`` counts
    from 1; None if unknown.
    """

    place: str
    line: int | None
    message: str

    def __str__(self) -> str:
        """The place and the message, without the line."""
        return f"{self.place}: {self.message}" if self.place else self.message


class ProblemsError(ModelwatchError):
    """Several problems. ``origin``: the file or table in which they were found."""

    def __init__(self, problems: Iterable[Problem], origin: str = "") -> None:
        """Takes the problems in the order in which they are reported."""
        self.problems: tuple[Problem, ...] = tuple(problems)
        self.origin = origin
        super().__init__(self.problems, origin)

    def __str__(self) -> str:
        """One line per problem, as ``origin:line: place: message``."""
        return "\n".join(self._located(problem) for problem in self.problems)

    def _located(self, problem: Problem) -> str:
        where = [self.origin] if self.origin else []
        if problem.line is not None:
            where.append(str(problem.line) if self.origin else f"line {problem.line}")
        return f"{':'.join(where)}: {problem}" if where else str(problem)


class ConfigurationError(ProblemsError):
    """The configuration is invalid, regardless of the contents of the tables."""


class SourceError(ProblemsError):
    """A table or column that the configuration names is missing or has an unsuitable type."""


class SessionError(ModelwatchError):
    """No Spark session could be started; the message says what is missing."""
