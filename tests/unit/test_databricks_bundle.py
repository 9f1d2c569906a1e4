"""The Databricks bundle, as far as it can be read without Databricks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelwatch import cli
from modelwatch.io.session.stack import stack_settings

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "conf" / "databricks"
BUNDLE = yaml.safe_load((FOLDER / "databricks.yml").read_text(encoding="utf-8"))
(TASK,) = BUNDLE["resources"]["jobs"]["monitor"]["tasks"]


def libraries(kind: str) -> list[Any]:
    return [library[kind] for library in TASK["libraries"] if kind in library]


def test_its_jars_are_those_of_the_stack_but_delta_which_the_runtime_has() -> None:
    packages = stack_settings()["spark.jars.packages"].split(",")
    (maven,) = libraries("maven")
    assert [maven["coordinates"]] == [name for name in packages if "delta" not in name]
    assert maven["exclusions"] == stack_settings()["spark.jars.excludes"].split(",")


def test_its_pydeequ_is_that_of_the_package() -> None:
    (pydeequ,) = libraries("pypi")
    assert f'"{pydeequ["package"]}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_its_files_exist() -> None:
    assert (FOLDER / TASK["spark_python_task"]["python_file"]).is_file()
    assert all((FOLDER / path).is_dir() for path in BUNDLE["sync"]["paths"])
    assert (FOLDER / BUNDLE["artifacts"]["modelwatch"]["path"] / "pyproject.toml").is_file()


def test_its_parameters_are_arguments_of_the_job(capsys: pytest.CaptureFixture[str]) -> None:
    given = TASK["spark_python_task"]["parameters"]
    arguments = [re.sub(r"\{\{.*as_of\}\}", "2024-01-01", word) for word in given]
    assert cli.main(["run", *arguments]) == 2
    assert "${var.config}: cannot be read" in capsys.readouterr().err
