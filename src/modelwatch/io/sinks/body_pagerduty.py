"""A message as events of PagerDuty's Events API v2.

Its fields and limits: https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from modelwatch.io.sinks.json_messages import json_body
from modelwatch.model.notification.message import Message
from modelwatch.model.notification.message_links import MessageLinks
from modelwatch.model.notification.message_text import link_text
from modelwatch.model.plain_text import one_line, plain_text, shortened

ENQUEUE = "https://events.pagerduty.com/v2/enqueue"
"""Default URL of events; accounts in the EU need another one."""
LONGEST_SUMMARY = 1024
"""Maximum length of a summary."""
LONGEST_DETAIL = 20_000
"""Maximum length of a text in the details; an event can have 512 kB."""
EventAction = Literal["trigger", "acknowledge", "resolve"]
_OF_MESSAGE: Mapping[str, EventAction] = {
    "opened": "trigger",
    "worsened": "trigger",
    "child_added": "trigger",
    "reopened": "trigger",
    "closed": "resolve",
    "withdrawn": "resolve",
}
_OF_DIGEST: Mapping[str, EventAction] = {
    "acknowledged": "acknowledge",
    "muted": "acknowledge",
    "false_alarm": "resolve",
    "closed": "resolve",
    "withdrawn": "resolve",
}
"""Effect of the events of a digest on existing alerts; a digest triggers none."""


def pagerduty_bodies(
    message: Message, message_links: MessageLinks, routing_key: str
) -> list[dict[str, Any]]:
    """The events of a message, in the order in which they are posted.

    An incident that opens, gets worse, or returns triggers its alert, and one that closes resolves
    it. A digest acknowledges or resolves the alerts of incidents that were changed by people or
    restated data; otherwise it has no events.
    """
    if message.incident_id is not None:
        action = _OF_MESSAGE.get(message.event, "trigger")
        return [_event(message, message.incident_id, action, message_links, routing_key)]
    decided: dict[str, EventAction] = {}
    for part in message.details.parts:
        for line in part.lines:
            for event in line.events:
                if line.incident_id is not None and event in _OF_DIGEST:
                    decided[line.incident_id] = _OF_DIGEST[event]
    return [
        _event(message, incident, action, message_links, routing_key)
        for incident, action in decided.items()
    ]


def dedup_key(monitor: str, incident_id: str) -> str:
    """The deduplication key of all events of an incident; at most 255 characters."""
    return f"modelwatch/{monitor}/{incident_id}"[:255]


def severity_of(message: Message) -> Literal["critical", "error", "warning"]:
    """A failure of the model's performance is critical, other failures are errors, and the rest are
    warnings."""
    if message.severity != "fail":
        return "warning"
    of_model = message.details.area == "performance" or message.event == "child_added"
    return "critical" if of_model else "error"


def _event(
    message: Message,
    incident_id: str,
    action: EventAction,
    message_links: MessageLinks,
    routing_key: str,
) -> dict[str, Any]:
    event: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": action,
        "dedup_key": dedup_key(message.monitor, incident_id),
    }
    if action != "trigger":
        return event
    event["client"] = "modelwatch"
    event["payload"] = {
        "summary": shortened(one_line(message.title), LONGEST_SUMMARY),
        "source": message.monitor,
        "severity": severity_of(message),
        "group": message.monitor,
        "class": message.event,
        "custom_details": _details(message, message_links),
    }
    page = message_links.page(incident_id)
    if page is not None and message_links.is_linked:
        event["client_url"] = page
        event["links"] = [{"href": page, "text": link_text(message)}]
    return event


def _details(message: Message, message_links: MessageLinks) -> dict[str, Any]:
    held = json_body(message, message_links)
    names = ("onset", "rank", "sparkline", "link", "commands")
    return {
        "sentence": shortened(plain_text(message.body), LONGEST_DETAIL),
        **{name: held[name] for name in names if held[name] is not None},
        "query": shortened(held["query"] or "", LONGEST_DETAIL),
    }
