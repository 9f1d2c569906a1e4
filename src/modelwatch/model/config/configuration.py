"""The configuration: its models, parsing, validation, and fingerprints."""

from __future__ import annotations

from modelwatch.model.config.fingerprints import (
    config_fingerprint,
    evaluation_fingerprint,
    labels_fingerprint,
    performance_fingerprint,
    states_fingerprint,
)
from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.config.parsing import known_statistics, lines_of, parse_config
from modelwatch.model.contracts.constraint import Constraint
from modelwatch.model.errors import ConfigurationError, Problem, SourceError
from modelwatch.model.incidents.rules import IncidentRules
from modelwatch.model.notification.sinks import EmailSink, FileSink, SinkConfig, WebhookSink
from modelwatch.model.outliers.options import Outliers
from modelwatch.model.performance.labels import Challenger, Labels, Performance, VersionComparison
from modelwatch.model.planning.window_specs import Reference, WindowSpec
from modelwatch.model.profile.options import (
    BinningOptions,
    ColumnOptions,
    FeatureChoice,
    Pairs,
    Segmentation,
)
from modelwatch.model.quarantine.rules import Rule
from modelwatch.model.retraining.policies import Policy, Retraining
from modelwatch.model.sources.tables import (
    DaySource,
    Inputs,
    ModelVersion,
    OutputAddress,
    Predictions,
    TableAddress,
)
from modelwatch.model.verdicts.options import Verdicts, WatchedSeries

__all__ = [
    "BinningOptions",
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
    "SinkConfig",
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
