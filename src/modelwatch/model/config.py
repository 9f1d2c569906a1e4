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
from modelwatch.model.incident_rules import IncidentRules
from modelwatch.model.judging import Verdicts, WatchedSeries
from modelwatch.model.labels import Challenger, Labels, Performance, VersionComparison
from modelwatch.model.monitor import MonitorConfig
from modelwatch.model.outlier_choice import Outliers
from modelwatch.model.parsing import known_statistics, lines_of, parse_config
from modelwatch.model.profiling import Binning, ColumnOptions, FeatureChoice, Pairs, Segmentation
from modelwatch.model.retraining_policies import Policy, Retraining
from modelwatch.model.rules import Rule
from modelwatch.model.sinks import EmailSink, FileSink, Sink, WebhookSink
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
    "EmailSink",
    "FeatureChoice",
    "FileSink",
    "IncidentRules",
    "Inputs",
    "Labels",
    "ModelVersion",
    "MonitorConfig",
    "Outliers",
    "OutputAddress",
    "Pairs",
    "Performance",
    "Policy",
    "Predictions",
    "Problem",
    "Reference",
    "Retraining",
    "Rule",
    "Segmentation",
    "Sink",
    "SourceError",
    "TableAddress",
    "Verdicts",
    "VersionComparison",
    "WatchedSeries",
    "WebhookSink",
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
