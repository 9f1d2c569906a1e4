"""Relative paths of a configuration, which begin at the folder of its file."""

from __future__ import annotations

import os
import re
from pathlib import PurePath
from typing import Any

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.config.section import Section
from modelwatch.model.notification.report_place import ReportPlace
from modelwatch.model.notification.sinks import FileSink
from modelwatch.model.performance.labels import LossModelPlace
from modelwatch.model.sources.tables import OutputAddress, TableAddress

URL_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_WITH_PATHS = (TableAddress, OutputAddress, ReportPlace, FileSink, LossModelPlace)
"""Sections whose ``path`` is a file. Paths of contracts are relative to the configuration
anyway."""


def is_relative(path: str) -> bool:
    """Whether a path is relative: neither a URL nor absolute."""
    return not URL_SCHEME.match(path) and not os.path.isabs(path)


def path_from(path: str, folder: str | PurePath) -> str:
    """A path relative to the working directory as it is written in a file in ``folder``."""
    return os.path.relpath(path, folder) if is_relative(path) else path


def with_paths_from(config: MonitorConfig, folder: str | PurePath) -> MonitorConfig:
    """The configuration with absolute instead of relative paths.

    ``folder``: of the configuration file, where relative paths begin.
    """
    begin = os.path.abspath(folder)
    found: MonitorConfig = _resolved(config, begin).model_copy()
    found._folder = begin
    return found


def _resolved(part: Any, folder: str) -> Any:
    if isinstance(part, tuple):
        found = tuple(_resolved(one, folder) for one in part)
        return found if any(a is not b for a, b in zip(found, part, strict=True)) else part
    if not isinstance(part, Section):
        return part
    held = {name: getattr(part, name) for name in type(part).model_fields}
    changed = {name: _resolved(value, folder) for name, value in held.items()}
    if isinstance(part, _WITH_PATHS) and part.path is not None and is_relative(part.path):
        changed["path"] = os.path.normpath(os.path.join(folder, part.path))
    changed = {name: value for name, value in changed.items() if value is not held[name]}
    return part.model_copy(update=changed) if changed else part
