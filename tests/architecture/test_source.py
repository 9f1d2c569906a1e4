"""How the source is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from architecture.source import PACKAGE, ROOT, modules
from modelwatch.io.session.lines import LINES

FORBIDDEN = {"utils", "util", "base", "manager", "engine", "helper", "helpers", "common", "misc"}
PRIVATE = {"told", "telling", "beliefs", "rivals", "figure", "figures", "gate", "gates", "kept"}
"""Words without a meaning in the field; a narrative, an estimate, a metric value, a threshold and
a retained row have names of their own."""
CLASS = re.compile(r"^ *class (\w+)", re.M)
DEFINED = re.compile(r"^ *(?:class|def) (\w+)|^ *(\w+)(?:: [^=\n]+)? = ", re.M)
MAX_LINES = 400
SOURCES = [
    path
    for folder in ("src", "jobs", "scripts", "tests")
    for path in sorted((ROOT / folder).rglob("*.py"))
]


def words_of(name: str) -> set[str]:
    """The words of a name: of snake_case and of CamelCase."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}


def names() -> Iterator[tuple[str, str]]:
    """Names of folders, modules and classes, and where each is."""
    for path in SOURCES:
        place = str(path.relative_to(ROOT))
        for part in path.relative_to(ROOT).with_suffix("").parts:
            yield part, place
        for found in CLASS.finditer(path.read_text(encoding="utf-8")):
            yield found[1], place


def test_a_name_says_what_a_thing_is() -> None:
    assert not [f"{place}: {name}" for name, place in names() if words_of(name) & FORBIDDEN]


def test_a_name_of_the_package_is_in_the_words_of_the_field() -> None:
    assert not [
        f"{module}: {found[0].strip()}"
        for module in modules()
        for found in DEFINED.finditer(module.text)
        if words_of(found[1] or found[2]) & PRIVATE
    ]


def test_a_name_of_scripts_and_tests_is_in_the_words_of_the_field() -> None:
    assert not [
        f"{path.relative_to(ROOT)}: {found[0].strip()}"
        for path in SOURCES
        if not path.is_relative_to(ROOT / "src")
        for found in DEFINED.finditer(path.read_text(encoding="utf-8"))
        if words_of(found[1] or found[2]) & (PRIVATE - {"kept"})
    ]


def test_a_module_is_short() -> None:
    lines = {str(module): len(module.text.splitlines()) for module in modules()}
    assert not {name: count for name, count in lines.items() if count > MAX_LINES}


def test_functions_of_batches_are_handed_to_spark_in_one_place() -> None:
    calling = {str(module) for module in modules() if ".mapInArrow(" in module.text}
    assert calling == {"src/modelwatch/spark/python_tasks.py"}


def test_everything_printed_goes_through_one_place() -> None:
    printing = re.compile(
        r"(?<![\w.])print\(|sys\.(?:__)?std(?:out|err)\b(?!\.(?:fileno|flush)\()|"
        r"traceback\.print_|logging\.(?:basicConfig|StreamHandler)|argparse\.ArgumentParser\("
    )
    found = {str(module) for module in modules() if printing.search(module.text)}
    assert found == {"src/modelwatch/io/terminal.py"}


def test_every_ignored_rule_of_the_linter_has_a_reason() -> None:
    linter = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.ruff.lint]")[2]
    ignored = [
        line.strip()
        for start in re.finditer(r"^(?:ignore|\"[^\"]+\") = \[\n", linter, re.M)
        for line in linter[start.end() :].partition("\n]")[0].splitlines()
    ]
    assert ignored
    assert not [line for line in ignored if not re.fullmatch(r"\"[A-Z]+[0-9]*\",? +# .+", line)]


@pytest.mark.parametrize("marker", ["noqa", "type: ignore"])
def test_an_exception_in_the_source_names_its_rule(marker: str) -> None:
    unnamed = re.compile(rf"# {marker}(?!: ?[A-Z]|\[)")
    assert not [
        f"{path.relative_to(ROOT)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if unnamed.search(line)
    ]


def test_the_versions_of_the_stack_stand_in_one_place() -> None:
    coordinates = re.compile(r"delta-spark_[\d.]*_?2\.1\d:\d|com\.amazon\.deequ:deequ:\d")
    assert not [path for path in PACKAGE.rglob("*.py") if coordinates.search(path.read_text())]
    stated = {
        line.version: coordinates.findall((ROOT / "conf" / line.settings).read_text())
        for line in LINES
    }
    assert {version: len(found) for version, found in stated.items()} == {"3.5": 2, "4.1": 1}
