"""The lines of Spark that the package carries a stack for, and which of them is installed."""

from __future__ import annotations

from dataclasses import dataclass

from modelwatch.model.errors import SessionError


@dataclass(frozen=True)
class SparkLine:
    """Releases of Spark that share one stack.

    ``version`` is their common beginning, ``settings`` and ``lock`` are files of ``conf/``: Spark's
    configuration with the versions of all packages, and the hashes of their jars. ``javas`` are the
    major versions of Java that the releases run on.
    """

    version: str
    settings: str
    lock: str
    javas: tuple[int, ...]


LINES = (
    SparkLine("3.5", "spark-defaults.conf", "jars.lock", (8, 11, 17)),
    SparkLine("4.1", "spark-4.conf", "jars-4.lock", (17, 21)),
)


def line_of(version: str) -> SparkLine:
    """The line of a release of Spark; SessionError if the package carries no stack for it."""
    for line in LINES:
        if version.split(".")[:2] == line.version.split("."):
            return line
    known = " and ".join(line.version for line in LINES)
    raise SessionError(
        f"Spark {version} is installed, and modelwatch starts sessions of Spark {known} only: "
        "install one of these, or start the session yourself before you call modelwatch"
    )


def installed_line() -> SparkLine:
    """The line of the pyspark that is installed; SessionError as in ``line_of``."""
    import pyspark

    return line_of(pyspark.__version__)
