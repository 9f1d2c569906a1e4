"""Facts about each feature of a reference from its stored states, for a contract."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.evaluation.states.groups import StateGroup, merged_sketch, state_groups
from modelwatch.stats.states.binning import Binning, NumericBinning
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.distinct import estimate
from modelwatch.stats.states.numeric import NumericStates

_MAX_VALUES = 1000
"""Maximum number of values of a categorical feature that are listed."""

CONTRACT_FACTS = pa.schema(
    [
        ("role", pa.string()),
        ("feature", pa.string()),
        ("facts", pa.string()),
    ]
)


def fact_reading(bins: Mapping[tuple[str, str], Binning]) -> BatchFunction:
    """A function of stored states that yields the facts about features."""

    def facts(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for group in state_groups(records):
            binning = bins.get((group.role, group.feature))
            if binning is None:
                continue
            group = group.of_binning(binning.fingerprint)
            if len(group.days):
                shown = json.dumps(facts_of(group, binning))
                columns = [pa.array([one]) for one in (group.role, group.feature, shown)]
                yield pa.RecordBatch.from_arrays(columns, schema=CONTRACT_FACTS)

    return facts


def facts_of(group: StateGroup, binning: Binning) -> dict[str, Any]:
    """The facts about one feature from its states, as plain values."""
    stack = group.stack(binning)
    days, at = np.unique(group.days, return_inverse=True)
    missing = stack.nulls + stack.nans if isinstance(stack, NumericStates) else stack.nulls
    rows_by_day = np.zeros(len(days), dtype=np.int64)
    missing_by_day = np.zeros(len(days), dtype=np.int64)
    np.add.at(rows_by_day, at, stack.rows)
    np.add.at(missing_by_day, at, missing)
    whole = stack.roll_up(np.array([[0, len(stack)]]))
    shown: dict[str, Any] = {
        "by_day": np.stack((rows_by_day, missing_by_day), axis=1).tolist(),
        "distinct": float(estimate(merged_sketch(group.sketches()))),
    }
    if isinstance(whole, NumericStates):
        shown |= _of_numbers(whole)
    else:
        shown |= _of_texts(whole)
    return shown


def _of_numbers(whole: NumericStates) -> dict[str, Any]:
    binning = whole.binning
    held = np.flatnonzero(whole.quantities[0])
    special = [_plain_number(binning, value) for value in binning.special_values]
    shown: dict[str, Any] = {"special_values": special}
    if not len(held):
        return shown
    shown |= {
        "lowest": _plain_number(binning, whole.least[0]),
        "highest": _plain_number(binning, whole.greatest[0]),
    }
    # The ends of the reference have bins of their own: the next bin begins at or below the next
    # value.
    if binning.single_value[held[0]] and len(held) > 1:
        shown["second_lowest"] = _finite(binning, binning.edges[held[1]])
    if binning.single_value[held[-1]] and len(held) > 1:
        before = held[-2]
        edge = binning.edges if binning.single_value[before] else binning.upper_edges
        shown["second_highest"] = _finite(binning, edge[before])
    return shown


def _of_texts(whole: CategoricalStates) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if not math.isnan(whole.length_min[0]):
        shown["length"] = [int(whole.length_min[0]), int(whole.length_max[0])]
    complete = not whole.other_rows[0] and not whole.unseen_rows[0]
    if complete and len(whole.binning.values) <= _MAX_VALUES:
        counted = zip(whole.binning.values, whole.value_rows[0].tolist(), strict=True)
        shown["values"] = {value: rows for value, rows in counted if rows}
    return shown


def _finite(binning: NumericBinning, value: float) -> float | None:
    return _plain_number(binning, value) if math.isfinite(value) else None


def _plain_number(binning: NumericBinning, value: float) -> float:
    """An integer with all of its digits; for any other number, the nearest double."""
    exact = binning.exact(float(value))
    whole = isinstance(exact, Decimal) and exact == exact.to_integral_value()
    return int(exact) if whole else float(exact)
