"""Similarities between the days of windows and earlier days, computed from stored states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from modelwatch.errors import InternalError
from modelwatch.evaluation.drift.question import Evaluation
from modelwatch.evaluation.planning.windows import WindowReference
from modelwatch.evaluation.states.groups import StateGroup, merged_sketch, requested_groups
from modelwatch.evaluation.verdicts.reference_nulls import ComparedStates, fixed_span
from modelwatch.stats.arrays import AnyArray, day_spans
from modelwatch.stats.drift.day_repeats import repeats
from modelwatch.stats.drift.repeats import Repeats
from modelwatch.stats.drift.stale_values import STALE_SHARE
from modelwatch.stats.states.binning import Binning
from modelwatch.stats.states.day_states import DayStates, neighbors
from modelwatch.stats.states.pairs import PairStates
from modelwatch.stats.value_names import ALL


def repeats_of_windows(
    evaluation: Evaluation, group: StateGroup, states: ComparedStates, reference: WindowReference
) -> Repeats | None:
    """The repeated share of each window, (W,), over all model versions; None for pairs of features,
    segments, moving references, and without a threshold.

    ``states`` are those of the group. Segments are excluded because schedules repeat: the departure
    times of an airline are those of the week before.
    """
    if group.segmentation != ALL:
        return None
    judged = reference.same_for_all and STALE_SHARE in evaluation.thresholds
    if isinstance(states, PairStates) or not judged:
        return None
    numbers, days = _by_day(group, states, np.flatnonzero(group.sources == group.role))
    if not len(days):
        return None
    held, (span,) = fixed_span(group, reference)
    _, of_reference = _by_day(group, states, held[slice(*span)])
    spans = day_spans(numbers, evaluation.starts, evaluation.ends)
    wanted = np.zeros(len(days), dtype=bool)
    for start, stop in spans:
        wanted[start:stop] = True
    found = repeats(days, wanted, of_reference)
    # A repeated day would also fail the week, and keep its incident open for weeks.
    alone = evaluation.day_rows is not None and days.states.rows >= evaluation.day_rows
    of_windows, of_single_days = found.without(alone).over(spans), found.over(spans)
    return of_windows.or_else(of_single_days, evaluation.starts == evaluation.ends)


@dataclass(frozen=True)
class RequestedDays:
    """First and last day number, inclusive, of days that may repeat an earlier day."""

    segmentation: str
    segment: str
    days: tuple[int, int]


@dataclass(frozen=True)
class Repeated:
    """The day of a feature that is most similar to an earlier one, as day numbers.

    ``exact``: all values are the same. ``varies``: the feature has more than one value.
    """

    day: int
    of: int
    exact: bool
    varies: bool


REPEATED_SCHEMA = pa.schema(
    [
        ("asked", pa.int32()),
        ("role", pa.string()),
        ("feature", pa.string()),
        ("day", pa.int32()),
        ("of", pa.int32()),
        ("exact", pa.bool_()),
        ("varies", pa.bool_()),
    ]
)


def repeat_rows(
    records: Iterable[pa.RecordBatch],
    binnings: Mapping[tuple[str, str], Binning],
    asked: Sequence[RequestedDays],
) -> Iterator[pa.RecordBatch]:
    """The most similar earlier day of each day, as records."""
    for group, binning, here in requested_groups(records, binnings, asked):
        states = group.stack(binning)
        numbers, days = _by_day(group, states, np.arange(len(group.days)))
        rows = [
            {"asked": at, "role": group.role, "feature": group.feature, **vars(found)}
            for at, one in here
            if (found := _most_alike(numbers, days, one.days)) is not None
        ]
        if rows:
            yield pa.RecordBatch.from_pylist(rows, schema=REPEATED_SCHEMA)


def _most_alike(numbers: AnyArray, days: DayStates, span: tuple[int, int]) -> Repeated | None:
    """The day of a span that equals an earlier one, or else shares the most values with the day
    before; None if no day before them is known."""
    inside = np.flatnonzero(
        (numbers >= span[0]) & (numbers <= span[1]) & (np.arange(len(days)) > 0)
    )
    if not len(inside):
        return None
    whole = days.states.roll_up(np.array([[0, len(days)]], dtype=np.int64))
    found = neighbors(days, whole)
    tied = found.ties[inside]
    if tied.any():
        day = int(inside[tied.any(axis=1).argmax()])
        of, exact = day - 1 - int(found.ties[day].argmax()), True
    else:
        likeness = (
            np.nan_to_num(found.overlap[inside]) - np.nan_to_num(found.distance[inside]) / 1e6
        )
        day = int(inside[likeness.argmax()])
        of, exact = day - 1, False
    varies = int((whole.counts > 0).sum()) > 1
    return Repeated(int(numbers[day]), int(numbers[of]), exact, varies)


def _by_day(
    group: StateGroup, states: ComparedStates, indices: AnyArray
) -> tuple[AnyArray, DayStates]:
    """Day numbers of some states, ascending, and the states."""
    if isinstance(states, PairStates):
        raise InternalError("internal error: pairs of features have no values that repeat")
    numbers, starts = np.unique(group.days[indices], return_index=True)
    stops = np.append(starts[1:], len(indices))[: len(starts)]
    spans = np.stack((starts, stops), axis=1).astype(np.int64).reshape(-1, 2)
    rolled = states.take(indices).roll_up(spans) if len(indices) else states.take(indices)
    held = group.sketches() if group.segmentation == ALL else [None] * len(group.days)
    sketches = [
        None if group.segmentation != ALL else merged_sketch([held[i] for i in indices[a:b]])
        for a, b in spans
    ]
    return numbers, DayStates(rolled, sketches)
