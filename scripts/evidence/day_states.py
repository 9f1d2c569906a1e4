"""The states of each day of a world, by the same pass over rows that production makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scripts.evidence.world import Table, World

from modelwatch.stats.arrays import AnyArray, Counts
from modelwatch.stats.batch import (
    ALL,
    NULL_SEGMENT,
    OTHER_SEGMENT,
    PAIRS,
    ROWS,
    Batch,
    Block,
    Column,
    Numbers,
    Segmentation,
    TallyPlan,
    Texts,
)
from modelwatch.stats.binning import (
    Binning,
    CategoricalBinning,
    NumericBinning,
    fit_categorical,
    fit_numeric,
)
from modelwatch.stats.categorical import CategoricalStates
from modelwatch.stats.distinct import hash_of_text
from modelwatch.stats.numeric import NumericStates
from modelwatch.stats.pairs import PairStates
from modelwatch.stats.score_batch import ScoreBatch, ScorePlan
from modelwatch.stats.score_tally import ScoreTally
from modelwatch.stats.scored import BinaryStates
from modelwatch.stats.state import State
from modelwatch.stats.tally import Tally

FeatureStates = NumericStates | CategoricalStates
Scope = tuple[str, str]
"""Segmentation and segment."""
WHOLE: Scope = (ALL, ALL)
ROLES = ("inputs", "predictions")


@dataclass(frozen=True)
class Plans:
    """What is kept of the rows of a world: fitted once, on its reference."""

    tally: TallyPlan
    scores: ScorePlan

    def role(self, feature: str) -> str:
        """Role of a feature."""
        return ROLES[next(c.role for c in self.tally.columns if c.name == feature)]


@dataclass(frozen=True)
class Stacked:
    """States of the days that a scope has rows on: day numbers (n,) and a stack of n."""

    days: AnyArray
    states: FeatureStates


@dataclass(frozen=True)
class DayStates:
    """The states of a world.

    ``features``: by scope and feature. ``block``: of the numeric inputs of all traffic together,
    a state for each of ``days``. ``scores``: by scope, with the days; labels that were known
    on the day of the look alone. ``rows`` and ``repeated``: of all traffic, by day.
    """

    features: Mapping[tuple[Scope, str], Stacked]
    block: PairStates
    scores: Mapping[Scope, tuple[AnyArray, BinaryStates]]
    days: AnyArray
    rows: Counts
    repeated: Counts


def fitted_plans(table: Table, reference: pd.DataFrame) -> Plans:
    """Frozen bins and segments of the reference's rows."""
    columns = tuple(
        Column(name, int(name in table.predictions), _fitted(table, name, numeric, reference))
        for name, numeric in table.columns.items()
    )
    splits = tuple(
        Segmentation(name, _kept(reference[name], most))
        for name, most in table.segmentations.items()
    )
    score = next(c.binning for c in columns if c.name == "probability")
    assert isinstance(score, NumericBinning)
    block = [at for at, one in enumerate(columns) if one.role == 0 and _is_numeric(one)]
    plan = TallyPlan(columns, splits, (Block(0, tuple(block)),))
    return Plans(plan, ScorePlan("binary", score, segmentations=splits))


def _is_numeric(column: Column) -> bool:
    return isinstance(column.binning, NumericBinning)


def _fitted(table: Table, name: str, numeric: bool, rows: pd.DataFrame) -> Binning:
    if numeric:
        special = table.special.get(name, ())
        values = rows[name].to_numpy(dtype=np.float64)
        values = values[np.isfinite(values)]
        known = values[~np.isin(values, special)]
        ends = (known.min(), known.max()) if len(known) else (np.nan, np.nan)
        return fit_numeric(values, *ends, special_values=special)
    counted = {str(value): int(n) for value, n in rows[name].value_counts().items()}
    hashes = {value: hash_of_text(value) for value in counted}
    return fit_categorical(counted, hashes, max_values=table.max_values.get(name, 100))


def _kept(values: pd.Series, most: int) -> tuple[str, ...]:
    counted = values.value_counts()
    ranked = sorted(counted.index, key=lambda value: (-counted[value], value))
    return tuple(sorted(ranked[:most]))


