"""The figures of a world that are judged, from the states of its days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scripts.evidence.day_states import (
    ROLES,
    WHOLE,
    DayStates,
    FeatureStates,
    Plans,
    Scope,
    Stacked,
    day_states,
    fitted_plans,
)
from scripts.evidence.world import CURRENT, REFERENCE, World, days_of, number_of

from modelwatch.model.config import MonitorConfig
from modelwatch.model.performance_gates import PerformanceGate
from modelwatch.stats.arrays import AnyArray, Counts, Floats, Spans
from modelwatch.stats.chance import ChanceModel, chance_models, with_chances
from modelwatch.stats.comparison import Comparison
from modelwatch.stats.drift import drift
from modelwatch.stats.null_model import NullModel
from modelwatch.stats.numeric import NumericStates
from modelwatch.stats.pairs import PairStates
from modelwatch.stats.relation_null import relation_nulls
from modelwatch.stats.scored import BinaryStates
from modelwatch.stats.window_intervals import WindowValues, window_changes, window_values

UNKNOWN_ROWS = 2**62
_WORSE = {"higher": -1, "lower": 1, "neutral": 0}
_THURSDAY = 3
RELATION = "relation_error_change"
RELATIONS: Scope = (WHOLE[0], RELATION)
"""Stands for the scope where figures of the block are kept by what they are of."""
LENGTHS = {"day": 1, "week": 7, "month": 28}


@dataclass(frozen=True)
class Figures:
    """One figure of one subject over W windows of a kind; arrays are (W,).

    ``worse``: 1 or -1 where only a rise or a fall matters. ``expected``: what was before.
    """

    source: str
    role: str
    subject: str
    figure: str
    scope: Scope
    kind: str
    starts: AnyArray
    value: Floats
    gate: Floats
    p_value: Floats
    rows: Counts
    reference_rows: Counts
    reason: AnyArray
    expected: Floats
    worse: int = 0


def windows_of(kind: str) -> AnyArray:
    """Number of the first day of each window of the month."""
    return np.arange(number_of(CURRENT[0]), number_of(CURRENT[1]) + 1, LENGTHS[kind])


@dataclass(frozen=True)
class Reference:
    """What is known of a world's reference: bins, states, null models and performance."""

    plans: Plans
    states: DayStates
    config: MonitorConfig

    @classmethod
    def of(cls, world: World, config: MonitorConfig) -> Reference:
        """Learned on the rows before the month."""
        rows = world.rows[world.rows["day"] < number_of(CURRENT[0])]
        plans = fitted_plans(world.table, rows)
        return cls(plans, day_states(plans, replace(world, rows=rows)), config)

    @cached_property
    def gates(self) -> dict[str, float]:
        """Gates of drift statistics."""
        return self.config.effective_gates

    @cached_property
    def totals(self) -> dict[tuple[Scope, str], FeatureStates]:
        """The whole reference, by scope and feature."""
        return {
            key: held.states.roll_up(np.array([[0, len(held.states)]]))
            for key, held in self.states.features.items()
        }

    @cached_property
    def nulls(self) -> dict[tuple[Scope, str], dict[str, ChanceModel]]:
        """What the reference's days show between one another, by scope and feature."""
        assumed = self.config.verdicts.assumed_design_effect
        return {
            key: chance_models(held.states, held.days, self.gates, assumed)
            for key, held in self.states.features.items()
        }

    @cached_property
    def relations(self) -> tuple[dict[str, NullModel], PairStates]:
        """What the reference's days show of the block by feature, and the whole of it."""
        block, days = self.states.block, self.states.days
        assumed = self.config.verdicts.assumed_design_effect
        whole = block.roll_up(np.array([[0, len(block)]]))
        return relation_nulls(block, days, assumed), whole

    @cached_property
    def performance(self) -> dict[Scope, WindowValues]:
        """Performance of the whole reference, by scope."""
        return {
            scope: window_values(days, np.array([[0, len(days)]]), self.metrics)
            for scope, (_, days) in self.states.scores.items()
        }

    @property
    def metrics(self) -> tuple[str, ...]:
        """Metrics of performance that are judged."""
        return tuple(self.performance_gates)

    @cached_property
    def performance_gates(self) -> dict[str, PerformanceGate]:
        """Their gates."""
        return self.config.performance_gates


def spans_of(days: AnyArray, starts: AnyArray, length: int | AnyArray) -> Spans:
    """Positions of the days of each window."""
    first = np.searchsorted(days, starts)
    return np.stack([first, np.searchsorted(days, starts + length)], axis=1).astype(np.int64)


FeatureKey = tuple[Scope, str]
"""Scope and feature."""


def drift_figures(
    reference: Reference,
    current: DayStates,
    like: tuple[DayStates, Mapping[FeatureKey, list[Figures]]] | None = None,
) -> dict[FeatureKey, list[Figures]]:
    """Every statistic with a gate, by day, week and month.

    ``like``: another month and its figures, taken where the states are the same.
    """
    found = {}
    for key, held in current.features.items():
        if key not in reference.totals:
            continue
        if like is not None and _same(held, like[0].features.get(key)):
            found[key] = like[1][key]
            continue
        found[key] = list(_drift(reference, key, held))
    if like is not None and np.array_equal(current.block.products, like[0].block.products):
        found |= {key: of for key, of in like[1].items() if key[0] == RELATIONS}
    else:
        for one in _relations(reference, current):
            found.setdefault((RELATIONS, one.subject), []).append(one)
    return found


