"""Errors that tell everything that is wrong, each with its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from modelwatch.errors import ModelwatchError


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where in the configuration, and what.

    ``place`` is dotted (``segments[1].columns``), empty for the whole file. ``line`` counts from 1,
    None where it is not known.
    """

    place: str
    line: int | None
    message: str

    def __str__(self) -> str:
        """The place and the message, without the line."""
        return f"{self.place}: {self.message}" if self.place else self.message


class ProblemsError(ModelwatchError):
    """Several problems at once; ``origin`` names the file or the table they were found in."""

    def __init__(self, problems: Iterable[Problem], origin: str = "") -> None:
        """Take the problems in the order in which they are to be told."""
        self.problems: tuple[Problem, ...] = tuple(problems)
        self.origin = origin
        super().__init__(self.problems, origin)

    def __str__(self) -> str:
        """One problem a line, each as ``origin:line: place: message``."""
        return "\n".join(self._told(problem) for problem in self.problems)

    def _told(self, problem: Problem) -> str:
        where = [self.origin] if self.origin else []
        if problem.line is not None:
            where.append(str(problem.line) if self.origin else f"line {problem.line}")
        return f"{':'.join(where)}: {problem}" if where else str(problem)


class ConfigurationError(ProblemsError):
    """The configuration itself is wrong, whatever the tables hold."""


class SourceError(ProblemsError):
    """A table or a column that the configuration names is missing, or its type cannot serve."""


class SessionError(ModelwatchError):
    """No Spark session could be started; the message says what is missing."""
