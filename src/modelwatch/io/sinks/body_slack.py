"""A message for an incoming webhook of Slack: blocks of Block Kit.

Limits: https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

import re
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

MOST_BLOCKS = 50
"""Maximum number of blocks of a message."""
LONGEST_HEADER = 150
"""Maximum length of a header."""
LONGEST_TEXT = 2900
"""Maximum length of a text; a section can have 3,000 characters, and escapes are not split."""
_RESERVED = 4
"""Number of blocks after the lines of a digest."""


def slack_body(message: Message, message_links: MessageLinks) -> dict[str, Any]:
    """The body of a post: ``text`` for notifications and other services, and blocks for Slack.

    Text from data cannot be a link, a mention, or the end of a code block.
    """
    title, body = escaped(one_line(message.title)), escaped(plain_text(message.body))
    blocks = [_header(title)]
    if message.details.parts:
        blocks += _digest(message, message_links)
    else:
        blocks.append(_section(body))
    if message.details.series:
        caption = escaped(series_caption(message))
        blocks.append(_section(f"`{sparkline(message.details.series)}`  {caption}"))
    facts = facts_line(message)
    if facts:
        blocks.append(_section(escaped(facts)))
    blocks += _ways_on(message, message_links)
    return {"text": cut(f"{title}\n{body}"), "blocks": blocks}


def escaped(text: str) -> str:
    """A text in which Slack recognizes no link, mention, or command."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, ending: str = "…", longest: int = LONGEST_TEXT) -> str:
    """A text of bounded length; an escape at the end is removed if it was cut."""
    if len(text) <= longest:
        return text
    shortened = re.sub(r"&[a-z]{0,3}$", "", text[: longest - len(ending)])
    return f"{shortened}{ending}"


def _header(title: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": cut(title, longest=LONGEST_HEADER), "emoji": False}
    return {"type": "header", "text": text}


def _section(text: str, ending: str = "…") -> dict[str, Any]:
    # Verbatim text, so that nothing in it becomes a link or a mention.
    content = {"type": "mrkdwn", "text": cut(text, ending), "verbatim": True}
    return {"type": "section", "text": content}


def _code(text: str) -> dict[str, Any]:
    # Three backticks would end the block; SQL needs at most two.
    held = escaped(plain_text(text).strip()).replace("```", "`` `")
    return _section(f"```{held}```", ending="…```")


def _ways_on(message: Message, message_links: MessageLinks) -> Iterator[dict[str, Any]]:
    page = message_links.page(message.incident_id)
    if page is not None:
        what = link_text(message)
        yield _section(f"<{escaped(page)}|{what}>" if message_links.is_linked else escaped(page))
    yield _code("\n".join(message_links.commands(message).values()))
    if message.query is not None:
        yield _code(message.query)


def _digest(message: Message, message_links: MessageLinks) -> list[dict[str, Any]]:
    """The parts of a digest, with as many lines of each as the blocks of a message can contain."""
    found: list[dict[str, Any]] = []
    parts = message.details.parts
    room = MOST_BLOCKS - _RESERVED - 1
    for at, part in enumerate(parts):
        share = (room - len(found)) // (len(parts) - at)
        found += _part(part.shown, message_links, max(1, share))
    return found


def _part(part: Part, message_links: MessageLinks, most: int) -> list[dict[str, Any]]:
    texts = [f"*{escaped(one_line(part.heading))}*"]
    for at, line in enumerate(part.lines):
        link = message_links.page(line.incident_id) if message_links.is_linked else None
        ending = "" if link is None or line.incident_id is None else f" <{escaped(link)}|open>"
        text = f"• {cut(escaped(one_line(line.text)), longest=LONGEST_TEXT - 1000)}{ending}"
        if len(texts[-1]) + len(text) + 40 > LONGEST_TEXT:
            if len(texts) == most:
                return _sections(texts, part.more + len(part.lines) - at)
            texts.append(text)
        else:
            texts[-1] += f"\n{text}"
    return _sections(texts, part.more)


def _sections(texts: list[str], more: int) -> list[dict[str, Any]]:
    if more:
        texts = [*texts[:-1], f"{texts[-1]}\n{more_line(more)}"]
    return [_section(text) for text in texts]
