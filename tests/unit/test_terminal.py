"""What reaches a terminal: text, whatever the data hold."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import unicodedata
import warnings
from pathlib import Path

import pytest

from hostile import HOSTILE
from modelwatch import cli
from modelwatch.io.terminal import log_to_terminal, print_error, printable, say

ANY = pytest.mark.parametrize("text", [pytest.param(t, id=n) for n, t in HOSTILE.items()])
EVIL = "a\x1b[2Jb\u202ec"
SHOWN = "a\\u001b[2Jb\\u202ec"


def harmless(text: str) -> bool:
    """Whether a terminal writes it in the order in which it stands, and does nothing else."""
    left = text.replace("\n", "").replace("\t", "")
    return not any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs") for c in left)


@ANY
def test_any_text_becomes_harmless_and_keeps_its_lines(text: str) -> None:
    shown = printable(text)
    assert harmless(shown)
    assert shown.count("\n") == text.count("\n")


@pytest.mark.parametrize("text", ["Zürich 東京 🙂", "two\nlines\tand a tab", ""])
def test_a_text_that_can_be_shown_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_an_escape_is_the_same_text_to_a_reader_of_json() -> None:
    text = "\x00\x1b\x9b\u202e\u2028\ufeff\xa0"
    assert json.loads(f'"{printable(text)}"') == text
    assert printable("\U000e0041") == "\\U000e0041"


def test_output_and_errors_are_printed_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    say(EVIL)
    print_error(EVIL)
    assert capsys.readouterr() == (f"{SHOWN}\n", f"{SHOWN}\n")


def test_a_terminal_that_knows_few_characters_gets_those(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "ascii", write_through=True))
    say("Zürich")
    assert written.getvalue() == b"Z\\xfcrich\n"


def test_wrong_arguments_of_a_command_are_reported_escaped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["run", "m.yaml", "--as-of", EVIL]) == 2
    error = capsys.readouterr().err
    assert error.startswith("modelwatch run: ")
    assert harmless(error)


def test_a_traceback_is_reported_escaped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", "--verbose", str(tmp_path / EVIL)]) == 2
    error = capsys.readouterr().err
    assert "Traceback" in error
    assert SHOWN in error
    assert harmless(error)


def test_log_records_warnings_and_their_tracebacks_are_reported_escaped() -> None:
    program = (
        "import logging, warnings\n"
        "from modelwatch.io.terminal import log_to_terminal\n"
        "log_to_terminal()\n"
        f"evil = {EVIL!r}\n"
        "warnings.warn('warned ' + evil)\n"
        "try:\n"
        "    raise ValueError('raised ' + evil)\n"
        "except ValueError:\n"
        "    logging.getLogger('modelwatch.x').exception('logged %s', evil)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    for part in ("warned", "raised", "logged"):
        assert f"{part} {SHOWN}" in done.stderr
    assert harmless(done.stderr)


def test_a_process_that_logs_by_itself_gets_no_second_handler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = logging.NullHandler()
    monkeypatch.setattr(logging.getLogger(), "handlers", [own])
    monkeypatch.setattr(logging, "captureWarnings", lambda capture: None)
    log_to_terminal()
    assert logging.getLogger().handlers == [own]
    assert warnings.showwarning.__module__ != "logging"
