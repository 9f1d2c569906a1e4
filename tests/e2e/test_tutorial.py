"""The commands of the tutorial, in its order, and what it says about their answers."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from scripts.flights import tables

from modelwatch import cli

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
FIRST_COMMANDS = ("make setup", ". scripts/environment.sh")
CONFIG = Path("var/tutorial/monitor.yaml")


def commands() -> list[str]:
    """The commands of the page's blocks, without those that set up what the tests run in."""
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^ *```\n(.*?)^ *```", text, re.M | re.S)
    found: list[str] = []
    for block in blocks:
        held = ""
        for line in block.replace("\\\n", " ").splitlines():
            held += line.strip() + "\n"
            if held.count('"') % 2 == 0:
                found.append(held.strip())
                held = ""
    return [command for command in found if command not in FIRST_COMMANDS]


@pytest.mark.slow
def test_the_tutorial_finds_the_storm_and_the_performance_of_january(
    spark: SparkSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    answers: list[tuple[str, int, str]] = []
    for command in commands():
        if command.startswith("python -m scripts.flights.tables"):
            code = tables.main(shlex.split(command)[3:])
        elif command.startswith("sed "):
            code = subprocess.run(command, shell=True, check=True).returncode
        else:
            if " ID" in command:
                command = re.sub(r"\bID\b", incident_of("tail_number", capsys), command)
            name, *words = shlex.split(command)
            assert name == "modelwatch", command
            code = cli.main(words)
        answers.append((command, code, capsys.readouterr().out))
    reported = {
        command.split()[1]: (code, out) for command, code, out in answers if "sed" not in command
    }
    assert reported["check"][0] == 0
    runs = [(code, out) for command, code, out in answers if command.startswith("modelwatch run")]
    # There is an incident; later, what was acknowledged does not call any more.
    assert runs[0][0] == 1
    assert "tail_number" in runs[0][1]
    config = CONFIG.read_text(encoding="utf-8")
    assert "first_weeks, days: 2013-01-01..2013-01-28" in config
    assert "due: {column: label_due_on}" in config
    (nulls, performance) = [out for command, _, out in answers if " sql " in command]
    assert re.search(r"2013-02-08.*0\.17\d", nulls)
    assert re.search(r"2013-02-09.*0\.24\d", nulls)
    assert re.search(r"accuracy.*2013-02-01|2013-02-01.*accuracy", performance)
    assert re.search(r"2013-01-01.*accuracy.*0\.\d+", performance)
    assert {code for command, code, _ in answers if " run " not in command} == {0}
    assert (tmp_path / "var/tutorial_monitoring/report/index.html").exists()


def incident_of(subject: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The first characters of the id of the open incident about a subject."""
    assert cli.main(["incidents", str(CONFIG), "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    (found,) = [row["incident_id"] for row in rows if row["subject"] == subject]
    return str(found)[:8]
