"""Notification messages, and the ids that identify duplicates."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

DIGEST = "digest"
"""Event of the message that sums up what has no message of its own."""

SHOWN_LINES = 20
"""Lines of one part of a digest that a person is shown."""


@dataclass(frozen=True)
class Bar:
    """The size of a figure in one window, in multiples of its threshold.

    ``day``: first day of the window. ``effect``: None where nothing could be judged, 0 where the
    figure passed far below its threshold.
    """

    day: date
    effect: float | None


@dataclass(frozen=True)
class MessageLine:
    """A line of a digest, the incident it is about, and what happened to that incident."""

    text: str
    incident_id: str | None = None
    events: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """Lines of a digest under a heading. ``more``: lines that were left out."""

    heading: str
    lines: tuple[MessageLine, ...]
    more: int = 0

    @property
    def shown(self) -> Part:
        """As many of the lines as a person reads."""
        left = max(0, len(self.lines) - SHOWN_LINES)
        return Part(self.heading, self.lines[:SHOWN_LINES], self.more + left)


@dataclass(frozen=True)
class Details:
    """What a message shows beside its text.

    ``family``, ``since``, ``window`` and ``rank`` are those of the incident. ``series``: its figure
    in the newest windows. ``parts``: what a digest consists of.
    """

    family: str | None = None
    since: date | None = None
    window: str | None = None
    rank: int | None = None
    series: tuple[Bar, ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Message:
    """A message about one change of an incident, or a digest of several changes.

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
    details: Details = Details()


def message_id(monitor: str, *parts: str) -> str:
    """Id of the message about these events: the same events have the same id."""
    text = "\0".join((monitor, *parts))
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=12).hexdigest()


def details_text(details: Details) -> str:
    """Details as JSON, for the outbox."""
    return json.dumps(asdict(details), default=date.isoformat)


def details_of(text: str | None) -> Details:
    """The details that a JSON text of `details_text` holds; none for None."""
    if text is None:
        return Details()
    held: dict[str, Any] = json.loads(text)
    series = (Bar(date.fromisoformat(bar["day"]), bar["effect"]) for bar in held["series"])
    return Details(
        family=held["family"],
        since=date.fromisoformat(held["since"]) if held["since"] else None,
        window=held["window"],
        rank=held["rank"],
        series=tuple(series),
        parts=tuple(
            Part(
                part["heading"],
                tuple(
                    MessageLine(line["text"], line["incident_id"], tuple(line["events"]))
                    for line in part["lines"]
                ),
                part["more"],
            )
            for part in held["parts"]
        ),
    )
