"""Stored performance states of a segment as stacks of numpy arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.errors import InternalError, present
from modelwatch.evaluation.sorted_rows import groups_of
from modelwatch.evaluation.states.label_layout import NEVER_NUMBER
from modelwatch.evaluation.states.partial_scores import vector_records
from modelwatch.evaluation.states.sparse_rows import entries_of
from modelwatch.stats.arrays import AnyArray, Counts, Spans, day_spans, sums_over_spans
from modelwatch.stats.performance.metric import ScoreStates
from modelwatch.stats.states.binary import BinaryStates
from modelwatch.stats.states.binning import NumericBinning
from modelwatch.stats.states.multiclass import MulticlassStates
from modelwatch.stats.states.regression import RegressionStates
from modelwatch.stats.states.score_batch import ScopeVectors, Task
from modelwatch.stats.states.score_tally import UNDECIDED, WHOLE
from modelwatch.stats.value_names import ALL, ALL_VERSIONS

SCORE_GROUP = ("segmentation", "segment")
STATE_ORDER = (*SCORE_GROUP, "kind", "name", "day")
"""Sort order of the states that the evaluation requires."""
VECTORS = ("counts", "sums")


@dataclass(frozen=True)
class ScopeStates:
    """States of one kind and name, with one row per scope, in ascending order of days.

    A scope is a day, a model version, and whether labels are due. ``days`` (n,): days since the
    epoch. ``due`` (n,): whether the labels are due by the as-of day. ``versions`` (n,): model
    versions. ``counts`` (n, c) and ``sums`` (n, s): the vectors; s is 0 for a kind without sums.
    """

    days: AnyArray
    due: AnyArray
    versions: AnyArray
    counts: Counts
    sums: Counts

    def __len__(self) -> int:
        return len(self.days)

    def take(self, indices: AnyArray) -> ScopeStates:
        """Return the scopes at the given positions, or those selected by a mask."""
        return ScopeStates(
            self.days[indices],
            self.due[indices],
            self.versions[indices],
            self.counts[indices],
            self.sums[indices],
        )

    @property
    def of_due(self) -> ScopeStates:
        """Scopes whose labels are due."""
        return self.take(self.due)

    @property
    def keys(self) -> list[tuple[int, bool, str]]:
        """Day, due flag, and model version of each scope."""
        columns = (self.days.tolist(), self.due.tolist(), self.versions.tolist())
        return list(zip(*columns, strict=True))

    def by_day(self) -> tuple[AnyArray, Counts, Counts]:
        """Return the distinct days, (D,), and the counts and sums of each, (D, c) and (D, s)."""
        days, starts = np.unique(self.days, return_index=True)
        if not len(days):
            return days, self.counts[:0], self.sums[:0]
        return (
            days,
            np.add.reduceat(self.counts, starts, axis=0),
            np.add.reduceat(self.sums, starts, axis=0),
        )


@dataclass(frozen=True)
class ScoreGroup:
    """All states of one segment by kind and name, as of a day."""

    segmentation: str
    segment: str
    as_of_day: int
    tables: Mapping[tuple[str, str], pa.Table]
    _read: dict[tuple[str, str], ScopeStates] = field(default_factory=dict)

    def names(self, kind: str) -> list[str]:
        """Return the sorted names of the states of a kind."""
        return sorted(name for found, name in self.tables if found == kind)

    def states(self, kind: str, name: str = WHOLE) -> ScopeStates | None:
        """Return the states of a kind and name; None if there are none."""
        table = self.tables.get((kind, name))
        if table is None:
            return None
        if (kind, name) not in self._read:
            self._read[kind, name] = _scope_states(table, self.as_of_day)
        return self._read[kind, name]


def _scope_states(table: pa.Table, as_of_day: int) -> ScopeStates:
    """Return dense vectors by scope from sparse rows; a scope may consist of many rows and due
    days.

    Raises ValueError if the vectors differ in length.
    """
    entries = entries_of(table, NEVER_NUMBER)
    lengths = [pc.unique(table.column(f"{name}_length")).to_pylist() for name in VECTORS]
    if any(len(found) != 1 for found in lengths):
        raise ValueError(f"states of one kind differ in their lengths: {lengths}")
    versions, version = np.unique(
        np.array(table.column("model_version").to_pylist(), dtype=object), return_inverse=True
    )
    days = table.column("day").cast(pa.int32()).to_numpy().astype(np.int64)
    late, first, count = entries.dues > as_of_day, int(days.min()), len(versions)
    codes = ((days[entries.rows] - first) * 2 + late) * count + version[entries.rows]
    held = np.bincount(codes) > 0
    scopes, owners = np.flatnonzero(held), (np.cumsum(held) - 1)[codes]
    dense = []
    for (length,), values in zip(lengths, (entries.counts, entries.sums), strict=True):
        vectors = np.zeros((len(scopes), length), dtype=np.int64)
        known = values != 0
        np.add.at(vectors, (owners[known], entries.positions[known]), values[known])
        dense.append(vectors)
    of_due = scopes // count % 2 == 0
    return ScopeStates(first + scopes // (2 * count), of_due, versions[scopes % count], *dense)


def score_groups(
    records: Iterable[pa.RecordBatch], binning: NumericBinning, as_of_day: int
) -> Iterator[ScoreGroup]:
    """Yield the groups of states, which are sorted by ``SCORE_GROUP``.

    States with other score bins cannot be added to these, and are skipped.
    """
    for table in groups_of(records, SCORE_GROUP):
        yield _group(table, binning, as_of_day)


def _group(table: pa.Table, binning: NumericBinning, as_of_day: int) -> ScoreGroup:
    segmentation, segment = (table.column(name)[0].as_py() for name in SCORE_GROUP)
    bins = pc.fill_null(table.column("binning"), binning.fingerprint)
    table = table.filter(pc.equal(bins, binning.fingerprint))
    kinds = [*zip(table.column("kind").to_pylist(), table.column("name").to_pylist(), strict=True)]
    indices: dict[tuple[str, str], list[int]] = {}
    for at, key in enumerate(kinds):
        indices.setdefault(key, []).append(at)
    return ScoreGroup(
        segmentation, segment, as_of_day, {key: table.take(rows) for key, rows in indices.items()}
    )


def group_of_vectors(vectors: Iterable[ScopeVectors], as_of_day: int) -> ScoreGroup:
    """Return the group of all traffic from the vectors of a tally, whose states are not stored."""
    tables = {
        (one.kind, one.name): pa.Table.from_batches(vector_records(one, 1)) for one in vectors
    }
    return ScoreGroup(ALL, ALL, as_of_day, tables)


def task_states(
    group: ScoreGroup, task: Task, binning: NumericBinning, classes: tuple[str, ...]
) -> tuple[ScopeStates, ScoreStates] | None:
    """Return the scopes of the task and a stack of their states, including rows without a decision;
    None if there are no rows.

    The counts and sums of the returned scopes are zero. Raises InternalError if the stack and the
    scopes differ in length.
    """
    decided, undecided = group.states(task), group.states(UNDECIDED)
    if decided is None and undecided is None:
        return None
    scopes = _united([states for states in (decided, undecided) if states is not None])
    stack = _stack(task, binning, classes, decided, scopes)
    if undecided is not None and not isinstance(stack, RegressionStates):
        counts, sums = _placed(undecided, scopes)
        stack = stack.with_undecided(counts, sums)
    if isinstance(stack, BinaryStates):
        stack = stack.without_empty_bins()
    if len(stack) != len(scopes):
        raise InternalError("internal error: the states of scores do not match their scopes")
    return scopes, stack


def _stack(
    task: Task,
    binning: NumericBinning,
    classes: tuple[str, ...],
    decided: ScopeStates | None,
    scopes: ScopeStates,
) -> ScoreStates:
    if task == "regression":
        decided = present(decided, "decided")
        return RegressionStates.of(binning, *_placed(decided, scopes))
    if task == "multiclass":
        if decided is None:
            probabilities = scopes.counts.shape[1] > len(classes) + 2
            return MulticlassStates.empty(classes, len(scopes), probabilities=probabilities)
        return MulticlassStates.of(classes, *_placed(decided, scopes))
    if decided is None:
        return BinaryStates.empty(binning, len(scopes))
    return BinaryStates.of(binning, *_placed(decided, scopes))


def _united(found: Sequence[ScopeStates]) -> ScopeStates:
    """Return the union of the scopes of several kinds, in ascending order of days."""
    keys = sorted({key for states in found for key in states.keys})
    first = found[0]
    days, due, versions = zip(*keys, strict=True)
    return ScopeStates(
        np.array(days, dtype=np.int64),
        np.array(due, dtype=bool),
        np.array(versions, dtype=object),
        np.zeros((len(keys), first.counts.shape[1]), dtype=np.int64),
        np.zeros((len(keys), first.sums.shape[1]), dtype=np.int64),
    )


def _placed(states: ScopeStates, scopes: ScopeStates) -> tuple[Counts, Counts]:
    """Return counts and sums at the positions of the scopes; zeros for a scope without states."""
    at = {key: i for i, key in enumerate(scopes.keys)}
    where = np.array([at[key] for key in states.keys], dtype=np.int64)
    counts = np.zeros((len(scopes), states.counts.shape[1]), dtype=np.int64)
    sums = np.zeros((len(scopes), states.sums.shape[1]), dtype=np.int64)
    counts[where], sums[where] = states.counts, states.sums
    return counts, sums


@dataclass(frozen=True)
class View:
    """The states of one model version, or of all versions, and the windows to evaluate.

    ``scopes`` and ``stack``: those of the version. ``windows``: indices into the windows of the
    question.
    """

    version: str
    group: ScoreGroup
    scopes: ScopeStates
    stack: ScoreStates
    windows: AnyArray

    @property
    def scope(self) -> dict[str, object]:
        """The columns that identify the version and segment of a result row."""
        return {
            "model_version": self.version,
            "segmentation": self.group.segmentation,
            "segment": self.group.segment,
        }

    @property
    def whole(self) -> bool:
        """Whether the view covers all traffic."""
        return self.group.segmentation == ALL

    @cached_property
    def due(self) -> Days:
        """Daily states of predictions whose labels are due."""
        return self._days(self.scopes.due)

    @cached_property
    def early(self) -> Days:
        """Daily states of predictions whose labels are not due yet."""
        return self._days(~self.scopes.due)

    @cached_property
    def every(self) -> Days:
        """Daily states of all predictions."""
        return self._days(np.ones(len(self.scopes), dtype=bool))

    def _days(self, mask: AnyArray) -> Days:
        at = np.flatnonzero(mask)
        days, starts = np.unique(self.scopes.days[at], return_index=True)
        stops = np.append(starts[1:], len(at)) if len(days) else starts
        spans = np.stack((starts, stops), axis=1).astype(np.int64)
        return Days(days, self.stack.take(at).roll_up(spans))

    def others(self, kind: str, name: str) -> ScopeStates | None:
        """Return states of another kind of the same version; None if there are none."""
        states = self.group.states(kind, name)
        if states is None or self.version == ALL_VERSIONS:
            return states
        return states.take(states.versions == self.version)


@dataclass(frozen=True)
class Days:
    """A stack of states with one element per day, in ascending order."""

    days: AnyArray
    stack: ScoreStates

    def spans(self, firsts: AnyArray, lasts: AnyArray) -> Spans:
        """Return the spans of positions of the days from each first to each last day, inclusive."""
        return day_spans(self.days, firsts, lasts)

    def counts(self, spans: Spans) -> dict[str, AnyArray]:
        """Return the columns with the predictions, labeled predictions, and label coverage of
        windows."""
        rows = sums_over_spans(self.stack.rows, spans)
        labelled = sums_over_spans(self.stack.labelled, spans)
        with np.errstate(divide="ignore", invalid="ignore"):
            coverage = np.where(rows > 0, labelled / rows, np.nan)
        return {"due_rows": rows, "labelled_rows": labelled, "coverage": coverage}
