"""Monitors machine-learning models in production, as a batch job on Apache Spark.

`Monitor` is a configured monitor over Delta tables. `profile`, `drift` and `performance` take data
frames and run without Spark, on the states and statistics of the job.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from modelwatch.package import VERSION

if TYPE_CHECKING:
    from modelwatch.api.arrow_frames import FrameError
    from modelwatch.api.drift import DriftResult, drift
    from modelwatch.api.monitor import Description, Monitor, RunResult
    from modelwatch.api.performance import PerformanceResult, performance
    from modelwatch.api.profile import ProfileResult, profile
    from modelwatch.errors import ModelwatchError
    from modelwatch.model.errors import ConfigurationError, SessionError, SourceError

__version__ = VERSION

# Importing the package for its version or for one name loads nothing else.
_MODULES = {
    "ConfigurationError": "model.errors",
    "Description": "api.monitor",
    "DriftResult": "api.drift",
    "FrameError": "api.arrow_frames",
    "ModelwatchError": "errors",
    "Monitor": "api.monitor",
    "PerformanceResult": "api.performance",
    "ProfileResult": "api.profile",
    "RunResult": "api.monitor",
    "SessionError": "model.errors",
    "SourceError": "model.errors",
    "drift": "api.drift",
    "performance": "api.performance",
    "profile": "api.profile",
}

__all__ = [
    "ConfigurationError",
    "Description",
    "DriftResult",
    "FrameError",
    "ModelwatchError",
    "Monitor",
    "PerformanceResult",
    "ProfileResult",
    "RunResult",
    "SessionError",
    "SourceError",
    "__version__",
    "drift",
    "performance",
    "profile",
]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
