"""The frame of a page: header with its security policy, navigation, and title."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from modelwatch.report.markup import Content, Markup, compact, element, markup_of
from modelwatch.report.style import script_of, style_of

PAGES = (
    ("index.html", "Overview"),
    ("features.html", "Features"),
    ("performance.html", "Performance"),
    ("sources.html", "Sources"),
)
"""Files of the pages that every report has, with their titles."""


@dataclass(frozen=True)
class Frame:
    """The common parts of the pages of a report.

    ``subtitle``: what the report covers. ``made``: when and by what it was written.
    """

    monitor: str
    description: str
    subtitle: str
    made: str
    pages: tuple[tuple[str, str], ...] = PAGES


def page(frame: Frame, file: str, title: str, *body: Content) -> str:
    """A complete page as HTML.

    Its policy allows its own style and script, by their hashes, and nothing else: nothing is
    loaded, sent, or run.
    """
    header = element(
        "header",
        element("h1", frame.monitor if file == "index.html" else title),
        element("p", frame.description) if frame.description and file == "index.html" else None,
        element("p", frame.subtitle, class_="small"),
        element("nav", _links(frame, file), aria_label="Pages"),
    )
    content = [
        element("a", "Skip to the content", href="#content", class_="skip"),
        header,
        element("main", *body, id="content"),
        element("footer", frame.made) if frame.made else None,
    ]
    shown = markup_of(content)
    style, script = style_of(shown), script_of(shown)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element(
            "meta", http_equiv="Content-Security-Policy", content=Markup(policy(style, script))
        ),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{title} – {frame.monitor}"),
        element("style", Markup(style)),
    )
    scripts = element("script", Markup(script)) if script else None
    whole = element("html", head, element("body", compact(shown), scripts), lang="en")
    return f"<!DOCTYPE html>\n{whole}\n"


def departed_page(monitor: str, incident_id: str, command: str) -> str:
    """A page for an incident that a report no longer contains, so that links keep working.

    ``command`` shows the incident in a terminal.
    """
    frame = Frame(monitor, "", f"Monitor {monitor}", "")
    return page(
        frame,
        f"incident-{incident_id}.html",
        f"Incident {incident_id}",
        element(
            "p",
            "This incident is not in the latest report: it closed long ago, or its data was "
            "restated. This command shows it:",
        ),
        element("pre", element("code", command)),
    )


def _links(frame: Frame, file: str) -> Sequence[Markup]:
    return [
        element("a", name, href=target, aria_current="page" if target == file else None)
        for target, name in frame.pages
    ]


def policy(style: str, script: str) -> str:
    """The Content-Security-Policy of a page with this style and script, which may be empty."""
    scripts = f"script-src '{_hash(script)}'; " if script else ""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; {scripts}base-uri 'none'; "
        "form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def section(title: str, *body: Content, id: str | None = None, note: Content = None) -> Markup:
    """A section with a heading; empty without a body."""
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
