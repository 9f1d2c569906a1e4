"""The reference of configuration is what the models say."""

from __future__ import annotations

from scripts.reference_docs import PAGE, page

from modelwatch.model.config.section import Section, keys_of


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m scripts.reference_docs"


def test_the_page_has_every_key() -> None:
    text = page()
    missing = [
        f"{section.__name__}.{key}"
        for section in all_sections(Section)
        if section is not Section
        for key in keys_of(section)
        if f"| `{key}` |" not in text
    ]
    assert missing == []


def all_sections(section: type[Section]) -> set[type[Section]]:
    return {section}.union(*(all_sections(below) for below in section.__subclasses__()))
