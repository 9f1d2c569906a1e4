"""Files of the package that other programs need by path."""

from __future__ import annotations

from pathlib import Path

from modelwatch.io.session.lines import installed_line
from modelwatch.model.errors import Problem, SourceError
from modelwatch.package import PACKAGE_FOLDER

_PROPERTIES = "properties"
PACKAGED = (_PROPERTIES, "job", "message")
"""What there is: the Spark properties of the installed line, the job that takes any command, and
the JSON Schema of messages."""
_PATHS = {"job": "jobs/command.py", "message": "message.schema.json"}


def packaged_path(name: str) -> Path:
    """The path of one of ``PACKAGED``; SourceError if the package is in an archive, SessionError
    if it has no properties for the Spark that is installed."""
    package = PACKAGE_FOLDER.resolve()
    file = installed_line().settings if name == _PROPERTIES else _PATHS[name]
    for path in (package / file, package.parents[1] / "conf" / file):
        if path.is_file():
            return path
    problem = Problem("", None, "is in an archive: install the package to have its files")
    raise SourceError([problem], str(package))
