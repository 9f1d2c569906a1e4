"""Notification messages, and the ids that identify duplicates."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

DIGEST = "digest"
"""Event of the message that summarizes what has no message of its own."""

SHOWN_LINES = 20
"""Number of lines of one part of a digest that people see."""


@dataclass(frozen=True)
class Bar:
    """The effect of a metric in one window.

    ``day``: first day of the window. ``effect``: None if it could not be judged, 0 if the metric
    passed far below its threshold.
    """

    day: date
    effect: float | None


@dataclass(frozen=True)
class MessageLine:
    """A line of a digest, its incident, and what happened to it."""

    text: str
    incident_id: str | None = None
    events: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """Lines of a digest under a heading. ``more``: number of lines that were left out."""

    heading: str
    lines: tuple[MessageLine, ...]
    more: int = 0

    @property
    def shown(self) -> Part:
        """The lines that people see."""
        left = max(0, len(self.lines) - SHOWN_LINES)
        return Part(self.heading, self.lines[:SHOWN_LINES], self.more + left)


@dataclass(frozen=True)
class Details:
    """What a message shows in addition to its text.

    ``area``, ``onset``, ``window``, and ``rank`` are those of the incident. ``series``: its metric
    in the latest windows. ``parts``: the parts of a digest.
    """

    area: str | None = None
    onset: date | None = None
    window: str | None = None
    rank: int | None = None
    series: tuple[Bar, ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Message:
    """A message about one change of an incident, or a digest of several changes.

    ``event``: the change, or ``DIGEST``, whose ``incident_id`` is None. ``title`` is one line,
    ``body`` plain text, and ``query`` the SQL that shows the evidence. All of them may contain text
    from data, which each sink escapes in its own way.
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
    """The id of a message about these events: the same events have the same id."""
    text = "\0".join((monitor, *parts))
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=12).hexdigest()


def details_text(details: Details) -> str:
    """Details as JSON, for the outbox."""
    return json.dumps(asdict(details), default=date.isoformat)


def details_of(text: str | None) -> Details:
    """The details in a JSON text of `details_text`; empty details for None."""
    if text is None:
        return Details()
    held: dict[str, Any] = json.loads(text)
    series = (Bar(date.fromisoformat(bar["day"]), bar["effect"]) for bar in held["series"])
    return Details(
        area=held["area"],
        onset=date.fromisoformat(held["onset"]) if held["onset"] else None,
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
