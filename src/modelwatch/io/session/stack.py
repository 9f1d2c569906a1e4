"""The Spark configuration that the package carries: `spark-defaults.conf`, versions included."""

from __future__ import annotations

import re
from importlib import resources

from modelwatch.package import FOLDER

_FILE = "spark-defaults.conf"


def stack_settings() -> dict[str, str]:
    """Settings of the one configuration file."""
    return parsed_settings(stack_file(_FILE))


def stack_file(name: str) -> str:
    """Text of a file of ``conf/`` that the installed package carries."""
    # The package may be in an archive, which no path leads into.
    installed = resources.files("modelwatch") / name
    if installed.is_file():
        return installed.read_text(encoding="utf-8")
    in_repository = FOLDER.resolve().parents[1] / "conf" / name
    return in_repository.read_text(encoding="utf-8")


def parsed_settings(text: str) -> dict[str, str]:
    """Settings of a properties file as spark-submit reads it: a key, blanks or `=`, a value."""
    settings = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith(("#", "!")):
            key, _, value = re.sub(r"[\s=:]+", " ", line.strip(), count=1).partition(" ")
            settings[key] = value.strip()
    return settings
