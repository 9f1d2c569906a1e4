"""A message for a workflow of Microsoft Teams: an Adaptive Card.

The wrapper and the limit of 28 kB:
https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from modelwatch.model.notification.message import Message, Part
from modelwatch.model.notification.message_links import MessageLinks
from modelwatch.model.notification.message_text import (
    facts_line,
    link_text,
    more_line,
    series_caption,
    sparkline,
)
from modelwatch.model.plain_text import one_line, plain_text

MOST_CARD_BYTES = 20_000
"""Maximum size of a card in bytes. Teams accepts 28 kB for its own form of a card, which is
larger."""
_TITLE_BYTES, _TEXT_BYTES, _QUERY_BYTES = 600, 5000, 4000


def teams_body(message: Message, message_links: MessageLinks) -> dict[str, Any]:
    """The body of a post: a message with one card.

    Texts are runs of a rich text block, which does not interpret Markdown, so they contain no
    links, mentions, or emphasis.
    """
    head = [
        _text(_bounded(one_line(message.title), _TITLE_BYTES), weight="Bolder", size="Medium"),
        *_before(message),
    ]
    tail = list(_after(message, message_links))
    actions = _actions(message, message_links)
    room = MOST_CARD_BYTES - _size([head, tail, actions])
    middle = [part for one in _parts(message, room) for part in one]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [*head, *middle, *tail],
    }
    if actions:
        card["actions"] = actions
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _before(message: Message) -> Iterator[dict[str, Any]]:
    if not message.details.parts:
        yield from _lines(message.body, _TEXT_BYTES)
    if message.details.series:
        yield _text(sparkline(message.details.series), monospace=True)
        yield _text(series_caption(message), subtle=True)
    facts = facts_line(message)
    if facts:
        yield _text(facts, subtle=True)


def _after(message: Message, message_links: MessageLinks) -> Iterator[dict[str, Any]]:
    page = message_links.page(message.incident_id)
    if page is not None and not message_links.is_linked:
        yield _text(f"Report: {_bounded(one_line(page), _TITLE_BYTES)}")
    for command in message_links.commands(message).values():
        yield _text(_bounded(one_line(command), _TITLE_BYTES), monospace=True)
    if message.query is not None:
        yield from _lines(message.query, _QUERY_BYTES, monospace=True, spacing="None")


def _lines(
    text: str, most: int, *, monospace: bool = False, spacing: str | None = None
) -> list[dict[str, Any]]:
    """One block per line of a text, within a number of bytes, with an ellipsis if it was cut."""
    found: list[dict[str, Any]] = []
    lines = [line for line in _bounded(plain_text(text), most).split("\n") if line.strip()]
    for line in lines:
        block = _text(line, monospace=monospace, spacing=spacing)
        if found and _size([*found, block]) > most:
            return [*found, _text("…")]
        found.append(block)
    return found


def _actions(message: Message, message_links: MessageLinks) -> list[dict[str, Any]]:
    page = message_links.page(message.incident_id)
    if page is None or not message_links.is_linked:
        return []
    return [{"type": "Action.OpenUrl", "title": link_text(message), "url": page}]


def _parts(message: Message, room: int) -> Iterator[list[dict[str, Any]]]:
    """The parts of a digest, each within its share of the remaining bytes."""
    parts = message.details.parts
    for at, part in enumerate(parts):
        found = _part(part.shown, room // (len(parts) - at))
        room -= _size(found)
        yield found


def _part(part: Part, room: int) -> list[dict[str, Any]]:
    found = [_text(_bounded(one_line(part.heading), _TITLE_BYTES), weight="Bolder")]
    ending = _text(more_line(10**6), subtle=True)
    for at, line in enumerate(part.lines):
        one = _text(f"• {_bounded(one_line(line.text), _TEXT_BYTES)}", spacing="Small")
        if _size([*found, one, ending]) > room:
            more = part.more + len(part.lines) - at
            return [*found, _text(more_line(more), subtle=True)]
        found.append(one)
    return [*found, _text(more_line(part.more), subtle=True)] if part.more else found


def _text(
    text: str,
    *,
    weight: str | None = None,
    size: str | None = None,
    monospace: bool = False,
    subtle: bool = False,
    spacing: str | None = None,
) -> dict[str, Any]:
    # {{DATE(...)}} and {{TIME(...)}} are formatted by the reader's client.
    run: dict[str, Any] = {"type": "TextRun", "text": text.replace("{{", "{ {")}
    if weight is not None:
        run["weight"] = weight
    if size is not None:
        run["size"] = size
    if monospace:
        run["fontType"] = "Monospace"
    if subtle:
        run["isSubtle"] = True
    block: dict[str, Any] = {"type": "RichTextBlock", "inlines": [run]}
    if spacing is not None:
        block["spacing"] = spacing
    return block


def _bounded(text: str, most: int) -> str:
    """As much of a text as fits into a number of bytes of JSON, with an ellipsis if it was cut."""
    if _size(text) <= most:
        return text
    shortened = text[:most]
    while _size(shortened) > most - 8:
        shortened = shortened[
            : max(0, min(len(shortened) - 1, len(shortened) * (most - 8) // _size(shortened)))
        ]
    return f"{shortened}…"


def _size(value: Any) -> int:
    return len(json.dumps(value))
