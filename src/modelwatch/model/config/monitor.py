"""The configuration of a monitor."""

from __future__ import annotations

import zoneinfo
from functools import cache
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PrivateAttr

from modelwatch.model.config.section import MAX_TEXT, MonitorName, Section, did_you_mean
from modelwatch.model.contracts.constraint import Constraint, EngineChoice
from modelwatch.model.contracts.contract import ContractPlace
from modelwatch.model.incidents.rules import IncidentRules
from modelwatch.model.notification.report_place import ReportPlace
from modelwatch.model.notification.sinks import SinkConfig
from modelwatch.model.outliers.options import Outliers
from modelwatch.model.performance.labels import Challenger, Labels, Performance, VersionComparison
from modelwatch.model.performance.thresholds import PerformanceThreshold, performance_thresholds
from modelwatch.model.planning.retention_options import Retention
from modelwatch.model.planning.window_specs import (
    CALENDAR,
    DEFAULT_THRESHOLDS,
    Reference,
    WindowChoice,
    WindowSpec,
)
from modelwatch.model.profile.options import BinningOptions, FeatureChoice, Pairs, Segmentation
from modelwatch.model.quarantine.rules import Rule
from modelwatch.model.retraining.policies import Retraining
from modelwatch.model.runs.progress import StallLimits
from modelwatch.model.sources.durations import Durations
from modelwatch.model.sources.health import SourceHealth
from modelwatch.model.sources.tables import Inputs, OutputAddress, Predictions
from modelwatch.model.verdicts.options import Verdicts


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def known_time_zone(name: str) -> str:
    """The name of a time zone; ValueError with the nearest names for one that there is not."""
    if name not in _time_zones():
        raise ValueError(f"there is no time zone {name!r}{did_you_mean(name, _time_zones())}")
    return name


Threshold = Annotated[float, Field(gt=0)]
ReadChoice = Literal["auto", "spark"]


BOOTSTRAPPED = "first_days"
"""Name of the reference of a configuration without references."""
BOOTSTRAP_DAYS = 28
"""Its number of days: enough of each weekday to distinguish weekdays."""


