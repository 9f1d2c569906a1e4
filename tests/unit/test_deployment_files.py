"""The image, the Kubernetes job and the DAG, as far as they can be read without their programs."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

import modelwatch
from modelwatch import cli

CONF = Path(__file__).parents[2] / "conf"
DOCKERFILE = (CONF / "kubernetes" / "Dockerfile").read_text(encoding="utf-8")
JOB = yaml.safe_load((CONF / "kubernetes" / "cronjob.yaml").read_text(encoding="utf-8"))
POD = JOB["spec"]["jobTemplate"]["spec"]["template"]["spec"]
PROMOTION = yaml.safe_load((CONF / "github" / "promotion.yaml").read_text(encoding="utf-8"))
DAG = ast.parse((CONF / "airflow" / "modelwatch_dag.py").read_text(encoding="utf-8"))


def test_the_image_has_the_wheel_of_this_release_and_an_extra_that_exists() -> None:
    wheels = re.findall(r"modelwatch-([0-9.]+)-py3-none-any\.whl", DOCKERFILE)
    assert set(wheels) == {modelwatch.__version__}
    (extra,) = re.findall(r"^ARG EXTRA=(.+)$", DOCKERFILE, re.MULTILINE)
    assert f"\n{extra} = [" in (CONF.parent / "pyproject.toml").read_text(encoding="utf-8")


def test_the_image_does_not_run_as_root_and_keeps_no_package_lists() -> None:
    instructions = re.sub(r"\\\n", "", DOCKERFILE).splitlines()
    users = [line for line in instructions if line.startswith("USER ")]
    assert users == [f"USER {POD['securityContext']['runAsUser']}"]
    installing = [line for line in instructions if "apt-get install" in line]
    assert all("rm -rf /var/lib/apt/lists/*" in line for line in installing)
    assert all("--no-install-recommends" in line for line in installing)


def test_the_pod_runs_a_command_and_is_not_retried_where_something_needs_attention(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (container,) = POD["containers"]
    assert cli.main(container["args"]) == 2
    assert "/conf/payments.yaml: cannot be read" in capsys.readouterr().err
    (rule,) = JOB["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert rule == {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1]}}
    assert POD["securityContext"]["runAsUser"] == int(re.findall(r"--uid (\d+)", DOCKERFILE)[0])


def test_the_pods_volumes_are_there() -> None:
    (container,) = POD["containers"]
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in POD["volumes"]}


def test_the_dag_calls_commands_that_there_are() -> None:
    texts = [ast.unparse(node.value) for node in ast.walk(DAG) if isinstance(node, ast.keyword)]
    called = re.findall(r"\{MODELWATCH\} ([\w-]+) \{CONFIG\}", " ".join(texts))
    assert called == ["run", "maintain"]
    assert all(cli.main([command, "--help"]) == 0 for command in called)


@pytest.mark.parametrize(
    ("code", "decision"), [(0, "promote"), (1, "reject"), (3, "undecided"), (2, None)]
)
def test_the_promotion_job_deploys_by_the_exit_code_of_the_command(
    code: int, decision: str | None, tmp_path: Path
) -> None:
    jobs = PROMOTION["jobs"]
    (step,) = (step for step in jobs["decide"]["steps"] if step.get("id") == "gate")
    program = tmp_path / "modelwatch"
    answer = '{"challenger": "v2", "decision": "as it is", "reasons": ["because"]}'
    program.write_text(f"#!/bin/sh\necho \"$@\" > asked\necho '{answer}'\nexit {code}\n")
    program.chmod(0o755)
    environment = {
        **os.environ,
        **PROMOTION["env"],
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "GITHUB_ACTOR": "ada",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    ended = subprocess.run(shell, cwd=tmp_path, env=environment, check=False)
    if decision is None:
        assert ended.returncode == code
        assert not (tmp_path / "output").exists()
        return
    assert ended.returncode == 0
    assert (tmp_path / "output").read_text() == f"decision={decision}\n"
    assert (tmp_path / "summary").read_text() == "### v2: as it is\n- because\n"
    assert jobs["deploy"]["if"] == "needs.decide.outputs.decision == 'promote'"


def test_the_promotion_job_asks_with_options_that_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (step,) = (step for step in PROMOTION["jobs"]["decide"]["steps"] if step.get("id") == "gate")
    command = re.search(
        r"modelwatch (gate .+?) > decision", re.sub(r"\\\n", " ", step["run"]), re.S
    )
    assert command is not None
    values = {**PROMOTION["env"], "GITHUB_ACTOR": "ada"}
    words = re.sub(r'"\$(\w+)"', lambda one: values[one[1]], command[1]).split()
    assert cli.main(words) == 2
    assert "conf/payments.yaml: cannot be read" in capsys.readouterr().err
