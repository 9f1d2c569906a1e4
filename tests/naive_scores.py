"""Performance states made row by row, as the layouts of the states say."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from modelwatch.stats.arrays import Counts
from modelwatch.stats.states.moments import normalised
from modelwatch.stats.states.score_batch import LIMBED, ScopeVectors, ScoreBatch, ScorePlan
from modelwatch.stats.states.score_tally import ScoreTally
from modelwatch.stats.states.slice_bins import SliceBins
from modelwatch.stats.value_names import ALL


@dataclass(frozen=True)
class ScoredRow:
    """One prediction and what is known of its label; None is null."""

    score: object = 0.5
    decision: int = 0
    label: int = 0
    day: int = 0
    due_day: int = 3
    version: str = "v1"
    target: float = 0.0
    interval: tuple[float, float] = (math.nan, math.nan)
    age: int = 0
    segments: tuple[str | None, ...] = ()
    slices: tuple[object, ...] = ()
    values: tuple[float, ...] = ()
    challenger: tuple[int, float] = (-1, math.nan)


def codes_of(plan: ScorePlan, row: ScoredRow) -> list[int]:
    found = []
    for split, value in zip(plan.segmentations, row.segments, strict=True):
        name = "(null)" if value is None else value if value in split.values else "(other)"
        found.append(split.segments.index(name))
    return found


def position(edges, score, nulls=False) -> int:
    """Position of a score: null, NaN, bins; a score above 1 is in no bin that begins by 1."""
    if score is None:
        return 0
    if math.isnan(score):
        return 1
    at = sum(1 for edge in edges if edge <= score) - 1
    if score > 1 and edges[at] <= 1:
        at += 1
    return at + 2


def is_probability(score) -> bool:
    return score is not None and 0 <= score <= 1


def log_loss_units(p: float) -> int:
    # numpy's logarithm, as any other may differ in the last digit.
    return int(np.rint(-np.log(min(max(p, 2.0**-52), 1 - 2.0**-52)) * 2.0**26))


class Vectors:
    """Counts and sums by key, of Python integers."""

    def __init__(self) -> None:
        self.counts: dict = {}
        self.sums: dict = {}

    def at(self, key: tuple, counts: int, sums: int):
        first = self.counts.setdefault(key, [0] * counts)
        return first, self.sums.setdefault(key, [0] * sums)


def binary_row(counts, sums, binning, decision, label, score, null: bool = False) -> None:
    """One row in the layout of 'binary', or of 'undecided' for the decision None."""
    length = binning.length
    cell = label if decision is None else decision * 3 + label
    held = None if null else score
    counts[cell * length + position(binning.edges, held)] += 1
    if is_probability(held):
        after = len(counts)
        sums[cell * length + position(binning.edges, held)] += round(score * 2**30)
        sums[after + 2 * label] += int(np.rint(score * score * 2.0**30))
        if label:
            truth = score if label == 2 else 1.0 - score
            sums[after + 2 * label + 1] += log_loss_units(truth)


def naive_score_states(rows: Sequence[ScoredRow], plan: ScorePlan) -> dict:
    """The states of a binary task by key: lists of integers, without the values' sums."""
    found = Vectors()
    length = plan.binning.length
    for row in rows:
        key = (row.day, row.due_day, row.version)
        splits = [(ALL, ALL)] + [
            (split.name, split.segments[code])
            for split, code in zip(plan.segmentations, codes_of(plan, row), strict=True)
        ]
        for split in splits:
            kind, cells = ("binary", 6) if row.decision >= 0 else ("undecided", 3)
            counts, sums = found.at((*key, *split, kind, "*"), cells * length, cells * length + 6)
            decision = row.decision if row.decision >= 0 else None
            binary_row(counts, sums, plan.binning, decision, row.label, row.score)
            if row.label:
                counts, _ = found.at((*key, *split, "maturity", "*"), 802, 0)
                age = min(max(row.age, 0), 400)
                counts[2 * age] += 1
                counts[2 * age + 1] += row.label == 2
            for name, value in zip(plan.values, row.values, strict=True):
                counts, _ = found.at((*key, *split, "value", name), 2, 0)
                counts[0] += 1
                counts[1] += math.isfinite(value)
            challenger, rival_score = row.challenger
            if plan.challenger and challenger >= 0 and row.decision >= 0:
                where = (*key, *split)
                counts, _ = found.at((*where, "paired", plan.challenger), 12, 0)
                counts[(row.decision * 2 + challenger) * 3 + row.label] += 1
                one = found.at(
                    (*where, "paired_champion", plan.challenger), 6 * length, 6 * length + 6
                )
                binary_row(*one, plan.binning, row.decision, row.label, row.score)
                binning = plan.challenger_binning or plan.binning
                size = 6 * binning.length
                two = found.at((*where, "paired_challenger", plan.challenger), size, size + 6)
                binary_row(*two, binning, challenger, row.label, rival_score)
        for column, value in zip(plan.slices, row.slices, strict=True):
            bins = SliceBins(column.binning)
            at = naive_slice(bins, value)
            if row.decision >= 0:
                counts, sums = found.at(
                    (*key, ALL, ALL, "slice", column.name), bins.length * 6, bins.length
                )
                counts[(at * 2 + row.decision) * 3 + row.label] += 1
                if row.label and is_probability(row.score):
                    missed = row.score - (row.label == 2)
                    sums[at] += int(np.rint(missed * missed * 2.0**30))
        account = (
            row.due_day < row.day,
            row.score is None,
            row.score is not None and math.isnan(row.score),
            row.score is not None and not math.isnan(row.score) and not is_probability(row.score),
        )
        if any(account):
            counts, _ = found.at((*key, ALL, ALL, "labels", "*"), 10, 0)
            for at, held in enumerate(account):
                counts[6 + at] += held
    return {key: (found.counts[key], found.sums[key]) for key in found.counts}


