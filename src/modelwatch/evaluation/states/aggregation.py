"""States of every feature by day, model version, and segment, in one pass over the rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.evaluation.sorted_rows import bounded_batches
from modelwatch.evaluation.states.batches import BatchLayout, batch_of
from modelwatch.evaluation.states.count_vectors import list_totals
from modelwatch.evaluation.states.feature_rows import DENSE, merged_states, state_columns
from modelwatch.evaluation.states.merged_rows import first_of, merged_rows, total_of
from modelwatch.stats.states.batch import PAIRS, ROW_FEATURE, Block, TallyPlan
from modelwatch.stats.states.binning import NumericBinning
from modelwatch.stats.states.kernel_library import installed_library, kernel_of
from modelwatch.stats.states.state import State, StateKey
from modelwatch.stats.states.tally import Tally
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

FEATURE_STATES_TABLE = TABLES["feature_states"]
FEATURE_STATE_COLUMNS = FEATURE_STATES_TABLE.own_names
FEATURE_STATES_SCHEMA = arrow_schema(FEATURE_STATES_TABLE, *FEATURE_STATE_COLUMNS)
PARTIAL_FEATURES = FEATURE_STATES_SCHEMA.append(pa.field("bucket", pa.int32()))
"""Columns of the states that tasks return before these are merged."""
FEATURE_KEY = ("day", "model_version", "role", "segmentation", "segment", "feature", "kind")
_REDUCTIONS = {"binning": first_of("binning"), "row_count": total_of("row_count")}
MOST_LONGS_HELD = 1 << 25
"""Number of longs in counts (256 MB) beyond which a task returns its states and starts over."""

_LONGS_A_BATCH = 1 << 20
"""Number of longs of states per batch, unless a single state has more."""
_BATCH_BYTES = 8 << 20


@dataclass(frozen=True)
class StateNames:
    """The names under which the states of a plan are stored.

    ``roles``: name of each role of the plan. Without ``by_day`` the rows have no day. ``buckets``:
    number of tasks among which the states of a day are distributed.
    """

    plan: TallyPlan
    roles: Sequence[str]
    by_day: bool = True
    buckets: int = 1

    @cached_property
    def scopes(self) -> dict[tuple[int, str], tuple[str, str, str | None, int]]:
        """Name, kind, fingerprint, and bucket by role and feature of a tally."""
        found: dict[tuple[int, str], tuple[str, str, str | None, int]] = {
            (0, ROW_FEATURE): ("*", "rows", None, 0)
        }
        for at, column in enumerate(self.plan.columns):
            kind = "numeric" if isinstance(column.binning, NumericBinning) else "categorical"
            of = (column.name, kind, column.binning.fingerprint, at % self.buckets)
            found[column.role, column.name] = of
        for block in self.plan.blocks:
            found[block.role, PAIRS] = ("*", "pairs", block_fingerprint(self.plan, block), 0)
        return found

    def batches(self, states: Iterator[tuple[StateKey, State]]) -> Iterator[pa.RecordBatch]:
        """States in the columns of ``PARTIAL_FEATURES``, in batches of a bounded size."""
        rows: list[tuple[StateKey, State]] = []
        longs = 0
        for row in states:
            rows.append(row)
            longs += row[1].longs
            if longs >= _LONGS_A_BATCH:
                yield self._record(rows)
                rows, longs = [], 0
        if rows:
            yield self._record(rows)

    def _record(self, rows: Sequence[tuple[StateKey, State]]) -> pa.RecordBatch:
        days, versions, roles, splits, segments, features = zip(
            *(key for key, _ in rows), strict=True
        )
        names, kinds, binnings, buckets = zip(
            *(self.scopes[scope] for scope in zip(roles, features, strict=True)), strict=True
        )
        states = [state for _, state in rows]
        held = state_columns(states, kinds)
        firsts = [int(state.counts[0]) for state in states]
        counted = np.where(np.isin(kinds, DENSE), firsts, list_totals(held["counts"]))
        dated = pa.array(days if self.by_day else [None] * len(rows), pa.int32())
        columns: Mapping[str, object] = {
            "day": dated.cast(pa.date32()),
            "role": [self.roles[role] for role in roles],
            "model_version": versions,
            "segmentation": splits,
            "segment": segments,
            "feature": names,
            "kind": kinds,
            "binning": binnings,
            "row_count": counted,
            "bucket": buckets,
            **held,
        }
        arrays = [
            values if isinstance(values, pa.Array) else pa.array(values, field.type)
            for field, values in ((field, columns[field.name]) for field in PARTIAL_FEATURES)
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=PARTIAL_FEATURES)


def partial_state_tally(layout: BatchLayout, names: StateNames) -> BatchFunction:
    """A function of batches that yields the states of their rows.

    It contains the compiled kernel of this environment, if there is one.
    """
    library = installed_library()

    def partial_states(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        kernel = kernel_of(library)
        tally = Tally(names.plan, kernel)
        for record in records:
            tally.add(batch_of(record, layout, names.plan, kernel))
            if tally.longs > MOST_LONGS_HELD:
                yield from names.batches(tally.states())
                tally = Tally(names.plan, kernel)
        yield from names.batches(tally.states())

    return partial_states


def state_sums(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The sums of partial states sorted by ``FEATURE_KEY``, in the columns of feature_states."""
    for table in merged_rows(records, FEATURE_KEY, _REDUCTIONS, merged_states):
        yield from bounded_batches(
            table.select(FEATURE_STATES_SCHEMA.names).cast(FEATURE_STATES_SCHEMA), _BATCH_BYTES
        )


def block_fingerprint(plan: TallyPlan, block: Block) -> str:
    """Fingerprint of a numeric block: of its features, in order, and their bins."""
    digest = hashlib.sha256()
    for index in block.columns:
        column = plan.columns[index]
        digest.update(f"{column.name!r} {column.binning.fingerprint} ".encode())
    return digest.hexdigest()[:16]
