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
from modelwatch.stats.states.kernel import Kernel
from modelwatch.stats.value_names import SEPARATOR, part_name, value_name

_LARGE_DICTIONARY = 1024


@dataclass(frozen=True)
class BatchLayout:
    """Positions of the columns of a batch of scored rows.

    ``day`` (date), ``version`` (string), ``present`` (boolean, one per role; None: all rows have
    it), ``copies`` (integer, one per role; None: no row repeats), ``segments`` (the string columns
    of each segmentation), ``columns`` (one per column of the plan).
    """

    day: int
    version: int
    present: tuple[int | None, ...]
    copies: tuple[int | None, ...]
    segments: tuple[tuple[int, ...], ...]
    columns: tuple[int, ...]


def batch_of(
    record: pa.RecordBatch, layout: BatchLayout, plan: TallyPlan, kernel: Kernel | None = None
) -> Batch:
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
            numbers_of(record.column(position), column.binning, kernel)
            if isinstance(column.binning, NumericBinning)
            else text(position)
            for column, position in zip(plan.columns, layout.columns, strict=True)
        ],
    )


def numbers_of(
    column: pa.Array, binning: NumericBinning | None = None, kernel: Kernel | None = None
) -> Numbers:
    """A column of doubles, longs, or decimals, as distances from the offset of its bins.

    Doubles are not copied if there is neither an offset nor a null.
    """
    offset = NO_OFFSET if binning is None else binning.offset
    if kernel is not None and not offset:
        compiled = _compiled_numbers(column, kernel)
        if compiled is not None:
            return compiled
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


def _compiled_numbers(column: pa.Array, kernel: Kernel) -> Numbers | None:
    """The numbers of a column in one pass; None if it has another type, needs no conversion, or has
    numbers that doubles cannot represent."""
    longs, nulls = pa.types.is_int64(column.type), column.null_count
    if not (longs or (nulls and pa.types.is_float64(column.type))):
        return None
    bits, data = column.buffers()
    words = np.frombuffer(data, dtype=np.int64, count=len(column) + column.offset)
    values = words[column.offset :]
    validity = np.frombuffer(bits, dtype=np.uint8) if nulls else None
    if validity is not None and not longs:
        return Numbers(*kernel.doubles(values, validity, column.offset))
    found = kernel.longs(values, validity, column.offset)
    return None if found is None else Numbers(*found)


def exact_numbers_of(column: pa.Array) -> ExactNumbers:
    """A column of longs or decimals; the number in place of a null has no meaning."""
    total, data = len(column) + column.offset, column.buffers()[1]
    if pa.types.is_decimal(column.type):
        halves = np.frombuffer(data, dtype="<u8", count=2 * total).reshape(-1, 2)[column.offset :]
        low, high = np.ascontiguousarray(halves[:, 0]), np.ascontiguousarray(halves[:, 1])
        return ExactNumbers(high.view(np.int64), low, column.type.scale)
    longs = np.frombuffer(data, dtype="<i8", count=total)[column.offset :]
    return ExactNumbers.of_longs(longs)


def texts_of(column: pa.Array) -> Texts:
    """A column of strings, by dictionary.

    The dictionary of a file covers more rows than a batch: if it is large, values that are not in
    the batch are dropped.
    """
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    values, indices = encoded.dictionary, encoded.indices
    if indices.null_count:
        indices = indices.fill_null(len(values))
    places = indices.to_numpy(zero_copy_only=False)
    if len(values) > _LARGE_DICTIONARY:
        occurs = np.zeros(len(values) + 1, dtype=bool)
        occurs[places] = True
        # The number of values before each one, and of all of them before null, which comes last.
        before = np.cumsum(occurs) - occurs
        values, places = values.filter(pa.array(occurs[:-1])), before[places]
    return Texts(values.to_pylist(), places)


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
    """The days and model versions of a batch, and the scope of each row."""
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