def naive_slice(bins: SliceBins, value) -> int:
    """Position of a slice by its label."""
    labels = list(bins.labels)
    if value is None:
        return labels.index("(null)")
    if isinstance(value, str):
        return labels.index(value) if value in labels else labels.index("(unseen)")
    if math.isnan(value):
        return labels.index("(NaN)")
    special = bins.binning.special_values
    if value in special:
        return 2 + special.index(value)
    return 2 + len(special) + sum(1 for cut in bins.cuts if cut <= value)


def score_batch_of(plan: ScorePlan, rows: Sequence[ScoredRow]) -> ScoreBatch:
    """The rows as a pass is given them."""
    from laws.states.test_tally import numbers_of, texts_of

    keys = sorted({(row.day, row.due_day, row.version) for row in rows})
    nulls = np.array([row.score is None for row in rows])
    score = np.array([np.nan if row.score is None else row.score for row in rows], dtype=float)
    codes = np.array([codes_of(plan, row) for row in rows], dtype=np.int32).reshape(len(rows), -1)
    return ScoreBatch(
        rows=len(rows),
        keys=keys,
        slots=np.array([keys.index((r.day, r.due_day, r.version)) for r in rows], dtype=np.int32),
        decision=np.array([row.decision for row in rows], dtype=np.int8),
        label=np.array([row.label for row in rows], dtype=np.int8),
        score=score,
        score_nulls=(nulls if nulls.ndim == 1 else nulls.any(axis=1)) if nulls.any() else None,
        target=np.array([row.target for row in rows], dtype=float),
        interval=tuple(np.array([row.interval for row in rows], dtype=float).reshape(-1, 2).T),
        age=np.array([row.age if row.label else -1 for row in rows], dtype=np.int32),
        segments=[codes[:, at] for at in range(len(plan.segmentations))],
        slices=[
            texts_of([row.slices[at] for row in rows])
            if "word" in column.name
            else numbers_of([row.slices[at] for row in rows])
            for at, column in enumerate(plan.slices)
        ],
        values=[
            np.array([row.values[at] for row in rows], dtype=float)
            for at in range(len(plan.values))
        ],
        challenger_decision=np.array([row.challenger[0] for row in rows], dtype=np.int8),
        challenger_score=np.array([row.challenger[1] for row in rows], dtype=float),
    )


class ScoreKey(NamedTuple):
    """Which rows a state is of; days are numbers since the epoch."""

    day: int
    due_day: int
    version: str
    segmentation: str
    segment: str
    kind: str
    name: str


@dataclass(frozen=True)
class ScoreState:
    """What is kept of some rows; merges by addition, in any order. Vectors of longs."""

    counts: Counts
    sums: Counts | None = None

    def merge(self, other: ScoreState, kind: str) -> ScoreState:
        """The state of the rows of both, which are of one kind."""
        counts = self.counts + other.counts
        if self.sums is None or other.sums is None:
            return ScoreState(counts, other.sums if self.sums is None else self.sums)
        sums = self.sums + other.sums
        return ScoreState(counts, normalised(sums) if kind in LIMBED else sums)


def dense_states(vectors: ScopeVectors) -> Iterator[tuple[ScoreKey, ScoreState]]:
    """The states as dense vectors, each with its key; scopes without an entry are left out."""
    met, starts = np.unique(vectors.owners, return_index=True)
    for scope, start, stop in zip(met, starts, [*starts[1:], len(vectors.owners)], strict=True):
        part = slice(start, stop)
        width = max(vectors.counts_length, vectors.sums_length)
        both = np.zeros((2, width), dtype=np.int64)
        both[:, vectors.positions[part]] = vectors.counts[part], vectors.sums[part]
        day, due, version, segment = vectors.scopes[scope]
        yield (
            ScoreKey(day, due, version, vectors.segmentation, segment, vectors.kind, vectors.name),
            ScoreState(
                both[0, : vectors.counts_length],
                both[1, : vectors.sums_length] if vectors.sums_length else None,
            ),
        )


def score_states(tally: ScoreTally) -> list[tuple[ScoreKey, ScoreState]]:
    """The states of a tally as dense vectors, each with its key; empty ones are left out."""
    return [state for vectors in tally.vectors() for state in dense_states(vectors)]


def merged_states(parts: Sequence[tuple[ScoreKey, ScoreState]]) -> dict[ScoreKey, ScoreState]:
    """The states of several passes, those of one key merged."""
    held = defaultdict(list)
    for key, state in parts:
        held[key].append(state)
    found = {}
    for key, states in held.items():
        found[key] = states[0]
        for state in states[1:]:
            found[key] = found[key].merge(state, key.kind)
    return found
