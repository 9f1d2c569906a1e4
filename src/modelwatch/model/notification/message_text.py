"""Parts of a message as text, which each sink arranges in its own way."""

from __future__ import annotations

import math
from collections.abc import Sequence

from modelwatch.model.notification.message import DIGEST, Bar, Message, Part
from modelwatch.model.notification.message_links import MessageLinks
from modelwatch.model.plain_text import counted

BLOCKS = "▁▂▃▄▅▆▇█"
"""Bars of a sparkline, from the lowest."""
GAP = "·"
"""The bar of a window without a verdict."""


def sparkline(series: Sequence[Bar]) -> str:
    """One bar per window, from 0 to the larger of the largest effect and the threshold."""
    effects = [bar.effect for bar in series]
    known = [effect for effect in effects if effect is not None and math.isfinite(effect)]
    top = max((*known, 1.0))
    return "".join(GAP if effect is None else _block(effect, top) for effect in effects)


def _block(effect: float, top: float) -> str:
    if not math.isfinite(effect):
        return BLOCKS[-1]
    return BLOCKS[min(len(BLOCKS) - 1, max(0, math.ceil(effect / top * len(BLOCKS)) - 1))]


def series_caption(message: Message) -> str:
    """A caption for a sparkline: its windows, their last day, and the largest effect."""
    series, window = message.details.series, message.details.window or "window"
    if not series:
        return ""
    largest = max((bar.effect for bar in series if bar.effect is not None), default=0.0)
    windows = counted(len(series), "window")
    if window in ("day", "week", "month"):
        windows = counted(len(series), window)
    return f"{windows} to {series[-1].day}, at most {largest:.3g} times the threshold"


def facts_line(message: Message) -> str:
    """The severity, first day, rank, and id of the incident of a message; '' for a digest."""
    if message.incident_id is None:
        return ""
    details = message.details
    severity = "failing" if message.severity == "fail" else "warning"
    parts = [severity if details.onset is None else f"{severity} since {details.onset}"]
    if details.rank is not None:
        parts.append(f"rank {details.rank} of the open incidents")
    return " · ".join((*parts, f"incident {message.incident_id}"))


def link_text(message: Message) -> str:
    """The text of a link to the page of a message."""
    return "Open the report" if message.incident_id is None else "Open the incident"


def more_line(more: int) -> str:
    """A line that replaces those that were left out."""
    return f"and {more:,} more"


def parts_text(parts: Sequence[Part]) -> str:
    """The parts of a digest as plain text."""
    found: list[str] = []
    for part in (one.shown for one in parts):
        found += ["", part.heading, *(f"- {line.text}" for line in part.lines)]
        if part.more:
            found.append(f"- {more_line(part.more)}")
    return "\n".join(found[1:])


def whole_text(message: Message, message_links: MessageLinks) -> str:
    """A message without its title as plain text, as in an email."""
    parts = [message.body]
    if message.details.series:
        parts.append(f"{sparkline(message.details.series)}  {series_caption(message)}")
    if message.event != DIGEST:
        parts.append(facts_line(message))
    page = message_links.page(message.incident_id)
    if page is not None:
        parts.append(f"Report: {page}")
    parts.append("\n".join(message_links.commands(message).values()))
    if message.query is not None:
        parts.append(message.query.strip())
    return "\n\n".join(parts)
