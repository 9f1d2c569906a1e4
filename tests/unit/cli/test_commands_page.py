"""The reference of the commands."""

from __future__ import annotations

from scripts.reference_commands import PAGE, page


def test_the_page_is_what_the_command_line_is() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m scripts.reference_commands"
