"""Arrow batches of scored rows as the numpy batches of a tally."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from modelwatch.stats.arrays import AnyArray, Floats
from modelwatch.stats.states.batch import (
    NULL_SEGMENT,
    OTHER_SEGMENT,
    Batch,
    Numbers,
    SegmentationCodes,
    TallyPlan,
    Texts,
)
from modelwatch.stats.states.binning import NumericBinning
from modelwatch.stats.states.exact_numbers import NO_OFFSET, ExactNumbers, doubles_of
from modelwatch.stats.value_names import SEPARATOR, part_name, value_name


@dataclass(frozen=True)
class BatchLayout:
    """Where a batch of scored rows carries what: positions of its columns.

    ``day`` (date), ``version`` (string), ``present`` (boolean, one a role; None: all rows have it),
    ``copies`` (integer, one a role; None: no row repeats), ``segments`` (the string columns of
    each segmentation), ``columns`` (one a column of the plan).
    """

    day: int
    version: int
    present: tuple[int | None, ...]
    copies: tuple[int | None, ...]
    segments: tuple[tuple[int, ...], ...]
    columns: tuple[int, ...]


def batch_of(record: pa.RecordBatch, layout: BatchLayout, plan: TallyPlan) -> Batch:
    """The rows of one Arrow batch."""
    texts: dict[int, Texts] = {}

    def text(position: int) -> Texts:
        if position not in texts:
            texts[position] = texts_of(record.column(position))
        return texts[position]

    keys, slots = _scopes(record.column(layout.day), text(layout.version))
    return Batch(
        rows=record.num_rows,
        keys=keys,
        slots=slots,
        present=[
            None if position is None else _mask(record.column(position))
            for position in layout.present
        ],
        copies=[
            None if position is None else _copies(record.column(position))
            for position in layout.copies
        ],
        segments=[
            segment_codes(split, [text(position) for position in positions])
            for split, positions in zip(plan.segmentations, layout.segments, strict=True)
        ],
        columns=[
            numbers_of(record.column(position), column.binning)
            if isinstance(column.binning, NumericBinning)
            else text(position)
            for column, position in zip(plan.columns, layout.columns, strict=True)
        ],
    )


def numbers_of(column: pa.Array, binning: NumericBinning | None = None) -> Numbers:
    """A column of doubles, longs or decimals, as distances from the offset of its bins.

    No copy of doubles where there is no offset and no null.
    """
    offset = NO_OFFSET if binning is None else binning.offset
    nulls = column.is_null().to_numpy(zero_copy_only=False) if column.null_count else None
    if pa.types.is_floating(column.type):
        bits = np.frombuffer(
            column.buffers()[1], dtype=np.float64, count=len(column) + column.offset
        )
        values: Floats = bits[column.offset :]
        rest = None
        if offset:
            values = values - float(offset)
    else:
        marks = () if binning is None else binning.marks
        values, rest = doubles_of(exact_numbers_of(column), offset, marks)
    if nulls is None:
        return Numbers(values, None, rest)
    return Numbers(np.where(nulls, np.nan, values), nulls, rest)


def exact_numbers_of(column: pa.Array) -> ExactNumbers:
    """A column of longs or decimals; what stands for a null means nothing."""
    total, data = len(column) + column.offset, column.buffers()[1]
    if pa.types.is_decimal(column.type):
        halves = np.frombuffer(data, dtype="<u8", count=2 * total).reshape(-1, 2)[column.offset :]
        low, high = np.ascontiguousarray(halves[:, 0]), np.ascontiguousarray(halves[:, 1])
        return ExactNumbers(high.view(np.int64), low, column.type.scale)
    longs = np.frombuffer(data, dtype="<i8", count=total)[column.offset :]
    return ExactNumbers.of_longs(longs)


def texts_of(column: pa.Array) -> Texts:
    """A column of strings, by dictionary."""
    encoded = column.dictionary_encode()
    indices = encoded.indices
    if indices.null_count:
        indices = indices.fill_null(len(encoded.dictionary))
    return Texts(encoded.dictionary.to_pylist(), indices.to_numpy(zero_copy_only=False))


def segment_codes(split: SegmentationCodes, columns: Sequence[Texts]) -> AnyArray:
    """Code of each row's segment."""
    codes = {name: code for code, name in enumerate(split.segments)}
    other, null = codes[OTHER_SEGMENT], codes[NULL_SEGMENT]
    if len(columns) == 1:
        (texts,) = columns
        table = [codes.get(value_name(value), other) for value in texts.dictionary]
        return np.array([*table, null], dtype=np.int32)[texts.indices]
    sizes = [len(texts.dictionary) + 1 for texts in columns]
    combined = np.zeros(len(columns[0].indices), dtype=np.int64)
    for texts, size in zip(columns, sizes, strict=True):
        combined = combined * size + texts.indices
    if np.prod(sizes, dtype=np.float64) <= 1 << 16:
        met, rows_of_met = np.arange(int(np.prod(sizes))), combined
    else:
        met, rows_of_met = np.unique(combined, return_inverse=True)
    names = [[part_name(value) for value in (*texts.dictionary, None)] for texts in columns]
    parts = np.unravel_index(met, sizes)
    table = [
        codes.get(SEPARATOR.join(names[c][part] for c, part in enumerate(crossing)), other)
        for crossing in zip(*parts, strict=True)
    ]
    return np.array(table, dtype=np.int32)[rows_of_met]


def _scopes(days: pa.Array, versions: Texts) -> tuple[list[tuple[int, str]], AnyArray | None]:
    """The days and model versions of a batch, and which of them each row is of."""
    bits = np.frombuffer(days.buffers()[1], dtype=np.int32, count=len(days) + days.offset)
    numbers = bits[days.offset :]
    first, last = int(numbers.min()), int(numbers.max())
    if first == last and len(versions.dictionary) == 1:
        return [(first, versions.dictionary[0])], None
    size = len(versions.dictionary)
    combined = (numbers - first).astype(np.int64) * size + versions.indices
    met, slots = np.unique(combined, return_inverse=True)
    keys = [(first + int(code) // size, versions.dictionary[int(code) % size]) for code in met]
    return keys, slots.astype(np.int32)


def _mask(column: pa.Array) -> AnyArray | None:
    mask = column.to_numpy(zero_copy_only=False)
    return None if mask.all() else mask


def _copies(column: pa.Array) -> AnyArray | None:
    copies = column.to_numpy(zero_copy_only=False)
    return None if copies.max() <= 1 else copies
