"""The progress of a run on a terminal, and elsewhere."""

from __future__ import annotations

import io
import logging
import sys

import pytest

from modelwatch.cli.runs import progress
from modelwatch.model.runs.stages import Stage

LOG = logging.getLogger("modelwatch.test_runs")


class Terminal(io.StringIO):
    """A terminal that keeps what is printed."""

    def isatty(self) -> bool:
        """True."""
        return True


def logged(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a stage of a run leaves on standard error."""
    root = logging.getLogger()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    handler = logging.StreamHandler(stream)
    monkeypatch.setattr(root, "handlers", [handler])
    LOG.setLevel(logging.INFO)
    with progress((Stage.PLAN, Stage.DRIFT)):
        LOG.info("r1 comparing \x1b[31m", extra={"stage": "drift", "run_id": "r1"})
        ended = {"stage": "drift", "seconds": 1.0, "run_id": "r1"}
        LOG.info("r1   drift took 1.0 s", extra=ended)
    assert root.handlers == [handler]
    return stream.getvalue()


def test_a_terminal_shows_stages_without_the_id_of_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = logged(Terminal(), monkeypatch)
    assert "drift took 1.0 s" in shown
    assert "r1" not in shown
    assert "1/2" in shown


def test_a_terminal_never_acts_on_what_comes_from_data(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "comparing \\u001b[31m" in logged(Terminal(), monkeypatch)


def test_a_log_file_keeps_plain_lines_with_the_id(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = logged(io.StringIO(), monkeypatch).splitlines()
    assert lines[1] == "r1   drift took 1.0 s"