def _same(one: Stacked, other: Stacked | None) -> bool:
    """Whether two months have the same states; equal counts and sums leave nothing that differs."""
    if other is None or not np.array_equal(one.days, other.days):
        return False
    same = np.array_equal(one.states.counts, other.states.counts)
    if isinstance(one.states, NumericStates) and isinstance(other.states, NumericStates):
        return same and np.array_equal(one.states.sums, other.states.sums)
    return same


def _drift(reference: Reference, key: FeatureKey, held: Stacked) -> Iterator[Figures]:
    """The windows of all kinds at once: what costs is a call, not a window."""
    scope, feature = key
    starts = np.concatenate([windows_of(kind) for kind in LENGTHS])
    kinds = np.concatenate([np.full(len(windows_of(kind)), kind) for kind in LENGTHS])
    lengths = np.array([LENGTHS[kind] for kind in kinds])
    spans = spans_of(held.days, starts, lengths)
    if scope != WHOLE:
        kept = spans[:, 1] > spans[:, 0]
        spans, starts, kinds, lengths = spans[kept], starts[kept], kinds[kept], lengths[kept]
    if not len(starts):
        return
    total, windows = reference.totals[key], held.states.roll_up(spans)
    weekdays = np.where(lengths == 1, (starts + _THURSDAY) % 7, -1)
    nulls = reference.nulls[key]
    compared = Comparison(windows, total)
    for statistic, shown in drift(compared, reference.gates).items():
        null = nulls.get(statistic)
        p_value, typical = np.full(len(starts), np.nan), np.nan
        if null is not None:
            typical = null.typical
            (shown,), (p_value,) = with_chances([null], compared, [shown], lengths, weekdays)
        for kind in LENGTHS:
            of = kinds == kind
            n = int(of.sum())
            yield Figures(
                source="drift",
                role=reference.plans.role(feature),
                subject=feature,
                figure=statistic,
                scope=scope,
                kind=kind,
                starts=starts[of],
                value=shown.value[of],
                gate=np.full(n, reference.gates[statistic]),
                p_value=p_value[of],
                rows=windows.rows[of],
                reference_rows=np.broadcast_to(total.rows, n),
                reason=shown.reason[of],
                expected=np.full(n, typical),
            )


def _relations(reference: Reference, current: DayStates) -> Iterator[Figures]:
    """How the numeric inputs go together, of those that the others tell."""
    gate = reference.gates.get(RELATION)
    if gate is None or not len(current.days):
        return
    nulls, total = reference.relations
    for kind, length in LENGTHS.items():
        starts = windows_of(kind)
        spans = spans_of(current.days, starts, length)
        held = np.flatnonzero(spans[:, 1] > spans[:, 0])
        windows = current.block.roll_up(spans[held])
        shown = drift(Comparison(windows, total), [RELATION])[RELATION]
        n = len(held)
        weekdays = np.where(length == 1, (starts[held] + _THURSDAY) % 7, -1)
        for at, feature in enumerate(windows.features):
            if feature not in nulls or not np.isfinite(shown.value[:, at]).any():
                continue
            value = shown.value[:, at]
            null = nulls[feature]
            yield Figures(
                source="drift",
                role=ROLES[0],
                subject=feature,
                figure=RELATION,
                scope=WHOLE,
                kind=kind,
                starts=starts[held],
                value=value,
                gate=np.full(n, gate),
                p_value=null.p_values(
                    value, np.full(n, length), weekdays, windows.rows, total.rows[0]
                ),
                rows=windows.rows,
                reference_rows=np.broadcast_to(total.rows, n),
                reason=shown.reason[:, at],
                expected=np.full(n, null.typical),
            )


def performance_figures(
    reference: Reference,
    current: DayStates,
    like: tuple[DayStates, Mapping[Scope, list[Figures]]] | None = None,
) -> dict[Scope, list[Figures]]:
    """Changes of performance over the due cohort, by day, week and month."""
    found = {}
    for scope, (numbers, states) in current.scores.items():
        if scope not in reference.performance:
            continue
        if like is not None and scope in like[0].scores:
            days, same = like[0].scores[scope]
            if np.array_equal(numbers, days) and np.array_equal(states.counts, same.counts):
                found[scope] = like[1][scope]
                continue
        found[scope] = [
            figure
            for kind in LENGTHS
            for figure in _performance(reference, scope, numbers, states, kind)
        ]
    return found


def _performance(
    reference: Reference, scope: Scope, numbers: AnyArray, states: BinaryStates, kind: str
) -> Iterator[Figures]:
    before, starts = reference.performance[scope], windows_of(kind)
    spans = spans_of(numbers, starts, LENGTHS[kind])
    held = np.flatnonzero(spans[:, 1] > spans[:, 0])
    if not len(held):
        return
    n = len(held)
    after = window_values(states, spans[held], reference.metrics)
    changes = window_changes(after, before.take(np.zeros(n, dtype=np.int64)))
    labelled = states.roll_up(spans[held]).labelled
    for at, gate in enumerate(reference.performance_gates.values()):
        expected = float(before.value[0, at])
        yield Figures(
            source="performance",
            role="labels",
            subject=gate.metric,
            figure=gate.metric,
            scope=scope,
            kind=kind,
            starts=starts[held],
            value=changes.value[:, at],
            gate=np.full(n, gate.size(expected) or np.nan),
            p_value=changes.p_value[:, at],
            rows=labelled,
            reference_rows=np.full(n, UNKNOWN_ROWS),
            reason=changes.reason[:, at],
            expected=np.full(n, expected),
            worse=_WORSE[gate.better],
        )


assert len(days_of(REFERENCE)) % 7 == 0