def day_states(plans: Plans, world: World) -> DayStates:
    """All states of the rows of a world."""
    rows = world.rows
    days, slots = np.unique(rows["day"].to_numpy(dtype=np.int64), return_inverse=True)
    keys = [(int(day), "v1") for day in days]
    texts = _Dictionaries(rows)
    segments = [_codes(split, texts.of(split.name)) for split in plans.tally.segmentations]
    batch = Batch(
        rows=len(rows),
        keys=keys,
        slots=slots.astype(np.int32),
        present=[None, None],
        copies=[rows["copies"].to_numpy(dtype=np.int64)] * 2,
        segments=segments,
        columns=[
            _numbers(rows[column.name])
            if isinstance(column.binning, NumericBinning)
            else texts.of(column.name)
            for column in plans.tally.columns
        ],
    )
    tally = Tally(plans.tally)
    tally.add(batch)
    found: dict[tuple[Scope, str], list[tuple[int, State]]] = {}
    counted = {int(day): np.zeros(6, dtype=np.int64) for day in days}
    products: dict[int, Counts] = {}
    for (day, _, _, segmentation, segment, feature), state in tally.states():
        if feature == ROWS:
            counted[day] = state.counts
        elif feature == PAIRS:
            products[day] = state.counts
        else:
            found.setdefault(((segmentation, segment), feature), []).append((day, state))
    binnings = {column.name: column.binning for column in plans.tally.columns}
    account = np.array([counted[int(day)] for day in days])
    return DayStates(
        {key: _stacked(binnings[key[1]], parts) for key, parts in found.items()},
        _block(plans, [products[int(day)] for day in days]),
        _scores(plans, world, days, slots, segments),
        days,
        account[:, 0],
        account[:, -1],
    )


def _block(plans: Plans, products: Sequence[Counts]) -> PairStates:
    (block,) = plans.tally.blocks
    names = tuple(plans.tally.columns[at].name for at in block.columns)
    shape = (-1, 4, len(names), len(names))
    return PairStates(names, "block", np.array(products, dtype=np.int64).reshape(shape))


class _Dictionaries:
    """The categorical columns by dictionary, each encoded once."""

    def __init__(self, rows: pd.DataFrame) -> None:
        self._rows = rows
        self._known: dict[str, Texts] = {}

    def of(self, name: str) -> Texts:
        """A column."""
        if name not in self._known:
            codes, values = pd.factorize(self._rows[name], sort=False)
            codes = np.where(codes < 0, len(values), codes)
            self._known[name] = Texts([str(value) for value in values], codes.astype(np.int32))
        return self._known[name]


def _numbers(values: pd.Series) -> Numbers:
    found = values.to_numpy(dtype=np.float64, na_value=np.nan)
    nulls = np.isnan(found)
    return Numbers(found, nulls if nulls.any() else None)


def _codes(split: Segmentation, texts: Texts) -> AnyArray:
    codes = {name: code for code, name in enumerate(split.segments)}
    table = [codes.get(value, codes[OTHER_SEGMENT]) for value in texts.dictionary]
    return np.array([*table, codes[NULL_SEGMENT]], dtype=np.int32)[texts.indices]


def _stacked(binning: Binning, parts: list[tuple[int, State]]) -> Stacked:
    parts = sorted(parts, key=lambda part: part[0])
    states = [state for _, state in parts]
    days = np.array([day for day, _ in parts], dtype=np.int64)
    counts = np.array([state.counts for state in states])
    if isinstance(binning, CategoricalBinning):
        lengths = [state.lengths or (0, np.nan, np.nan) for state in states]
        total, least, greatest = zip(*lengths, strict=True)
        unseen = tuple(state.unseen or {} for state in states)
        return Stacked(
            days,
            CategoricalStates(
                binning,
                counts,
                unseen,
                np.array(total, dtype=np.int64),
                np.array(least, dtype=np.float64),
                np.array(greatest, dtype=np.float64),
            ),
        )
    return Stacked(
        days,
        NumericStates(
            binning,
            counts,
            np.array([state.sums for state in states]),
            np.array([state.minimum for state in states]),
            np.array([state.maximum for state in states]),
        ),
    )


def _scores(
    plans: Plans, world: World, days: AnyArray, slots: AnyArray, segments: list[AnyArray]
) -> dict[Scope, tuple[AnyArray, BinaryStates]]:
    rows = world.rows
    late = rows["late"].to_numpy(dtype=np.float64)
    known = np.isfinite(late) & (rows["known"].to_numpy() <= world.as_of)
    label = np.where(known, np.nan_to_num(late) + 1, 0).astype(np.int64)
    age = np.where(known, rows["known"] - rows["day"], -1)
    tally = ScoreTally(plans.scores)
    tally.add(
        ScoreBatch(
            rows=len(rows),
            keys=[(int(day), int(day), "v1") for day in days],
            slots=slots,
            decision=(rows["decision"] == "true").to_numpy(dtype=np.int64),
            label=label,
            score=rows["probability"].to_numpy(dtype=np.float64),
            score_nulls=None,
            target=None,
            interval=None,
            age=np.asarray(age, dtype=np.int64),
            segments=segments,
            slices=[],
            values=[],
        )
    )
    found: dict[Scope, list[tuple[int, Counts, Counts]]] = {}
    for key, state in tally.states():
        if key.kind == "binary":
            assert state.sums is not None
            scope = (key.segmentation, key.segment)
            found.setdefault(scope, []).append((key.day, state.counts, state.sums))
    out = {}
    for scope, parts in found.items():
        parts = sorted(parts, key=lambda part: part[0])
        counts, sums = (np.array([part[i] for part in parts]) for i in (1, 2))
        numbers = np.array([day for day, _, _ in parts], dtype=np.int64)
        out[scope] = numbers, BinaryStates.of(plans.scores.binning, counts, sums)
    return out
