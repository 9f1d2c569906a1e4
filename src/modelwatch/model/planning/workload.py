"""The size of a run in numbers, from which its cost is estimated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.performance.slices import sliced_features
from modelwatch.model.planning.plan import Plan
from modelwatch.model.planning.windows import Window
from modelwatch.model.profile.features import Feature
from modelwatch.model.profile.options import Kind
from modelwatch.stats.states.score_batch import Task

ROWS_PER_DAY = 10_000.0
"""Rows per day if the tables do not know it."""
WAITING_DAYS = 90
"""Number of newest days whose labels are assumed not to be due, if each row has its own due
date."""
_LONG_DAYS = 7
_OPEN_BINS = 40
_TAIL_BINS = 200
"""Number of bins for the upper tail of a score, in addition to those that it has as a feature."""
_CATEGORICAL_EXTRA = 3
_EXPECTED_VALUES = 50
_SLICE_GROUPS = 14
_SPLIT_EXTRA = 3


@dataclass(frozen=True)
class FeatureSize:
    """A feature with the length of its count vector. ``slices``: number of its slices."""

    name: str
    kind: Kind
    bins: int
    special_values: int = 0

    @property
    def slices(self) -> int:
        """Slices by which performance is kept."""
        if self.kind == "categorical":
            return self.bins
        return min(_SLICE_GROUPS, self.bins) + self.special_values


@dataclass(frozen=True)
class SplitSize:
    """A segmentation and its number of segments. ``bound``: whether that is the maximum."""

    name: str
    segments: int
    bound: bool = False


@dataclass(frozen=True)
class WindowCount:
    """Windows of one name. ``long`` ones have a week or more, and therefore intervals and
    causes."""

    name: str
    count: int
    long: bool = False


@dataclass(frozen=True)
class ReferenceUse:
    """A reference: whether its rows are the same for all windows, and whether segments are
    compared."""

    name: str
    fixed: bool = True
    segments: bool = True
    carries_bins: bool = False


@dataclass(frozen=True)
class LabelWork:
    """What is kept and evaluated of predictions and labels.

    ``slices``: number of slices by feature or segmentation. ``score_bins``: length of the score's
    vector. ``waiting_days``: days whose rows have due dates that are kept apart.
    """

    task: Task
    days: int
    windows: tuple[WindowCount, ...] = ()
    slices: Mapping[str, int] = field(default_factory=dict)
    score_bins: int = 240
    classes: int = 0
    challengers: int = 0
    values: int = 0
    due_by_row: bool = False
    waiting_days: int = 0


@dataclass(frozen=True)
class Workload:
    """What a run computes.

    ``days`` with ``rows_per_day`` each; ``own_days`` of references with a table of their own.
    ``versions`` of the model that share the traffic. ``pair_features``: size of the numeric block,
    of which ``top_pairs`` pairs are written. ``thresholds``: drift statistics that are judged.
    """

    days: int
    rows_per_day: float
    features: tuple[FeatureSize, ...]
    splits: tuple[SplitSize, ...] = ()
    windows: tuple[WindowCount, ...] = ()
    references: tuple[ReferenceUse, ...] = ()
    own_days: int = 0
    two_tables: bool = False
    versions: int = 1
    pair_features: int = 0
    top_pairs: int = 0
    thresholds: frozenset[str] = frozenset()
    labels: LabelWork | None = None


@dataclass(frozen=True)
class KnownSizes:
    """What is known from tables and stored bins; nothing by default.

    ``rows_per_day`` of the inputs. ``bins``: by role and name of a feature, the length of its count
    vector. ``segments``: their number by segmentation.
    """

    rows_per_day: float | None = None
    bins: Mapping[tuple[str, str], int] = field(default_factory=dict)
    segments: Mapping[str, int] = field(default_factory=dict)


def workload_of(config: MonitorConfig, plan: Plan, known: KnownSizes) -> Workload:
    """The size of the work of a plan."""
    sizes = {(f.role, f.name): feature_size(f, known.bins) for f in plan.features}
    splits = tuple(
        SplitSize(
            split.name,
            known.segments.get(split.name, split.most_segments),
            split.name not in known.segments and split.columns is not None,
        )
        for split in config.segments
    )
    numeric = sum(
        f.role == "inputs" and f.kind == "numeric" and f.unit is None for f in plan.features
    )
    block = config.pairs.max_features
    if config.pairs.columns is not None:
        block = len(config.pairs.columns)
    return Workload(
        days=len(plan.days),
        rows_per_day=ROWS_PER_DAY if known.rows_per_day is None else known.rows_per_day,
        features=tuple(sizes.values()),
        splits=splits,
        windows=window_counts(plan.windows),
        references=tuple(
            ReferenceUse(
                reference.name,
                reference.kind == "fixed",
                reference.compares_segments,
                reference is config.binning_reference,
            )
            for reference in config.references
        ),
        own_days=sum(1 if one.days is None else len(one.days) for one in plan.references),
        two_tables=config.two_tables,
        versions=1 if config.comparison is None else 2,
        pair_features=min(numeric, block),
        top_pairs=config.pairs.top,
        thresholds=frozenset(config.effective_thresholds),
        labels=_label_work(config, plan, sizes, splits),
    )


def feature_size(feature: Feature, known: Mapping[tuple[str, str], int]) -> FeatureSize:
    """The length of a feature's vector: that of its bins, or the expected one from its settings.

    In addition to its bins, a numeric feature has the tails beyond its reference; it has fewer bins
    if it has few values. A categorical feature is assumed to have half of its maximum number of
    values, and at most ``_EXPECTED_VALUES``.
    """
    bins = known.get((feature.role, feature.name))
    if bins is None and feature.kind == "numeric":
        bins = feature.bins + _OPEN_BINS
    elif bins is None:
        few = min(-(-feature.max_values // 2), _EXPECTED_VALUES)
        values = 2 if feature.spark_type == "boolean" else few
        bins = values + _CATEGORICAL_EXTRA
    return FeatureSize(feature.name, feature.kind, bins, len(feature.special_values))


def segmentation_slice(name: str) -> str:
    """The key of the slices that are the segments of a segmentation."""
    return f"segmentation:{name}"


def window_counts(windows: Sequence[Window]) -> tuple[WindowCount, ...]:
    """Windows counted by name."""
    counts = Counter(window.name for window in windows)
    long = {window.name for window in windows if len(window.days) >= _LONG_DAYS}
    return tuple(WindowCount(name, count, name in long) for name, count in counts.items())


def _label_work(
    config: MonitorConfig,
    plan: Plan,
    sizes: Mapping[tuple[str, str], FeatureSize],
    splits: Sequence[SplitSize],
) -> LabelWork | None:
    performance, labels = config.performance, config.labels
    if performance is None or labels is None or not plan.labels:
        return None
    sliced = sliced_features(config, plan.features)
    score = next(iter(performance.score), "").lower()
    scores = [size for (_, name), size in sizes.items() if name.lower() == score]
    tail = _TAIL_BINS if performance.task == "binary" else 0
    by_row = labels.due.column is not None
    return LabelWork(
        task=performance.task,
        days=len(plan.labels.days),
        windows=window_counts(plan.labels.windows),
        slices={
            **{f.name: sizes[f.role, f.name].slices for f in sliced},
            **{segmentation_slice(s.name): s.segments + _SPLIT_EXTRA for s in splits},
        },
        score_bins=scores[0].bins + tail if scores else 0,
        classes=len(performance.classes),
        challengers=len(config.challengers),
        values=len(performance.values.expressions),
        due_by_row=by_row,
        waiting_days=min(len(plan.labels.days), WAITING_DAYS) if by_row else 0,
    )
