"""Profiles and drift of windows, read off stored states; distributed by feature and segment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from modelwatch.spark.collected_rows import CollectedRows
from modelwatch.spark.evaluation import EvaluatedBlock, Evaluation, WindowReference
from modelwatch.spark.groups import (
    StateGroup,
    merged_sketch,
    state_groups,
)
from modelwatch.spark.python_tasks import BatchFunction, in_python
from modelwatch.spark.reference_nulls import (
    day_spans,
    judged_columns,
    reference_nulls,
    reference_spans,
)
from modelwatch.stats.arrays import AnyArray, Spans
from modelwatch.stats.batch import ALL
from modelwatch.stats.comparison import Comparison, Values
from modelwatch.stats.correlation import pair_positions, top_pairs
from modelwatch.stats.drift import STATISTICS, drift
from modelwatch.stats.null_model import NullModel
from modelwatch.stats.profile import METRICS, OF_SEGMENTS, profile
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

ALL_VERSIONS = "*"
"""Model version of a row that is of all versions together."""
_SCOPE = ("model_version", "segmentation", "segment", "role", "feature")
_WINDOW = ("window", "window_start", "window_end", "partial")


PROFILE_COLUMNS = (*_SCOPE, *_WINDOW, "metric", "value", "text", "reason", "rows")
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
    "gate",
    "rows",
    "reference_rows",
    "p_value",
    "design_effect",
    "null_days",
    "typical",
)
_PROFILE = arrow_schema(TABLES["profile_metrics"], *PROFILE_COLUMNS)
_DRIFT = arrow_schema(TABLES["drift_metrics"], *DRIFT_COLUMNS)


def profile_rows(states: DataFrame, evaluation: Evaluation) -> DataFrame:
    """Profile metrics of every window: ``PROFILE_COLUMNS``.

    ``states`` has the columns of feature_states, with ``source`` (the role of the table) beside
    ``role`` (the role of the feature), as ``grouped`` leaves them.
    """
    return _evaluated(states, _profiles(evaluation), "profile_metrics", PROFILE_COLUMNS)


def drift_rows(states: DataFrame, evaluation: Evaluation) -> DataFrame:
    """Drift statistics of every window against every reference: ``DRIFT_COLUMNS``.

    ``states`` as ``profile_rows`` takes them.
    """
    return _evaluated(states, _drifts(evaluation), "drift_metrics", DRIFT_COLUMNS)


def _evaluated(
    states: DataFrame, function: BatchFunction, table: str, columns: Sequence[str]
) -> DataFrame:
    schema = ", ".join(f"{name} {TABLES[table].column(name).type}" for name in columns)
    return in_python(states, function, schema)


@dataclass(frozen=True)
class _View:
    """The states of one model version, or of all, and the windows asked of them."""

    version: str
    group: StateGroup
    indices: AnyArray
    windows: AnyArray
    spans: Spans


def _profiles(evaluation: Evaluation) -> BatchFunction:
    def profiles(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = CollectedRows(_PROFILE)
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
                n, alike = len(view.windows), {**_scope(view), **_window(evaluation, view)}
                common = rows.arrays(n, **alike, rows=windows.rows)
                for key, found in figures.items():
                    rows.add(
                        n,
                        **common,
                        metric=key,
                        value=found.value,
                        text=found.text,
                        reason=found.reason,
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


def _drifts(evaluation: Evaluation) -> BatchFunction:
    def drifts(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = CollectedRows(_DRIFT)
        for group in current_groups(evaluation, records):
            asked = [r for r in evaluation.references if group.segmentation == ALL or r.segments]
            nulls = {r.name: reference_nulls(evaluation, group, r) for r in asked}
            for view in _views(evaluation, group):
                for reference in asked:
                    _add_drift(rows, evaluation, group, view, reference, nulls[reference.name])
            yield from rows.full()
        yield from rows.rest()

    return drifts


def _add_drift(
    rows: CollectedRows,
    evaluation: Evaluation,
    group: StateGroup,
    view: _View,
    reference: WindowReference,
    nulls: Mapping[str, NullModel],
) -> None:
    having = np.array(
        [reference.whole_table or reference.days[w] is not None for w in view.windows], dtype=bool
    )
    if not having.any():
        return
    view = _View(view.version, group, view.indices, view.windows[having], view.spans[having])
    days = [reference.days[w] for w in view.windows]
    compared = days[:1] if reference.fixed else days
    indices, spans = reference_spans(group, reference, compared)
    if reference.source is not None and not len(indices):
        return  # the table of the reference has no such column
    block = evaluation.blocks[group.role] if group.kind == "pairs" else None
    if block is not None:
        pairs = group.pairs(block.features, block.fingerprint)
        comparison = Comparison(
            pairs.take(view.indices).roll_up(view.spans), pairs.take(indices).roll_up(spans)
        )
        counts = [states.rows for states in comparison.block]
    else:
        stack = group.stack(evaluation.features[group.role, group.feature].binning)
        comparison = Comparison(
            stack.take(view.indices).roll_up(view.spans), stack.take(indices).roll_up(spans)
        )
        counts = [side.rows for side in comparison.feature]
    n = len(view.windows)
    common = rows.arrays(
        n,
        **_scope(view),
        **_window(evaluation, view),
        reference=reference.name,
        reference_start=_dates(d and d[0] for d in days),
        reference_end=_dates(d and d[1] for d in days),
        rows=counts[0],
        reference_rows=np.broadcast_to(counts[1], n),
    )
    pairwise: dict[str, Values] = {}
    for key, values in drift(comparison).items():
        if "pair" in STATISTICS[key].kinds:
            pairwise[key] = values
            continue
        for feature, own in _by_feature(key, values, block):
            rows.add(
                n,
                **{**common, **({} if feature is None else {"feature": feature})},
                statistic=key,
                value=own.value,
                reason=own.reason,
                gate=evaluation.gates.get(key) if reference.fixed else None,
                **judged_columns(evaluation, view.windows, nulls.get(feature or key), own, counts),
            )
    if pairwise and block is not None:
        _add_pairs(rows, block, common, pairwise, evaluation.top_pairs)


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
    common: Mapping[str, object],
    found: Mapping[str, Values],
    top: int,
) -> None:
    """The pairs whose correlation moved most, for each window."""
    first, second = pair_positions(len(block.features))
    if not len(first):
        return
    chosen = top_pairs(found["correlation_change"], top)
    names = np.array(block.features, dtype=object)
    windows = np.arange(len(chosen))
    for rank in range(chosen.shape[1]):
        at = chosen[:, rank]
        for key, values in found.items():
            rows.add(
                len(chosen),
                **{
                    **common,
                    "feature": names[first[at]],
                    "feature_b": names[second[at]],
                },
                statistic=key,
                value=values.value[windows, at],
                reason=values.reason[windows, at],
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
            yield _View(version, group, indices, windows, spans[windows])
    together = np.flatnonzero(held != 1)
    if len(together):
        spans = day_spans(group.days[own], evaluation.starts, evaluation.ends)
        yield _View(ALL_VERSIONS, group, own, together, spans[together])


def _scope(view: _View) -> dict[str, object]:
    group = view.group
    return {
        "model_version": view.version,
        "segmentation": group.segmentation,
        "segment": group.segment,
        "role": group.role,
        "feature": group.feature,
    }


def _window(evaluation: Evaluation, view: _View) -> dict[str, object]:
    chosen = [evaluation.windows[w] for w in view.windows]
    return {
        "window": np.array([w.name for w in chosen], dtype=object),
        "window_start": _dates(w.start for w in chosen),
        "window_end": _dates(w.end for w in chosen),
        "partial": np.array([w.partial for w in chosen], dtype=bool),
    }


def _dates(days: Iterable[date | None]) -> AnyArray:
    return np.array([*days], dtype=object)
