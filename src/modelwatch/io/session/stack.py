"""The Spark configuration that the package carries for a line of Spark, versions included."""

from __future__ import annotations

import re
from importlib import resources

from modelwatch.io.session.lines import SparkLine, installed_line
from modelwatch.package import PACKAGE_FOLDER


def stack_settings(line: SparkLine | None = None) -> dict[str, str]:
    """Settings of the configuration file of a line of Spark, of the installed one if none is given.

    SessionError if the package carries none for the Spark that is installed.
    """
    return parsed_settings(stack_file((line or installed_line()).settings))


def stack_file(name: str) -> str:
    """Text of a file of ``conf/`` in the installed package."""
    # The package may be in an archive, which has no file paths.
    installed = resources.files("modelwatch") / name
    if installed.is_file():
        return installed.read_text(encoding="utf-8")
    in_repository = PACKAGE_FOLDER.resolve().parents[1] / "conf" / name
    return in_repository.read_text(encoding="utf-8")


def parsed_settings(text: str) -> dict[str, str]:
    """Settings of a properties file, as parsed by spark-submit: a key, blanks or `=`, and a
    value."""
    settings = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith(("#", "!")):
            key, _, value = re.sub(r"[\s=:]+", " ", line.strip(), count=1).partition(" ")
            settings[key] = value.strip()
    return settings
