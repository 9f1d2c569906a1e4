"""The most outlying rows of some days, and the features that cause it, in one scan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import cache

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.evaluation.outliers.bounds import OutlierBounds
from modelwatch.evaluation.states.batches import numbers_of
from modelwatch.model.config.column_types import INTEGER_TYPES, TIMESTAMP_TYPES
from modelwatch.model.config.sensitive import NO_SECRETS, Secrets
from modelwatch.model.profile.features import Feature
from modelwatch.stats.arrays import AnyArray, Floats
from modelwatch.stats.day_numbers import EPOCH, numbered_day
from modelwatch.stats.outliers.mahalanobis import TAIL, Center, distances, threshold
from modelwatch.stats.states.binning import NumericBinning
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

FARTHEST = 1e6
"""Maximum distance of a value from the center, in scales. Infinity counts as this far."""
MOST_CONTRIBUTIONS = 5
_LEAST_SHARE = 0.05
"""Minimum share of a row's squared distance from which a feature is among its causes."""

FOUND = ("window_start", "value", "expected", "row_count", "row_id", "contributions")
FOUND_ROWS = arrow_schema(TABLES["outliers"], *FOUND)


@dataclass(frozen=True)
class OutlierQuestion:
    """The parameters of the search: at most ``most`` rows per day, compared with the bounds of a
    reference.

    ``features``: those of the center, in its order, with their bins. ``ids``: columns that identify
    a row.
    """

    reference: str
    features: tuple[Feature, ...]
    bins: tuple[NumericBinning, ...]
    bounds: OutlierBounds
    ids: tuple[str, ...]
    most: int
    secrets: Secrets = NO_SECRETS


@dataclass
class _Held:
    """The farthest rows of a day so far: ids, values, squared distances, and the number of rows
    read."""

    ids: pa.Table
    values: Floats
    square: Floats
    seen: int

    def with_more(self, other: _Held, most: int) -> _Held:
        """The farthest rows of two results."""
        square = np.concatenate((self.square, other.square))
        order = np.argsort(-square, kind="stable")[:most]
        return _Held(
            pa.concat_tables([self.ids, other.ids]).take(order),
            np.concatenate((self.values, other.values))[order],
            square[order],
            self.seen + other.seen,
        )


