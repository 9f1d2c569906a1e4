"""Metrics of a world by window, from the states of its days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from scripts.evidence.configuration import configuration, judged_configuration
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
from scripts.evidence.windows import Windows, windows_over
from scripts.evidence.world import LABEL_DELAY, Period, World

from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.performance.thresholds import PerformanceThreshold
from modelwatch.model.planning.retention import BACK_TEST_DAYS
from modelwatch.stats.arrays import AnyArray, Counts, Floats, Spans
from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.day_repeats import repeats
from modelwatch.stats.drift.repeats import Repeats
from modelwatch.stats.drift.stale_values import STALE_SHARE as STALE
from modelwatch.stats.drift.statistics import drift
from modelwatch.stats.estimation.calibration import Calibration, fit_calibration
from modelwatch.stats.estimation.estimates import (
    ESTIMATED,
    Estimate,
    back_test,
    estimates,
    expected,
    interval,
)
from modelwatch.stats.estimation.usual_estimates import UsualEstimates, usual_estimates
from modelwatch.stats.performance.metrics import PERFORMANCE, performance
from modelwatch.stats.performance.window_intervals import (
    WindowValues,
    window_changes,
    window_values,
)
from modelwatch.stats.special import normal_tail
from modelwatch.stats.states.binary import BinaryStates
from modelwatch.stats.states.categorical import categorical_stack
from modelwatch.stats.states.day_states import EARLIER_DAYS
from modelwatch.stats.states.day_states import DayStates as OneByOne
from modelwatch.stats.states.numeric import NumericStates, numeric_stack
from modelwatch.stats.states.pairs import PairStates
from modelwatch.stats.verdicts.chance import ChanceModel, chance_models, with_chances
from modelwatch.stats.verdicts.null_model import NullModel
from modelwatch.stats.verdicts.relation_null import relation_nulls

UNKNOWN_ROWS = 2**62
_WORSE = {"higher": -1, "lower": 1, "neutral": 0}
_NORMAL_INTERVAL = 2 * 1.959963984540054
RELATION = "relation_error_change"
RELATIONS: Scope = (WHOLE[0], RELATION)
"""Scope of the metrics that relate all numeric features."""


@dataclass(frozen=True)
class MetricSeries:
    """One metric of one subject over W windows; arrays are (W,).

    ``worse``: 1 or -1 if only increases or only decreases matter. ``expected``: previous values.
    """

    source: str
    role: str
    subject: str
    metric: str
    scope: Scope
    windows: Windows
    value: Floats
    threshold: Floats
    p_value: Floats
    rows: Counts
    reference_rows: Counts
    reason: AnyArray
    expected: Floats
    worse: int = 0


@dataclass(frozen=True)
class Reference:
    """The reference of a world: bins, states, null models, and performance.

    ``history``: states of the days before the evaluated time; ``states``: those of the reference.
    """

    plans: Plans
    history: DayStates
    states: DayStates
    config: MonitorConfig
    period: Period

    @classmethod
    def of(cls, world: World, config: MonitorConfig | None = None) -> Reference:
        """Fit the reference on the rows before the evaluated time, with the draft of `init`."""
        config = judged_configuration(world, config or configuration(world))
        plans = fitted_plans(world, config)
        history = day_states(plans, _days(world, world.period.first, world.period.current[0] - 1))
        first, last = world.period.reference
        states = history
        if first > int(history.days[0]) or last < int(history.days[-1]):
            states = day_states(plans, _days(world, first, last))
        return cls(plans, history, states, config, world.period)

    @cached_property
    def thresholds(self) -> dict[str, float]:
        """Thresholds of drift statistics."""
        return self.config.effective_thresholds

    @cached_property
    def totals(self) -> dict[tuple[Scope, str], FeatureStates]:
        """States of the entire reference, by scope and feature."""
        return {
            key: held.states.roll_up(np.array([[0, len(held.states)]]))
            for key, held in self.states.features.items()
        }

    @cached_property
    def nulls(self) -> dict[tuple[Scope, str], dict[str, ChanceModel]]:
        """Null models from differences between days of the reference, by scope and feature."""
        assumed = self.config.verdicts.assumed_design_effect
        return {
            key: chance_models(held.states, held.days, self.thresholds, assumed)
            for key, held in self.states.features.items()
        }

    @cached_property
    def relations(self) -> tuple[dict[str, NullModel], PairStates] | None:
        """Null models of relations by feature, and the pairs of the entire reference."""
        block, days = self.states.block, self.states.days
        if block is None:
            return None
        assumed = self.config.verdicts.assumed_design_effect
        whole = block.roll_up(np.array([[0, len(block)]]))
        return relation_nulls(block, days, assumed), whole

    @cached_property
    def performance(self) -> dict[Scope, WindowValues]:
        """Performance in the entire reference, by scope."""
        return {
            scope: window_values(days, np.array([[0, len(days)]]), self.metrics)
            for scope, (_, days) in self.states.scores.items()
        }

    @property
    def metrics(self) -> tuple[str, ...]:
        """Performance metrics with a threshold."""
        return tuple(self.performance_thresholds)

    @cached_property
    def performance_thresholds(self) -> dict[str, PerformanceThreshold]:
        """Their thresholds."""
        return self.config.performance_thresholds

    @cached_property
    def calibrations(self) -> dict[Scope, Calibration]:
        """Calibration of the scores on the reference, by scope."""
        return {scope: fit_calibration(days) for scope, (_, days) in self.states.scores.items()}

    @cached_property
    def usual_estimates(self) -> dict[Scope, dict[str, UsualEstimates]]:
        """Estimates on the days of the reference, by scope and metric."""
        keys = [key for key in self.metrics if key in ESTIMATED]
        assumed = self.config.verdicts.assumed_design_effect
        return {
            scope: usual_estimates(
                states, days, partial(_estimated, self.calibrations[scope], keys), assumed
            )
            for scope, (days, states) in self.states.scores.items()
        }


def _estimated(
    calibration: Calibration, keys: Sequence[str], states: BinaryStates
) -> dict[str, Estimate]:
    return estimates(expected(states, calibration), keys)


def _days(world: World, first: int, last: int) -> World:
    """The rows of the days from ``first`` to ``last``."""
    days = world.rows["day"].to_numpy()
    kept = slice(np.searchsorted(days, first), np.searchsorted(days, last, side="right"))
    return replace(world, rows=world.rows.iloc[kept])


FeatureKey = tuple[Scope, str]


def drift_values(
    reference: Reference,
    current: DayStates,
    windows: Windows,
    like: tuple[DayStates, Mapping[FeatureKey, list[MetricSeries]]] | None = None,
) -> dict[FeatureKey, list[MetricSeries]]:
    """All statistics with a threshold, of every feature in every scope.

    ``like``: another month with the same windows; its metrics are reused if states are equal.
    """
    found = {}
    for key, held in current.features.items():
        if key not in reference.totals:
            continue
        if like is not None and _same(held, like[0].features.get(key)):
            found[key] = like[1][key]
            continue
        found[key] = list(_drift(reference, key, held, windows))
    if (
        like is not None
        and current.block is not None
        and like[0].block is not None
        and np.array_equal(current.block.products, like[0].block.products)
    ):
        found |= {key: of for key, of in like[1].items() if key[0] == RELATIONS}
    else:
        for one in _relations(reference, current, windows):
            found.setdefault((RELATIONS, one.subject), []).append(one)
    return found


def _same(one: Stacked, other: Stacked | None) -> bool:
    """Whether two months have the same states, by counts, sums, and sketches."""
    if other is None or not np.array_equal(one.days, other.days):
        return False
    same = np.array_equal(one.states.counts, other.states.counts)
    for mine, theirs in zip(one.sketches, other.sketches, strict=True):
        same &= (mine is None and theirs is None) or np.array_equal(mine, theirs)
    if isinstance(one.states, NumericStates) and isinstance(other.states, NumericStates):
        return same and np.array_equal(one.states.sums, other.states.sums)
    return same


def _drift(
    reference: Reference, key: FeatureKey, held: Stacked, windows: Windows
) -> Iterator[MetricSeries]:
    """The windows of all kinds in one call, because calls are expensive and windows are not."""
    scope, feature = key
    spans = windows.spans(held.days)
    if scope != WHOLE:
        kept = np.flatnonzero(spans[:, 1] > spans[:, 0])
        spans, windows = spans[kept], windows.take(kept)
    if not len(windows):
        return
    total, rolled = reference.totals[key], held.states.roll_up(spans)
    nulls = reference.nulls[key]
    compared = Comparison(rolled, total, _repeats(reference, key, held, windows))
    found = drift(compared, reference.thresholds)
    models = [nulls.get(statistic) for statistic in found]
    shown, p_values = with_chances(
        models, compared, list(found.values()), windows.lengths, windows.weekdays
    )
    n = len(windows)
    for statistic, model, values, p_value in zip(found, models, shown, p_values, strict=True):
        yield MetricSeries(
            source="drift",
            role=reference.plans.role(feature),
            subject=feature,
            metric=statistic,
            scope=scope,
            windows=windows,
            value=values.value,
            threshold=np.full(n, reference.thresholds[statistic]),
            p_value=p_value,
            rows=rolled.rows,
            reference_rows=np.broadcast_to(total.rows, n),
            reason=values.reason,
            expected=np.full(n, np.nan if model is None else model.typical),
        )


def _repeats(
    reference: Reference, key: FeatureKey, held: Stacked, windows: Windows
) -> Repeats | None:
    """Values that windows share with the days before them, as in a run."""
    if STALE not in reference.thresholds or key[0] != WHOLE:
        return None
    before, known = reference.history.features.get(key), reference.states.features[key]
    parts = [held] if before is None else [_last(before, EARLIER_DAYS), held]
    days = np.concatenate([part.days for part in parts])
    states = _together([part.states for part in parts])
    sketches = [one for part in parts for one in part.sketches]
    wanted = days >= reference.period.current[0]
    found = repeats(OneByOne(states, sketches), wanted, OneByOne(known.states, known.sketches))
    spans = windows.spans(days)
    with_days = any(spec.name == "day" for spec in reference.config.windows)
    alone = with_days & (states.rows >= reference.config.verdicts.fewest_rows)
    of_windows, of_single_days = found.without(alone).over(spans), found.over(spans)
    return of_windows.or_else(of_single_days, windows.starts == windows.ends)


def _last(held: Stacked, days: int) -> Stacked:
    at = np.arange(max(0, len(held.days) - days), len(held.days))
    return Stacked(held.days[at], held.states.take(at), tuple(held.sketches[i] for i in at))


def _together(parts: list[FeatureStates]) -> FeatureStates:
    numeric = [one for one in parts if isinstance(one, NumericStates)]
    if numeric:
        return numeric_stack(numeric)
    return categorical_stack([one for one in parts if not isinstance(one, NumericStates)])


def _relations(
    reference: Reference, current: DayStates, windows: Windows
) -> Iterator[MetricSeries]:
    """Relation errors of the numeric inputs that the other inputs predict."""
    threshold, known, block = reference.thresholds.get(RELATION), reference.relations, current.block
    if threshold is None or known is None or block is None or not len(current.days):
        return
    nulls, total = known
    spans = windows.spans(current.days)
    held = np.flatnonzero(spans[:, 1] > spans[:, 0])
    windows = windows.take(held)
    rolled = block.roll_up(spans[held])
    shown = drift(Comparison(rolled, total), [RELATION])[RELATION]
    n = len(held)
    for at, feature in enumerate(rolled.features):
        value = shown.value[:, at]
        if feature not in nulls or not np.isfinite(value).any():
            continue
        null = nulls[feature]
        yield MetricSeries(
            source="drift",
            role=ROLES[0],
            subject=feature,
            metric=RELATION,
            scope=WHOLE,
            windows=windows,
            value=value,
            threshold=np.full(n, threshold),
            p_value=null.p_values(
                value, windows.lengths, windows.weekdays, rolled.rows, total.rows[0]
            ),
            rows=rolled.rows,
            reference_rows=np.broadcast_to(total.rows, n),
            reason=shown.reason[:, at],
            expected=np.full(n, null.typical),
        )


def performance_values(
    reference: Reference,
    current: DayStates,
    windows: Windows,
    as_of: int,
    like: tuple[DayStates, Mapping[Scope, list[MetricSeries]]] | None = None,
) -> dict[Scope, list[MetricSeries]]:
    """Changes of performance over the due cohort, and estimates, by scope."""
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
            *_performance(reference, scope, numbers, states, windows),
            *_estimates(reference, scope, numbers, states, windows, as_of),
        ]
    return found


def _performance(
    reference: Reference, scope: Scope, numbers: AnyArray, states: BinaryStates, windows: Windows
) -> Iterator[MetricSeries]:
    before = reference.performance[scope]
    spans = windows.spans(numbers)
    held = np.flatnonzero(spans[:, 1] > spans[:, 0])
    if not len(held):
        return
    n, windows = len(held), windows.take(held)
    after = window_values(states, spans[held], reference.metrics)
    changes = window_changes(
        after,
        before.take(np.zeros(n, dtype=np.int64)),
        assumed_design_effect=reference.config.verdicts.assumed_design_effect,
    )
    labelled = states.roll_up(spans[held]).labelled
    for at, threshold in enumerate(reference.performance_thresholds.values()):
        usual = float(before.value[0, at])
        yield MetricSeries(
            source="performance",
            role="labels",
            subject=threshold.metric,
            metric=threshold.metric,
            scope=scope,
            windows=windows,
            value=changes.value[:, at],
            threshold=np.full(n, threshold.size(usual) or np.nan),
            p_value=changes.p_value[:, at],
            rows=labelled,
            reference_rows=np.full(n, UNKNOWN_ROWS),
            reason=changes.reason[:, at],
            expected=np.full(n, usual),
            worse=_WORSE[threshold.better],
        )


def _estimates(
    reference: Reference,
    scope: Scope,
    numbers: AnyArray,
    states: BinaryStates,
    windows: Windows,
    as_of: int,
) -> Iterator[MetricSeries]:
    """Estimates minus the performance of the reference, for windows that open incidents."""
    windows = windows.of(*reference.config.performance_windows)
    spans = windows.spans(numbers)
    held = np.flatnonzero(spans[:, 1] > spans[:, 0])
    if not len(held) or scope not in reference.calibrations:
        return
    windows, rolled = windows.take(held), states.roll_up(spans[held])
    calibration = reference.calibrations[scope]
    keys = [key for key in reference.metrics if key in ESTIMATED]
    found = estimates(expected(rolled, calibration), keys)
    by_day = reference.usual_estimates[scope]
    before = reference.performance[scope]
    for key, estimate in found.items():
        threshold = reference.performance_thresholds[key]
        usual = float(before.value[0, reference.metrics.index(key)])
        error = np.full(len(windows), np.nan)
        for length in np.unique(windows.lengths):
            of = windows.lengths == length
            lower, upper = interval(
                estimate,
                _tested(states, numbers, calibration, key, int(length), as_of),
                range=PERFORMANCE[key].range,
            )
            error[of] = ((upper - lower) / _NORMAL_INTERVAL)[of]
        value = estimate.values.value - usual
        with np.errstate(divide="ignore", invalid="ignore"):
            by_error = np.minimum(2 * normal_tail(np.abs(value) / error), 1.0)
        days = spans[held, 1] - spans[held, 0]
        by_days = np.full(len(windows), np.nan)
        if key in by_day:
            by_days = by_day[key].p_values(estimate, days, windows.weekdays)
        n = len(windows)
        yield MetricSeries(
            source="estimate",
            role="predictions",
            subject=key,
            metric=f"estimated_{key}",
            scope=scope,
            windows=windows,
            value=value,
            threshold=np.full(n, threshold.size(usual) or np.nan),
            p_value=np.fmax(by_error, by_days),
            rows=np.asarray(estimate.rows, dtype=np.int64),
            reference_rows=np.full(n, UNKNOWN_ROWS),
            reason=estimate.values.reason,
            expected=np.full(n, usual),
            worse=_WORSE[threshold.better],
        )


def _tested(
    states: BinaryStates,
    days: AnyArray,
    calibration: Calibration,
    key: str,
    length: int,
    as_of: int,
):
    """The back-test of an estimate on windows outside the reference."""
    until = as_of - LABEL_DELAY
    starts = np.arange(until - BACK_TEST_DAYS, until - length + 1, length)
    first = np.searchsorted(days, starts)
    last = np.searchsorted(days, starts + length)
    spans: Spans = np.stack((first, last), axis=1).astype(np.int64)
    spans = spans[spans[:, 1] - spans[:, 0] == length]
    if not len(spans):
        return None
    rolled = states.roll_up(spans)
    estimated = estimates(expected(rolled, calibration, labelled_only=True), [key])[key]
    return back_test(estimated, performance(rolled, [key])[key])


def windows_of_world(reference: Reference, current: DayStates) -> Windows:
    """The windows of the evaluated time."""
    return windows_over(reference.config, reference.period, current.days.tolist())
