"""The configuration: its models, how it is read, checked and fingerprinted."""

from __future__ import annotations

from modelwatch.model.constraint import Constraint
from modelwatch.model.errors import ConfigurationError, Problem, SourceError
from modelwatch.model.evaluation import Reference, WindowSpec
from modelwatch.model.fingerprints import (
    config_fingerprint,
    evaluation_fingerprint,
    states_fingerprint,
)
from modelwatch.model.monitor import MonitorConfig
from modelwatch.model.parsing import known_statistics, lines_of, parse_config
from modelwatch.model.profiling import Binning, ColumnOptions, FeatureChoice, Pairs, Segmentation
from modelwatch.model.sources import (
    DaySource,
    Inputs,
    ModelVersion,
    OutputAddress,
    Predictions,
    TableAddress,
)

__all__ = [
    "Binning",
    "ColumnOptions",
    "ConfigurationError",
    "Constraint",
    "DaySource",
    "FeatureChoice",
    "Inputs",
    "ModelVersion",
    "MonitorConfig",
    "OutputAddress",
    "Pairs",
    "Predictions",
    "Problem",
    "Reference",
    "Segmentation",
    "SourceError",
    "TableAddress",
    "WindowSpec",
    "config_fingerprint",
    "evaluation_fingerprint",
    "known_statistics",
    "lines_of",
    "parse_config",
    "states_fingerprint",
]
