"""Locations of the changes of incidents, from the rows of a world, as in a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pandas as pd
from scripts.evidence.day_states import FeatureStates, Plans, Stacked, day_states
from scripts.evidence.metric_series import Reference
from scripts.evidence.rolled import rolled
from scripts.evidence.world import Table, World, day_of, number_of

from modelwatch.model.incidents.incident import Incident
from modelwatch.pipelines.diagnosis.location import (
    MOST_CARRIER_VALUES,
    MOST_COLUMNS,
    Located,
    SplitStates,
    located_in,
    splits_of,
    to_be_located,
)
from modelwatch.stats.diagnosis.carriers import group_edges, group_labels
from modelwatch.stats.states.batch import SegmentationCodes
from modelwatch.stats.states.binning import CategoricalBinning, NumericBinning

NOTHING: SplitStates = SplitStates(MappingProxyType({}), MappingProxyType({}))


def with_locations(
    roots: Sequence[Incident], parts: Sequence[Incident], reference: Reference, world: World
) -> list[Incident]:
    """Incidents and their children with the locations of their changes: segments or columns."""
    found = {one.id: one for one in parts}
    held = {day_of(n) for n in np.unique(world.rows["day"].to_numpy())}
    for one in to_be_located(roots, parts, held, reference.config):
        rows = _rows(world, one)
        segments = [split.name for split in reference.plans.splits]
        by_segment = _split_states(rows, one, reference, segments)
        seen = located_in([found[i.id] for i in one.incidents], by_segment)
        if not by_segment.splits or any(i.spread == "everywhere" for i in seen):
            inputs = [n for n in world.table.features if n not in segments]
            more = _split_states(rows, one, reference, inputs)
            by_segment = by_segment.with_more(more)
            seen = located_in([found[i.id] for i in one.incidents], by_segment)
        found |= {i.id: i for i in seen}
    return list(found.values())


def _rows(world: World, one: Located) -> World:
    day = world.rows["day"]
    inside = np.zeros(len(day), dtype=bool)
    for span in (one.before, one.now):
        inside |= day.between(number_of(span.first), number_of(span.last)).to_numpy()
    table = replace(world.table, has_labels=False)
    return replace(world, table=table, rows=world.rows[inside].reset_index(drop=True))


def _split_states(
    world: World, one: Located, reference: Reference, columns: Sequence[str]
) -> SplitStates:
    """The states of the features of incidents by the values of other columns."""
    texts: list[tuple[str, SegmentationCodes]] = []
    numbers: list[tuple[str, SegmentationCodes]] = []
    more: dict[str, pd.Series] = {}
    for name in columns:
        values = _values_of(name, one, reference, world)
        if values is None:
            continue
        key = f"by {name}"
        more[key] = values[1]
        of_text = isinstance(reference.plans.binnings.get(name), CategoricalBinning)
        (texts if of_text else numbers).append((name, SegmentationCodes(key, values[0])))
    chosen = [*texts, *numbers][:MOST_COLUMNS]
    wanted = [name for _, name in one.features if name in reference.plans.binnings]
    if not chosen or not wanted or world.rows.empty:
        return NOTHING
    plans = Plans(
        {name: reference.plans.binnings[name] for name in wanted},
        tuple(split for _, split in chosen),
        (),
    )
    table = Table(tuple(wanted), has_labels=False)
    states = day_states(plans, replace(world, table=table, rows=world.rows.assign(**more)))
    asked, found = [], []
    for name, split in chosen:
        for segment in split.segments:
            sides: dict[tuple[str, str], dict[int, FeatureStates]] = {}
            for feature in wanted:
                held = states.features.get(((split.name, segment), feature))
                of = _sides([] if held is None else [held], one)
                if of:
                    sides[reference.plans.role(feature), feature] = of
            asked.append((one, name, split.name, segment))
            found.append(sides)
    return splits_of(asked, found, one)


def _sides(held: Sequence[Stacked], one: Located) -> dict[int, FeatureStates]:
    two = [rolled(held, span) for span in (one.before, one.now)]
    return {side: states for side, states in enumerate(two) if states is not None}


def _values_of(
    name: str, one: Located, reference: Reference, world: World
) -> tuple[tuple[str, ...], pd.Series] | None:
    """The values, or groups of values, of a column, and that of each row."""
    values = world.rows[name]
    binning = reference.plans.binnings.get(name)
    split = next((s for s in reference.plans.splits if s.name == name), None)
    if split is not None:
        return split.values, values
    if isinstance(binning, CategoricalBinning):
        before = reference.totals[("all", "all"), name]
        order = np.argsort(-before.value_rows[0], kind="stable")[:MOST_CARRIER_VALUES]
        return tuple(sorted(binning.values[at] for at in order)), values
    assert isinstance(binning, NumericBinning)
    before = reference.totals[("all", "all"), name]
    edges = group_edges(before.quantities[0], binning.edges)
    if not edges:
        return None
    labels = np.array(group_labels(edges), dtype=object)
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    groups = labels[np.searchsorted(np.array(edges), np.nan_to_num(numbers), side="right")]
    groups[np.isnan(numbers)] = None
    return tuple(labels), pd.Series(groups, index=values.index, dtype=object)