def outlier_search(question: OutlierQuestion, center: Center) -> BatchFunction:
    """A function of batches that yields the most outlying rows."""

    def outlying(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        held: dict[date, _Held] = {}
        for record in records:
            for day, part in _by_day(record):
                known = held.get(day)
                reached = _last_of(known.square, question.most) if known else 0.0
                found = _farthest(part, question, center, reached)
                held[day] = known.with_more(found, question.most) if known else found
        for day, rows in sorted(held.items()):
            yield pa.RecordBatch.from_pylist(
                _outlying_records(day, rows, question, center), schema=FOUND_ROWS
            )

    return outlying


def _by_day(record: pa.RecordBatch) -> Iterator[tuple[date, pa.Table]]:
    table = pa.Table.from_batches([record])
    encoded = record.column(0).dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    for code, day in enumerate(encoded.dictionary.to_pylist()):
        yield day, table.filter(pa.array(codes == code)) if len(encoded.dictionary) > 1 else table


def _farthest(part: pa.Table, question: OutlierQuestion, center: Center, reached: float) -> _Held:
    """The rows of a part that are beyond what normal rows show, and farther than the rows held so
    far.

    ``reached``: squared distance up to which rows are not among the farthest.
    """
    record = part.combine_chunks()
    first = part.num_columns - len(question.features)
    values = np.column_stack(
        [
            numbers_of(record.column(first + i).combine_chunks(), binning).values
            for i, binning in enumerate(question.bins)
        ]
    )
    scaled = _scaled(values, question.bins)
    square = np.full(len(scaled), np.nan)
    # Replacing a missing value by the center cannot move a row closer, so all rows are measured at
    # once as if they had no gaps. Only rows that may be among the farthest are then measured
    # exactly.
    bound = distances(np.where(np.isnan(scaled), center.mean, scaled), center).square
    order = np.argsort(-bound, kind="stable")
    while len(order) and bound[order[0]] > reached:
        chosen, order = order[: 4 * question.most], order[4 * question.most :]
        exact = distances(scaled[chosen], center)
        square[chosen] = np.where(exact.p_value <= TAIL, exact.square, np.nan)
        reached = max(reached, _last_of(square[~np.isnan(square)], question.most))
    known = np.flatnonzero(~np.isnan(square))
    at = known[np.argsort(-square[known], kind="stable")[: question.most]]
    ids = record.select(list(range(1, first))).take(at)
    return _Held(ids, values[at], square[at], part.num_rows)


def _last_of(squares: Floats, most: int) -> float:
    """The smallest squared distance among the farthest rows; 0 while there are fewer."""
    return float(np.sort(squares)[-most]) if len(squares) >= most else 0.0


def _scaled(values: Floats, bins: Sequence[NumericBinning]) -> Floats:
    """Values in scales of their bins from the centers; NaN for values that are not quantities."""
    centers = np.array([b.center for b in bins])
    scales = np.array([b.scale for b in bins])
    with np.errstate(over="ignore", invalid="ignore"):
        scaled: Floats = np.clip((values - centers) / scales, -FARTHEST, FARTHEST)
    for i, binning in enumerate(bins):
        if binning.special_values:
            scaled[np.isin(values[:, i], binning.special_values), i] = np.nan
    return scaled


def _outlying_records(
    day: date, rows: _Held, question: OutlierQuestion, center: Center
) -> list[dict[str, object]]:
    """Rows for the table. The first one contains how many rows of the day the task has read."""
    scaled = _scaled(rows.values, question.bins)
    ids = rows.ids.to_pylist()
    found_rows: list[dict[str, object]] = []
    for i in range(len(scaled)):
        # One at a time: the last digits of a matrix product depend on the number of rows.
        found = distances(scaled[i : i + 1], center)
        row_id = [{"column_name": c, "value": ids[i][f"id{k}"]} for k, c in enumerate(question.ids)]
        found_rows.append(
            {
                "window_start": day,
                "value": float(np.sqrt(found.square[0])),
                "expected": _normal(int(found.values[0])),
                "row_count": 0,
                "row_id": row_id or None,
                "contributions": _contributions(
                    rows.values[i], found.parts[0] / found.square[0], question
                ),
            }
        )
    # A task without outlying rows still reports how many it read, in a row without a distance.
    return [*found_rows, {"window_start": day, "row_count": rows.seen}]


@cache
def _normal(values: int) -> float:
    """Distance that one in a thousand normal rows exceeds."""
    return float(np.sqrt(threshold(values)))


def _contributions(
    values: Floats, shares: AnyArray, question: OutlierQuestion
) -> list[dict[str, object]]:
    contributions: list[dict[str, object]] = []
    for i in np.argsort(-shares, kind="stable")[:MOST_CONTRIBUTIONS]:
        if shares[i] < _LEAST_SHARE:
            break
        feature = question.features[i]
        fenced = question.bounds.fences.get((feature.role, feature.name))
        known = fenced is not None and not np.isnan(fenced.lower)
        contributions.append(
            {
                "feature": feature.name,
                "value": _text(question.bins[i].exact(float(values[i])), feature.spark_type),
                "lower": fenced.lower if fenced is not None and known else None,
                "upper": fenced.upper if fenced is not None and known else None,
                "share": float(shares[i]),
            }
        )
    return contributions


def _text(value: Decimal | float, spark_type: str) -> str:
    """A value as text: days and moments for dates and timestamps."""
    try:
        if spark_type == "date":
            return str(numbered_day(int(value)))
        if spark_type in TIMESTAMP_TYPES:
            start = datetime.combine(EPOCH, time(), timezone.utc)
            return (start + timedelta(microseconds=int(value))).isoformat()
    except OverflowError:
        return str(value)
    return str(int(value)) if spark_type in INTEGER_TYPES else str(value)
