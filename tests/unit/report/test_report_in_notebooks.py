"""A report in a notebook: its first page, in a frame that can do nothing to the notebook."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from modelwatch.api.html import ReportPages
from modelwatch.report.pages import pages_of
from report_results import results


class Frame(HTMLParser):
    """The attributes of the only frame of a text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.attributes: dict[str, str | None] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "iframe":
            assert not self.attributes
            self.attributes = dict(attrs)


def test_a_notebook_shows_the_first_page_as_it_is(tmp_path: Path) -> None:
    text = pages_of(results(features=2, value='"><script>alert(1)</script>'))["index.html"]
    (tmp_path / "index.html").write_text(text, encoding="utf-8")
    frame = Frame(ReportPages(tmp_path / "index.html", len(text))._repr_html_())
    assert frame.attributes["srcdoc"] == text
    # Without allow-same-origin the frame reaches neither the notebook nor its cookies.
    assert frame.attributes["sandbox"] == "allow-scripts"


def test_a_report_is_a_path_too(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("page", encoding="utf-8")
    pages = ReportPages(tmp_path / "index.html", 4)
    assert Path(pages).read_text(encoding="utf-8") == "page"
    assert str(pages) == str(tmp_path / "index.html")
