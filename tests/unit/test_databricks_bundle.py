"""The Databricks bundle, as far as it can be read without Databricks."""

from __future__ import annotations

import os
import re
import runpy
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml

from modelwatch.io.session.lines import line_of
from modelwatch.io.session.stack import stack_settings

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "conf" / "databricks"
BUNDLE = yaml.safe_load((FOLDER / "databricks.yml").read_text(encoding="utf-8"))
JOBS = {name: of["resources"]["jobs"] for name, of in BUNDLE["targets"].items()}
TASKS = {
    name: {task["task_key"]: task for job in jobs.values() for task in job["tasks"]}
    for name, jobs in JOBS.items()
}
RUN = TASKS["classic"]["monitor"]
ALL = [task for tasks in TASKS.values() for task in tasks.values()]


def libraries(kind: str) -> list[Any]:
    return [library[kind] for library in RUN["libraries"] if kind in library]


def test_its_jars_are_those_of_the_stack_but_delta_which_the_runtime_has() -> None:
    packages = stack_settings(line_of("3.5.2"))["spark.jars.packages"].split(",")
    (maven,) = libraries("maven")
    assert [maven["coordinates"]] == [name for name in packages if "delta" not in name]
    assert maven["exclusions"] == stack_settings(line_of("3.5.2"))["spark.jars.excludes"].split(",")


def test_its_pydeequ_is_that_of_the_package() -> None:
    (pydeequ,) = libraries("pypi")
    assert f'"{pydeequ["package"]}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_its_files_exist() -> None:
    assert all((FOLDER / task["spark_python_task"]["python_file"]).is_file() for task in ALL)
    assert all((FOLDER / path).is_dir() for path in BUNDLE["sync"]["paths"])
    assert (FOLDER / BUNDLE["artifacts"]["modelwatch"]["path"] / "pyproject.toml").is_file()


@pytest.mark.parametrize("task", ALL, ids=lambda task: task["task_key"])
def test_its_parameters_are_arguments_of_the_job(
    task: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = task["spark_python_task"]
    given = [re.sub(r"\{\{.*as_of\}\}", "2024-01-01", word) for word in job["parameters"]]
    asked: list[tuple[str, str]] = []

    def secret(scope: str, key: str) -> str:
        asked.append((scope, key))
        return f"the {key}"

    runtime = ModuleType("databricks.sdk.runtime")
    runtime.dbutils = SimpleNamespace(secrets=SimpleNamespace(get=secret))  # type: ignore[attr-defined]
    for name in ("databricks", "databricks.sdk"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, runtime.__name__, runtime)
    monkeypatch.setattr(sys, "argv", [job["python_file"], *given])
    monkeypatch.setattr(os, "environ", environment := dict(os.environ))
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(FOLDER / job["python_file"]), run_name="__main__")
    assert ended.value.code == 2
    assert re.search(r"\$\{var\.(config|contract)\}: cannot be read", capsys.readouterr().err)
    if task["task_key"] == "monitor":
        assert asked == [("${var.secrets}", "webhook"), ("${var.secrets}", "salt")]
        assert environment["MODELWATCH_SALT"] == "the salt"


@pytest.mark.parametrize("target", ["development", "production"])
def test_a_target_is_serverless_unless_it_says_classic(target: str) -> None:
    for job in JOBS[target].values():
        (environment,) = job["environments"]
        assert environment["spec"]["dependencies"] == ["../../dist/*.whl"]
        assert {task["environment_key"] for task in job["tasks"]} == {
            environment["environment_key"]
        }
        assert "job_clusters" not in job


def test_targets_differ_in_their_compute_and_in_nothing_else() -> None:
    compute = ("environment_key", "job_cluster_key", "libraries")
    plain = [
        [{k: v for k, v in task.items() if k not in compute} for task in tasks.values()]
        for tasks in TASKS.values()
    ]
    assert plain[0] == plain[1] == plain[2]
