"""A page as a tree of elements, as a browser reads it."""

from __future__ import annotations

from html.parser import HTMLParser
from xml.etree import ElementTree

VOID = frozenset({"meta", "input", "br", "hr", "link", "wbr"})
_ENDED_BY = {
    "td": {"td", "th", "tr", "tbody"},
    "th": {"td", "th", "tr", "tbody"},
    "tr": {"tr", "tbody"},
    "thead": {"tbody"},
    "tbody": {"tbody"},
    "dt": {"dt", "dd"},
    "dd": {"dt", "dd"},
}
"""Elements whose end tag may be missing, and the elements whose start ends them."""


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.builder = ElementTree.TreeBuilder()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        while self.open and tag in _ENDED_BY.get(self.open[-1], ()):
            self.builder.end(self.open.pop())
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in VOID:
            self.builder.end(tag)
        else:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.builder.end(self.open.pop())

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1] != tag and self.open[-1] in _ENDED_BY:
            self.builder.end(self.open.pop())
        assert self.open and self.open[-1] == tag, f"</{tag}> closes no element: {self.open}"
        self.builder.end(self.open.pop())

    def handle_data(self, data: str) -> None:
        if self.open:
            self.builder.data(data)


def html_tree(page: str) -> ElementTree.Element:
    """The root of a page. AssertionError where its elements are not nested properly."""
    tree = _Tree()
    tree.feed(page.removeprefix("<!DOCTYPE html>\n"))
    tree.close()
    assert not tree.open, f"not closed: {tree.open}"
    return tree.builder.close()
