"""The outcome of the labels that were read for each day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.states.label_layout import NEVER_NUMBER, LabelledLayout
from modelwatch.evaluation.states.partial_scores import LABEL_ROLE, partial_records
from modelwatch.evaluation.states.sparse_rows import Entries
from modelwatch.stats.arrays import Counts
from modelwatch.stats.states.score_batch import LABEL_ACCOUNT, WHOLE
from modelwatch.stats.value_names import ALL, ALL_VERSIONS


@dataclass(frozen=True)
class KnownLabels:
    """When labels became known: the latest that counts, and the earliest that does not count
    yet."""

    last: int | None = None
    next: int | None = None

    def merge(self, other: KnownLabels) -> KnownLabels:
        """The combination with those of another day or task."""
        lasts = [day for day in (self.last, other.last) if day is not None]
        nexts = [day for day in (self.next, other.next) if day is not None]
        return KnownLabels(max(lasts, default=None), min(nexts, default=None))


NOTHING_KNOWN = KnownLabels()


class LabelAccount:
    """Counts of the labels of each day, with the names of ``LABEL_ACCOUNT``."""

    def __init__(self) -> None:
        self._counts: dict[int, Counts] = {}
        self._known: dict[int, KnownLabels] = {}

    def add(self, record: pa.RecordBatch, layout: LabelledLayout) -> None:
        """Add the label rows of a batch."""
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
        # Missing days: "none known" sorts before all days, "none to come" after all.
        last = longs_of(record.column(layout.last_known), -NEVER_NUMBER)[held]
        next_ = longs_of(next_known, 2 * NEVER_NUMBER)[held]
        for day in np.unique(days).tolist():
            mine = days == day
            counts = self._counts.setdefault(day, np.zeros(len(LABEL_ACCOUNT), dtype=np.int64))
            for name, values in found.items():
                counts[LABEL_ACCOUNT.index(name)] += int(values[mine].sum())
            latest, earliest = int(last[mine].max()), int(next_[mine].min())
            known = KnownLabels(
                None if latest == -NEVER_NUMBER else latest,
                None if earliest == 2 * NEVER_NUMBER else earliest,
            )
            self._known[day] = self._known.get(day, NOTHING_KNOWN).merge(known)

    def records(self, buckets: int) -> Iterator[pa.RecordBatch]:
        """The account of each day as a state, in the columns of ``PARTIAL_SCORES``."""
        days = list(self._counts)
        if not days:
            return
        counts = np.stack([self._counts[day] for day in days])
        rows, positions = np.nonzero(counts)
        held = counts[rows, positions]
        dues = np.array(days, dtype=np.int64)[rows]
        known = [self._known[day] for day in days]
        yield from partial_records(
            [(day, ALL_VERSIONS, ALL) for day in days],
            (ALL, LABEL_ROLE, WHOLE),
            (len(LABEL_ACCOUNT), 0),
            Entries(rows, dues, positions, held, np.zeros_like(held)),
            buckets,
            {"last_known": [k.last for k in known], "next_known": [k.next for k in known]},
        )


def longs_of(column: pa.Array, missing: int = 0) -> Counts:
    """A column of dates or integers as longs, with a number for null."""
    if pa.types.is_date32(column.type):
        column = column.cast(pa.int32())
    filled = column.fill_null(missing) if column.null_count else column
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=np.int64)
