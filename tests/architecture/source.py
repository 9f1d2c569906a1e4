"""The modules of the package, and what each imports, read from their source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "modelwatch"


@dataclass(frozen=True)
class Module:
    """A source file: its dotted name, its folder in the package, and what it imports.

    ``imported`` has full dotted names, with the line of each.
    """

    path: Path
    name: str
    folder: str
    imported: tuple[tuple[str, int], ...]

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package, and the jobs."""
    package = [_module(path, PACKAGE.parent) for path in sorted(PACKAGE.rglob("*.py"))]
    return (*package, *(_module(path, ROOT) for path in sorted((ROOT / "jobs").glob("*.py"))))


def _module(path: Path, top: Path) -> Module:
    parts = path.relative_to(top).with_suffix("").parts
    if parts[-1] == "__init__":
        parts = parts[:-1]
    inside = parts[1:] if parts[0] == "modelwatch" else parts
    # A module beside the folders is a layer of its own: cli.
    folder = inside[0] if inside else "modelwatch"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return Module(path, ".".join(parts), folder, tuple(_imports(tree, parts)))


def _imports(tree: ast.AST, parts: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """Imports anywhere in the module, those inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = parts[: -node.level] if node.level else ()
            source = ".".join([*above, *filter(None, [node.module])])
            yield from ((f"{source}.{alias.name}", node.lineno) for alias in node.names)


def imports_of() -> dict[str, frozenset[str]]:
    """By module of the package, the modules that it imports, for the types of annotations too."""
    names = {module.name for module in modules()}

    def holder(name: str) -> str | None:
        parts = name.split(".")
        ends = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
        return next((part for part in ends if part in names), None)

    return {
        module.name: frozenset(
            found
            for name, _ in module.imported
            if (found := holder(name)) is not None and found != module.name
        )
        for module in modules()
    }
