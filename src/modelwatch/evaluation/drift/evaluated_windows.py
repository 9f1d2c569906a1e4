"""Profiles and drift of windows, read off stored states; distributed by feature and segment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.evaluation.collected_rows import CollectedRows
from modelwatch.evaluation.drift.question import EvaluatedBlock, Evaluation, WindowReference
from modelwatch.evaluation.drift.repeated_days import repeats_of_windows
from modelwatch.evaluation.states.groups import StateGroup, merged_sketch, state_groups
from modelwatch.evaluation.verdicts.reference_nulls import (
    States,
    chances,
    judged_columns,
    reference_nulls,
    reference_spans,
)
from modelwatch.stats.arrays import AnyArray, Spans, day_spans
from modelwatch.stats.drift.comparison import Comparison, Values
from modelwatch.stats.drift.correlation import pair_positions, top_pairs
from modelwatch.stats.drift.repeats import Repeats
from modelwatch.stats.drift.statistics import STATISTICS, drift, error_bounds
from modelwatch.stats.profile.metrics import METRICS, OF_SEGMENTS, profile
from modelwatch.stats.value_names import ALL, ALL_VERSIONS
from modelwatch.stats.verdicts.chance import ChanceModel
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

_SCOPE = ("model_version", "segmentation", "segment", "role", "feature")
_WINDOW = ("window", "window_start", "window_end", "partial")
PROFILE_COLUMNS = (*_SCOPE, *_WINDOW, "metric", "value", "text", "reason", "rows", "error_bound")
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
    "rows",
    "reference_rows",
    "p_value",
    "design_effect",
    "null_days",
    "typical",
    "error_bound",
)
_PROFILE = arrow_schema(TABLES["profile_metrics"], *PROFILE_COLUMNS)
_DRIFT = arrow_schema(TABLES["drift_metrics"], *DRIFT_COLUMNS)


@dataclass(frozen=True)
class _View:
    """The states of one model version, or of all, and the windows asked of them."""

    version: str
    indices: AnyArray
    windows: AnyArray
    spans: Spans

    def among(self, windows: AnyArray) -> _View:
        """The view without the windows that are not in a mask of all."""
        kept = windows[self.windows]
        return replace(self, windows=self.windows[kept], spans=self.spans[kept])


def profiles_of(evaluation: Evaluation) -> BatchFunction:
    """What a task of ``profile_rows`` does: states in batches, of whole groups, to rows.

    It holds the states of one group at a time, and at most a batch of rows beside those of the
    group.
    """

    def profiles(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows, asked = CollectedRows(_PROFILE), _Windows(evaluation)
        for group in current_groups(evaluation, records):
            if group.kind == "pairs":
                continue
            known = evaluation.features[group.role, group.feature]
            stack = group.stack(known.binning)
            whole = group.segmentation == ALL
            sketches = group.sketches() if whole else []
            keys = METRICS if whole else OF_SEGMENTS
            for view in _views(evaluation, group):
                windows = stack.take(view.indices).roll_up(view.spans)
                distinct = (
                    [
                        merged_sketch([sketches[i] for i in view.indices[start:stop]])
                        for start, stop in view.spans
                    ]
                    if whole
                    else None
                )
                figures = profile(windows, distinct=distinct, unit=known.unit, keys=keys)
                rows.add_figures(
                    _scope(group, view),
                    {**asked.columns(view.windows), "rows": windows.rows},
                    {"metric": list(figures)},
                    {
                        "value": np.stack([found.value for found in figures.values()]),
                        "text": np.stack([found.text for found in figures.values()]),
                        "reason": np.stack([found.reason for found in figures.values()]),
                        "error_bound": np.stack([f.error_bound for f in figures.values()]),
                    },
                )
            yield from rows.full()
        yield from rows.rest()

    return profiles


def current_groups(
    evaluation: Evaluation, records: Iterable[pa.RecordBatch]
) -> Iterator[StateGroup]:
    """The states that are of the bins at hand.

    A column may have been dropped, added to the numeric block or changed in type, and days before
    need not have been written again for that: their states cannot be added to those of today.
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
    """What a task of ``drift_rows`` does, as ``profiles_of``."""

    def drifts(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows, windows = CollectedRows(_DRIFT), _Windows(evaluation)
        sought = [_Sought(evaluation, reference) for reference in evaluation.references]
        for group in current_groups(evaluation, records):
            states = _states(evaluation, group)
            asked = [s for s in sought if group.segmentation == ALL or s.reference.segments]
            learned = [
                (
                    reference_nulls(evaluation, group, states, s.reference),
                    repeats_of_windows(evaluation, group, states, s.reference),
                )
                for s in asked
            ]
            for view in _views(evaluation, group):
                rolled = states.take(view.indices).roll_up(view.spans)
                for one, (null, again) in zip(asked, learned, strict=True):
                    found = _compared(group, states, view, rolled, one, again)
                    if found is not None:
                        _add_drift(rows, windows, group, one, *found, null)
            yield from rows.full()
        yield from rows.rest()

    return drifts


def _states(evaluation: Evaluation, group: StateGroup) -> States:
    if group.kind == "pairs":
        block = evaluation.blocks[group.role]
        return group.pairs(block.features, block.fingerprint)
    return group.stack(evaluation.features[group.role, group.feature].binning)


class _Windows:
    """The windows of an evaluation, as columns of rows."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        asked = evaluation.windows
        self._columns = {
            "window": pa.array([w.name for w in asked], pa.string()),
            "window_start": pa.array([w.start for w in asked], pa.date32()),
            "window_end": pa.array([w.end for w in asked], pa.date32()),
            "partial": pa.array([w.partial for w in asked], pa.bool_()),
        }

    def columns(self, windows: AnyArray) -> dict[str, pa.Array]:
        """The columns that name the windows at some positions."""
        return {name: column.take(windows) for name, column in self._columns.items()}


class _Sought:
    """A reference, and which windows have it, as a mask of all, with its days as columns."""

    def __init__(self, evaluation: Evaluation, reference: WindowReference) -> None:
        self.evaluation, self.reference = evaluation, reference
        days = reference.days
        self.having = np.array([reference.whole_table or d is not None for d in days], dtype=bool)
        self._columns = {
            "reference_start": pa.array([d and d[0] for d in days], pa.date32()),
            "reference_end": pa.array([d and d[1] for d in days], pa.date32()),
        }

    def columns(self, windows: AnyArray) -> dict[str, pa.Array]:
        """The days of the reference, for the windows at some positions."""
        return {name: column.take(windows) for name, column in self._columns.items()}


def _compared(
    group: StateGroup,
    states: States,
    view: _View,
    rolled: States,
    sought: _Sought,
    repeats: Repeats | None,
) -> tuple[_View, Comparison] | None:
    """The windows of a view that have a reference, beside it; ``rolled``: all windows of it.

    ``repeats``: of all windows of the evaluation.
    """
    reference = sought.reference
    held = view.among(sought.having)
    if not len(held.windows):
        return None
    compared = held.windows[:1] if reference.fixed else held.windows
    indices, spans = reference_spans(group, reference, [reference.days[w] for w in compared])
    if reference.source is not None and not len(indices):
        return None  # the table of the reference has no such column
    current = rolled
    if len(held.windows) < len(view.windows):
        current = rolled.take(np.flatnonzero(sought.having[view.windows]))
    again = None if repeats is None else repeats.take(held.windows)
    return held, Comparison(current, states.take(indices).roll_up(spans), again)


def _add_drift(
    rows: CollectedRows,
    windows: _Windows,
    group: StateGroup,
    sought: _Sought,
    view: _View,
    comparison: Comparison,
    nulls: Mapping[str, ChanceModel],
) -> None:
    evaluation = windows.evaluation
    block = evaluation.blocks[group.role] if group.kind == "pairs" else None
    scope = {**_scope(group, view), "reference": sought.reference.name}
    counts = [states.rows for states in (comparison.current, comparison.reference)]
    by_window = {
        **windows.columns(view.windows),
        **sought.columns(view.windows),
        "rows": counts[0],
        "reference_rows": np.broadcast_to(counts[1], len(view.windows)),
    }
    found = drift(comparison)
    pairwise = {key: one for key, one in found.items() if "pair" in STATISTICS[key].kinds}
    figures = [
        (feature or group.feature, key, own)
        for key, one in found.items()
        if key not in pairwise
        for feature, own in _by_feature(key, one, block)
    ]
    if figures:
        thresholds = evaluation.thresholds if sought.reference.fixed else {}
        models = [nulls.get(feature if block else key) for feature, key, _ in figures]
        judged = [own for *_, own in figures]
        bounds = {} if block else error_bounds(comparison, found)
        unknown = np.full(len(view.windows), np.nan)
        values, p_value = chances(evaluation, view.windows, models, comparison, judged)
        rows.add_figures(
            scope,
            by_window,
            {
                "feature": [feature for feature, *_ in figures],
                "statistic": [key for _, key, _ in figures],
                "threshold": [thresholds.get(key) for _, key, _ in figures],
                **judged_columns(models),
            },
            {
                "value": np.stack([own.value for own in values]),
                "reason": np.stack([own.reason for own in values]),
                "p_value": p_value,
                "error_bound": np.stack([bounds.get(key, unknown) for _, key, _ in figures]),
            },
        )
    if pairwise and block is not None:
        _add_pairs(rows, block, scope, by_window, pairwise, evaluation.top_pairs)


def _by_feature(
    key: str, values: Values, block: EvaluatedBlock | None
) -> Iterator[tuple[str | None, Values]]:
    """The values of a statistic, of each feature of the block that has any if it is of members."""
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
    """The pairs whose correlation moved most, for each window."""
    first, second = pair_positions(len(block.features))
    if not len(first):
        return
    # Ranks and statistics, one after the other, of each window.
    at = np.repeat(top_pairs(found["correlation_change"], top).T, len(found), axis=0)
    windows, ranks = np.arange(at.shape[1]), at.shape[0] // len(found)
    names = np.array(block.features, dtype=object)

    def cells(figures: Sequence[AnyArray]) -> AnyArray:
        held = np.tile(np.arange(len(figures)), ranks)
        return np.asarray(np.stack(figures)[held[:, None], windows, at])

    rows.add_figures(
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


def _views(evaluation: Evaluation, group: StateGroup) -> Iterator[_View]:
    """Each version with the windows that it has rows in, and all versions together.

    All versions together come for the windows that several have rows in, and for those that none
    has: there the row says so.
    """
    own = np.flatnonzero(group.sources == group.role)
    versions = sorted(set(group.versions[own]))
    held = np.zeros(len(evaluation.windows), dtype=np.int64)
    for version in versions:
        indices = own[group.versions[own] == version]
        spans = day_spans(group.days[indices], evaluation.starts, evaluation.ends)
        windows = np.flatnonzero(spans[:, 1] > spans[:, 0])
        held[windows] += 1
        if len(windows):
            yield _View(version, indices, windows, spans[windows])
    together = np.flatnonzero(held != 1)
    if len(together):
        spans = day_spans(group.days[own], evaluation.starts, evaluation.ends)
        yield _View(ALL_VERSIONS, own, together, spans[together])


def _scope(group: StateGroup, view: _View) -> dict[str, object]:
    return {
        "model_version": view.version,
        "segmentation": group.segmentation,
        "segment": group.segment,
        "role": group.role,
        "feature": group.feature,
    }
