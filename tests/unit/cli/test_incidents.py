"""The words of `modelwatch incidents`."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelwatch import cli

CONFIG = (
    "monitor: m\noutput: {path: o}\ninputs: {table: {path: i}, day: {column: d}}\n"
    "references: [{name: r, days: 2020-01-01}]\n"
)


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "m.yaml"
    path.write_text(CONFIG)
    return str(path)


@pytest.mark.parametrize(
    ("words", "wording"),
    [
        (["dance"], "'dance' is not one of list, show, acknowledge"),
        (["show"], "show takes the id of one incident"),
        (["list", "a1"], "list takes no id"),
        (["acknowledge", "a1", "a2"], "acknowledge takes the id of one incident"),
        (["mute", "a1"], "mute requires --until DAY"),
        (["acknowledge", "a1", "--until", "2020-01-01"], "mute requires --until DAY"),
    ],
)
def test_wrong_words_are_reported_before_anything_is_opened(
    words: list[str], wording: str, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["incidents", "--config", config, *words]) == 2
    assert wording in capsys.readouterr().err


def test_a_mute_until_no_day_is_refused(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["incidents", config, "mute", "a1", "--until", "soon"]) == 2
    assert "'soon'" in capsys.readouterr().err
