"""The command line, as far as it goes without Spark."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelwatch import cli
from modelwatch.io.delta.table_schema import OutputError
from modelwatch.model.errors import SessionError

GOOD = (
    "monitor: m\noutput: {path: o}\ninputs: {table: {path: i}, day: {column: d}}\n"
    "references: [{name: r, days: 2020-01-01}]\n"
)


@pytest.mark.parametrize("command", ["check", "plan", "run", "sql"])
def test_a_wrong_configuration_is_told_line_by_line_and_exits_with_2(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(GOOD + "pears: {}\nbinning: {bins: 1}\n")
    assert cli.main([command, str(path)]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"{path}:5: pears: is not a known key; did you mean 'pairs'?",
        f"{path}:6: binning.bins: must be at least 2, not 1",
    ]


@pytest.mark.parametrize("command", ["check", "plan", "run", "sql"])
def test_the_configuration_may_be_named_by_an_option(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([command, "--config", "no/such.yaml"]) == 2
    assert capsys.readouterr().err == "no/such.yaml: cannot be read: No such file or directory\n"


def test_a_configuration_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run"]) == 2
    assert "no configuration given" in capsys.readouterr().err


def test_a_file_that_is_no_text_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.yaml"
    path.write_bytes(b"monitor: \xff\xfe")
    assert cli.main(["check", str(path)]) == 2
    assert "is not UTF-8 text" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["run", "m.yaml", "--as-of", "yesterday"],
        ["run", "m.yaml", "--as-of", "2020-01-02,2020-01-01"],
        ["plan", "m.yaml", "--as-of", "2020-01-01,2020-01-02"],
        ["run", "m.yaml", "--days", "2020-01-02..2020-01-01"],
        ["plan", "m.yaml", "--days", "2020-02-30"],
    ],
)
def test_wrong_arguments_exit_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main(arguments)
    assert exit_.value.code == 2
    assert "usage: modelwatch" in capsys.readouterr().err


@pytest.mark.parametrize("alone", ["--dry-run", "--days=2020-01-01"])
def test_what_is_said_of_one_run_is_not_said_of_several(
    alone: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", "m.yaml", "--as-of", "2020-01-01,2020-01-02", alone]) == 2
    wording = f"--as-of: several days cannot be combined with {alone.partition('=')[0]}"
    assert wording in capsys.readouterr().err


def test_init_never_replaces_a_file_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("mine")
    assert cli.main(["init", "some/table", "-o", str(path)]) == 2
    assert "--force replaces it" in capsys.readouterr().err
    assert path.read_text() == "mine"


def broken(error: BaseException) -> object:
    def command(*_: object) -> int:
        raise error

    return command


def test_an_unexpected_error_is_one_line_unless_more_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "_check", broken(RuntimeError("first\nsecond")))
    assert cli.main(["check", "m.yaml"]) == 2
    expected = "modelwatch: RuntimeError: first (--verbose for details)\n"
    assert capsys.readouterr().err == expected
    assert cli.main(["check", "m.yaml", "--verbose"]) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "wording"),
    [
        (SessionError("no Java"), "no Java\n"),
        (OutputError("the table runs was altered"), "the table runs was altered\n"),
        (KeyboardInterrupt(), "modelwatch: interrupted\n"),
        (RuntimeError("\ud800"), "modelwatch: RuntimeError: \\ud800 (--verbose for details)\n"),
    ],
)
def test_every_error_ends_in_words_and_exit_code_2(
    error: BaseException,
    wording: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(cli, "_check", broken(error))
    assert cli.main(["check", "m.yaml"]) == 2
    assert capsys.readouterr().err == wording
