"""States of predictions and labels by day, version, and segment, in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.evaluation.sorted_rows import bounded_batches
from modelwatch.evaluation.states.aggregation import MOST_LONGS_HELD
from modelwatch.evaluation.states.batches import numbers_of, segment_codes, texts_of
from modelwatch.evaluation.states.label_account import LabelAccount, longs_of
from modelwatch.evaluation.states.label_layout import NEVER_NUMBER, LabelledLayout
from modelwatch.evaluation.states.merged_rows import (
    first_day_of,
    first_of,
    last_day_of,
    merged_rows,
)
from modelwatch.evaluation.states.partial_scores import LABEL_ROLE, SCORE_KEY, vector_records
from modelwatch.evaluation.states.sparse_rows import SPARSE_BATCH_BYTES, merged_vectors
from modelwatch.evaluation.states.value_account import ValueTally, of_first_spellings
from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.day_numbers import day_number
from modelwatch.stats.states.batch import Texts
from modelwatch.stats.states.binning import NumericBinning
from modelwatch.stats.states.score_tally import ScoreBatch, ScorePlan, ScoreTally
from modelwatch.stats.states.value_account import SPELLING, VALUES
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

SEGMENTATION_SLICE = "segmentation:"
"""Prefix of the name of slices that are the segments of a segmentation."""
_LENGTHS = ("counts_length", "sums_length")
PERFORMANCE_STATES_TABLE = TABLES["performance_states"]
PERFORMANCE_STATE_COLUMNS = PERFORMANCE_STATES_TABLE.own_names
PERFORMANCE_STATES_SCHEMA = arrow_schema(PERFORMANCE_STATES_TABLE, *PERFORMANCE_STATE_COLUMNS)


def partial_score_tally(
    layout: LabelledLayout, plans: Sequence[ScorePlan], decided: bool, as_of: date, buckets: int
) -> BatchFunction:
    """A function of batches that yields the states of their scores."""

    def partial_states(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        tallies = [ScoreTally(plan) for plan in plans]
        account, values = LabelAccount(), ValueTally()
        for record in records:
            if not record.num_rows:
                continue
            account.add(record, layout)
            values.add(record, layout)
            scored = record.filter(record.column(layout.scored))
            if not scored.num_rows:
                continue
            batch = score_batch(scored, layout, plans[0], decided, day_number(as_of))
            for at, tally in enumerate(tallies):
                tally.add(_of_challenger(batch, scored, layout, at, plans))
            if sum(tally.longs for tally in tallies) > MOST_LONGS_HELD:
                yield from _records(tallies, buckets)
                tallies = [ScoreTally(plan) for plan in plans]
        yield from _records(tallies, buckets)
        yield from account.records(buckets)
        yield from values.records(buckets)

    return partial_states


def _records(tallies: Sequence[ScoreTally], buckets: int) -> Iterator[pa.RecordBatch]:
    for at, tally in enumerate(tallies):
        for vectors in tally.vectors():
            # The pass of another challenger repeats the champion's own states.
            if at == 0 or vectors.kind.startswith("paired"):
                yield from vector_records(vectors, buckets)


def score_batch(
    record: pa.RecordBatch, layout: LabelledLayout, plan: ScorePlan, decided: bool, as_of_day: int
) -> ScoreBatch:
    """The predictions of an Arrow batch, without those of challengers."""
    days, dues = (
        longs_of(record.column(layout.day)),
        longs_of(record.column(layout.due), NEVER_NUMBER),
    )
    # With a due date per row, due days in the past need not be distinguished.
    over = (dues <= as_of_day) & layout.due_by_row
    keys, slots = _keys(days, np.where(over, as_of_day, dues), record.column(layout.version))
    label = doubles_of(record.column(layout.label))
    labelled = ~np.isnan(label)
    columns = [numbers_of(record.column(at)) for at in layout.scores]
    rows = record.num_rows
    score: Floats
    nulls: AnyArray | None
    if plan.task == "multiclass" and columns:
        score = np.stack([c.values for c in columns], axis=1)
        nulls = np.stack(
            [np.zeros(rows, dtype=bool) if c.nulls is None else c.nulls for c in columns], axis=1
        )
    elif columns:
        score, nulls = columns[0].values, columns[0].nulls
    else:
        score, nulls = np.zeros(rows), None
    if plan.task == "regression":
        codes = labelled.astype(np.int64)
    else:
        codes = np.where(labelled, np.nan_to_num(label) + 1, 0).astype(np.int64)
    if decided:
        decision = np.nan_to_num(doubles_of(record.column(layout.decision)), nan=-1.0)
    elif plan.task == "multiclass":
        decision = np.where(np.isnan(score).any(axis=1), -1, np.argmax(score, axis=1))
    else:
        decision = np.zeros(rows)
    ages = longs_of(record.column(layout.age))
    texts = {at: texts_of(record.column(at)) for split in layout.segments for at in split}
    segments = [
        segment_codes(split, [texts[at] for at in positions])
        for split, positions in zip(plan.segmentations, layout.segments, strict=True)
    ]
    features = plan.slices[: len(layout.slices)]
    return ScoreBatch(
        rows=rows,
        keys=keys,
        slots=slots,
        decision=decision.astype(np.int64),
        label=codes,
        score=score,
        score_nulls=nulls,
        target=label if plan.task == "regression" else None,
        interval=(
            doubles_of(record.column(layout.interval[0])),
            doubles_of(record.column(layout.interval[1])),
        )
        if layout.interval
        else None,
        age=np.where(labelled, ages, -1),
        segments=segments,
        slices=[
            *(
                numbers_of(record.column(at), column.binning)
                if isinstance(column.binning, NumericBinning)
                else texts_of(record.column(at))
                for column, at in zip(features, layout.slices, strict=True)
            ),
            *(
                Texts(split.segments, codes)
                for split, codes in zip(plan.segmentations, segments, strict=True)
            ),
        ],
        values=[doubles_of(record.column(at)) for at in layout.values],
        expected=(
            doubles_of(record.column(layout.expected[0])),
            doubles_of(record.column(layout.expected[1])),
        )
        if layout.expected
        else None,
        due_early=dues < days,
    )


def _of_challenger(
    batch: ScoreBatch,
    record: pa.RecordBatch,
    layout: LabelledLayout,
    at: int,
    plans: Sequence[ScorePlan],
) -> ScoreBatch:
    """The batch for the pass of one challenger."""
    if plans[at].challenger is None:
        return batch
    decision, score = (doubles_of(record.column(i)) for i in layout.challengers[at])
    found = replace(
        batch,
        challenger_decision=np.nan_to_num(decision, nan=-1.0).astype(np.int64),
        challenger_score=score,
    )
    return found if at == 0 else replace(found, values=(), slices=())


def _keys(
    days: Counts, dues: Counts, version: pa.Array
) -> tuple[list[tuple[int, int, str]], AnyArray]:
    versions = texts_of(version)
    names = [*versions.dictionary, ""]
    first, least = int(days.min()), int(dues.min())
    span = int(dues.max()) - least + 1
    codes = ((days - first) * span + (dues - least)) * len(names) + versions.indices
    met, slots = np.unique(codes, return_inverse=True)
    keys = []
    for code in met.tolist():
        rest, version = divmod(code, len(names))
        day, due = divmod(rest, span)
        keys.append((first + day, least + due, names[version]))
    return keys, slots


def doubles_of(column: pa.Array) -> Floats:
    """A column of doubles; NaN for null."""
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def score_sums(binning: NumericBinning, as_of: date) -> BatchFunction:
    """A function of sorted partial states that yields their sums."""
    fingerprint = binning.fingerprint
    reductions = {
        **{name: first_of(name) for name in _LENGTHS},
        "last_known": last_day_of("last_known"),
        "next_known": first_day_of("next_known"),
    }

    def stored(record: pa.RecordBatch) -> pa.RecordBatch:
        kinds = record.column("kind")
        of_values = pc.or_(pc.equal(kinds, VALUES), pc.starts_with(kinds, SPELLING))
        of_labels = pc.or_(pc.equal(kinds, LABEL_ROLE), of_values)
        bins = pc.if_else(of_labels, pa.scalar(None, pa.string()), fingerprint)
        columns: Mapping[str, pa.Array] = {
            **dict(zip(record.schema.names, record.columns, strict=True)),
            "binning": bins,
            "as_of": pa.repeat(pa.scalar(as_of, pa.date32()), record.num_rows),
            "due_days": _due_days(record.column("due_days")),
        }
        arrays = [columns[f.name].cast(f.type) for f in PERFORMANCE_STATES_SCHEMA]
        return pa.RecordBatch.from_arrays(arrays, schema=PERFORMANCE_STATES_SCHEMA)

    def merge_sorted(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        merged = merged_rows(records, SCORE_KEY, reductions, merged_vectors(NEVER_NUMBER))
        for table in of_first_spellings(merged):
            for record in bounded_batches(table, SPARSE_BATCH_BYTES):
                yield stored(record)

    return merge_sorted


def _due_days(numbers: pa.ListArray) -> pa.ListArray:
    """Due days as dates, null for never."""
    flat = numbers.flatten()
    days = pc.if_else(pc.equal(flat, NEVER_NUMBER), pa.scalar(None, pa.int32()), flat)
    offsets = pc.subtract(numbers.offsets, numbers.offsets[0])
    return pa.ListArray.from_arrays(offsets, days.cast(pa.date32()))
