"""The frame of a page: head with its security policy, navigation, and what it is about."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from modelwatch.report.markup import Content, Markup, element, markup_of
from modelwatch.report.style import SCRIPT, STYLE

PAGES = (
    ("index.html", "Overview"),
    ("features.html", "Features"),
    ("performance.html", "Performance"),
    ("sources.html", "Sources"),
)
"""Files of the pages that every report has, with what they are called."""


@dataclass(frozen=True)
class Frame:
    """What stands on every page of a report.

    ``subtitle``: what the report covers. ``made``: when and by what it was written.
    """

    monitor: str
    description: str
    subtitle: str
    made: str
    pages: tuple[tuple[str, str], ...] = PAGES


def page(frame: Frame, file: str, title: str, *body: Content) -> str:
    """A whole page as HTML that is XML too.

    Its policy allows the style and the script that stand in it, by their hashes, and nothing else:
    nothing is loaded, sent or run.
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy()),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="generator", content="modelwatch"),
        element("title", f"{title} – {frame.monitor}"),
        element("style", Markup(STYLE)),
    )
    header = element(
        "header",
        element("h1", frame.monitor if file == "index.html" else title),
        element("p", frame.description) if frame.description and file == "index.html" else None,
        element("p", frame.subtitle, class_="small"),
        element("nav", _links(frame, file), aria_label="Pages"),
    )
    shown = element(
        "body",
        element("a", "Skip to the content", href="#content", class_="skip"),
        header,
        element("main", *body, id="content"),
        element("footer", frame.made),
        element("script", Markup(SCRIPT)),
    )
    return f"<!DOCTYPE html>\n{element('html', head, shown, lang='en')}\n"


def departed_page(monitor: str, incident_id: str, command: str) -> str:
    """The page of an incident that the report has no more, so that links to it lead somewhere.

    ``command`` shows the incident in a terminal.
    """
    title = f"Incident {incident_id}"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content="default-src 'none'"),
        element("title", f"{title} – {monitor}"),
    )
    said = element(
        "p",
        "This incident is not in the newest report: it is long over, or its data were restated. ",
        element("code", command),
        " shows it.",
    )
    overview = element("p", element("a", "Overview", href=PAGES[0][0]))
    shown = element("body", element("h1", title), said, overview)
    return f"<!DOCTYPE html>\n{element('html', head, shown, lang='en')}\n"


def _links(frame: Frame, file: str) -> Sequence[Markup]:
    return [
        element("a", name, href=target, aria_current="page" if target == file else None)
        for target, name in frame.pages
    ]


def policy() -> str:
    """The Content-Security-Policy of every page."""
    hashes = " ".join(f"{kind} '{_hash(text)}';" for kind, text in _ALLOWED)
    return f"default-src 'none'; {hashes} base-uri 'none'; form-action 'none'"


_ALLOWED = (("style-src", STYLE), ("script-src", SCRIPT))


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def section(title: str, *body: Content, id: str | None = None, note: Content = None) -> Markup:
    """A section under a heading; nothing without a body."""
    held = markup_of(body)
    if not held:
        return Markup("")
    return element(
        "section",
        element("h2", title),
        element("p", note, class_="mute") if note else None,
        held,
        id=id,
    )
