"""Frozen bins of every feature, fitted to the rows of a reference in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.evaluation.states.batches import texts_of
from modelwatch.evaluation.states.reference_sample import (
    Field,
    ReferenceSample,
    both_ends,
    exact_of,
    no_rows,
    values_of,
)
from modelwatch.stats.arrays import AnyArray, Floats
from modelwatch.stats.states.binning import (
    Binning,
    CategoricalBinning,
    NumericBinning,
    fit_categorical,
    fit_numeric,
)
from modelwatch.stats.states.distinct import hash_of_text
from modelwatch.stats.states.exact_numbers import (
    ExactNumber,
    ExactNumbers,
    doubles_of,
    fitted_offset,
    special_doubles,
)
from modelwatch.stats.states.score_bins import TopValues, fit_scores
from modelwatch.stats.states.score_scale import ScoreBinning, ScoreKind
from modelwatch.stats.value_names import SEPARATOR, part_name, value_name

_SAMPLE_ROWS = 50_000
"""Number of distinct rows of the reference to which quantiles are fitted: those with the smallest
hashes."""
SAMPLE_VALUES = 5_000_000
"""Maximum number of values of the sample over all columns. Wide tables have fewer rows in the
sample."""
_MAX_VALUES = 100_000
"""Maximum number of distinct values of a categorical column that are kept, by the smallest
hashes."""


def binning_of(
    row: Mapping[str, Any],
    special_values: Sequence[ExactNumber] = (),
    score_kind: ScoreKind | None = None,
) -> Binning:
    """A binning from its stored columns; ``special_values`` in the type of the column.

    ``score_kind``: the kind of a score, whose bins are doubles; None for other columns.
    """
    if row["edges"] is not None:
        offset, digits = Decimal(row.get("subtracted") or 0), row.get("digits")
        codes = () if digits is None else tuple(special_values)
        special = special_doubles(special_values, offset, digits)
        edges, moments = np.array(row["edges"]), (row["center"], row["scale"])
        if score_kind is not None:
            return ScoreBinning(edges, *moments, special, kind=score_kind)
        return NumericBinning(edges, *moments, special, offset, digits, codes)
    packed = row["known_hashes"]
    known = None if packed is None else np.frombuffer(packed, dtype="<u8")
    return CategoricalBinning(tuple(row["categories"] or ()), known)


def summaries_of(fields: Sequence[Field]) -> BatchFunction:
    """What a task reports about the rows of its partition: one row of ``SUMMARY_SCHEMA`` per
    field."""
    numeric = [at for at, field in enumerate(fields) if field.numeric]
    textual = [at for at, field in enumerate(fields) if not field.numeric]
    size = _sample_rows(fields)

    def summaries(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        sample = no_rows([fields[at] for at in numeric], size)
        extremes = np.full((len(fields), 2), np.nan)
        ends: dict[int, list[int]] = {at: [] for at in numeric}
        rows = 0
        tops = {at: _NO_TOP for at in numeric if fields[at].score_kind is not None}
        counters: dict[int, Counter[str]] = {at: Counter() for at in textual}
        complete = dict.fromkeys(textual, True)
        for record in records:
            if not record.num_rows:
                continue
            rows += record.num_rows
            hashes = record.column(record.num_columns - 1).to_numpy().view(np.uint64)
            values = [
                values_of(record.column(fields[at].positions[0]), fields[at]) for at in numeric
            ]
            for at, held in zip(numeric, values, strict=True):
                if fields[at].digits is not None:
                    ends[at] = both_ends(ends[at], held, fields[at])
                    continue
                finite = held[np.isfinite(held) & ~np.isin(held, fields[at].special_doubles)]
                if len(finite):
                    extremes[at, 0] = np.fmin(extremes[at, 0], finite.min())
                    extremes[at, 1] = np.fmax(extremes[at, 1], finite.max())
                if at in tops:
                    tops[at] = tops[at].merge(TopValues.of(finite))
            sample = sample.take(hashes, np.ones(len(hashes), dtype=np.int64), values)
            for at in textual:
                counters[at].update(_rows_by_value(record, fields[at]))
                if len(counters[at]) > 2 * _MAX_VALUES:
                    counters[at], complete[at] = _bounded(counters[at]), False
        for at in numeric:
            held = sample.values[numeric.index(at)]
            top = tops.get(at, _NO_TOP)
            yield _summary(at, rows, extremes[at], sample, held, ends[at], top)
        for at in textual:
            yield _summary_of_texts(at, rows, counters[at], complete[at])

    return summaries


_NO_TOP = TopValues(np.empty(0), np.empty(0, dtype=np.int64))


def _top(rows: Sequence[Mapping[str, Any]]) -> TopValues:
    """The greatest values of all tasks."""
    found = _NO_TOP
    for part in rows:
        values = np.frombuffer(part["top_values"], np.float64)
        found = found.merge(TopValues(values, np.frombuffer(part["top_rows"], np.int64)))
    return found


def _sample_rows(fields: Sequence[Field]) -> int:
    numeric = sum(field.numeric for field in fields)
    return max(2_000, min(_SAMPLE_ROWS, SAMPLE_VALUES // max(1, numeric)))


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
    return Counter({value: counter[value] for _, value in ranked[:_MAX_VALUES]})


def _summary(
    at: int,
    rows: int,
    extremes: Floats,
    sample: ReferenceSample,
    values: AnyArray,
    ends: Sequence[int],
    top: TopValues,
) -> pa.RecordBatch:
    packed = (sample.hashes.tobytes(), values.tobytes(), sample.repeats.tobytes())
    exact = [str(end) for end in ends]
    tops = (top.values.tobytes(), top.rows.tobytes())
    found = [at, rows, *_none_for_nan(extremes), *packed, None, None, True, exact, *tops]
    return _record(found)


def _summary_of_texts(at: int, rows: int, counter: Counter[str], whole: bool) -> pa.RecordBatch:
    values = list(counter)
    counts = [counter[value] for value in values]
    unknown = [None] * 5
    return _record([at, rows, *unknown, values, counts, whole, None, None, None])


SUMMARY_SCHEMA = pa.schema(
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
        ("ends", pa.list_(pa.string())),
        ("top_values", pa.binary()),
        ("top_rows", pa.binary()),
    ]
)
BINNING_SCHEMA = pa.schema(
    [
        ("field", pa.int32()),
        ("edges", pa.list_(pa.float64())),
        ("categories", pa.list_(pa.string())),
        ("known_hashes", pa.binary()),
        ("center", pa.float64()),
        ("scale", pa.float64()),
        ("fitted_rows", pa.int64()),
        ("subtracted", pa.string()),
        ("digits", pa.int32()),
        ("known_values", pa.int64()),
        ("other_rows", pa.int64()),
    ]
)


def _record(row: Sequence[object], schema: pa.Schema = SUMMARY_SCHEMA) -> pa.RecordBatch:
    arrays = [pa.array([value], type=kind) for value, kind in zip(row, schema.types, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _none_for_nan(values: Floats) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]


def fits_of(fields: Sequence[Field]) -> BatchFunction:
    """The bins of fields, from summaries that are sorted by field: rows of ``BINNING_SCHEMA``."""

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


def _fit(fields: Sequence[Field], rows: Sequence[Mapping[str, Any]]) -> pa.RecordBatch:
    at = int(rows[0]["field"])
    field = fields[at]
    total = sum(row["rows"] for row in rows)
    if field.numeric:
        sample = _whole_sample(fields, field, rows).rows(0)
        binning: NumericBinning
        if field.score_kind is not None:
            binning = _fit_scores(field, field.score_kind, sample, rows)
        else:
            fit = _fit_doubles if field.digits is None else _fit_exact
            binning = fit(field, sample, rows)
        edges = binning.edges.tolist()
        offset = str(binning.offset) if binning.offset else None
        moments = (binning.center, binning.scale)
        row = [at, edges, None, None, *moments, total, offset, binning.digits, None, None]
        return _record(row, BINNING_SCHEMA)
    counter: Counter[str] = Counter()
    for part in rows:
        counter.update(dict(zip(part["texts"], part["text_rows"], strict=True)))
    whole = all(part["complete"] for part in rows) and len(counter) <= _MAX_VALUES
    if not whole:
        # What one task retains depends on the partitions. Values up to this hash were retained by
        # all tasks.
        counter = _bounded(counter)
    fitted = fit_categorical(
        counter,
        {value: hash_of_text(value) for value in counter},
        max_values=field.max_values,
        complete=whole,
    )
    known = fitted.known_hashes
    packed = None if known is None else known.astype("<u8").tobytes()
    others = sum(counter.values()) - sum(counter[value] for value in fitted.values)
    counted = (len(counter), others)
    row = [at, None, list(fitted.values), packed, None, None, total, None, None, *counted]
    return _record(row, BINNING_SCHEMA)


def _whole_sample(
    fields: Sequence[Field], field: Field, rows: Sequence[Mapping[str, Any]]
) -> ReferenceSample:
    whole = no_rows([field], _sample_rows(fields))
    for part in rows:
        values: AnyArray = np.frombuffer(part["numbers"], np.float64)
        if field.digits is not None:
            values = values.view(np.int64).reshape(-1, 2)
        hashes = np.frombuffer(part["hashes"], np.uint64)
        whole = whole.take(hashes, np.frombuffer(part["repeats"], np.int64), [values])
    return whole


def _fit_doubles(
    field: Field, sample: AnyArray, rows: Sequence[Mapping[str, Any]]
) -> NumericBinning:
    return fit_numeric(
        sample[np.isfinite(sample)],
        *_extremes(rows),
        bins=field.bins,
        special_values=field.special_doubles,
    )


def _fit_scores(
    field: Field, kind: ScoreKind, sample: AnyArray, rows: Sequence[Mapping[str, Any]]
) -> ScoreBinning:
    scores = sample[np.isfinite(sample) & ~np.isin(sample, field.special_doubles)]
    total = sum(row["rows"] for row in rows)
    return fit_scores(
        scores,
        *_extremes(rows),
        _top(rows),
        round(total * len(scores) / max(1, len(sample))),
        kind=kind,
        bins=field.bins,
        special_values=field.special_doubles,
    )


def _extremes(rows: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Smallest and largest finite value of all tasks; NaN if there is none."""
    least, greatest = (
        [float(row[name]) for row in rows if row[name] is not None]
        for name in ("minimum", "maximum")
    )
    return min(least, default=float("nan")), max(greatest, default=float("nan"))


def _fit_exact(field: Field, sample: AnyArray, rows: Sequence[Mapping[str, Any]]) -> NumericBinning:
    digits = field.digits or 0
    numbers = exact_of(sample, field)
    offset = fitted_offset(numbers.take(numbers.order()))
    ends = sorted(int(end) for row in rows for end in row["ends"] or ())
    both = ExactNumbers.of_integers([ends[0], ends[-1]] if ends else [], digits)
    least, greatest = doubles_of(both, offset)[0].tolist() if ends else (np.nan, np.nan)
    return fit_numeric(
        doubles_of(numbers, offset)[0],
        least,
        greatest,
        bins=field.bins,
        offset=offset,
        digits=digits,
        codes=field.special_values,
    )
