"""Profiles and drift of windows, computed from stored states, distributed by feature and
segment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.evaluation.collected_rows import CollectedRows
from modelwatch.evaluation.drift.question import EvaluatedBlock, Evaluation
from modelwatch.evaluation.drift.repeated_days import repeats_of_windows
from modelwatch.evaluation.planning.windows import (
    VersionWindows,
    WindowReference,
    version_windows,
)
from modelwatch.evaluation.states.groups import StateGroup, merged_sketch, state_groups
from modelwatch.evaluation.verdicts.reference_nulls import (
    ComparedStates,
    chances,
    judged_columns,
    reference_days,
    reference_spans,
)
from modelwatch.stats.arrays import AnyArray
from modelwatch.stats.drift.advancing_dates import undefined_for_advancing_dates
from modelwatch.stats.drift.comparison import Comparison, Values
from modelwatch.stats.drift.correlation import pair_positions, top_pairs
from modelwatch.stats.drift.repeats import Repeats
from modelwatch.stats.drift.statistics import STATISTICS, drift, error_bounds
from modelwatch.stats.profile.metrics import METRICS, OF_SEGMENTS, profile
from modelwatch.stats.value_names import ALL
from modelwatch.stats.verdicts.chance import ChanceModel
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

_SCOPE = ("model_version", "segmentation", "segment", "role", "feature")
_WINDOW = ("window_name", "window_start", "window_end", "partial")
PROFILE_COLUMNS = (
    *_SCOPE,
    *_WINDOW,
    "metric",
    "value",
    "text",
    "reason",
    "row_count",
    "error_bound",
)
DRIFT_COLUMNS = (
    *_SCOPE,
    "feature_b",
    *_WINDOW,
    "reference",
    "reference_start",
    "reference_end",
    "statistic",
    "value",
    "reason",
    "threshold",
    "row_count",
    "reference_rows",
    "p_value",
    "design_effect",
    "null_days",
    "typical",
    "error_bound",
)
PROFILE_SCHEMA = arrow_schema(TABLES["profile_metrics"], *PROFILE_COLUMNS)
DRIFT_SCHEMA = arrow_schema(TABLES["drift_metrics"], *DRIFT_COLUMNS)


def profiles_of(evaluation: Evaluation) -> BatchFunction:
    """The task of ``profile_rows``: batches of states, in whole groups, to rows.

    It holds the states of one group at a time, and at most one batch of rows in addition.
    """

    def profiles(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = CollectedRows(PROFILE_SCHEMA)
        for group in current_groups(evaluation, records):
            if group.kind == "pairs":
                continue
            known = evaluation.features[group.role, group.feature]
            stack = group.stack(known.binning)
            whole = group.segmentation == ALL
            sketches = group.sketches() if whole else []
            keys = METRICS if whole else OF_SEGMENTS
            for view in _views(evaluation, group):
                windows = stack.take(view.states).roll_up(view.spans)
                distinct = (
                    [
                        merged_sketch([sketches[i] for i in view.states[start:stop]])
                        for start, stop in view.spans
                    ]
                    if whole
                    else None
                )
                metrics = profile(windows, distinct=distinct, unit=known.unit, keys=keys)
                rows.add_metrics(
                    _scope(group, view),
                    {**evaluation.window_columns(view.windows), "row_count": windows.rows},
                    {"metric": list(metrics)},
                    {
                        "value": np.stack([found.value for found in metrics.values()]),
                        "text": np.stack([found.text for found in metrics.values()]),
                        "reason": np.stack([found.reason for found in metrics.values()]),
                        "error_bound": np.stack([f.error_bound for f in metrics.values()]),
                    },
                )
            yield from rows.full()
        yield from rows.rest()

    return profiles


def current_groups(
    evaluation: Evaluation, records: Iterable[pa.RecordBatch]
) -> Iterator[StateGroup]:
    """The states that were counted in the current bins.

    If a column was dropped, added to the numeric block, or changed in type, earlier days may still
    have states in other bins, which cannot be added to these.
    """
    for group in state_groups(records):
        if group.kind == "pairs":
            block = evaluation.blocks.get(group.role)
            fingerprint = None if block is None else block.fingerprint
        else:
            known = evaluation.features.get((group.role, group.feature))
            fingerprint = None if known is None else known.binning.fingerprint
        current = group.of_binning(fingerprint)
        if len(current.days):
            yield current


def drifts_of(evaluation: Evaluation) -> BatchFunction:
    """The task of ``drift_rows``, like ``profiles_of``."""

    def drifts(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = CollectedRows(DRIFT_SCHEMA)
        for group in current_groups(evaluation, records):
            states = _states(evaluation, group)
            asked = [r for r in evaluation.references if group.segmentation == ALL or r.segments]
            learned = [
                (
                    _learned(evaluation, group, states, reference),
                    repeats_of_windows(evaluation, group, states, reference),
                )
                for reference in asked
            ]
            for view in _views(evaluation, group):
                rolled = states.take(view.states).roll_up(view.spans)
                for one, (known, again) in zip(asked, learned, strict=True):
                    found = _compared(group, states, view, rolled, one, again)
                    if found is not None:
                        _add_drift(rows, evaluation, group, one, *found, known)
            yield from rows.full()
        yield from rows.rest()

    return drifts


@dataclass(frozen=True)
class _Learned:
    """What the days of a reference tell: chance models by statistic or feature, and whether the
    feature is a date that advances."""

    nulls: Mapping[str, ChanceModel]
    advancing: bool = False


def _learned(
    evaluation: Evaluation, group: StateGroup, states: ComparedStates, reference: WindowReference
) -> _Learned:
    days = reference_days(group, states, reference)
    if days is None:
        return _Learned({})
    nulls = days.nulls(evaluation)
    if group.kind == "pairs" or not days.advance(
        evaluation.features[group.role, group.feature].unit
    ):
        return _Learned(nulls)
    return _Learned(
        {key: one for key, one in nulls.items() if STATISTICS[key].advancing_dates}, True
    )


def _states(evaluation: Evaluation, group: StateGroup) -> ComparedStates:
    if group.kind == "pairs":
        block = evaluation.blocks[group.role]
        return group.pairs(block.features, block.fingerprint)
    return group.stack(evaluation.features[group.role, group.feature].binning)


def _compared(
    group: StateGroup,
    states: ComparedStates,
    view: VersionWindows,
    rolled: ComparedStates,
    reference: WindowReference,
    repeats: Repeats | None,
) -> tuple[VersionWindows, Comparison] | None:
    """The windows of a view that have a reference, and the states of that reference.

    ``rolled``: all windows of the view. ``repeats``: for all windows of the evaluation.
    """
    having = reference.held[view.windows]
    held = replace(view, windows=view.windows[having], spans=view.spans[having])
    if not len(held.windows):
        return None
    compared = held.windows[:1] if reference.fixed else held.windows
    indices, spans = reference_spans(
        group, reference, *(ends[compared] for ends in reference.bounds)
    )
    if reference.source is not None and not len(indices):
        return None  # the table of the reference has no such column
    current = rolled
    if len(held.windows) < len(view.windows):
        current = rolled.take(np.flatnonzero(having))
    again = None if repeats is None else repeats.take(held.windows)
    return held, Comparison(current, states.take(indices).roll_up(spans), again)


def _add_drift(
    rows: CollectedRows,
    evaluation: Evaluation,
    group: StateGroup,
    reference: WindowReference,
    view: VersionWindows,
    comparison: Comparison,
    learned: _Learned,
) -> None:
    block = evaluation.blocks[group.role] if group.kind == "pairs" else None
    scope = {**_scope(group, view), "reference": reference.name}
    counts = [states.rows for states in (comparison.current, comparison.reference)]
    by_window = {
        **evaluation.window_columns(view.windows),
        **reference.columns(view.windows),
        "row_count": counts[0],
        "reference_rows": np.broadcast_to(counts[1], len(view.windows)),
    }
    found = drift(comparison)
    if learned.advancing:
        found |= {
            key: undefined_for_advancing_dates(len(view.windows))
            for key in found
            if not STATISTICS[key].advancing_dates
        }
    pairwise = {key: one for key, one in found.items() if "pair" in STATISTICS[key].kinds}
    metrics = [
        (feature or group.feature, key, own)
        for key, one in found.items()
        if key not in pairwise
        for feature, own in _by_feature(key, one, block)
    ]
    if metrics:
        thresholds = evaluation.thresholds if reference.fixed else {}
        models = [learned.nulls.get(feature if block else key) for feature, key, _ in metrics]
        judged = [own for *_, own in metrics]
        bounds = {} if block else error_bounds(comparison, found)
        unknown = np.full(len(view.windows), np.nan)
        values, p_value = chances(evaluation, view.windows, models, comparison, judged)
        rows.add_metrics(
            scope,
            by_window,
            {
                "feature": [feature for feature, *_ in metrics],
                "statistic": [key for _, key, _ in metrics],
                "threshold": [thresholds.get(key) for _, key, _ in metrics],
                **judged_columns(models),
            },
            {
                "value": np.stack([own.value for own in values]),
                "reason": np.stack([own.reason for own in values]),
                "p_value": p_value,
                "error_bound": np.stack([bounds.get(key, unknown) for _, key, _ in metrics]),
            },
        )
    if pairwise and block is not None:
        _add_pairs(rows, block, scope, by_window, pairwise, evaluation.top_pairs)


def _by_feature(
    key: str, values: Values, block: EvaluatedBlock | None
) -> Iterator[tuple[str | None, Values]]:
    """The values of a statistic for each feature of the block, if it has values per member."""
    if block is None or "member" not in STATISTICS[key].kinds:
        yield None, values
        return
    for at, feature in enumerate(block.features):
        if np.isfinite(values.value[:, at]).any():
            yield feature, Values(values.value[:, at], values.reason[:, at])


def _add_pairs(
    rows: CollectedRows,
    block: EvaluatedBlock,
    scope: Mapping[str, object],
    by_window: Mapping[str, object],
    found: Mapping[str, Values],
    top: int,
) -> None:
    """Add the pairs with the largest change of correlation, for each window."""
    first, second = pair_positions(len(block.features))
    if not len(first):
        return
    # Ranks and statistics of each window, concatenated.
    at = np.repeat(top_pairs(found["correlation_change"], top).T, len(found), axis=0)
    windows, ranks = np.arange(at.shape[1]), at.shape[0] // len(found)
    names = np.array(block.features, dtype=object)

    def cells(metrics: Sequence[AnyArray]) -> AnyArray:
        held = np.tile(np.arange(len(metrics)), ranks)
        return np.asarray(np.stack(metrics)[held[:, None], windows, at])

    rows.add_metrics(
        {name: value for name, value in scope.items() if name != "feature"},
        by_window,
        {"statistic": [*found] * ranks},
        {
            "feature": names[first[at]],
            "feature_b": names[second[at]],
            "value": cells([one.value for one in found.values()]),
            "reason": cells([one.reason for one in found.values()]),
        },
    )


def _views(evaluation: Evaluation, group: StateGroup) -> Iterator[VersionWindows]:
    """Each version with its windows, and all versions together; see ``version_windows``."""
    own = np.flatnonzero(group.sources == group.role)
    for view in version_windows(evaluation, group.days[own], group.versions[own], unseen=True):
        yield replace(view, states=own[view.states])


def _scope(group: StateGroup, view: VersionWindows) -> dict[str, object]:
    return {
        "model_version": view.version,
        "segmentation": group.segmentation,
        "segment": group.segment,
        "role": group.role,
        "feature": group.feature,
    }
