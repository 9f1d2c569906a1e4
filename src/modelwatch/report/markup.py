"""HTML and SVG as text in which everything that is not markup is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from modelwatch.model.plain_text import plain_text, shortened

LONGEST_TEXT = 4000
"""Characters of one text of data on a page."""
_VOID = frozenset({"br", "hr", "input", "meta", "link", "wbr", "path", "rect", "circle"})


class Markup(str):
    """A text that is markup already, made by the functions of this module only."""

    __slots__ = ()


Content = Markup | str | int | None | Iterable["Content"]
"""What an element holds: markup as it is, text to be escaped, nothing, or several of these."""


def visible(text: str) -> str:
    """A text without characters that a page can't hold or that change the order of others.

    Control characters, marks of the direction of writing and unpaired surrogates become spaces;
    ends of lines stay. At most ``LONGEST_TEXT`` characters are kept.
    """
    cut = shortened(text, LONGEST_TEXT)
    return cut if cut.isascii() and cut.isprintable() else plain_text(cut)


def markup_of(content: Content) -> Markup:
    """Content as markup, its texts escaped."""
    if content is None:
        return Markup("")
    if isinstance(content, Markup):
        return content
    if isinstance(content, str):
        return Markup(escape(visible(content)))
    if isinstance(content, int):
        return Markup(str(content))
    return Markup("".join(markup_of(part) for part in content))


def with_code(text: str) -> Content:
    """A text whose parts in backquotes are shown as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return text
    return [element("code", part) if at % 2 else part for at, part in enumerate(parts)]


def element(tag: str, *content: Content, **attributes: str | int | bool | None) -> Markup:
    """An element. A trailing ``_`` of an attribute's name is dropped, others become ``-``.

    Attributes that are None or False are left out; True gives the name as the value, so that the
    markup is XML too. One that is markup, such as a path, stands as it is, however long.
    """
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_attribute(name, value)}"'
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    if tag in _VOID:
        return Markup(f"<{tag}{named}/>")
    return Markup(f"<{tag}{named}>{markup_of(content)}</{tag}>")


def picture(title: str, *content: Content, width: int, height: int, look: str) -> Markup:
    """A picture as SVG, which a screen reader names by its title; ``look``: its class."""
    return element(
        "svg",
        element("title", title),
        content,
        viewBox=f"0 0 {width} {height}",
        role="img",
        class_=look,
    )


def _attribute(name: str, value: str | int) -> str:
    if value is True:
        return name.rstrip("_").replace("_", "-")
    if isinstance(value, Markup):
        return value
    return escape(visible(str(value)).replace("\n", " "))


def joined(parts: Iterable[Content], between: Content = " ") -> Markup:
    """Parts with something between each two."""
    return Markup(markup_of(between).join(markup_of(part) for part in parts))
