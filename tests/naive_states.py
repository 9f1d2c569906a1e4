"""The states of rows as their definitions say, one scope after the other and without any batch."""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from modelwatch.stats.states.batch import (
    NULL_SEGMENT,
    OTHER_SEGMENT,
    PAIRS,
    ROW_FEATURE,
    Block,
    TallyPlan,
)
from modelwatch.stats.states.binning import UNSEEN, Binning, NumericBinning
from modelwatch.stats.states.categorical import MAX_UNSEEN, example_of
from modelwatch.stats.states.distinct import hash_of_text, hashes_of_doubles
from modelwatch.stats.states.moments import LENGTH, power_sums
from modelwatch.stats.states.pairs import standardised
from modelwatch.stats.states.state import State, StateKey
from modelwatch.stats.value_names import ALL

Value = float | str | None
SKETCH = 256


@dataclass(frozen=True)
class Row:
    """A row: None is null. ``segments``: the value of each segmentation, None for null.

    ``present`` and ``copies``: of inputs and of predictions.
    """

    values: tuple[Value, ...]
    day: int = 0
    version: str = "v"
    segments: tuple[str | None, ...] = ()
    present: tuple[bool, ...] = (True, True)
    copies: tuple[int, ...] = (1, 1)


def naive_states(rows: Sequence[Row], plan: TallyPlan) -> dict[StateKey, State]:
    """Every state of a plan, by its key."""
    found: dict[StateKey, State] = {}
    for day, version in {(row.day, row.version) for row in rows}:
        mine = [row for row in rows if (row.day, row.version) == (day, version)]
        found[day, version, 0, ALL, ALL, ROW_FEATURE] = _account(mine)
        for at, column in enumerate(plan.columns):
            held = [row for row in mine if row.present[column.role]]
            if not held:
                continue
            scope = (day, version, column.role)
            values = [row.values[at] for row in held]
            found[(*scope, ALL, ALL, column.name)] = state_of(column.binning, values, whole=True)
            for s, split in enumerate(plan.segmentations):
                by_segment: dict[str, list[Value]] = {}
                for row in held:
                    by_segment.setdefault(_segment(row.segments[s], split.values), []).append(
                        row.values[at]
                    )
                for segment, some in by_segment.items():
                    found[(*scope, split.name, segment, column.name)] = state_of(
                        column.binning, some, whole=False
                    )
        for block in plan.blocks:
            held = [row for row in mine if row.present[block.role]]
            if held:
                key = (day, version, block.role, ALL, ALL, PAIRS)
                found[key] = State(counts=_products(held, plan, block))
    return found


def state_of(binning: Binning, values: Sequence[Value], *, whole: bool) -> State:
    """The state of some values of a feature; ``whole``: of all traffic, not of a segment."""
    if isinstance(binning, NumericBinning):
        return _numeric(binning, values, whole)
    return _categorical(binning, values, whole)


def _numeric(binning: NumericBinning, rows: Sequence[Value], whole: bool) -> State:
    values = np.array([v for v in rows if v is not None], dtype=np.float64)
    finite = values[np.isfinite(values)]
    sums = np.zeros(LENGTH, dtype=np.int64)
    if len(finite):
        sums = power_sums(finite, np.array([0]), binning.center, binning.scale)[0]
    hashes = np.unique(hashes_of_doubles(values[~np.isnan(values)]))
    return State(
        counts=binning.counts_of(values, len(rows) - len(values)),
        sums=sums,
        minimum=float(finite.min()) + 0.0 if len(finite) else math.nan,
        maximum=float(finite.max()) + 0.0 if len(finite) else math.nan,
        sketch=hashes[:SKETCH] if whole else None,
    )


def _categorical(binning: Binning, rows: Sequence[Value], whole: bool) -> State:
    assert not isinstance(binning, NumericBinning)
    counts = np.zeros(binning.length, dtype=np.int64)
    texts = [str(value) for value in rows if value is not None]
    counts[0] = len(rows) - len(texts)
    unseen: Counter[str] = Counter()
    for value in texts:
        code = binning.code_of(value, hash_of_text(value))
        counts[code] += 1
        if code == UNSEEN:
            unseen[example_of(value)] += 1
    if not whole:
        return State(counts=counts)
    lengths = [len(value) for value in texts]
    values = sorted(unseen, key=lambda value: (hash_of_text(value), value))[:MAX_UNSEEN]
    return State(
        counts=counts,
        sketch=np.array(sorted({hash_of_text(v) for v in texts})[:SKETCH], dtype=np.uint64),
        unseen={value: unseen[value] for value in values},
        lengths=(
            sum(lengths),
            float(min(lengths, default=math.nan)),
            float(max(lengths, default=math.nan)),
        ),
    )


def _segment(value: str | None, values: Sequence[str]) -> str:
    if value is None:
        return NULL_SEGMENT
    return value if value in (*values, NULL_SEGMENT) else OTHER_SEGMENT


def _account(rows: Sequence[Row]) -> State:
    roles = range(len(rows[0].present))
    counts = [
        len(rows),
        *(sum(row.present[role] for row in rows) for role in roles),
        sum(all(row.present) for row in rows),
        *(sum(max(row.copies[role] - 1, 0) for row in rows) for role in roles),
    ]
    return State(counts=np.array(counts, dtype=np.int64))


def _products(rows: Sequence[Row], plan: TallyPlan, block: Block) -> np.ndarray:
    d = len(block.columns)
    out = np.zeros((4, d, d), dtype=np.int64)
    for row in rows:
        z: list[int | None] = []
        for index in block.columns:
            binning, value = plan.columns[index].binning, row.values[index]
            assert isinstance(binning, NumericBinning) and not isinstance(value, str)
            if value is None or not math.isfinite(value):
                z.append(None)
                continue
            steps = standardised(np.array([value]), binning.center, binning.scale)
            z.append(int(steps[0]))
        for i, first in enumerate(z):
            for j, second in enumerate(z):
                if first is not None and second is not None:
                    out[:, i, j] += (1, first, first * first, first * second)
    return out.ravel()


def merged(parts: Iterable[tuple[StateKey, State]]) -> dict[StateKey, State]:
    """States of the same key merged, in the order in which they come."""
    found: dict[StateKey, State] = {}
    for key, state in parts:
        found[key] = found[key].merge(state) if key in found else state
    return found


def bits(state: State) -> tuple[object, ...]:
    """All that a state holds, so that two are equal only if every bit of them is."""
    return (
        state.counts.dtype.str,
        state.counts.tolist(),
        None if state.sums is None else state.sums.tolist(),
        _bits(state.minimum),
        _bits(state.maximum),
        None if state.sketch is None else [int(h) for h in state.sketch],
        None if state.unseen is None else dict(state.unseen),
        None
        if state.lengths is None
        else (state.lengths[0], _bits(state.lengths[1]), _bits(state.lengths[2])),
    )


def _bits(value: float) -> str | bytes:
    return "NaN" if math.isnan(value) else struct.pack("<d", value)


def assert_same_states(found: Mapping[StateKey, State], expected: Mapping[StateKey, State]) -> None:
    """Fails at the first state that is missing, too many or different in any bit."""
    assert {key for key in found if key not in expected} == set()
    assert {key for key in expected if key not in found} == set()
    for key, state in expected.items():
        assert bits(found[key]) == bits(state), key
