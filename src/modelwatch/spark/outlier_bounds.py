"""Where a reference's rows lie, read off its states: fences of features, and their center."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.errors import instance_of
from modelwatch.spark.collected_rows import CollectedRows
from modelwatch.spark.evaluate import current_groups
from modelwatch.spark.evaluation import Evaluation, WindowReference
from modelwatch.spark.groups import StateGroup
from modelwatch.spark.python_tasks import in_python
from modelwatch.spark.reference_nulls import reference_spans
from modelwatch.stats.arrays import AnyArray, Spans, day_spans, known_number
from modelwatch.stats.binning import NumericBinning
from modelwatch.stats.comparison import NO_CURRENT_VALUES
from modelwatch.stats.mahalanobis import Center, mean_squares, robust_center
from modelwatch.stats.numeric import NumericStates
from modelwatch.stats.outlying import Fences, fences, outside
from modelwatch.stats.pairs import PairStates
from modelwatch.stats.value_names import ALL, ALL_VERSIONS
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

"""Model version of outliers: inputs are what they are, whichever model scores them."""
TOGETHER = "*"
"""Feature of what is of all numeric features together."""
SHARE_COLUMNS = (
    "kind",
    "model_version",
    "segmentation",
    "segment",
    "role",
    "feature",
    "window",
    "window_start",
    "window_end",
    "partial",
    "reference",
    "lower",
    "upper",
    "value",
    "expected",
    "reason",
    "rows",
)
_SHARES = arrow_schema(TABLES["outliers"], *SHARE_COLUMNS)
_BOUNDS = "feature string, role string, lower double, upper double, center binary"
_ARRAYS = tuple(field.name for field in fields(Center) if field.name != "features")


@dataclass(frozen=True)
class OutlierBounds:
    """Fences by role and feature, and the center of the numeric block of the inputs.

    ``center`` is None without a block, or where nothing in it varies.
    """

    fences: Mapping[tuple[str, str], Fences]
    center: Center | None


@dataclass(frozen=True)
class FencedBy:
    """What sets the bounds: a fixed reference of an evaluation, and Tukey's factor."""

    reference: WindowReference
    fence: float

    @property
    def days(self) -> tuple[date, date] | None:
        """First and last day of the reference; None for a whole table."""
        return next((days for days in self.reference.days if days is not None), None)


def outlier_bounds(states: DataFrame, evaluation: Evaluation, by: FencedBy) -> OutlierBounds:
    """The bounds of all traffic. A Spark job, of which a row a numeric feature comes back.

    ``states`` has the columns of feature_states, with ``source`` beside ``role``, as ``grouped``
    leaves them.
    """

    def bounds(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for group in current_groups(evaluation, records):
            row = _bound(group, evaluation, by)
            if row is not None:
                yield pa.RecordBatch.from_pylist([row], schema=_bounds_schema())

    fenced: dict[tuple[str, str], Fences] = {}
    center: Center | None = None
    for row in in_python(_numeric(states), bounds, _BOUNDS).collect():
        if row["center"] is None:
            lower, upper = row["lower"], row["upper"]
            fenced[row["role"], row["feature"]] = Fences(lower, upper, lower, upper)
        else:
            names = evaluation.blocks[row["role"]].features
            with np.load(io.BytesIO(row["center"])) as arrays:
                center = Center(names, **{name: arrays[name] for name in _ARRAYS})
    return OutlierBounds(fenced, center)


def share_rows(states: DataFrame, evaluation: Evaluation, by: FencedBy) -> DataFrame:
    """How many rows of each window lie beyond the fences, and how far all are: SHARE_COLUMNS.

    Kind 'share': one row per numeric feature and window. Kind 'distance': the mean squared distance
    of the inputs' rows from the center of the reference, over the features used, which is about 1
    where nothing changed. Of all traffic and all versions; windows without rows are left out.
    """

    def shares(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = CollectedRows(_SHARES)
        for group in current_groups(evaluation, records):
            if group.kind == "pairs":
                _add_distances(rows, group, evaluation, by)
            else:
                _add_shares(rows, group, evaluation, by)
            yield from rows.full()
        yield from rows.rest()

    schema = TABLES["outliers"].ddl(*SHARE_COLUMNS).replace(" NOT NULL", "")
    return in_python(_numeric(states), shares, schema)


def _numeric(states: DataFrame) -> DataFrame:
    numeric = F.col("kind").isin("numeric", "pairs") & (F.col("segmentation") == ALL)
    return states.where(numeric)


def _bound(group: StateGroup, evaluation: Evaluation, by: FencedBy) -> dict[str, object] | None:
    role = {"role": group.role, "feature": group.feature}
    if group.kind == "pairs":
        center = _center(group, evaluation, by)
        if center is None:
            return None
        packed = io.BytesIO()
        np.savez(packed, **{name: getattr(center, name) for name in _ARRAYS})
        return {**role, "feature": TOGETHER, "center": packed.getvalue()}
    found = _fences(group, evaluation, by)
    if found is None:
        return None
    number = found[0].binning.number
    return {**role, "lower": number(found[1].lower), "upper": number(found[1].upper)}


def _add_shares(
    rows: CollectedRows, group: StateGroup, evaluation: Evaluation, by: FencedBy
) -> None:
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
        rows=windows.rows,
    )


def _add_distances(
    rows: CollectedRows, group: StateGroup, evaluation: Evaluation, by: FencedBy
) -> None:
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
        rows=windows.rows,
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
    """The reference as one state, and its fences; None for a feature that it does not have."""
    if not isinstance(evaluation.features[group.role, group.feature].binning, NumericBinning):
        return None
    indices, spans = reference_spans(group, by.reference, [by.days])
    reference = _stack(group, evaluation).take(indices).roll_up(spans)
    return (reference, fences(reference, by.fence)) if reference.rows[0] else None


def _center(group: StateGroup, evaluation: Evaluation, by: FencedBy) -> Center | None:
    """The center of the reference's days; None where there are none, or nothing varies."""
    indices, spans = reference_spans(group, by.reference, [by.days])
    held = indices[slice(*spans[0])]
    if not len(held):
        return None
    _, starts = np.unique(group.days[held], return_index=True)
    by_day = np.stack((starts, [*starts[1:], len(held)]), axis=1)
    return robust_center(_pairs(group, evaluation).take(held).roll_up(by_day))


@dataclass(frozen=True)
class _WindowSpans:
    """Windows with rows: positions among those asked for, and their spans of the ``own`` states."""

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
    chosen = [evaluation.windows[w] for w in windows]
    return {
        "model_version": ALL_VERSIONS,
        "segmentation": group.segmentation,
        "segment": group.segment,
        "role": group.role,
        "window": np.array([w.name for w in chosen], dtype=object),
        "window_start": np.array([w.start for w in chosen], dtype=object),
        "window_end": np.array([w.end for w in chosen], dtype=object),
        "partial": np.array([w.partial for w in chosen], dtype=bool),
        "reference": by.reference.name,
    }


def _bounds_schema() -> pa.Schema:
    return pa.schema(
        [
            ("feature", pa.string()),
            ("role", pa.string()),
            ("lower", pa.float64()),
            ("upper", pa.float64()),
            ("center", pa.binary()),
        ]
    )
