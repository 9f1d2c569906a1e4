"""What is told to people: a message, and the identity by which a second copy is known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

DIGEST = "digest"
"""Event of the message that sums up what has no message of its own."""


@dataclass(frozen=True)
class Message:
    """What is told of one change of an incident, or a digest of several.

    ``event``: the change, or ``DIGEST``, whose ``incident_id`` is None. ``title`` is one line,
    ``body`` plain text, ``query`` the SQL that shows the evidence. All of them may hold what the
    data held: each sink makes that harmless in its own way.
    """

    message_id: str
    monitor: str
    event: str
    incident_id: str | None
    severity: str
    title: str
    body: str
    query: str | None = None


def message_id(monitor: str, *parts: str) -> str:
    """Id of the message that tells of these events: the same ones give the same id."""
    text = "\0".join((monitor, *parts))
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=12).hexdigest()
