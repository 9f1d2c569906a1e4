"""A message as events of PagerDuty's Events API v2.

Its fields and limits: https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from modelwatch.io.sinks.body_json import json_body
from modelwatch.model.notification.message import Message
from modelwatch.model.notification.message_text import link_text
from modelwatch.model.notification.signposts import Signposts
from modelwatch.model.plain_text import one_line, plain_text, shortened

ENQUEUE = "https://events.pagerduty.com/v2/enqueue"
"""Where events go, unless the configuration names another URL, as accounts in the EU need."""
LONGEST_SUMMARY = 1024
"""Characters of a summary."""
LONGEST_DETAIL = 20_000
"""Characters of a text among the details; an event holds 512 kB."""
Action = Literal["trigger", "acknowledge", "resolve"]
_OF_MESSAGE: Mapping[str, Action] = {
    "opened": "trigger",
    "worsened": "trigger",
    "child_added": "trigger",
    "reopened": "trigger",
    "closed": "resolve",
    "withdrawn": "resolve",
}
_OF_DIGEST: Mapping[str, Action] = {
    "acknowledged": "acknowledge",
    "muted": "acknowledge",
    "false_alarm": "resolve",
    "closed": "resolve",
    "withdrawn": "resolve",
}
"""What a digest does to alerts that exist; it triggers none."""


def pagerduty_bodies(
    message: Message, signposts: Signposts, routing_key: str
) -> list[dict[str, Any]]:
    """The events of a message, to be posted in order.

    An incident that opens, gets worse, or comes back triggers its alert, and one that ends resolves
    it. A digest acknowledges or resolves the alerts of incidents on which people or restated data
    have decided; it has no event where there is none of these.
    """
    if message.incident_id is not None:
        action = _OF_MESSAGE.get(message.event, "trigger")
        return [_event(message, message.incident_id, action, signposts, routing_key)]
    decided: dict[str, Action] = {}
    for part in message.details.parts:
        for line in part.lines:
            for event in line.events:
                if line.incident_id is not None and event in _OF_DIGEST:
                    decided[line.incident_id] = _OF_DIGEST[event]
    return [
        _event(message, incident, action, signposts, routing_key)
        for incident, action in decided.items()
    ]


def dedup_key(monitor: str, incident_id: str) -> str:
    """The key by which all events of an incident are of one alert; at most 255 characters."""
    return f"modelwatch/{monitor}/{incident_id}"[:255]


def severity_of(message: Message) -> Literal["critical", "error", "warning"]:
    """A failure of the model's performance is critical, another an error; the rest are warnings."""
    if message.severity != "fail":
        return "warning"
    of_model = message.details.family == "performance" or message.event == "child_added"
    return "critical" if of_model else "error"


def _event(
    message: Message, incident_id: str, action: Action, signposts: Signposts, routing_key: str
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
        "custom_details": _details(message, signposts),
    }
    page = signposts.page(incident_id)
    if page is not None and signposts.is_linked:
        event["client_url"] = page
        event["links"] = [{"href": page, "text": link_text(message)}]
    return event


def _details(message: Message, signposts: Signposts) -> dict[str, Any]:
    held = json_body(message, signposts)
    names = ("since", "rank", "sparkline", "link", "commands")
    return {
        "sentence": shortened(plain_text(message.body), LONGEST_DETAIL),
        **{name: held[name] for name in names if held[name] is not None},
        "query": shortened(held["query"] or "", LONGEST_DETAIL),
    }
