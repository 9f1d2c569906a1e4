"""States of features as Arrow rows, in the columns in which they are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import islice

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.states.count_vectors import (
    COUNT_COLUMNS,
    count_vectors,
    list_array,
    long_lists,
    packed_counts,
)
from modelwatch.stats.arrays import AnyArray
from modelwatch.stats.states.state import State
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

DENSE = ("pairs", "rows")
"""Kinds of states whose counts list every position."""
_NAMES = (
    *COUNT_COLUMNS,
    "sums",
    "minimum",
    "maximum",
    "distinct_sketch",
    "unseen",
    "length_sum",
    "length_min",
    "length_max",
)
STATE_SCHEMA = arrow_schema(TABLES["feature_states"], *_NAMES)
"""The columns of a state itself."""


def state_columns(states: Sequence[State], kinds: Sequence[str]) -> dict[str, pa.Array]:
    """States of the given kinds, in the columns of ``STATE_SCHEMA``."""
    lengths = [state.lengths or (None, None, None) for state in states]
    least, greatest = (_known([length[at] for length in lengths]) for at in (1, 2))
    columns = {
        **packed_counts([state.counts for state in states], [kind in DENSE for kind in kinds]),
        "sums": list_array([state.sums for state in states]),
        "minimum": _known([state.minimum for state in states]),
        "maximum": _known([state.maximum for state in states]),
        "distinct_sketch": [
            None if s.sketch is None else s.sketch.astype("<u8").tobytes() for s in states
        ],
        "unseen": [None if s.unseen is None else list(s.unseen.items()) for s in states],
        "length_sum": [length[0] for length in lengths],
        "length_min": least.cast(pa.int32()),
        "length_max": greatest.cast(pa.int32()),
    }
    return {
        field.name: values
        if isinstance(values := columns[field.name], pa.Array)
        else pa.array(values, field.type)
        for field in STATE_SCHEMA
    }


def _known(values: Sequence[float | None]) -> pa.Array:
    """Numbers with null for NaN, which marks a state without values."""
    return pa.array(values, pa.float64(), from_pandas=True)


def states_of(rows: pa.Table) -> list[State]:
    """The states of rows with the columns of ``STATE_SCHEMA``."""
    ends = ("minimum", "maximum", "length_min", "length_max")
    least, greatest, shortest, longest = (
        rows.column(name).cast(pa.float64()).to_numpy().tolist() for name in ends
    )
    counts = count_vectors(*(rows.column(name) for name in COUNT_COLUMNS))
    sums = long_lists(rows.column("sums").combine_chunks())
    others = (rows.column(name).to_pylist() for name in ("distinct_sketch", "unseen", "length_sum"))
    return [
        State(
            counts=counts[at],
            sums=sums[at],
            minimum=least[at],
            maximum=greatest[at],
            sketch=None if sketch is None else np.frombuffer(sketch, dtype="<u8"),
            unseen=None if unseen is None else {one["value"]: one["row_count"] for one in unseen},
            lengths=None if total is None else (total, shortest[at], longest[at]),
        )
        for at, (sketch, unseen, total) in enumerate(zip(*others, strict=True))
    ]


def merged_states(rows: pa.Table, starts: AnyArray, columns: Mapping[str, pa.Array]) -> pa.Table:
    """Rows in which the states of each run are added up; ``columns``, of each run, include
    ``kind``."""
    found = rows.select(list(_NAMES))
    if len(starts) < rows.num_rows:
        sizes = np.diff(np.append(starts, rows.num_rows))
        alone, several = np.flatnonzero(sizes == 1), np.flatnonzero(sizes > 1)
        parts = iter(states_of(found.filter(pa.array(np.repeat(sizes > 1, sizes)))))
        sums = [reduce(State.merge, islice(parts, int(sizes[run]))) for run in several]
        kinds = columns["kind"].take(pa.array(several)).to_pylist()
        merged = pa.table(state_columns(sums, kinds)).cast(found.schema)
        both = pa.concat_tables([found.take(pa.array(starts[alone])), merged]).combine_chunks()
        found = both.take(pa.array(np.argsort(np.concatenate((alone, several)))))
    return pa.table({**columns, **{name: found.column(name) for name in _NAMES}})
