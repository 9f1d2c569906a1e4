"""States of features before and after some days, rolled up where they are stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from modelwatch.spark.groups import asked_groups, grouped
from modelwatch.spark.python_tasks import in_python
from modelwatch.stats.arrays import day_spans
from modelwatch.stats.binning import Binning, CategoricalBinning
from modelwatch.stats.categorical import CategoricalStates
from modelwatch.stats.numeric import NumericStates

States = NumericStates | CategoricalStates
_COLUMNS: tuple[tuple[str, str, pa.DataType], ...] = (
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
_DDL = ", ".join(f"{name} {ddl}" for name, ddl, _ in _COLUMNS)
_ARROW = pa.schema([(name, kind) for name, _, kind in _COLUMNS])


@dataclass(frozen=True)
class TwoSpans:
    """Day numbers, first and last included, before and after a change in one segment."""

    segmentation: str
    segment: str
    before: tuple[int, int]
    now: tuple[int, int]


def states_by_side(
    states: DataFrame, binnings: Mapping[tuple[str, str], Binning], asked: Sequence[TwoSpans]
) -> list[dict[tuple[str, str], dict[int, States]]]:
    """For each of ``asked``, by role and name of a feature, its states by side: 0 before, 1 after.

    ``states`` has the columns of feature_states, and ``source`` beside ``role``. A feature has the
    sides on which it has rows. Two states of one scope come to the driver for each feature and
    change, however many days there are.
    """
    if not asked:
        return []
    ask = tuple(asked)
    of_features = grouped(states.where(F.col("kind").isin("numeric", "categorical")))
    frame = in_python(of_features, lambda records: _rolled(records, binnings, ask), _DDL)
    found: list[dict[tuple[str, str], dict[int, States]]] = [{} for _ in ask]
    for row in frame.collect():
        key = (row["role"], row["feature"])
        found[row["asked"]].setdefault(key, {})[row["side"]] = _state(row, binnings[key])
    return found


def _rolled(
    records: Iterable[pa.RecordBatch],
    binnings: Mapping[tuple[str, str], Binning],
    asked: Sequence[TwoSpans],
) -> Iterator[pa.RecordBatch]:
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


def _state(row: Row, binning: Binning) -> States:
    counts = np.array([row["counts"]], dtype=np.int64)
    if isinstance(binning, CategoricalBinning):
        none = np.array([np.nan])
        unseen = (dict(row["unseen"] or {}),)
        return CategoricalStates(binning, counts, unseen, np.zeros(1, dtype=np.int64), none, none)
    ends = (np.array([row[name]], dtype=np.float64) for name in ("minimum", "maximum"))
    return NumericStates(binning, counts, np.array([row["sums"]], dtype=np.int64), *ends)
