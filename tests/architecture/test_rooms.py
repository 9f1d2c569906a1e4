"""Each capability has the same room in every layer, and in the tests."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator

from architecture.source import PACKAGE, ROOT, Module, modules

ROOMS = {
    "attribution",
    "comparison",
    "config",
    "contracts",
    "diagnosis",
    "drift",
    "estimation",
    "incidents",
    "maintenance",
    "notification",
    "onboarding",
    "outliers",
    "performance",
    "planning",
    "profile",
    "quarantine",
    "replay",
    "report",
    "retraining",
    "runs",
    "sources",
    "states",
    "verdicts",
}
"""A capability each. A layer has the rooms that it needs."""
LAYERS_WITH_ROOMS = ("pipelines", "spark", "evaluation", "model", "tables", "stats", "sql")
UNDIVIDED = {"api": "api", "cli": "cli", "constraints": "contracts", "report": "report"}
"""Small layers, and the room of their tests."""
ROOMS_OF_IO = {"delta", "session", "sinks", "store"}
"""Effects are kept by what they act on."""
MIRRORED = ("unit", "laws", "spark")
"""Kinds of test whose folders are those of the source."""
MAX_FILES = 35


def test_a_layer_is_divided_by_capability() -> None:
    unknown = [
        str(path.relative_to(PACKAGE))
        for layer in LAYERS_WITH_ROOMS
        for path in (PACKAGE / layer).iterdir()
        if path.is_dir() and path.name != "__pycache__" and path.name not in ROOMS
    ]
    assert not unknown


def test_effects_are_divided_by_what_they_act_on() -> None:
    found = {path.name for path in (PACKAGE / "io").iterdir() if path.is_dir()} - {"__pycache__"}
    assert found == ROOMS_OF_IO


def test_a_folder_is_small() -> None:
    files = Counter(
        str(path.parent.relative_to(ROOT))
        for folder in (PACKAGE, ROOT / "tests")
        for path in folder.rglob("*")
        if path.suffix in (".py", ".sql")
    )
    assert not {folder: count for folder, count in files.items() if count > MAX_FILES}


def public_names(module: Module) -> Iterator[str]:
    """Classes, types and constants that a module defines for others."""
    for node in ast.parse(module.text).body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and not is_type_variable(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (one.id for one in targets if isinstance(one, ast.Name))


def is_type_variable(value: ast.expr | None) -> bool:
    """Whether a value is a type variable, whose name means nothing outside its module."""
    return isinstance(value, ast.Call) and ast.unparse(value.func) == "TypeVar"


def test_a_public_class_type_or_constant_is_defined_once() -> None:
    places = defaultdict(list)
    for module in modules():
        for name in public_names(module):
            if not name.startswith("_"):
                places[name].append(str(module))
    assert not {name: found for name, found in places.items() if len(found) > 1}


def test_a_test_lies_in_the_room_of_the_module_that_it_is_named_for() -> None:
    rooms = defaultdict(set)
    for module in modules():
        parts = module.name.split(".")
        if parts[0] == "modelwatch" and module.path.stem != "__init__":
            room = parts[2] if len(parts) > 3 else UNDIVIDED.get(parts[1], "")
            rooms[parts[-1]].add(room)
    astray = [
        str(path.relative_to(ROOT))
        for kind in MIRRORED
        for path in (ROOT / "tests" / kind).rglob("test_*.py")
        if rooms.get(path.stem.removeprefix("test_"))
        and (path.parent.name if path.parent.name != kind else "")
        not in rooms[path.stem.removeprefix("test_")]
    ]
    assert not astray


def test_a_folder_of_tests_is_a_room() -> None:
    unknown = {
        f"{kind}/{path.name}"
        for kind in MIRRORED
        for path in (ROOT / "tests" / kind).iterdir()
        if path.is_dir()
        and path.name != "__pycache__"
        and path.name not in ROOMS | ROOMS_OF_IO | set(UNDIVIDED.values())
    }
    assert not unknown
