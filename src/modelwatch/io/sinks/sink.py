"""The common interface of all sinks: sending a message, and reporting failures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from modelwatch.errors import ModelwatchError
from modelwatch.model.notification.message import Message


class SinkError(ModelwatchError):
    """A message was not delivered: the reason, in words without addresses and secrets.

    ``again_after``: seconds after which another attempt may succeed; None if none will soon.
    ``of_message``: the sink rejected this particular message, and always would.
    """

    def __init__(
        self, wording: str, *, again_after: float | None = None, of_message: bool = False
    ) -> None:
        """What happened, and whether another attempt may succeed."""
        super().__init__(wording)
        self.again_after = again_after
        self.of_message = of_message


class Sink(Protocol):
    """A destination of messages."""

    @property
    def name(self) -> str:
        """Its configured name."""

    def send(self, message: Message) -> str | None:
        """Deliver a message; returns a remark if something went wrong. SinkError if it was not
        delivered."""


def from_environment(variable: str, environment: Mapping[str, str]) -> str:
    """The value of an environment variable, without surrounding blanks."""
    value = environment.get(variable, "").strip()
    if not value:
        raise SinkError(f"the environment variable {variable} is not set")
    return value
