"""The command line, as far as it goes without Spark."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from modelwatch import cli
from modelwatch.cli import onboarding
from modelwatch.io.delta.table_schema import OutputError
from modelwatch.model.errors import SessionError

GOOD = (
    "monitor: m\noutput: {path: o}\ninputs: {table: {path: i}, day: {column: d}}\n"
    "references: [{name: r, days: 2020-01-01}]\n"
)


@pytest.mark.parametrize("command", ["check", "plan", "run", "sql"])
def test_a_wrong_configuration_is_reported_line_by_line_and_exits_with_2(
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
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("modelwatch")
    assert "--help" in error
    assert error.count("\n") == 1


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
    monkeypatch.setattr(onboarding, "configuration", broken(RuntimeError("first\nsecond")))
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
    monkeypatch.setattr(onboarding, "configuration", broken(error))
    assert cli.main(["check", "m.yaml"]) == 2
    assert capsys.readouterr().err == wording


def test_help_and_wrong_arguments_import_neither_spark_nor_pandas() -> None:
    program = (
        "import sys\n"
        "from modelwatch.cli import main\n"
        "assert main(['run', '--help']) == 0\n"
        "assert main(['run', '--nonsense']) == 2\n"
        "heavy = {'pyspark', 'pandas', 'scipy', 'pyarrow'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or None)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_verbose_is_data_behind_two_dashes(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "--", "--verbose"]) == 2
    assert capsys.readouterr().err.startswith("--verbose: cannot be read")


@pytest.mark.parametrize("words", [["--version"], ["run", "--help"], ["contract", "-h"]])
def test_what_is_only_printed_exits_with_0(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words) == 0
    assert "modelwatch" in capsys.readouterr().out


@dataclass(frozen=True)
class Answered:
    """What the pipeline of a run answers."""

    exit_code: int
    text: str = "1 incident needs attention"
    run_id: str | None = "20260101T000000-0"
    findings: tuple[object, ...] = ()


@pytest.fixture
def monitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration whose run ends with an incident, without Spark."""
    path = tmp_path / "m.yaml"
    path.write_text(GOOD)
    session = contextmanager(lambda *_, **__: iter([None]))
    monkeypatch.setattr("modelwatch.cli.runs.command_session", session)
    monkeypatch.setattr(
        "modelwatch.pipelines.runs.monitor.run_monitor", lambda *_, **__: Answered(1)
    )
    return path


def test_a_run_with_an_incident_exits_with_1(monitor: Path) -> None:
    assert cli.main(["run", str(monitor)]) == 1


def test_a_run_that_never_fails_on_findings_exits_with_0(
    monitor: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", str(monitor), "--fail-on", "never"]) == 0
    assert capsys.readouterr().out == "1 incident needs attention\n"


def test_the_answer_of_a_run_is_a_record_per_run_in_json(
    monitor: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", str(monitor), "--as-of", "2020-01-02,2020-01-03", "--format", "json"]
    assert cli.main(words) == 1
    first, second = json.loads(capsys.readouterr().out)
    assert (first["as_of"], second["as_of"]) == ("2020-01-02", "2020-01-03")
    assert (first["exit_code"], first["findings"]) == (1, [])
