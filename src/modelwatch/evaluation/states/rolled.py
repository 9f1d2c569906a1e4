"""States of features before and after some days, rolled up where they are stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.states.groups import asked_groups
from modelwatch.stats.arrays import day_spans
from modelwatch.stats.states.binning import Binning
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.numeric import NumericStates

States = NumericStates | CategoricalStates
COLUMNS: tuple[tuple[str, str, pa.DataType], ...] = (
    ("asked", "int", pa.int32()),
    ("side", "int", pa.int32()),
    ("role", "string", pa.string()),
    ("feature", "string", pa.string()),
    ("counts", "array<bigint>", pa.list_(pa.int64())),
    ("sums", "array<bigint>", pa.list_(pa.int64())),
    ("minimum", "double", pa.float64()),
    ("maximum", "double", pa.float64()),
    ("unseen", "map<string,bigint>", pa.map_(pa.string(), pa.int64())),
)

_ARROW = pa.schema([(name, kind) for name, _, kind in COLUMNS])


@dataclass(frozen=True)
class TwoSpans:
    """Day numbers, first and last included, before and after a change in one segment."""

    segmentation: str
    segment: str
    before: tuple[int, int]
    now: tuple[int, int]


def rolled_rows(
    records: Iterable[pa.RecordBatch],
    binnings: Mapping[tuple[str, str], Binning],
    asked: Sequence[TwoSpans],
) -> Iterator[pa.RecordBatch]:
    """The states of both sides of each change, as records."""
    for group, binning, here in asked_groups(records, binnings, asked):
        sides = np.array([side for _, one in here for side in (one.before, one.now)])
        spans = day_spans(group.days, sides[:, 0], sides[:, 1])
        held = group.stack(binning).roll_up(spans)
        rows = [
            _packed(held, i, here[i // 2][0], i % 2, group.role, group.feature)
            for i in map(int, np.flatnonzero(held.rows > 0))
        ]
        if rows:
            yield pa.RecordBatch.from_pylist(rows, schema=_ARROW)


def _packed(held: States, i: int, asked: int, side: int, role: str, feature: str) -> dict[str, Any]:
    packed: dict[str, Any] = {"asked": asked, "side": side, "role": role, "feature": feature}
    packed["counts"] = held.counts[i]
    if isinstance(held, NumericStates):
        packed |= {"sums": held.sums[i], "minimum": held.minimum[i], "maximum": held.maximum[i]}
    else:
        packed["unseen"] = list(held.unseen[i].items())
    return packed
