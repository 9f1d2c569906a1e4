"""The cost of a run: states, results, and processor time, estimated from its size.

Rows are counted as the job writes them, from the registries of statistics and metrics. Counts are
assumed to be spread evenly over their positions. Seconds per row are measured; see the constants.
If bins and segments are known, rows and bytes are correct within a factor of about 1.5, and seconds
within a factor of about two on a machine like that of docs/appendices/benchmark.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from modelwatch.model.planning.workload import (
    FeatureSize,
    LabelWork,
    SplitSize,
    WindowCount,
    Workload,
)
from modelwatch.stats.drift.statistics import STATISTICS
from modelwatch.stats.performance.metrics import PERFORMANCE
from modelwatch.stats.profile.metrics import METRICS, OF_SEGMENTS

POSITIONS_A_ROW = 64
"""Maximum number of positions in one row of performance_states. Spark passes rows to Python by
number, and thereby limits bytes as well."""
_STATE_BYTES = 80
_SUMS_BYTES = 96
_COUNT_BYTES = 12
"""Bytes of a count and its position."""
_SKETCH_BYTES = 8 * 256
_ENTRY_BYTES = 24
_SCORE_STATE_BYTES = 200
_DUE_DAYS = 60
"""Number of due days among which the predictions of a day are spread, if each row has its own."""
_AGES = 60
_FAIRNESS, _MATURITY, _ESTIMATES, _COMPARISONS, _CAUSES = 4, 16, 8, 20, 80
"""Rows per window and segment: differences between segments, ages of labels, estimates, and metrics
of each challenger; for a long window and reference, causes of a change."""

_SECONDS_A_RUN = 60.0
"""A run of one day takes 70 s of processor time after a cold start, most of it for planning and
compiling."""
_SECONDS_A_VALUE = 1.5e-7
"""States of 10 million rows of 25 columns take 18 s on two cores."""
_SPLIT_SHARE = 0.15
"""Additional cost of each segmentation: 21.6 s with two of them, 16.6 s without."""
_SECONDS_A_JOINED_ROW = 5e-6
"""Another 24 s on two cores for 10 million rows of inputs and predictions in two tables."""
_SECONDS_A_LABELED_ROW = 4e-6
"""19 s on two cores for predictions and labels of 10 million rows."""
_SECONDS_A_STATE = 4e-4
_SECONDS_A_RESULT = 3.5e-5
"""The four runs of the demo take 307 s of processor time for 117,000 states and 5.1 million rows of
results. A run of 274 days, 113,000 states, and 4.0 million rows took 222 s on two cores. See
docs/appendices/benchmark.md."""


@dataclass(frozen=True)
class Stored:
    """Rows of a table of states, and their bytes in memory; on disk, they take about a tenth."""

    rows: int
    bytes: int


@dataclass(frozen=True)
class Cost:
    """States and results that a run writes, and the processor time that it takes.

    ``results``: rows by table; the entry ``performance`` covers all of its tables. ``seconds``: of
    one core, over all processes.
    """

    feature_states: Stored
    performance_states: Stored
    results: Mapping[str, int]
    seconds: float

    @property
    def state_bytes(self) -> int:
        """Bytes of the states of both tables in memory."""
        return self.feature_states.bytes + self.performance_states.bytes

    @property
    def result_rows(self) -> int:
        """Rows of all result tables."""
        return sum(self.results.values())


def cost_of(work: Workload) -> Cost:
    """The estimate for a workload."""
    features, scores = _feature_states(work), _performance_states(work)
    results = {
        "profile_metrics": _profile_rows(work),
        "drift_metrics": _drift_rows(work),
        "verdicts": _verdict_rows(work),
        "performance": _performance_rows(work),
    }
    written = features.rows + scores.rows
    seconds = (
        _SECONDS_A_RUN
        + _seconds_of_rows(work)
        + _SECONDS_A_STATE * written
        + _SECONDS_A_RESULT * sum(results.values())
    )
    return Cost(features, scores, results, seconds)


def _feature_states(work: Workload) -> Stored:
    scopes = work.versions * (work.days + work.own_days)
    per_day = 1 + sum(_present(work, split) for split in work.splits)
    rows = scopes * (per_day * len(work.features) + (2 if work.pair_features > 1 else 1))
    state = sum(
        held * _state_bytes(feature, scope_rows)
        for scope_rows, held in _scopes(work, work.rows_per_day / work.versions)
        for feature in work.features
    )
    sketches = len(work.features) * min(_SKETCH_BYTES, 8.0 * work.rows_per_day)
    pairs = 8 * 4 * work.pair_features**2
    return Stored(math.ceil(rows), math.ceil(scopes * (state + sketches + pairs)))


def _state_bytes(feature: FeatureSize, rows: float) -> float:
    counts = min(8.0 * feature.bins, _COUNT_BYTES * occupied(rows, feature.bins))
    return _STATE_BYTES + counts + (_SUMS_BYTES if feature.kind == "numeric" else 0)


def _present(work: Workload, split: SplitSize) -> float:
    """Number of segments with rows on a day."""
    return min(float(split.segments), work.rows_per_day / work.versions)


def occupied(rows: float, cells: float) -> float:
    """Number of nonzero cells if rows are spread evenly among them."""
    return cells * -math.expm1(-rows / cells) if cells > 0 else 0.0


def _performance_states(work: Workload) -> Stored:
    labels = work.labels
    if labels is None or not labels.days:
        return Stored(0, 0)
    waiting = labels.waiting_days
    rows = work.rows_per_day / work.versions
    entries = states = 0.0
    for days, dues in ((labels.days - waiting, 1), (waiting, _DUE_DAYS)):
        for scope_rows, scopes in _scopes(work, rows):
            for held in _vectors(labels, scope_rows, dues):
                entries += days * scopes * held
                states += days * scopes * (1.0 + held / POSITIONS_A_ROW)
        for slices in labels.slices.values():
            held = _slice_entries(labels, slices, rows, dues)
            entries += days * held
            states += days * (1.0 + held / POSITIONS_A_ROW)
    states = work.versions * states + labels.days
    entries *= work.versions
    return Stored(
        math.ceil(states), math.ceil(entries * _ENTRY_BYTES + states * _SCORE_STATE_BYTES)
    )


def _scopes(work: Workload, rows: float) -> Iterator[tuple[float, float]]:
    """Rows of a scope of a day, and the number of such scopes."""
    yield rows, 1.0
    for split in work.splits:
        present = _present(work, split)
        if present:
            yield rows / present, present


def _vectors(labels: LabelWork, rows: float, dues: int) -> Iterator[float]:
    """Nonzero positions of each kind of state of one scope."""
    if labels.task == "binary":
        # Decision and label of a row in the bins of the score, and six sums of its due day.
        whole = occupied(rows, 4.0 * labels.score_bins * dues) + occupied(rows, 6.0 * dues)
        yield whole
        for _ in range(labels.challengers):
            yield whole
            yield whole
            yield occupied(rows, 16.0 * dues)
    elif labels.task == "multiclass":
        yield occupied(rows, float((labels.classes + 1) ** 2 * dues)) + labels.classes * occupied(
            rows, 200.0 * dues
        )
    else:
        yield occupied(rows, 400.0 * dues) + occupied(rows, 40.0 * dues)
    yield occupied(rows, float(_AGES * dues))
    for _ in range(labels.values):
        yield 12.0 * occupied(rows, float(dues))


def _slice_entries(labels: LabelWork, slices: int, rows: float, dues: int) -> float:
    cells = {"binary": 5, "multiclass": 2, "regression": 2}[labels.task]
    return occupied(rows, float(cells * slices * dues))


def _evaluated(work: Workload, windows: tuple[WindowCount, ...]) -> int:
    """Windows times model versions, plus all versions together if there are several."""
    versions = work.versions + (1 if work.versions > 1 else 0)
    return versions * sum(window.count for window in windows)


def _segments(work: Workload) -> float:
    return sum(min(float(split.segments), work.rows_per_day) for split in work.splits)


def _profile_rows(work: Workload) -> int:
    whole = sum(_profile_metrics(f, METRICS) for f in work.features)
    within = sum(_profile_metrics(f, OF_SEGMENTS) for f in work.features)
    return math.ceil(_evaluated(work, work.windows) * (whole + _segments(work) * within))


def _profile_metrics(feature: FeatureSize, keys: Mapping[str, object] | tuple[str, ...]) -> int:
    known = (METRICS[key] for key in keys)
    return sum(
        feature.kind in metric.kinds
        and bool(feature.special_values or not metric.needs_special_values)
        for metric in known
    )


def _statistics(work: Workload, gated: bool) -> int:
    """Number of statistics of all features, in a window that is compared."""
    return sum(
        feature.kind in statistic.kinds
        and bool(feature.special_values or not statistic.needs_special_values)
        for feature in work.features
        for key, statistic in STATISTICS.items()
        if not gated or key in work.thresholds
    )


def _block_statistics(work: Workload, gated: bool) -> int:
    """Number of statistics of the numeric block of all traffic, in a window that is compared."""
    n = work.pair_features
    if n < 2:
        return 0
    pairs = 0 if gated else min(work.top_pairs, n * (n - 1) // 2)
    each = {"pair": pairs, "block": 1, "member": -(-n // 4)}
    return sum(
        each.get(kind, 0)
        for key, statistic in STATISTICS.items()
        if not gated or key in work.thresholds
        for kind in statistic.kinds
    )


def _drift_rows(work: Workload) -> int:
    of_features, of_block = _statistics(work, False), _block_statistics(work, False)
    compared = sum(
        of_features * (1 + (_segments(work) if reference.segments else 0)) + of_block
        for reference in work.references
    )
    return math.ceil(_evaluated(work, work.windows) * compared)


def _verdict_rows(work: Workload) -> int:
    of_features, of_block = _statistics(work, True), _block_statistics(work, True)
    judged = sum(
        of_features * (1 + (_segments(work) if reference.segments else 0)) + of_block
        for reference in work.references
        if reference.fixed
    )
    return math.ceil(_evaluated(work, work.windows) * judged)


def _performance_rows(work: Workload) -> int:
    labels = work.labels
    if labels is None:
        return 0
    windows, segments = _evaluated(work, labels.windows), _segments(work)
    long = _evaluated(work, tuple(window for window in labels.windows if window.long))
    metrics = sum(labels.task in metric.tasks for metric in PERFORMANCE.values())
    # Labels that are due, those that came early, and changes against each reference.
    whole = metrics * (2 + len(work.references))
    changes = sum(reference.segments for reference in work.references)
    within = metrics * (2 + changes) + (_FAIRNESS if labels.task == "binary" else 0)
    each = _MATURITY + _ESTIMATES + labels.values + len(work.references)
    compared = _COMPARISONS * labels.challengers * (1 + segments)
    causes = _CAUSES * (1 + len(work.references)) if labels.slices else 0
    return math.ceil(
        windows * (whole + segments * within + (1 + segments) * each) + long * (compared + causes)
    )


def _seconds_of_rows(work: Workload) -> float:
    rows = work.days * work.rows_per_day
    dearer = 1 + _SPLIT_SHARE * len(work.splits)
    seconds = rows * len(work.features) * _SECONDS_A_VALUE * dearer
    if work.two_tables:
        seconds += rows * _SECONDS_A_JOINED_ROW
    labels = work.labels
    if labels is not None:
        labelled = labels.days * work.rows_per_day
        seconds += labelled * _SECONDS_A_LABELED_ROW * (1 + labels.challengers)
        seconds += labelled * len(labels.slices) * _SECONDS_A_VALUE
    return seconds
