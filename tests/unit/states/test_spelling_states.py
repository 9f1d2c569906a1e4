"""States of values that nobody named: the same however rows are dealt to tasks."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.states.label_layout import LabelledLayout, ValuePlace
from modelwatch.evaluation.states.merged_rows import first_of, merged_rows
from modelwatch.evaluation.states.partial_scores import SCORE_KEY
from modelwatch.evaluation.states.sparse_rows import merged_vectors
from modelwatch.evaluation.states.value_account import ValueTally, of_first_spellings
from modelwatch.stats.states.value_account import MOST_SPELLINGS

LAYOUT = LabelledLayout(
    (),
    (),
    (),
    (),
    (),
    (),
    value_places=(ValuePlace("label", "nothing", spellings=1, valued=2, missing=3),),
)
DAYS = (100, 101)
Row = tuple[int, list[str] | None, int | None, int | None]


def states(tasks: Sequence[Sequence[Row]]) -> dict[tuple[int, str, str], list[tuple[int, int]]]:
    """Positions and counts by day, kind and name, of rows as some tasks have them."""
    parts = []
    for rows in tasks:
        account = ValueTally()
        for start in range(0, len(rows), 50):
            columns = zip(*rows[start : start + 50], strict=True)
            kinds = (pa.date32(), pa.list_(pa.string()), pa.int32(), pa.int32())
            arrays = [pa.array(c, kind) for c, kind in zip(columns, kinds, strict=True)]
            account.add(pa.RecordBatch.from_arrays(arrays, ["c0", "c1", "c2", "c3"]), LAYOUT)
        parts += list(account.records(4))
    whole = pa.Table.from_batches(parts).sort_by([(name, "ascending") for name in SCORE_KEY])
    lengths = {name: first_of(name) for name in ("counts_length", "sums_length")}
    merged = merged_rows(whole.to_batches(), SCORE_KEY, lengths, merged_vectors(2**30))
    return {
        (row["day"], row["kind"], row["name"]): [*zip(row["positions"], row["counts"], strict=True)]
        for table in of_first_spellings(merged)
        for row in table.to_pylist()
    }


def test_values_are_counted_by_day_and_spelling() -> None:
    rows: list[Row] = [
        (DAYS[0], ["TRUE"], 1, 0),
        (DAYS[0], ["TRUE", "2"], 2, 1),
        (DAYS[0], None, 1, None),
        (DAYS[1], [], 0, 1),
        (DAYS[1], None, None, None),
    ]
    assert states([rows]) == {
        (DAYS[0], "values", "label"): [(0, 4), (1, 1), (2, 3)],
        (DAYS[0], "spelling:label", "TRUE"): [(0, 2)],
        (DAYS[0], "spelling:label", "2"): [(0, 1)],
        (DAYS[1], "values", "label"): [(1, 1)],
    }


def test_of_many_spellings_the_first_are_counted_exactly_however_rows_are_dealt() -> None:
    drawn = np.random.default_rng(7).zipf(1.2, 4_000) % 1_000
    rows: list[Row] = [(DAYS[i % 2], [f"v{n:04}"], 1, 0) for i, n in enumerate(drawn.tolist())]
    whole = states([rows])
    random.Random(7).shuffle(rows)
    assert states([rows[at::7] for at in range(7)]) == whole
    for day in DAYS:
        counted = Counter(spelled[0] for of, spelled, _, _ in rows if of == day and spelled)
        shown = {
            name: held[0][1]
            for (of, kind, name), held in whole.items()
            if of == day and kind == "spelling:label"
        }
        assert shown == {name: counted[name] for name in sorted(counted)[:MOST_SPELLINGS]}
        assert whole[day, "values", "label"] == [(0, 2_000), (2, 2_000)]
