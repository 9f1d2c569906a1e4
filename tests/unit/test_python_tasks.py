"""What a Python worker keeps from one task to the next."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from modelwatch.spark.python_tasks import forget_archives


def finders(archive: Path) -> list[str]:
    return [place for place in sys.path_importer_cache if place.startswith(str(archive))]


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "shipped.zip"
    with ZipFile(path, "w") as made:
        made.writestr("of_archive/__init__.py", "")
        made.writestr("of_archive/first.py", "")
        made.writestr("of_archive/second.py", "")
    monkeypatch.syspath_prepend(path)
    return path


def test_what_is_in_an_archive_can_be_imported_after_it_was_forgotten(archive: Path) -> None:
    importlib.import_module("of_archive.first")
    assert finders(archive)
    forget_archives()
    assert not finders(archive)
    importlib.invalidate_caches()
    assert not finders(archive)
    assert importlib.import_module("of_archive.second")
