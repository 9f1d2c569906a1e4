"""Fences of features and the center of the rows of a reference, computed from its states."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from modelwatch.errors import instance_of
from modelwatch.evaluation.collected_rows import CollectedRows
from modelwatch.evaluation.drift.question import Evaluation
from modelwatch.evaluation.planning.windows import WindowReference
from modelwatch.evaluation.states.groups import StateGroup
from modelwatch.evaluation.verdicts.reference_nulls import fixed_span
from modelwatch.stats.arrays import AnyArray, Spans, day_spans, known_number
from modelwatch.stats.drift.comparison import NO_CURRENT_VALUES
from modelwatch.stats.outliers.fences import Fences, fences, outside
from modelwatch.stats.outliers.mahalanobis import Center, mean_squares, robust_center
from modelwatch.stats.states.binning import NumericBinning
from modelwatch.stats.states.numeric import NumericStates
from modelwatch.stats.states.pairs import PairStates
from modelwatch.stats.value_names import ALL_VERSIONS

TOGETHER = "*"
"""Feature name of results for all numeric features together."""

BOUNDS_SCHEMA = pa.schema(
    [
        ("feature", pa.string()),
        ("role", pa.string()),
        ("lower", pa.float64()),
        ("upper", pa.float64()),
        ("center", pa.binary()),
    ]
)
"""Columns of the bounds: one row per feature, and one for the center."""
ARRAYS = tuple(field.name for field in fields(Center) if field.name != "features")


@dataclass(frozen=True)
class OutlierBounds:
    """Fences by role and feature, and the center of the numeric block of the inputs.

    ``center`` is None without a block, or if nothing in it varies.
    """

    fences: Mapping[tuple[str, str], Fences]
    center: Center | None


@dataclass(frozen=True)
class FencedBy:
    """What the bounds depend on: a fixed reference of an evaluation, and Tukey's factor."""

    reference: WindowReference
    fence: float


def bound_row(group: StateGroup, evaluation: Evaluation, by: FencedBy) -> dict[str, object] | None:
    """The fences of a feature, or the center of a block, as a row."""
    role = {"role": group.role, "feature": group.feature}
    if group.kind == "pairs":
        center = _center(group, evaluation, by)
        if center is None:
            return None
        packed = io.BytesIO()
        np.savez(packed, **{name: getattr(center, name) for name in ARRAYS})
        return {**role, "feature": TOGETHER, "center": packed.getvalue()}
    found = _fences(group, evaluation, by)
    if found is None:
        return None
    number = found[0].binning.number
    return {**role, "lower": number(found[1].lower), "upper": number(found[1].upper)}


def add_shares(
    rows: CollectedRows, group: StateGroup, evaluation: Evaluation, by: FencedBy
) -> None:
    """Add the share of outlying values of each window."""
    found = _fences(group, evaluation, by)
    if found is None:
        return
    reference, fenced = found
    states, spans = _stack(group, evaluation), _window_spans(group, evaluation)
    windows = states.take(spans.own).roll_up(spans.spans)
    share = outside(windows, fenced).share
    rows.add(
        len(windows),
        **_scope(group, evaluation, spans.windows, by),
        kind="share",
        feature=group.feature,
        lower=None if np.isnan(fenced.lower) else states.binning.number(fenced.lower),
        upper=None if np.isnan(fenced.upper) else states.binning.number(fenced.upper),
        value=share.value,
        reason=share.reason,
        expected=known_number(outside(reference, fenced).share.value[0]),
        row_count=windows.rows,
    )


def add_distances(
    rows: CollectedRows, group: StateGroup, evaluation: Evaluation, by: FencedBy
) -> None:
    """Add the mean distance of the rows of each window."""
    center = _center(group, evaluation, by)
    if center is None:
        return
    spans = _window_spans(group, evaluation)
    windows = _pairs(group, evaluation).take(spans.own).roll_up(spans.spans)
    value = mean_squares(windows, center)
    unknown = [NO_CURRENT_VALUES if none else None for none in np.isnan(value)]
    rows.add(
        len(windows),
        **_scope(group, evaluation, spans.windows, by),
        kind="distance",
        feature=TOGETHER,
        value=value,
        reason=np.array([*unknown, None], dtype=object)[:-1],
        expected=1.0,
        row_count=windows.rows,
    )


def _stack(group: StateGroup, evaluation: Evaluation) -> NumericStates:
    binning = evaluation.features[group.role, group.feature].binning
    return instance_of(group.stack(binning), NumericStates)


def _pairs(group: StateGroup, evaluation: Evaluation) -> PairStates:
    block = evaluation.blocks[group.role]
    return group.pairs(block.features, block.fingerprint)


def _fences(
    group: StateGroup, evaluation: Evaluation, by: FencedBy
) -> tuple[NumericStates, Fences] | None:
    """The fences of the reference, added up to one state; None for a feature that it lacks."""
    if not isinstance(evaluation.features[group.role, group.feature].binning, NumericBinning):
        return None
    indices, spans = fixed_span(group, by.reference)
    reference = _stack(group, evaluation).take(indices).roll_up(spans)
    return (reference, fences(reference, by.fence)) if reference.rows[0] else None


def _center(group: StateGroup, evaluation: Evaluation, by: FencedBy) -> Center | None:
    """The center of the reference; None if it has no rows, or if nothing varies."""
    indices, spans = fixed_span(group, by.reference)
    held = indices[slice(*spans[0])]
    if not len(held):
        return None
    _, starts = np.unique(group.days[held], return_index=True)
    by_day = np.stack((starts, [*starts[1:], len(held)]), axis=1)
    return robust_center(_pairs(group, evaluation).take(held).roll_up(by_day))


@dataclass(frozen=True)
class _WindowSpans:
    """Windows with rows: their positions in the evaluation, and their spans of ``own`` states."""

    windows: AnyArray
    own: AnyArray
    spans: Spans


def _window_spans(group: StateGroup, evaluation: Evaluation) -> _WindowSpans:
    own = np.flatnonzero(group.sources == group.role)
    spans = day_spans(group.days[own], evaluation.starts, evaluation.ends)
    windows = np.flatnonzero(spans[:, 1] > spans[:, 0])
    return _WindowSpans(windows, own, spans[windows])


def _scope(
    group: StateGroup, evaluation: Evaluation, windows: AnyArray, by: FencedBy
) -> dict[str, object]:
    return {
        "model_version": ALL_VERSIONS,
        "segmentation": group.segmentation,
        "segment": group.segment,
        "role": group.role,
        **evaluation.window_columns(windows),
        "reference": by.reference.name,
    }
