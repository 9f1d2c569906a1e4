"""The jars that Spark loads are those that were pinned."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from modelwatch.io.session.jars import PACKAGES, check_jars, locked_jars
from modelwatch.io.session.lines import LINES, SparkLine
from modelwatch.io.session.stack import stack_settings
from modelwatch.model.errors import SessionError

LOCK = "jars.lock"
STACK = {PACKAGES: "org:a:1,org:b:2"}


@pytest.fixture
def jars(tmp_path: Path) -> dict[str, Path]:
    """Two jars in a folder of Ivy, by name."""
    found = {name: tmp_path / "my jars" / name for name in ("org_a-1.jar", "org_b-2.jar")}
    for name, path in found.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode() * 1000)
    return found


def lock_of(jars: dict[str, Path]) -> dict[str, str]:
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in jars.items()}


def settings_of(jars: dict[str, Path], **more: str) -> dict[str, str]:
    return {"spark.jars": ",".join(path.as_uri() for path in jars.values()), **STACK, **more}


def test_pinned_jars_pass(jars: dict[str, Path]) -> None:
    check_jars(settings_of(jars), STACK, lock_of(jars), LOCK)


def test_a_changed_jar_is_named_with_both_hashes(jars: dict[str, Path]) -> None:
    lock = lock_of(jars)
    jars["org_b-2.jar"].write_bytes(b"evil")
    with pytest.raises(SessionError, match=r"org_b-2\.jar is not the one") as raised:
        check_jars(settings_of(jars), STACK, lock, LOCK)
    assert lock["org_b-2.jar"] in str(raised.value)
    assert hashlib.sha256(b"evil").hexdigest() in str(raised.value)


def test_a_jar_that_came_along_with_the_packages_of_the_stack_is_named(
    jars: dict[str, Path],
) -> None:
    lock = lock_of(jars)
    jars["evil.jar"] = jars["org_a-1.jar"].with_name("evil.jar")
    with pytest.raises(SessionError, match=r"evil\.jar was resolved"):
        check_jars(settings_of(jars), STACK, lock, LOCK)


def test_jars_of_the_user_are_left_alone(jars: dict[str, Path], tmp_path: Path) -> None:
    lock = lock_of(jars)
    elsewhere = {**jars, "own.jar": tmp_path / "own.jar"}
    check_jars(settings_of(elsewhere), STACK, lock, LOCK)
    beside = {**jars, "more.jar": jars["org_a-1.jar"].with_name("more.jar")}
    check_jars(settings_of(beside) | {PACKAGES: "org:a:1,org:more:1"}, STACK, lock, LOCK)
    check_jars({"spark.jars": "hdfs://host/org_a-1.jar"}, STACK, lock, LOCK)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.version)
def test_the_lock_of_a_line_names_the_packages_of_its_stack(line: SparkLine) -> None:
    packages = [one.split(":") for one in stack_settings(line)[PACKAGES].split(",")]
    names = {f"{group}_{artifact}-{version}.jar" for group, artifact, version in packages}
    locked = locked_jars(line)
    assert names <= locked.keys()
    assert all(len(digest) == 64 and int(digest, 16) for digest in locked.values())
