"""Messages as JSON, according to the schema `message.schema.json` of the package: bodies of
webhooks, and lines of a file."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import datetime, timezone
from os import SEEK_END
from pathlib import Path
from typing import IO, Any

from modelwatch.io.sinks.sink import SinkError
from modelwatch.model.notification.message import Bar, Message, Part
from modelwatch.model.notification.message_links import MessageLinks
from modelwatch.model.notification.message_text import sparkline
from modelwatch.model.plain_text import one_line, plain_text

VERSION = 1
"""Version of the schema; it increases when a key changes its meaning or is removed."""


def json_body(message: Message, message_links: MessageLinks) -> dict[str, Any]:
    """The object for a JSON webhook and for a line of a file.

    Strings contain no control characters and no invalid ones, so any parser can read them.
    """
    details = message.details
    return {
        "version": VERSION,
        "message_id": message.message_id,
        "monitor": message.monitor,
        "event": message.event,
        "incident_id": message.incident_id,
        "severity": message.severity,
        "title": one_line(message.title),
        "body": plain_text(message.body),
        "query": None if message.query is None else plain_text(message.query),
        "area": details.area,
        "onset": None if details.onset is None else details.onset.isoformat(),
        "window": details.window,
        "rank": details.rank,
        "series": [_bar(bar) for bar in details.series],
        "sparkline": sparkline(details.series) if details.series else None,
        "parts": [_part(part, message_links) for part in details.parts],
        "link": message_links.page(message.incident_id),
        "commands": dict(message_links.commands(message)),
    }


def _bar(bar: Bar) -> dict[str, Any]:
    # JSON has no infinity.
    known = bar.effect is not None and math.isfinite(bar.effect)
    return {"day": bar.day.isoformat(), "effect": bar.effect if known else None}


def _part(part: Part, message_links: MessageLinks) -> dict[str, Any]:
    return {
        "heading": part.heading,
        "lines": [
            {
                "text": one_line(line.text),
                "incident_id": line.incident_id,
                "events": list(line.events),
                "link": message_links.page(line.incident_id),
            }
            for line in part.lines
        ],
        "more": part.more,
    }


@dataclass(frozen=True)
class LinesOfJson:
    """A file with one line per message: the body of a JSON webhook, and ``at``, the time."""

    name: str
    path: str
    message_links: MessageLinks = field(default_factory=MessageLinks)

    def send(self, message: Message) -> None:
        """Append the message; a torn line of an earlier writer stays a line of its own."""
        written = {"at": datetime.now(timezone.utc).isoformat()}
        line = json.dumps(written | json_body(message, self.message_links), allow_nan=False)
        try:
            file = Path(self.path)
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a+b") as lines:
                start = "" if lines.tell() == 0 or _last(lines) == b"\n" else "\n"
                lines.write(f"{start}{line}\n".encode())
        except OSError as error:
            raise SinkError(f"the file cannot be written: {error.strerror}") from None


def _last(file: IO[bytes]) -> bytes:
    """The last byte of a file that is not empty; appended data still goes to its end."""
    file.seek(-1, SEEK_END)
    return file.read(1)