class MonitorConfig(Section):
    """The configuration of a monitor: one YAML file."""

    monitor: MonitorName = Field(
        description="Name of the monitor, the first column of every result: letters, digits, `_`, "
        "`-`."
    )
    description: str = Field(default="", max_length=MAX_TEXT, description="Description for people.")
    time_zone: Annotated[str, AfterValidator(known_time_zone)] = Field(
        default="UTC",
        description="IANA time zone that determines the day of a timestamp, such as "
        "`America/New_York`.",
    )
    output: OutputAddress = Field(description="Location of the output tables.")
    read: ReadChoice = Field(
        default="auto",
        description="Who reads the rows of which states are computed. `spark`: Spark reads them, "
        "and hands them to Python. `auto`: Python workers read the files of a table by themselves, "
        "which is faster, if the table has a local path and nothing that only Spark knows; the "
        "column `reads` of `runs` says who read which table, and why. The results are the same.",
    )
    inputs: Inputs = Field(description="The table of model inputs.")
    predictions: Predictions | None = Field(
        default=None, description="Predictions of the model. Without it, only inputs are monitored."
    )
    features: FeatureChoice = Field(
        default_factory=FeatureChoice,
        description="Columns of the inputs that are features. Default: all columns without "
        "another meaning, such as id or day.",
    )
    segments: tuple[Segmentation, ...] = Field(
        default=(),
        max_length=50,
        description="Segmentations: ways to split the rows, in addition to all traffic.",
    )
    windows: tuple[WindowChoice, ...] = Field(
        default=tuple(WindowSpec(name=name) for name in CALENDAR),
        min_length=1,
        max_length=50,
        description="Kinds of window that are profiled and compared: `day`, `week` (Monday to "
        "Sunday), `month`, and mappings for trailing and custom windows.",
    )
    references: tuple[Reference, ...] = Field(
        default=(Reference(name=BOOTSTRAPPED, first_days=BOOTSTRAP_DAYS, segments=None),),
        min_length=1,
        max_length=50,
        description="What windows are compared with. At least one must be fixed, because the bins "
        f"are fitted on it. Default: the first {BOOTSTRAP_DAYS} days on which the inputs have "
        "rows, which contain each weekday four times.",
    )
    binning: BinningOptions = Field(
        default_factory=BinningOptions, description="How bins are fitted."
    )
    pairs: Pairs = Field(
        default_factory=Pairs,
        description="Correlations and principal components of numeric features.",
    )
    constraints: tuple[Constraint, ...] = Field(
        default=(), max_length=1000, description="Conditions on each day of a table."
    )
    constraint_engine: EngineChoice = Field(
        default="auto",
        description="What evaluates constraints and the clauses of contracts. `native`: Spark SQL "
        "alone, on every platform. `deequ`: Deequ's analyzers; requires Spark 3.5 with a JVM, the "
        "extra `deequ`, and Deequ's jar. `auto`: Deequ if it is available, otherwise `native`.",
    )
    rules: tuple[Rule, ...] = Field(
        default=(),
        max_length=200,
        description="Conditions on each row, and the treatment of rows that break them.",
    )
    contracts: tuple[ContractPlace, ...] = Field(
        default=(), max_length=20, description="Data contracts that are checked."
    )
    thresholds: dict[str, Threshold | None] = Field(
        default_factory=dict,
        description="By drift statistic: the absolute value above which a change matters, if it "
        "is unlikely to be chance. It replaces the default of that statistic; `null` "
        "disables it. Defaults: "
        + ", ".join(f"`{k}: {v:g}`" for k, v in DEFAULT_THRESHOLDS.items())
        + ".",
    )
    labels: Labels | None = Field(
        default=None, description="The labels. Without them, performance is not measured."
    )
    performance: Performance | None = Field(
        default=None, description="How the model is compared with its labels. Requires `labels`."
    )
    challengers: tuple[Challenger, ...] = Field(
        default=(), max_length=10, description="Models that score the same ids in shadow mode."
    )
    comparison: VersionComparison | None = Field(
        default=None, description="Two model versions that share the traffic."
    )
    source_health: SourceHealth = Field(
        default_factory=SourceHealth, description="Thresholds for the health of source tables."
    )
    verdicts: Verdicts = Field(
        default_factory=Verdicts, description="When a metric fails. Every key has a default."
    )
    incidents: IncidentRules = Field(
        default_factory=IncidentRules,
        description="When failures become an incident. Every key has a default.",
    )
    retraining: Retraining = Field(
        default_factory=Retraining, description="When the model should be retrained."
    )
    notify: tuple[SinkConfig, ...] = Field(
        default=(), max_length=20, description="Who is notified of incidents."
    )
    report: ReportPlace | None = Field(
        default=None,
        description="Where each run writes the report; left out: `modelwatch report` writes it.",
    )
    outliers: Outliers = Field(
        default_factory=Outliers, description="How outlying rows are reported."
    )

    durations: Durations | None = Field(
        default=None,
        description="Durations of training and scoring. Without it, only the monitor's own runs "
        "are reported.",
    )
    retention: Retention = Field(
        default_factory=Retention,
        description="How long results are kept. Without a number, they are kept forever.",
    )
    progress: StallLimits = Field(
        default_factory=StallLimits, description="When a run without progress is ended."
    )

    _folder: str | None = PrivateAttr(default=None)

    @property
    def folder(self) -> str | None:
        """The folder at which relative paths of the file began; None if they are unchanged."""
        return self._folder

    @property
    def two_tables(self) -> bool:
        """Whether predictions are in a table of their own."""
        return self.predictions is not None and self.predictions.table is not None

    def table_role(self, table: str) -> str:
        """The role of a table: predictions without a table of their own are rows of the inputs."""
        return "inputs" if table == "predictions" and not self.two_tables else table

    def rules_of(self, role: str) -> tuple[Rule, ...]:
        """The rules for the rows of a role."""
        return tuple(rule for rule in self.rules if self.table_role(rule.table) == role)

    def ids_of(self, role: str) -> tuple[str, ...]:
        """The columns that identify a row of inputs, predictions, or labels within its day."""
        if role == "labels":
            return self.labels.id if self.labels is not None else ()
        return self.prediction_id if role == "predictions" else self.inputs.id

    @property
    def prediction_id(self) -> tuple[str, ...]:
        """The columns that identify a prediction within its day."""
        two = self.predictions is not None and self.predictions.table is not None
        return self.predictions.id if two and self.predictions else self.inputs.id

    @property
    def effective_thresholds(self) -> dict[str, float]:
        """The thresholds of the file in place of the defaults, without disabled ones."""
        thresholds = {**DEFAULT_THRESHOLDS, **self.thresholds}
        return {
            statistic: threshold
            for statistic, threshold in thresholds.items()
            if threshold is not None
        }

    @property
    def performance_thresholds(self) -> dict[str, PerformanceThreshold]:
        """By performance metric, the change that matters; none without labels."""
        if self.performance is None:
            return {}
        return performance_thresholds(self.performance.task, self.verdicts.performance)

    @property
    def incident_windows(self) -> tuple[str, ...]:
        """Kinds of window whose failures become incidents, except for performance."""
        repeating = self._names_that_repeat
        both = tuple(name for name in repeating if name in ("day", "week"))
        return self.incidents.windows or both or repeating[:1]

    @property
    def performance_windows(self) -> tuple[str, ...]:
        """Kinds of window whose performance failures become incidents."""
        given = self.incidents.performance_windows
        longer = tuple(n for n in self._names_that_repeat if n in ("week", "month"))
        return given or longer or self.incident_windows

    @property
    def repeating_windows(self) -> tuple[WindowSpec, ...]:
        """Calendar windows from the shortest to the longest, followed by trailing ones."""
        kinds = (*CALENDAR, "trailing")
        repeating = [spec for spec in self.windows if spec.kind in kinds]
        return tuple(sorted(repeating, key=lambda spec: kinds.index(spec.kind)))

    @property
    def _names_that_repeat(self) -> tuple[str, ...]:
        return tuple(spec.name for spec in self.repeating_windows)

    @property
    def fixed_references(self) -> tuple[Reference, ...]:
        """The references that do not move with the window."""
        return tuple(ref for ref in self.references if ref.kind == "fixed")

    @property
    def binning_reference(self) -> Reference:
        """The reference on which bins are fitted; ValueError if there is none."""
        for reference in self.fixed_references:
            if self.binning.reference in (None, reference.name):
                return reference
        raise ValueError("there is no fixed reference to fit the bins on")
