"""Frozen bins of every feature, fitted on the rows of a reference in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.spark.batches import numbers_of, texts_of
from modelwatch.spark.python_tasks import BatchFunction, in_python
from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.binning import (
    Binning,
    CategoricalBinning,
    NumericBinning,
    fit_categorical,
    fit_numeric,
)
from modelwatch.stats.distinct import hash_of_text
from modelwatch.stats.value_names import SEPARATOR, part_name, value_name

SAMPLE_ROWS = 50_000
"""Different rows of the reference on which quantiles are fitted: those with the least hashes."""
SAMPLE_VALUES = 5_000_000
"""Values of the sample over all columns: a wide table is sampled by fewer rows."""
MAX_VALUES = 100_000
"""Different values of a categorical column that are remembered, by the smallest hashes."""
SUMMARY_SCHEMA = (
    "field int, rows bigint, minimum double, maximum double, hashes binary, numbers binary,"
    " repeats binary, texts array<string>, text_rows array<bigint>, complete boolean"
)
BINNING_SCHEMA = (
    "field int, edges array<double>, values array<string>, known_hashes binary, center double,"
    " scale double, fitted_rows bigint"
)


@dataclass(frozen=True)
class Field:
    """A column to bin, or the columns of a segmentation whose frequent crossings are kept.

    ``positions``: of its columns in the frame. ``bins`` or ``max_values`` bound the result.
    ``segments``: whether it is a segmentation, which is kept by the names of its values.
    """

    positions: tuple[int, ...]
    numeric: bool
    bins: int
    max_values: int
    special_values: tuple[float, ...] = ()
    segments: bool = False


def fitted_binnings(frame: DataFrame, fields: Sequence[Field]) -> DataFrame:
    """One row a field, of ``BINNING_SCHEMA``; its columns are doubles and strings.

    Quantiles come from a sample chosen by a hash of the row, in which equal rows are one row with
    its number; extremes and counts come from all rows. The result is the same however the rows are
    partitioned.
    """
    hashed = frame.withColumn("__hash", F.xxhash64(*(F.col(c) for c in frame.columns)))
    summaries = in_python(hashed, _summaries(fields), SUMMARY_SCHEMA)
    by_field = summaries.repartition("field").sortWithinPartitions("field")
    return in_python(by_field, _fits(fields), BINNING_SCHEMA)


def binning_of(
    edges: Sequence[float] | None,
    values: Sequence[str] | None,
    known_hashes: bytes | None,
    center: float | None,
    scale: float | None,
    special_values: Sequence[float] = (),
) -> Binning:
    """A binning from its stored columns."""
    if edges is not None:
        assert center is not None and scale is not None
        return NumericBinning(np.array(edges), center, scale, tuple(special_values))
    known = None if known_hashes is None else np.frombuffer(known_hashes, dtype="<u8")
    return CategoricalBinning(tuple(values or ()), known)


@dataclass
class _Sample:
    """Different rows with the smallest hashes so far, ascending: how often each came, and values.

    Equal rows have one hash. Taken one by one they would crowd out the others.
    """

    hashes: np.ndarray
    repeats: Counts
    values: list[Floats]
    size: int

    def take(self, hashes: np.ndarray, repeats: Counts, values: list[Floats]) -> _Sample:
        """The sample of these rows too."""
        if len(self.hashes) >= self.size:
            entering = np.flatnonzero(hashes <= self.hashes[-1])
            hashes, repeats = hashes[entering], repeats[entering]
            values = [v[entering] for v in values]
        together = np.concatenate((self.hashes, hashes))
        met, first, which = np.unique(together, return_index=True, return_inverse=True)
        counts = np.zeros(len(met), dtype=np.int64)
        np.add.at(counts, which, np.concatenate((self.repeats, repeats)))
        first = first[: self.size]
        return _Sample(
            met[: self.size],
            counts[: self.size],
            [np.concatenate(pair)[first] for pair in zip(self.values, values, strict=True)],
            self.size,
        )

    def rows(self, at: int) -> Floats:
        """Values of a field as often as they came; fewer in proportion, if they are too many."""
        total, repeats = int(self.repeats.sum()), self.repeats
        if total > 2 * self.size:
            repeats = np.maximum(1, (repeats * (self.size / total)).astype(np.int64))
        return np.repeat(self.values[at], repeats)


def _no_rows(fields: int, size: int) -> _Sample:
    none = np.empty(0, dtype=np.int64)
    return _Sample(none.view(np.uint64), none, [np.empty(0) for _ in range(fields)], size)


def _summaries(fields: Sequence[Field]) -> BatchFunction:
    numeric = [at for at, field in enumerate(fields) if field.numeric]
    textual = [at for at, field in enumerate(fields) if not field.numeric]
    size = _sample_rows(fields)

    def summaries(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        sample = _no_rows(len(numeric), size)
        extremes = np.full((len(fields), 2), np.nan)
        rows = 0
        counters: dict[int, Counter[str]] = {at: Counter() for at in textual}
        complete = dict.fromkeys(textual, True)
        for record in records:
            if not record.num_rows:
                continue
            rows += record.num_rows
            hashes = record.column(record.num_columns - 1).to_numpy().view(np.uint64)
            values = [numbers_of(record.column(fields[at].positions[0])).values for at in numeric]
            for at, held in zip(numeric, values, strict=True):
                finite = held[np.isfinite(held) & ~np.isin(held, fields[at].special_values)]
                if len(finite):
                    extremes[at, 0] = np.fmin(extremes[at, 0], finite.min())
                    extremes[at, 1] = np.fmax(extremes[at, 1], finite.max())
            sample = sample.take(hashes, np.ones(len(hashes), dtype=np.int64), values)
            for at in textual:
                counters[at].update(_rows_by_value(record, fields[at]))
                if len(counters[at]) > 2 * MAX_VALUES:
                    counters[at], complete[at] = _bounded(counters[at]), False
        for at in numeric:
            yield _summary(at, rows, extremes[at], sample, sample.values[numeric.index(at)])
        for at in textual:
            yield _summary_of_texts(at, rows, counters[at], complete[at])

    return summaries


def _sample_rows(fields: Sequence[Field]) -> int:
    numeric = sum(field.numeric for field in fields)
    return max(2_000, min(SAMPLE_ROWS, SAMPLE_VALUES // max(1, numeric)))


def _rows_by_value(record: pa.RecordBatch, field: Field) -> dict[str, int]:
    columns = [texts_of(record.column(position)) for position in field.positions]
    if len(columns) == 1:
        (texts,) = columns
        counts = np.bincount(texts.indices, minlength=len(texts.dictionary))
        name_of = value_name if field.segments else str
        return {name_of(v): int(counts[i]) for i, v in enumerate(texts.dictionary) if counts[i]}
    names = [[part_name(value) for value in (*texts.dictionary, None)] for texts in columns]
    crossed: Counter[str] = Counter()
    stacked = np.stack([texts.indices for texts in columns])
    crossings, counts = np.unique(stacked, axis=1, return_counts=True)
    for crossing, count in zip(crossings.T, counts, strict=True):
        crossed[SEPARATOR.join(names[c][part] for c, part in enumerate(crossing))] += int(count)
    return dict(crossed)


def _bounded(counter: Counter[str]) -> Counter[str]:
    """The values with the smallest hashes, with their rows."""
    ranked = sorted((hash_of_text(value), value) for value in counter)
    return Counter({value: counter[value] for _, value in ranked[:MAX_VALUES]})


def _summary(
    at: int, rows: int, extremes: Floats, sample: _Sample, values: Floats
) -> pa.RecordBatch:
    packed = (sample.hashes.tobytes(), values.tobytes(), sample.repeats.tobytes())
    return _record([at, rows, *_none_for_nan(extremes), *packed, None, None, True])


def _summary_of_texts(at: int, rows: int, counter: Counter[str], whole: bool) -> pa.RecordBatch:
    values = list(counter)
    counts = [counter[value] for value in values]
    return _record([at, rows, None, None, None, None, None, values, counts, whole])


_SUMMARY = pa.schema(
    [
        ("field", pa.int32()),
        ("rows", pa.int64()),
        ("minimum", pa.float64()),
        ("maximum", pa.float64()),
        ("hashes", pa.binary()),
        ("numbers", pa.binary()),
        ("repeats", pa.binary()),
        ("texts", pa.list_(pa.string())),
        ("text_rows", pa.list_(pa.int64())),
        ("complete", pa.bool_()),
    ]
)
_BINNING = pa.schema(
    [
        ("field", pa.int32()),
        ("edges", pa.list_(pa.float64())),
        ("values", pa.list_(pa.string())),
        ("known_hashes", pa.binary()),
        ("center", pa.float64()),
        ("scale", pa.float64()),
        ("fitted_rows", pa.int64()),
    ]
)


def _record(row: Sequence[object], schema: pa.Schema = _SUMMARY) -> pa.RecordBatch:
    arrays = [pa.array([value], type=kind) for value, kind in zip(row, schema.types, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _none_for_nan(values: Floats) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]


def _fits(fields: Sequence[Field]) -> BatchFunction:
    def fits(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        held: list[dict[str, object]] = []
        for record in records:
            for row in record.to_pylist():
                if held and held[0]["field"] != row["field"]:
                    yield _fit(fields, held)
                    held = []
                held.append(row)
        if held:
            yield _fit(fields, held)

    return fits


def _fit(fields: Sequence[Field], rows: Sequence[dict[str, object]]) -> pa.RecordBatch:
    at = int(rows[0]["field"])  # type: ignore[call-overload]
    field = fields[at]
    total = sum(row["rows"] for row in rows)  # type: ignore[misc]
    if field.numeric:
        whole_sample = _no_rows(1, _sample_rows(fields))
        for part in rows:
            whole_sample = whole_sample.take(
                np.frombuffer(part["hashes"], np.uint64),  # type: ignore[call-overload]
                np.frombuffer(part["repeats"], np.int64),  # type: ignore[call-overload]
                [np.frombuffer(part["numbers"], np.float64)],  # type: ignore[call-overload]
            )
        sample = whole_sample.rows(0)
        extremes = [
            [float(r[name]) for r in rows if r[name] is not None]  # type: ignore[arg-type]
            for name in ("minimum", "maximum")
        ]
        binning = fit_numeric(
            sample[np.isfinite(sample)],
            min(extremes[0], default=float("nan")),
            max(extremes[1], default=float("nan")),
            bins=field.bins,
            special_values=field.special_values,
        )
        edges = binning.edges.tolist()
        row = [at, edges, None, None, binning.center, binning.scale, total]
        return _record(row, _BINNING)
    counter: Counter[str] = Counter()
    for part in rows:
        counter.update(dict(zip(part["texts"], part["text_rows"], strict=True)))  # type: ignore[call-overload]
    whole = all(part["complete"] for part in rows) and len(counter) <= MAX_VALUES
    if not whole:
        # How many each task could remember depends on the partitions; these, all of them did.
        counter = _bounded(counter)
    fitted = fit_categorical(
        counter,
        {value: hash_of_text(value) for value in counter},
        max_values=field.max_values,
        complete=whole,
    )
    known = fitted.known_hashes
    packed = None if known is None else known.astype("<u8").tobytes()
    return _record([at, None, list(fitted.values), packed, None, None, total], _BINNING)
