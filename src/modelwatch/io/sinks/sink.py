"""What every sink of messages has in common: how it sends, and how it says that it couldn't."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from modelwatch.errors import ModelwatchError
from modelwatch.model.notification.message import Message


class SinkError(ModelwatchError):
    """A message was not delivered: why, in words without addresses and secrets.

    ``again_after``: seconds after which another attempt may help, None if none will soon.
    ``of_message``: the sink refused this very message, and would always refuse it.
    """

    def __init__(
        self, wording: str, *, again_after: float | None = None, of_message: bool = False
    ) -> None:
        """Say what happened, and what another attempt may bring."""
        super().__init__(wording)
        self.again_after = again_after
        self.of_message = of_message


class Sink(Protocol):
    """Somewhere that messages go."""

    @property
    def name(self) -> str:
        """Its name, as configured."""

    def send(self, message: Message) -> str | None:
        """Deliver a message; a remark if not all went well. SinkError if it was not delivered."""


def from_environment(variable: str, environment: Mapping[str, str]) -> str:
    """The value of a variable, without the blanks that a shell or a file left about it."""
    value = environment.get(variable, "").strip()
    if not value:
        raise SinkError(f"the environment variable {variable} is not set")
    return value
