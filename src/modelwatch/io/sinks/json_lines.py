"""A sink that appends JSON lines to a file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timezone
from os import SEEK_END
from pathlib import Path
from typing import IO

from modelwatch.io.sinks.body_json import json_body
from modelwatch.io.sinks.sink import SinkError
from modelwatch.model.notification.message import Message
from modelwatch.model.notification.signposts import Signposts


@dataclass(frozen=True)
class LinesOfJson:
    """A file with one line per message: the body of a JSON webhook, and ``at``, the time."""

    name: str
    path: str
    signposts: Signposts = field(default_factory=Signposts)

    def send(self, message: Message) -> None:
        """Append the message; a torn line of an earlier writer stays a line of its own."""
        written = {"at": datetime.now(timezone.utc).isoformat()}
        line = json.dumps(written | json_body(message, self.signposts), allow_nan=False)
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
