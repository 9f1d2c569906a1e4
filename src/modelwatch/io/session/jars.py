"""The jars of a line of Spark, each pinned by its hash in the lock of the line in ``conf/``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from modelwatch.io.session.lines import SparkLine
from modelwatch.io.session.stack import stack_file
from modelwatch.model.errors import SessionError

PACKAGES = "spark.jars.packages"
_JARS = ("spark.jars", "spark.yarn.dist.jars", "spark.repl.local.jars")
"""Settings that contain the jars: in local mode and on clusters, on YARN, and of the driver
only."""
_CHUNK_BYTES = 1 << 20


def locked_jars(line: SparkLine) -> dict[str, str]:
    """SHA-256 of each jar that Spark's Ivy resolves for the stack, by file name."""
    lines = stack_file(line.lock).splitlines()
    pairs = (line.split() for line in lines if line.strip() and not line.startswith("#"))
    return {name: digest for digest, name in pairs}


def local_jars(settings: Mapping[str, str]) -> list[Path]:
    """The jars on this machine that Spark was given or has resolved, from its settings."""
    given = [jar.strip() for key in _JARS for jar in settings.get(key, "").split(",")]
    parts = [urlsplit(jar) for jar in given if jar]
    local = (Path(unquote(part.path)) for part in parts if part.scheme in ("", "file"))
    return list(dict.fromkeys(local))


def check_jars(
    settings: Mapping[str, str], stack: Mapping[str, str], locked: Mapping[str, str], lock: str
) -> None:
    """Check each jar against the lock file, before a class of it is loaded.

    ``settings``: those of Spark after it has resolved its packages. ``stack``: the packaged ones.
    ``lock``: the name of the lock file, for messages. A jar that the lock file does not name is
    ignored, unless all packages are those of the stack, and Ivy resolved it with them. SessionError
    names a jar that differs from the pinned one.
    """
    jars = local_jars(settings)
    pinned = [jar for jar in jars if jar.name in locked and jar.exists()]
    for jar in pinned:
        digest = sha256_of(jar)
        if digest != locked[jar.name]:
            raise SessionError(
                f"the jar {jar} is not the one that {lock} pins: its SHA-256 is {digest}, not "
                f"{locked[jar.name]}. It was not used. Delete it and the folder of its "
                "organization in the cache, so that Spark downloads it again; if the difference "
                "persists, check what the repository serves"
            )
    if settings.get(PACKAGES) != stack.get(PACKAGES):
        return
    folders = {jar.parent for jar in pinned}
    unknown = [jar for jar in jars if jar.parent in folders and jar.name not in locked]
    if unknown:
        raise SessionError(
            f"the jar {unknown[0]} was resolved for the packages of the stack, and {lock} does not "
            "name it: a package or the place it comes from has changed"
        )


def sha256_of(file: Path) -> str:
    """SHA-256 of the bytes of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
