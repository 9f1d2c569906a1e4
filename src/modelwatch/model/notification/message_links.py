"""Links and commands in messages: pages of the report, and commands to copy."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from modelwatch.model.notification.message import Message

FIRST_PAGE = "index.html"
"""The start page of a report."""
_ENDED = frozenset({"closed", "withdrawn"})
"""Events after which there is nothing to acknowledge or mute."""


@dataclass(frozen=True)
class MessageLinks:
    """What a message needs for links and commands.

    ``config``: path of the configuration in commands. ``report``: base URL of the pages, or their
    folder; None without a report. ``pages``: existing files of the report; None if unknown.
    ``mute_until``: last day of the mute that a message offers.
    """

    config: str = "CONFIG"
    report: str | None = None
    pages: frozenset[str] | None = None
    mute_until: date | None = None

    @property
    def is_linked(self) -> bool:
        """Whether the report has a URL that a browser can open, instead of a folder."""
        return self.report is not None and self.report.startswith(("https://", "http://"))

    def page(self, incident_id: str | None = None) -> str | None:
        """The address of the page of an incident, or of the overview if it has none."""
        if self.report is None:
            return None
        file = FIRST_PAGE if incident_id is None else incident_page(incident_id)
        if self.pages is not None and file not in self.pages:
            file = FIRST_PAGE
        return f"{self.report.rstrip('/')}/{file}"

    def commands(self, message: Message) -> Mapping[str, str]:
        """The commands that a message offers, by their purpose."""
        begin = f"modelwatch incidents {shlex.quote(self.config)}"
        if message.incident_id is None:
            return {"list": begin}
        id = shlex.quote(message.incident_id)
        found = {"show": f"{begin} show {id}"}
        if message.event not in _ENDED:
            until = "DAY" if self.mute_until is None else str(self.mute_until)
            found["acknowledge"] = f"{begin} acknowledge {id}"
            found["mute"] = f"{begin} mute {id} --until {until}"
        return found


def incident_page(incident_id: str) -> str:
    """The file of an incident's page, the same in each report: letters and digits of its id."""
    return f"incident-{''.join(c for c in incident_id if c.isascii() and c.isalnum())}.html"
