"""The pages of a report: sound markup, nothing from outside, nothing that data break out of."""

from __future__ import annotations

import base64
import hashlib
import re
from xml.etree import ElementTree

import pytest

from hostile import HOSTILE
from html_tree import html_tree
from modelwatch.report.pages import pages_of
from modelwatch.report.style import STYLE
from report_results import results

SHORT_HOSTILE = {name: text[:3000] for name, text in HOSTILE.items()}


class Elements:
    """The elements of a page as a browser reads them, and its text outside of scripts."""

    def __init__(self, page: str) -> None:
        self.found: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._walk(html_tree(page))

    def _walk(self, element: ElementTree.Element) -> None:
        self.found.append((element.tag, element.attrib))
        if element.text and element.tag not in ("script", "style"):
            self.texts.append(element.text)
        for part in element:
            self._walk(part)
            if part.tail:
                self.texts.append(part.tail)


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return pages_of(results())


def test_the_first_page_is_the_overview(pages: dict[str, str]) -> None:
    assert next(iter(pages)) == "index.html"
    assert {"features.html", "performance.html", "sources.html"} < set(pages)


def test_the_elements_of_every_page_are_nested(pages: dict[str, str]) -> None:
    for text in pages.values():
        html_tree(text)


def test_every_link_leads_to_a_page_and_a_place_that_exist(pages: dict[str, str]) -> None:
    places = {
        file: {attributes.get("id") for _, attributes in Elements(text).found}
        for file, text in pages.items()
    }
    for file, text in pages.items():
        for _, attributes in Elements(text).found:
            target = attributes.get("href")
            if target is not None:
                page, _, place = target.partition("#")
                assert page in pages or not page
                assert not place or place in places[page or file]


def test_a_page_loads_nothing(pages: dict[str, str]) -> None:
    for text in pages.values():
        assert not re.search(r"(?:https?:)?//[a-z]", text)
        assert not re.search(r"@import|url\(", text)
        names = {name for _, attributes in Elements(text).found for name in attributes}
        assert not names & {"src", "srcset", "style", "action", "xlink:href"}
        assert not [name for name in names if name.startswith("on")]


def test_the_policy_allows_the_style_and_the_script_of_the_page_only(
    pages: dict[str, str],
) -> None:
    for text in pages.values():
        meta = [attributes for tag, attributes in Elements(text).found if tag == "meta"]
        policy = next(m["content"] or "" for m in meta if "http-equiv" in m)
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy
        for tag, held in re.findall(r"<(style|script)>(.*?)</\1>", text, re.S):
            digest = base64.b64encode(hashlib.sha256(held.encode()).digest()).decode()
            assert f"{tag}-src 'sha256-{digest}'" in policy
        assert ("script-src" in policy) == ("<script>" in text)


def test_a_page_has_the_rules_of_its_style_that_apply_to_it(pages: dict[str, str]) -> None:
    for text in pages.values():
        (style,) = re.findall("<style>(.*?)</style>", text)
        used = {
            name
            for _, attributes in Elements(text).found
            for name in (attributes.get("class") or "").split()
        }
        rules = re.findall(r"\.([a-z][\w-]*)", re.sub(r"\{[^}]*\}", "{}", style))
        assert set(rules) <= used
        alone = set(re.findall(r"\n\.([a-z][\w-]*)(?=\{)", STYLE.replace("}", "}\n")))
        assert alone & used <= set(rules)


def test_every_picture_has_a_title(pages: dict[str, str]) -> None:
    for text in pages.values():
        root = html_tree(text)
        pictures = list(root.iter("svg"))
        assert all(picture.findtext("title") for picture in pictures)


def test_25_features_by_90_days_take_few_bytes(pages: dict[str, str]) -> None:
    sizes = {file: len(text.encode()) for file, text in pages.items()}
    assert "features-1.html" not in sizes
    assert max(sizes.values()) == sizes["features.html"]
    assert sum(sizes.values()) < 150_000


def test_many_features_have_several_pages() -> None:
    pages = pages_of(results(features=60))
    assert [file for file in pages if file.startswith("features-")] == [
        "features-1.html",
        "features-2.html",
    ]
    assert "id=f59 " in pages["features-2.html"]
    assert max(len(text.encode()) for text in pages.values()) < 150_000


def test_500_features_by_90_days_take_less_than_a_megabyte() -> None:
    pages = pages_of(results(features=500))
    assert sum(len(text.encode()) for text in pages.values()) < 1_000_000
    listed = html_tree(pages["features.html"])
    rows = [row for row in listed.iter("tr") if row.get("class") == "entry"]
    assert len(rows) == 500
    assert all(row.find(".//svg") is not None for row in rows)
    # The feature that fails is shown first, with pictures.
    assert rows[0].find(".//a") is not None
    test_every_link_leads_to_a_page_and_a_place_that_exist(pages)


@pytest.mark.parametrize("attack", SHORT_HOSTILE)
def test_hostile_names_and_values_stay_text(attack: str) -> None:
    text = SHORT_HOSTILE[attack]
    pages = pages_of(results(features=6, name=text, value=text, text=text))
    usual = pages_of(results(features=6))
    for file, page in pages.items():
        html_tree(page)
        if file in usual:
            tags = {tag for tag, _ in Elements(page).found}
            assert tags <= {tag for tag, _ in Elements(usual[file]).found}


def test_text_that_reorders_or_hides_text_is_not_written() -> None:
    attack = "\u202egnp.exe\u202c\u2066\x00\x1b[31m\ud800"
    for page in pages_of(results(features=3, name=attack, value=attack, text=attack)).values():
        assert not set(page) & set("\u202e\u202c\u2066\x00\x1b\ud800")


def test_of_a_sensitive_feature_no_value_is_shown() -> None:
    secret, bound = "4711-secret", "9.99"
    names = [f"feature{at}" for at in range(5)]
    hidden = frozenset({"feature", *names})
    pages = pages_of(results(features=5, value=secret, sensitive=hidden))
    shown = Elements(pages["features.html"]).texts
    assert not [text for text in shown if secret in text or bound in text]
    assert not re.search(r"Median|Distribution of", pages["features.html"])
    assert "Before and after" in pages["incident-a1b2c3d4.html"]
    assert "<svg" not in pages["incident-a1b2c3d4.html"].partition("Before and after")[2]


def test_metrics_have_three_digits_at_most(pages: dict[str, str]) -> None:
    for file, text in pages.items():
        for wording in Elements(text).texts:
            if "SELECT" not in wording and "modelwatch" not in wording:
                assert not re.search(r"[1-9]\.\d{3,}|\b0\.0*[1-9]\d{3,}", wording), (file, wording)


def test_a_monitor_without_labels_has_its_pages_too() -> None:
    given = results(features=2)
    bare = {name: rows for name, rows in given.rows.items() if name in ("windows", "runs")}
    pages = pages_of(type(given)(**{**vars(given), "rows": bare, "task": None}))
    assert "There are no open incidents" in pages["index.html"]
    assert "Performance is not measured" in pages["performance.html"]
