"""The DAG, the image and the bundle, read by the programs that they are written for."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml
from scripts.locked_environment import python_of

pytestmark = pytest.mark.slow

CONF = Path(__file__).parents[2] / "conf"
PARSED = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

bag = DagBag(sys.argv[1])
tasks = {
    name: {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks}
    for name, dag in bag.dags.items()
}
stored = {name: bool(json.dumps(DagSerialization.to_dict(dag))) for name, dag in bag.dags.items()}
print(json.dumps({"errors": bag.import_errors, "tasks": tasks, "stored": stored}))
"""


LOADED = """
import json, sys
from databricks.bundles.dashboards import Dashboard
from databricks.bundles.jobs import Job

for job in json.loads(sys.argv[1]):
    Job.from_dict(job)
Dashboard.from_dict(json.loads(sys.argv[2]))
"""


def test_airflow_reads_the_dag_and_can_store_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [python_of("deployment"), "-c", PARSED, CONF / "airflow"],
        env={
            "PATH": os.environ["PATH"],
            "AIRFLOW_HOME": str(tmp_path),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found == {
        "errors": {},
        "tasks": {"payments_monitor": {"monitor": ["maintain"], "maintain": []}},
        "stored": {"payments_monitor": True},
    }


def test_hadolint_finds_nothing_in_the_image() -> None:
    hadolint = python_of("deployment").parent / "hadolint"
    done = subprocess.run(
        [hadolint, "--no-color", CONF / "kubernetes" / "Dockerfile"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_databricks_knows_every_key_of_the_jobs_and_the_dashboard() -> None:
    text = (CONF / "databricks" / "databricks.yml").read_text(encoding="utf-8")
    bundle = yaml.safe_load(text)
    common = bundle["resources"]["jobs"]
    jobs = [
        {**common[name], **job}
        for target in bundle["targets"].values()
        for name, job in target["resources"]["jobs"].items()
    ]
    dashboard = bundle["resources"]["dashboards"]["overview"]
    done = subprocess.run(
        [python_of("deployment"), "-c", LOADED, json.dumps(jobs), json.dumps(dashboard)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert len(jobs) == 6
    assert done.returncode == 0, done.stderr
