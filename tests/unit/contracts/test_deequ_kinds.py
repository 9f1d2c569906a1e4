"""The registry of kinds and what follows from it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import modelwatch
from modelwatch.deequ.kinds import KINDS, kinds_table
from modelwatch.model.contracts import constraint


def test_every_kind_of_the_configuration_has_a_builder() -> None:
    assert set(KINDS) == set(constraint.KINDS)


def test_the_table_has_a_row_a_kind() -> None:
    header, rule, *rows = kinds_table().splitlines()
    assert header.count("|") == rule.count("|")
    assert [row.split("`")[1] for row in rows] == list(KINDS)
    assert {row.count("|") for row in rows} == {header.count("|")}


def test_only_this_package_names_pydeequ() -> None:
    root = Path(modelwatch.__file__).parent
    naming = {
        path.relative_to(root).parts[0]
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pydeequ"))
        or (isinstance(node, ast.Import) and any("pydeequ" in a.name for a in node.names))
    }
    assert naming == {"deequ"}


def test_importing_it_does_not_import_pydeequ() -> None:
    program = "import sys, modelwatch.deequ; sys.exit('pydeequ' in sys.modules)"
    env = {**os.environ, "PYTHONPATH": str(Path(modelwatch.__file__).parents[1])}
    assert subprocess.run([sys.executable, "-c", program], env=env, check=False).returncode == 0
