"""Values of labels and decisions as daily states: their numbers, and unmapped values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.evaluation.states.label_account import longs_of
from modelwatch.evaluation.states.label_layout import LabelledLayout, ValuePlace
from modelwatch.evaluation.states.partial_scores import partial_records
from modelwatch.evaluation.states.sparse_rows import Entries
from modelwatch.stats.arrays import Counts
from modelwatch.stats.states.value_account import (
    MOST_SPELLINGS,
    SPELLING,
    SPELLING_COUNTS,
    VALUE_COUNTS,
    VALUES,
    Spellings,
)
from modelwatch.stats.value_names import ALL, ALL_VERSIONS


class ValueTally:
    """Counts of the values of each subject and day."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[int, Counts]] = {}
        self._spellings: dict[tuple[str, str], dict[int, Spellings]] = {}

    def add(self, record: pa.RecordBatch, layout: LabelledLayout) -> None:
        """Add the rows of a batch."""
        if not layout.value_places or not record.num_rows:
            return
        days, row_days = np.unique(longs_of(record.column(layout.day)), return_inverse=True)
        for place in layout.value_places:
            self._add(record, place, days, row_days)

    def _add(
        self, record: pa.RecordBatch, place: ValuePlace, days: Counts, row_days: Counts
    ) -> None:
        table = np.zeros((len(days), len(VALUE_COUNTS)), dtype=np.int64)
        for name, at in (("valued", place.valued), ("missing", place.missing)):
            np.add.at(table[:, VALUE_COUNTS.index(name)], row_days, longs_of(record.column(at)))
        lists = record.column(place.spellings)
        held = pc.list_flatten(lists)
        if len(held):
            owners = row_days[pc.list_parent_indices(lists).to_numpy()]
            np.add.at(table[:, VALUE_COUNTS.index(place.counted_as)], owners, 1)
            self._add_spellings(place, days, owners, held.dictionary_encode())
        counts = self._counts.setdefault(place.subject, {})
        for day, found in zip(days.tolist(), table, strict=True):
            counts[day] = counts[day] + found if day in counts else found

    def _add_spellings(
        self, place: ValuePlace, days: Counts, owners: Counts, held: pa.DictionaryArray
    ) -> None:
        texts = held.dictionary.to_pylist()
        codes = owners * len(texts) + held.indices.to_numpy()
        met, rows = np.unique(codes, return_counts=True)
        by_day = self._spellings.setdefault((place.subject, place.counted_as), {})
        for at, day in enumerate(days.tolist()):
            mine = met // len(texts) == at
            if mine.any():
                values = [texts[code % len(texts)] for code in met[mine].tolist()]
                spelled = by_day.setdefault(day, Spellings())
                spelled.add(zip(values, rows[mine].tolist(), strict=True))

    def records(self, buckets: int) -> Iterator[pa.RecordBatch]:
        """The account of each day as states, in the columns of ``PARTIAL_SCORES``."""
        for subject, by_day in self._counts.items():
            table = np.stack(list(by_day.values()))
            yield from _records((VALUES, subject), list(by_day), table, buckets)
        for (subject, kind), of_days in self._spellings.items():
            by_value: dict[str, dict[int, int]] = {}
            for day, spellings in of_days.items():
                for value, rows in spellings.rows().items():
                    by_value.setdefault(value, {})[day] = rows
            for value, held in by_value.items():
                table = np.zeros((len(held), len(SPELLING_COUNTS)), dtype=np.int64)
                table[:, SPELLING_COUNTS.index(kind)] = list(held.values())
                yield from _records((f"{SPELLING}{subject}", value), list(held), table, buckets)


def _records(
    of: tuple[str, str], days: list[int], table: Counts, buckets: int
) -> Iterator[pa.RecordBatch]:
    selected = np.flatnonzero(table.any(axis=1)).tolist()
    days, table = [days[at] for at in selected], table[selected]
    if not days:
        return
    rows, positions = np.nonzero(table)
    held = table[rows, positions]
    entries = Entries(
        rows, np.array(days, dtype=np.int64)[rows], positions, held, np.zeros_like(held)
    )
    keys = [(day, ALL_VERSIONS, ALL) for day in days]
    yield from partial_records(keys, (ALL, *of), (table.shape[1], 0), entries, buckets)


def of_first_spellings(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Merged states, sorted by key, with at most ``MOST_SPELLINGS`` values per subject and day.

    Rows of other values were not kept by every task.
    """
    last: tuple[object, object] | None = None
    place = 0
    for table in tables:
        spelled = pc.starts_with(table.column("kind"), SPELLING).to_numpy()
        if not spelled.any():
            yield table
            continue
        selected = np.ones(table.num_rows, dtype=bool)
        at = np.flatnonzero(spelled)
        rows = table.select(["day", "kind"]).take(pa.array(at))
        keys = zip(*(rows.column(name).to_pylist() for name in rows.column_names), strict=True)
        for row, key in zip(at.tolist(), keys, strict=True):
            place = place + 1 if key == last else 0
            last = key
            selected[row] = place < MOST_SPELLINGS
        yield table.filter(pa.array(selected))
