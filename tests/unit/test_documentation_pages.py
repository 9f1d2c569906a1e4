"""The pages of the documentation refer to what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modelwatch.io.store.views import views
from modelwatch.tables import TABLES

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
README_BYTES = 8_000


def links(page: Path) -> list[str]:
    """Targets of the links and pictures of a page that lie in this repository."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    targets = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", text))
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def anchors(page: Path) -> set[str]:
    """Anchors of the headings of a page, as GitHub derives them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def target_of(page: Path, link: str) -> Path:
    path = link.partition("#")[0]
    return (page.parent / path).resolve() if path else page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_link_has_a_target(page: Path) -> None:
    missing = [link for link in links(page) if not target_of(page, link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_anchor_is_a_heading(page: Path) -> None:
    wrong = [
        link
        for link in links(page)
        if "#" in link and link.partition("#")[2] not in anchors(target_of(page, link))
    ]
    assert wrong == []


def test_each_page_is_reached_from_the_index() -> None:
    reached = {ROOT / "docs" / "index.md"}
    new = set(reached)
    while new:
        found = {target_of(page, link) for page in new for link in links(page)}
        new = {page for page in found if page.suffix == ".md" and page.exists()} - reached
        reached |= new
    assert [str(page.relative_to(ROOT)) for page in PAGES[1:] if page not in reached] == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_bytes()) <= README_BYTES


def test_the_glossary_names_tables_and_views_that_exist() -> None:
    text = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")
    listed = re.findall(r"\b(?:table|view)s? ((?:`\w+`(?:, )?)+)", text)
    named = {name for names in listed for name in re.findall(r"\w+", names)}
    assert named
    assert named <= {*TABLES, *views()}


def test_a_term_of_the_glossary_is_defined_once() -> None:
    text = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")
    terms = [
        term
        for row in re.findall(r"^\| (\*\*.+?) \|", text, re.M)
        for term in re.findall(r"\*\*(.+?)\*\*", row)
    ]
    assert 20 <= len(terms) <= 30
    assert len(set(terms)) == len(terms)
