"""The location of the change of an incident, by stored segments or by one scan of its days."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from modelwatch.errors import instance_of
from modelwatch.evaluation.states.rolled import TwoSpans
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.days import DayRange, shifted
from modelwatch.model.diagnosis.change_kinds import FeatureChange
from modelwatch.model.diagnosis.incident_kinds import FeatureKey as FeatureKey
from modelwatch.model.diagnosis.incident_kinds import (
    Surroundings,
    beginning_together,
    located,
    with_kinds_inside,
)
from modelwatch.model.incidents.incident import Incident
from modelwatch.model.states.binned import SEGMENTS
from modelwatch.pipelines.diagnosis.states import day_numbers
from modelwatch.pipelines.sources.frames import Sources
from modelwatch.pipelines.states.day_states import StatesOf
from modelwatch.spark.states.aggregation import SplitBy, states_by_value
from modelwatch.spark.states.rolled import states_by_side
from modelwatch.stats.diagnosis.carriers import Split, group_edges
from modelwatch.stats.states.batch import NULL_SEGMENT, OTHER_SEGMENT
from modelwatch.stats.states.binning import CategoricalBinning, NumericBinning
from modelwatch.stats.states.leave_out import FeatureStates
from modelwatch.stats.states.numeric import NumericStates

MOST_LOCATED = 5
"""Maximum number of onsets that a run locates, the newest first."""
MOST_FEATURES = 8
"""Maximum number of failing features per onset that are located, the strongest first."""
MOST_COLUMNS = 40
"""Maximum number of columns by which rows are split, strings before numbers."""
MOST_CARRIER_VALUES = 20
"""Maximum number of values of a column that are examined, the most frequent first."""
_DAYS = 7
"""Number of days of an incident that are read, and of the days before it."""
_Sides = Mapping[FeatureKey, Mapping[int, FeatureStates]]


@dataclass(frozen=True)
class Located:
    """Incidents with a common onset, and their features that must be located.

    ``before`` and ``now``: the days that are compared.
    """

    incidents: tuple[Incident, ...]
    features: tuple[FeatureKey, ...]
    before: DayRange
    now: DayRange

    def span(self, segmentation: str, segment: str) -> TwoSpans:
        """Its days in one segment."""
        return TwoSpans(segmentation, segment, day_numbers(self.before), day_numbers(self.now))


@dataclass(frozen=True)
class SplitStates:
    """Rows of located features by value, and their states for each value of a column."""

    splits: Mapping[FeatureKey, tuple[Split, ...]]
    states: Mapping[tuple[str, str], _Sides]

    def with_more(self, other: SplitStates) -> SplitStates:
        """These splits, and those of another one by further columns."""
        splits = {}
        for feature, more in other.splits.items():
            own = self.splits.get(feature, ())
            columns = {split.column.lower() for split in own}
            further = tuple(one for one in more if one.column.lower() not in columns)
            splits[feature] = (*own, *further)
        return SplitStates(splits, {**other.states, **self.states})


def to_be_located(
    roots: Sequence[Incident],
    parts: Sequence[Incident],
    generation: Collection[date],
    config: MonitorConfig,
) -> tuple[Located, ...]:
    """What a run locates: incidents of severity fail, with what began at the same time.

    ``parts``: the incidents and their children. ``generation``: the days that have states.
    """
    reach = config.incidents.join_windows
    found = []
    for together in beginning_together(roots, reach):
        if all(one.severity != "fail" for one in together):
            continue
        ids = {one.id for one in together}
        of = tuple(one for one in parts if one.id in ids or one.parent_id in ids)
        features = _failing(of)
        if features:
            before, now = _days(together, generation, config)
            found.append(Located(of, features, before, now))
    # Ongoing changes first, then the newest.
    found.sort(key=lambda one: (any(i.is_open for i in one.incidents), one.now.first), reverse=True)
    return tuple(found[:MOST_LOCATED])


def stored_splits(
    located: Sequence[Located], states: StatesOf
) -> tuple[tuple[Located, str, str, str], ...]:
    """Key of requested segments: the days, the column, the segmentation, and the segment."""
    asked = []
    for split in states.config.segments:
        if split.columns is None or len(split.columns) != 1:
            continue
        binning = instance_of(states.bins[SEGMENTS, split.name], CategoricalBinning)
        names = (*binning.values, OTHER_SEGMENT, NULL_SEGMENT)
        for one in located:
            asked += [(one, split.columns[0], split.name, name) for name in dict.fromkeys(names)]
    return tuple(asked)


def splits_of(
    asked: Sequence[tuple[Located, str, str, str]], found: Sequence[_Sides], located: Located
) -> SplitStates:
    """The splits of one located group, out of all results."""
    of_column: dict[str, dict[str, _Sides]] = {}
    for (one, column, _, segment), sides in zip(asked, found, strict=True):
        if one is located:
            of_column.setdefault(column, {})[segment] = sides
    splits: dict[FeatureKey, tuple[Split, ...]] = {}
    for feature in located.features:
        split = tuple(_splits(feature, of_column))
        if split:
            splits[feature] = split
    states = {(c, value): sides for c, by in of_column.items() for value, sides in by.items()}
    return SplitStates(splits, states)


def located_in(incidents: Sequence[Incident], splits: SplitStates) -> tuple[Incident, ...]:
    """Incidents with the location of their changes, and the kinds that the rows there show."""
    seen = located(incidents, splits.splits)
    inside = {}
    for one in seen:
        if one.carrier_column is None or one.carrier_value is None:
            continue
        key = one.role, one.subject
        sides = splits.states.get((one.carrier_column, one.carrier_value), {}).get(key, {})
        if len(sides) == 2:
            inside[key] = Surroundings((FeatureChange(one.subject, one.role, sides[0], sides[1]),))
    return with_kinds_inside(seen, inside)


def scanned_splits(
    config: MonitorConfig,
    sources: Sources,
    states: StatesOf,
    located: Sequence[Located],
    before: Mapping[FeatureKey, FeatureStates],
    generation: Collection[date],
) -> Mapping[Located, SplitStates]:
    """The splits by all columns, in one scan of the days of the inputs.

    ``before``: states of features by which values are grouped and ranked.
    """
    splits = _split_by(states, before)
    wanted = {name for one in located for _, name in one.features}
    features = [
        (feature, states.bins[feature.role, feature.name])
        for feature in states.features
        if feature.role == "inputs" and feature.name in wanted
    ]
    days = {day for one in located for span in (one.before, one.now) for day in span}
    days &= set(generation)
    if not splits or not features or not days:
        return {}
    inputs = sources.rows("inputs", sorted(days))
    frame = states_by_value(config, inputs, features, splits)
    asked = tuple(
        (one, split.feature.name, split.segmentation.name, segment)
        for one in located
        for split in splits
        for segment in split.segmentation.segments
    )
    spans = [one.span(segmentation, segment) for one, _, segmentation, segment in asked]
    found = states_by_side(frame, states.bins, spans)
    return {one: splits_of(asked, found, one) for one in located}


def _split_by(states: StatesOf, before: Mapping[FeatureKey, FeatureStates]) -> tuple[SplitBy, ...]:
    texts, numbers = [], []
    for feature in states.features:
        held = before.get((feature.role, feature.name))
        if feature.role != "inputs" or feature.sensitive or held is None:
            continue
        if isinstance(held, NumericStates):
            binning = instance_of(held.binning, NumericBinning)
            edges = group_edges(held.quantities[0], binning.edges)
            # Rows are split by the column itself, and these are distances from an offset.
            if edges and not binning.offset:
                numbers.append(SplitBy(feature, edges=edges))
        else:
            order = np.argsort(-held.value_rows[0], kind="stable")[:MOST_CARRIER_VALUES]
            values = tuple(sorted(held.binning.values[at] for at in order))
            if values:
                texts.append(SplitBy(feature, values=values))
    return (*texts, *numbers)[:MOST_COLUMNS]


def _splits(feature: FeatureKey, of_column: Mapping[str, Mapping[str, _Sides]]) -> Iterator[Split]:
    for column, by_value in of_column.items():
        held = {value: sides.get(feature, {}) for value, sides in by_value.items()}
        shown = [side for sides in held.values() for side in sides.values()]
        if column == feature[1] or not shown:
            continue
        none = np.zeros_like(shown[0].counts[0])
        sides = [
            np.array([of[side].counts[0] if side in of else none for of in held.values()])
            for side in (0, 1)
        ]
        if all(side.any() for side in sides):
            yield Split(column, tuple(held), *sides)


def _failing(incidents: Sequence[Incident]) -> tuple[FeatureKey, ...]:
    """The inputs that fail in all traffic, the strongest first; none if all were located."""
    effects: dict[FeatureKey, float] = {}
    done: set[FeatureKey] = set()
    for one in incidents:
        if one.area == "data" and one.role == "inputs" and one.of_all_traffic:
            key = one.role, one.subject
            effects[key] = max(effects.get(key, 0.0), one.effect)
            if one.spread is not None:
                done.add(key)
    if done >= set(effects):
        return ()
    return tuple(sorted(effects, key=lambda key: (-effects[key], key)))[:MOST_FEATURES]


def _days(
    together: Sequence[Incident], generation: Collection[date], config: MonitorConfig
) -> tuple[DayRange, DayRange]:
    """A week before the incidents, or the last week of the reference, and their first week."""
    first = min(one.onset for one in together)
    last = max(one.last_failing for one in together)
    before = DayRange(shifted(first, -_DAYS), shifted(first, -1))
    reference = config.binning_reference
    held = any(day in generation for day in before)
    if not held and reference.table is None and reference.days is not None:
        start = max(reference.days.first, shifted(reference.days.last, 1 - _DAYS))
        before = DayRange(start, reference.days.last)
    return before, DayRange(first, min(last, shifted(first, _DAYS - 1)))
