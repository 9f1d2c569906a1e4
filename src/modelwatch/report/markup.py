"""HTML and SVG markup in which all text is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from modelwatch.model.plain_text import plain_text, shortened

_LONGEST_TEXT = 4000
"""Maximum characters of a data text on a page."""
_VOID = frozenset({"br", "hr", "input", "meta", "link", "wbr", "path", "rect", "circle"})


class Markup(str):
    """A string that is already markup, created only by the functions of this module."""

    __slots__ = ()


Content = Markup | str | int | None | Iterable["Content"]
"""The content of an element: markup as is, text to be escaped, nothing, or several of these."""


def visible(text: str) -> str:
    """A text without characters that a page can't hold or that change the order of others.

    Control characters, marks of the direction of writing and unpaired surrogates become spaces;
    ends of lines stay. At most ``_LONGEST_TEXT`` characters are kept.
    """
    cut = shortened(text, _LONGEST_TEXT)
    return cut if cut.isascii() and cut.isprintable() else plain_text(cut)


def markup_of(content: Content) -> Markup:
    """Content as markup, with its text escaped."""
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
    """An element. A trailing ``_`` in the name of an attribute is removed; others become ``-``.

    Attributes that are None or False are left out. True gives the name as the value, so that the
    markup is valid XML. An attribute that is markup, such as a path, is written unchanged.
    """
    # The class comes first, where `compact` can drop its quotes even in an empty element.
    ordered = sorted(attributes.items(), key=lambda one: one[0] != "class_")
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_attribute(name, value)}"'
        for name, value in ordered
        if value is not None and value is not False
    )
    if tag in _VOID:
        return Markup(f"<{tag}{named}/>")
    return Markup(f"<{tag}{named}>{markup_of(content)}</{tag}>")


def compact(body: Markup) -> Markup:
    """The markup of a page body in fewer bytes: equivalent HTML, which is not XML.

    Leaves out optional end tags in tables and definition lists, and unnecessary quotes.
    """
    return Markup(_UNQUOTED.sub(r"\1\2", _OMITTED.sub("", body)))


_OMITTED = re.compile("</(?:td|th|tr|thead|tbody|dt|dd)>")
# Text contains neither quotes nor angle brackets, which are escaped, so this matches in tags only.
_UNQUOTED = re.compile(r'( [a-z-]+=)"([\w.#-]+)"(?=[ >])')


def picture(title: str, *content: Content, width: int, height: int, css_class: str) -> Markup:
    """An SVG image with its title for screen readers; ``css_class``: its class."""
    return element(
        "svg",
        element("title", title),
        content,
        viewBox=f"0 0 {width} {height}",
        role="img",
        class_=css_class,
    )


def _attribute(name: str, value: str | int) -> str:
    if value is True:
        return name.rstrip("_").replace("_", "-")
    if isinstance(value, Markup):
        return value
    return escape(visible(str(value)).replace("\n", " "))


def joined(parts: Iterable[Content], between: Content = " ") -> Markup:
    """Parts with a separator between them."""
    return Markup(markup_of(between).join(markup_of(part) for part in parts))
