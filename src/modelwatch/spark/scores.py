"""States of predictions and labels by day, due day, version and segment, in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from modelwatch.spark.aggregate import list_array, long_lists
from modelwatch.spark.batches import numbers_of, segment_codes, texts_of
from modelwatch.spark.evaluate import ALL_VERSIONS
from modelwatch.spark.evaluation import day_number
from modelwatch.spark.labels import NEVER, LabelledLayout, LabelledRows
from modelwatch.spark.python_tasks import BatchFunction, in_python
from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.batch import ALL, Texts
from modelwatch.stats.binning import NumericBinning
from modelwatch.stats.score_tally import (
    LABEL_ACCOUNT,
    WHOLE,
    ScoreBatch,
    ScoreKey,
    ScorePlan,
    ScoreState,
    ScoreTally,
)
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

SEGMENTATION_SLICE = "segmentation:"
"""Begins the name of slices that are the segments of a segmentation."""
LABELS = "labels"
"""Kind of the account of labels; it has no model version, no bins, and is due at once."""
PARTIAL_SCHEMA = (
    "day int, due_day int, model_version string, segmentation string, segment string, kind string,"
    " name string, counts array<bigint>, sums array<bigint>, last_known int, next_known int,"
    " bucket int"
)
_ARROW = pa.schema(
    [
        ("day", pa.int32()),
        ("due_day", pa.int32()),
        ("model_version", pa.string()),
        ("segmentation", pa.string()),
        ("segment", pa.string()),
        ("kind", pa.string()),
        ("name", pa.string()),
        ("counts", pa.list_(pa.int64())),
        ("sums", pa.list_(pa.int64())),
        ("last_known", pa.int32()),
        ("next_known", pa.int32()),
        ("bucket", pa.int32()),
    ]
)
_TABLE = TABLES["performance_states"]
STATE_COLUMNS = _TABLE.own_names
_STORED = arrow_schema(_TABLE, *STATE_COLUMNS)
_NEVER = day_number(NEVER)
_LONGS_HELD = 1 << 25
"""Longs in states (256 MB) beyond which a task hands on what it has and starts anew."""
_ROWS_A_BATCH = 500
_BUCKETS = 4


@dataclass(frozen=True)
class Known:
    """When labels became known: the latest that counts, the earliest that does not yet."""

    last: int | None = None
    next: int | None = None

    def merge(self, other: Known) -> Known:
        """Of the labels of both."""
        lasts = [day for day in (self.last, other.last) if day is not None]
        nexts = [day for day in (self.next, other.next) if day is not None]
        return Known(max(lasts, default=None), min(nexts, default=None))


NOTHING_KNOWN = Known()
_Entry = tuple[ScoreKey, ScoreState, Known]


def merged_score_states(
    rows: LabelledRows, plans: Sequence[ScorePlan], decided: bool, as_of: date
) -> DataFrame:
    """One row a day, due day, version, segment, kind and name: ``STATE_COLUMNS``; one shuffle.

    The first of ``plans`` is of the task; there is one for each challenger, and the first has the
    first of them. Without ``decided`` the decision is the class with the greatest score.
    """
    partial = in_python(rows.frame, _partial_states(rows.layout, plans, decided), PARTIAL_SCHEMA)
    shuffled = partial.repartition("day", "bucket").sortWithinPartitions(
        *ScoreKey._fields[:2], "model_version", *ScoreKey._fields[3:]
    )
    schema = ", ".join(f"{name} {_TABLE.column(name).type}" for name in STATE_COLUMNS)
    return in_python(shuffled, _merge_sorted(plans[0].binning, as_of), schema)


def _partial_states(
    layout: LabelledLayout, plans: Sequence[ScorePlan], decided: bool
) -> BatchFunction:
    def partial_states(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        tallies = [ScoreTally(plan) for plan in plans]
        account = _Account()
        for record in records:
            if not record.num_rows:
                continue
            account.add(record, layout)
            scored = record.filter(record.column(layout.scored))
            if not scored.num_rows:
                continue
            batch = score_batch(scored, layout, plans[0], decided)
            for at, tally in enumerate(tallies):
                tally.add(_of_challenger(batch, scored, layout, at, plans))
            if sum(tally.longs for tally in tallies) > _LONGS_HELD:
                yield from _records(_entries(tallies))
                tallies = [ScoreTally(plan) for plan in plans]
        yield from _records(_entries(tallies))
        yield from _records(account.entries())

    return partial_states


def _entries(tallies: Sequence[ScoreTally]) -> Iterator[_Entry]:
    for at, tally in enumerate(tallies):
        for key, state in tally.states():
            # The pass of another challenger repeats the champion's own states.
            if at == 0 or key.kind.startswith("paired"):
                if key.kind == LABELS:
                    key = key._replace(due_day=key.day, version=ALL_VERSIONS)
                yield key, state, NOTHING_KNOWN


class _Account:
    """Counts of the labels of each day, as ``LABEL_ACCOUNT`` names them."""

    def __init__(self) -> None:
        self._counts: dict[int, Counts] = {}
        self._known: dict[int, Known] = {}

    def add(self, record: pa.RecordBatch, layout: LabelledLayout) -> None:
        """Adds the label rows of a batch."""
        rows = longs_of(record.column(layout.rows))
        next_known = record.column(layout.next_known)
        held = (rows > 0) | next_known.is_valid().to_numpy(zero_copy_only=False)
        if not held.any():
            return
        days = longs_of(record.column(layout.day))[held]
        rows = rows[held]
        scored = record.column(layout.scored).to_numpy(zero_copy_only=False)[held]
        found = {
            "label_rows": rows,
            "repeated": np.maximum(rows - 1, 0),
            "corrections": longs_of(record.column(layout.corrected))[held],
            "conflicts": longs_of(record.column(layout.conflicting))[held],
            "unknown_ids": np.where(scored, 0, rows),
            "unknown_classes": longs_of(record.column(layout.unknown_classes))[held],
        }
        # Missing days: none known is before all, none to come after all.
        last = longs_of(record.column(layout.last_known), -_NEVER)[held]
        next_ = longs_of(next_known, 2 * _NEVER)[held]
        for day in np.unique(days).tolist():
            mine = days == day
            counts = self._counts.setdefault(day, np.zeros(len(LABEL_ACCOUNT), dtype=np.int64))
            for name, values in found.items():
                counts[LABEL_ACCOUNT.index(name)] += int(values[mine].sum())
            latest, earliest = int(last[mine].max()), int(next_[mine].min())
            known = Known(
                None if latest == -_NEVER else latest,
                None if earliest == 2 * _NEVER else earliest,
            )
            self._known[day] = self._known.get(day, NOTHING_KNOWN).merge(known)

    def entries(self) -> Iterator[_Entry]:
        """The account of each day as a state."""
        for day, counts in self._counts.items():
            key = ScoreKey(day, day, ALL_VERSIONS, ALL, ALL, LABELS, WHOLE)
            yield key, ScoreState(counts), self._known[day]


def score_batch(
    record: pa.RecordBatch, layout: LabelledLayout, plan: ScorePlan, decided: bool
) -> ScoreBatch:
    """The predictions of an Arrow batch, without what challengers said."""
    keys, slots = _keys(record, layout)
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
                numbers_of(record.column(at))
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
    )


def _of_challenger(
    batch: ScoreBatch,
    record: pa.RecordBatch,
    layout: LabelledLayout,
    at: int,
    plans: Sequence[ScorePlan],
) -> ScoreBatch:
    """The batch as the pass of one challenger takes it."""
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
    record: pa.RecordBatch, layout: LabelledLayout
) -> tuple[list[tuple[int, int, str]], AnyArray]:
    days, dues = longs_of(record.column(layout.day)), longs_of(record.column(layout.due), _NEVER)
    versions = texts_of(record.column(layout.version))
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


def longs_of(column: pa.Array, missing: int = 0) -> Counts:
    """A column of dates or whole numbers as longs, with a number for null."""
    if pa.types.is_date32(column.type):
        column = column.cast(pa.int32())
    filled = column.fill_null(missing) if column.null_count else column
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=np.int64)


def _records(entries: Iterator[_Entry]) -> Iterator[pa.RecordBatch]:
    held: list[_Entry] = []
    for entry in entries:
        held.append(entry)
        if len(held) >= _ROWS_A_BATCH:
            yield _record(held)
            held = []
    if held:
        yield _record(held)


def _record(entries: Sequence[_Entry]) -> pa.RecordBatch:
    keys = list(zip(*(key for key, _, _ in entries), strict=True))
    buckets = [_bucket(key) for key, _, _ in entries]
    arrays = [
        *(pa.array(values, type=_ARROW.field(i).type) for i, values in enumerate(keys)),
        list_array([state.counts for _, state, _ in entries]),
        list_array([state.sums for _, state, _ in entries]),
        pa.array([known.last for _, _, known in entries], type=pa.int32()),
        pa.array([known.next for _, _, known in entries], type=pa.int32()),
        pa.array(buckets, type=pa.int32()),
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=_ARROW)


def _bucket(key: ScoreKey) -> int:
    # Not hash(): it differs from process to process.
    return sum(f"{key.segmentation} {key.segment} {key.name}".encode()) % _BUCKETS


def _merge_sorted(binning: NumericBinning, as_of: date) -> BatchFunction:
    fingerprint = binning.fingerprint

    def stored(record: pa.RecordBatch) -> pa.RecordBatch:
        column: Mapping[str, pa.Array] = {n: record.column(n) for n in _ARROW.names}
        rows = record.num_rows
        due = [None if day == _NEVER else day for day in column["due_day"].to_pylist()]
        kinds = column["kind"].to_pylist()
        columns = {
            **column,
            "day": column["day"].cast(pa.date32()),
            "due_day": pa.array(due, pa.int32()).cast(pa.date32()),
            "binning": pa.array([None if k == LABELS else fingerprint for k in kinds], pa.string()),
            "as_of": pa.repeat(pa.scalar(as_of, pa.date32()), rows),
            "last_known": column["last_known"].cast(pa.date32()),
            "next_known": column["next_known"].cast(pa.date32()),
        }
        return pa.RecordBatch.from_arrays([columns[f.name] for f in _STORED], schema=_STORED)

    def merge_sorted(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for record in _records(_merged(records)):
            yield stored(record)

    return merge_sorted


def _merged(records: Iterable[pa.RecordBatch]) -> Iterator[_Entry]:
    """Merges neighbours of equal key; rows come sorted by key."""
    held: _Entry | None = None
    for record in records:
        for key, state, known in _entries_of(record):
            if held is not None and held[0] == key:
                held = key, held[1].merge(state, key.kind), held[2].merge(known)
            else:
                if held is not None:
                    yield held
                held = key, state, known
    if held is not None:
        yield held


def _entries_of(record: pa.RecordBatch) -> Iterator[_Entry]:
    names = _ARROW.names[: len(ScoreKey._fields)]
    keys = zip(*(record.column(name).to_pylist() for name in names), strict=True)
    counts, sums = (long_lists(record.column(name)) for name in ("counts", "sums"))
    lasts, nexts = (record.column(n).to_pylist() for n in ("last_known", "next_known"))
    for i, key in enumerate(keys):
        held = counts[i]
        assert held is not None
        yield ScoreKey(*key), ScoreState(held, sums[i]), Known(lasts[i], nexts[i])
