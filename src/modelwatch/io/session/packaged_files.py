"""Files of the package that other programs need by their paths."""

from __future__ import annotations

from pathlib import Path

from modelwatch.model.errors import Problem, SourceError
from modelwatch.package import FOLDER

PACKAGED = {
    "properties": "spark-defaults.conf",
    "job": "jobs/command.py",
    "message": "message.schema.json",
}
"""By name, the path in the package: the Spark properties, the job that takes any command, and the
JSON Schema of messages."""


def packaged_path(name: str) -> Path:
    """The path of one of ``PACKAGED``; SourceError if the package is in an archive."""
    package = FOLDER.resolve()
    in_repository = package.parents[1] / "conf" / PACKAGED[name]
    for path in (package / PACKAGED[name], in_repository):
        if path.is_file():
            return path
    problem = Problem("", None, "is in an archive: install the package to have its files")
    raise SourceError([problem], str(package))
