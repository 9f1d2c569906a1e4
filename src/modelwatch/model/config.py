"""The configuration: its models, how it is read, checked and fingerprinted."""

from __future__ import annotations

from modelwatch.model.constraint import Constraint
from modelwatch.model.errors import ConfigurationError, Problem, SourceError
from modelwatch.model.evaluation import Reference, WindowSpec
from modelwatch.model.fingerprints import (
    config_fingerprint,
    evaluation_fingerprint,
    labels_fingerprint,
    performance_fingerprint,
    states_fingerprint,
)
from modelwatch.model.labels import Challenger, Labels, Performance, VersionComparison
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
    "Challenger",
    "ColumnOptions",
    "ConfigurationError",
    "Constraint",
    "DaySource",
    "FeatureChoice",
    "Inputs",
    "Labels",
    "ModelVersion",
    "MonitorConfig",
    "OutputAddress",
    "Pairs",
    "Performance",
    "Predictions",
    "Problem",
    "Reference",
    "Segmentation",
    "SourceError",
    "TableAddress",
    "VersionComparison",
    "WindowSpec",
    "config_fingerprint",
    "evaluation_fingerprint",
    "known_statistics",
    "labels_fingerprint",
    "lines_of",
    "parse_config",
    "performance_fingerprint",
    "states_fingerprint",
]
