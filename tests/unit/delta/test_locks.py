"""The lock by which writers of a table take turns is a file, and nothing that was planted there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modelwatch.io.delta.addresses import Place
from modelwatch.io.delta.locks import table_lock
from modelwatch.io.delta.table_schema import OutputError
from modelwatch.io.text_files import write_text
from modelwatch.model.errors import ConfigurationError


def test_a_turn_leaves_a_lock_that_the_next_takes(tmp_path: Path) -> None:
    for _ in range(2):
        with table_lock(Place(path=str(tmp_path / "out" / "runs"))):
            assert (tmp_path / "out" / ".runs.lock").is_file()


def test_a_planted_link_is_refused_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    os.utime(target, (1e9, 1e9))
    (tmp_path / ".runs.lock").symlink_to(target)
    with (
        pytest.raises(OutputError, match=r"\.runs\.lock is not a file"),
        table_lock(Place(path=str(tmp_path / "runs"))),
    ):
        pass
    assert target.read_text() == "precious"
    assert target.stat().st_mtime == 1e9


def test_a_link_to_nothing_creates_nothing(tmp_path: Path) -> None:
    (tmp_path / ".runs.lock").symlink_to(tmp_path / "absent")
    with pytest.raises(OutputError), table_lock(Place(path=str(tmp_path / "runs"))):
        pass
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("plant", [os.mkfifo, os.mkdir])
def test_a_pipe_or_a_folder_in_its_place_is_refused_at_once(tmp_path: Path, plant) -> None:
    plant(tmp_path / ".runs.lock")
    with (
        pytest.raises(OutputError, match="not a file"),
        table_lock(Place(path=str(tmp_path / "runs"))),
    ):
        pass


def test_a_new_file_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").symlink_to(tmp_path / "absent")
    with pytest.raises(ConfigurationError, match="exists; --force replaces it"):
        write_text(tmp_path / "m.yaml", "text")
    assert not (tmp_path / "absent").exists()
