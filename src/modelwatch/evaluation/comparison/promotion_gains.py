"""Gains of a challenger over its champion on all shared days, computed from stored states."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from modelwatch.evaluation.comparison.contenders import (
    SHADOW,
    Contenders,
    Design,
    shadow_contenders,
    split_contenders,
)
from modelwatch.evaluation.performance.business_values import CONFUSION_VALUE, value_sums
from modelwatch.evaluation.performance.score_groups import ScopeStates, ScoreGroup, task_states
from modelwatch.model.comparison.promotion import ESTIMATE, Gain, PromotionArea
from modelwatch.model.comparison.requirement import Requirement
from modelwatch.stats.arrays import AnyArray, Counts, Floats, day_spans
from modelwatch.stats.comparison.day_differences import (
    DayDifference,
    day_differences,
    difference_of,
    fairness_differences,
)
from modelwatch.stats.drift.comparison import Values, values
from modelwatch.stats.estimation.calibration import Calibration, fit_calibration
from modelwatch.stats.estimation.estimates import ESTIMATED, estimates, expected
from modelwatch.stats.performance.decisions import outcomes
from modelwatch.stats.performance.metric import Better
from modelwatch.stats.performance.metrics import PERFORMANCE, ScoreStates, metric_states
from modelwatch.stats.states.binary import BinaryStates
from modelwatch.stats.states.binary_margins import BinaryMargins
from modelwatch.stats.states.binning import NumericBinning
from modelwatch.stats.states.score_batch import Task
from modelwatch.stats.value_names import ALL

CALIBRATION = ("ece",)
"""Metrics that say how well scores are calibrated."""
EQUALIZED_ODDS = ("recall_difference", "false_positive_rate_difference")
"""Fairness metrics whose gaps are compared. Gaps of selection rates and of precision cannot stay as
they are, too, if models differ."""
_NO_VALUE = "no row has a value"


@dataclass(frozen=True)
class PromotionQuestion:
    """Which models are compared, and by what.

    ``versions``: champion and challenger, as named in the results. ``binnings``: of their scores.
    ``guards``: metrics that are compared in addition to required ones. ``cells``: business value by
    cell of the confusion matrix. ``since``: number of the first day that counts.
    """

    design: Design
    versions: tuple[str, str]
    task: Task
    binnings: tuple[NumericBinning, NumericBinning]
    requirements: tuple[Requirement, ...]
    guards: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    cells: Mapping[str, float] | None = None
    since: int | None = None

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """Performance metrics that are compared: required ones, guards, and calibration."""
        named = [one.metric for one in self.requirements]
        every = dict.fromkeys((*named, *self.guards, *CALIBRATION))
        return tuple(
            key for key in every if key in PERFORMANCE and self.task in PERFORMANCE[key].tasks
        )

    @cached_property
    def leading(self) -> str | None:
        """The metric that is compared in every segment: the first of those required."""
        return next((key for key in self.metrics if key not in CALIBRATION), None)

    def contenders(self, group: ScoreGroup, *, due: bool = True) -> Contenders[ScoreStates] | None:
        """Both models on the days on which both have rows: labeled ones if labels are due."""
        found: Contenders[ScoreStates] | None = None
        if self.design == SHADOW:
            shadow = shadow_contenders(group, self.versions[1], self.binnings, due=due)
            if shadow is not None:
                found = Contenders(
                    shadow.design, *self.versions, shadow.days, shadow.left, shadow.right
                )
        else:
            states = task_states(group, self.task, self.binnings[0], self.classes)
            found = None if states is None else split_contenders(*states, self.versions, due=due)
        if found is None:
            return None
        sides = (found.left, found.right)
        rows = [side.labelled if due else side.rows for side in sides]
        both = (rows[0] > 0) & (rows[1] > 0)
        if self.since is not None:
            both &= found.days >= self.since
        return found.on(both) if both.any() else None


@dataclass(frozen=True)
class ComparedRows:
    """The rows that gains are computed from.

    ``first``, ``last``: numbers of the first and last shared day. ``rows`` and ``labelled``:
    predictions whose labels are due and those with a label, of champion and challenger.
    ``of_champion``: labeled rows of the champion from the first to the last day, whether or not the
    challenger scored them.
    """

    first: int
    last: int
    days: int
    rows: tuple[int, int]
    labelled: tuple[int, int]
    of_champion: int


def promotion_gains(
    question: PromotionQuestion, groups: Iterable[ScoreGroup]
) -> tuple[ComparedRows | None, list[Gain]]:
    """What the models share, and every gain; None and no gain if they share no labeled day."""
    found = list(groups)
    whole = next((one for one in found if one.segmentation == ALL), None)
    shared = None if whole is None else question.contenders(whole)
    if whole is None or shared is None:
        return None, []
    gains = [
        *_performance(question, shared),
        *_values(question, whole, shared),
        *_estimates(question, whole),
    ]
    for group in found:
        if group is not whole:
            gains += _of_segment(question, group, shared)
    return _compared(question, whole, shared), gains


def _compared(
    question: PromotionQuestion, whole: ScoreGroup, shared: Contenders[ScoreStates]
) -> ComparedRows:
    sides = (shared.left, shared.right)
    labelled = (int(sides[0].labelled.sum()), int(sides[1].labelled.sum()))
    every = labelled[0]
    states = task_states(whole, question.task, question.binnings[0], question.classes)
    if question.design == SHADOW and states is not None:
        scopes, stack = states
        between = (scopes.days >= shared.days[0]) & (scopes.days <= shared.days[-1])
        every = int(stack.labelled[scopes.due & between].sum())
    return ComparedRows(
        int(shared.days[0]),
        int(shared.days[-1]),
        len(shared.days),
        (int(sides[0].rows.sum()), int(sides[1].rows.sum())),
        labelled,
        every,
    )


def _performance(question: PromotionQuestion, shared: Contenders[ScoreStates]) -> Iterator[Gain]:
    sides = (metric_states(shared.left), metric_states(shared.right))
    rows = _labelled(shared)
    for key, found in day_differences(*sides, question.metrics).items():
        area: PromotionArea = "calibration" if key in CALIBRATION else "performance"
        yield _gain(area, key, (ALL, ALL), found, PERFORMANCE[key].better, rows)


def _of_segment(
    question: PromotionQuestion, group: ScoreGroup, whole: Contenders[ScoreStates]
) -> Iterator[Gain]:
    """The leading metric in a segment, and the fairness gaps between it and all other rows."""
    shared = question.contenders(group)
    if shared is None:
        return
    segment, rows = (group.segmentation, group.segment), _labelled(shared)
    if question.leading is not None:
        sides = (metric_states(shared.left), metric_states(shared.right))
        found = day_differences(*sides, [question.leading])[question.leading]
        better = PERFORMANCE[question.leading].better
        yield _gain("segments", question.leading, segment, found, better, rows)
    models = [
        _gap_states(shared.days, mine, whole.days, every)
        for mine, every in ((shared.left, whole.left), (shared.right, whole.right))
    ]
    if any(states is None for states in models):
        return
    first, second = (states for states in models if states is not None)
    for key, gap in fairness_differences(first, second, EQUALIZED_ODDS).items():
        yield _gain("fairness", key, segment, gap, "lower", rows)


def _gap_states(
    days: AnyArray, segment: ScoreStates, every_day: AnyArray, every: ScoreStates
) -> tuple[BinaryMargins, BinaryMargins] | None:
    """Decisions of a segment and of all rows on the same days; None if the task has none."""
    if not isinstance(segment, BinaryStates) or not isinstance(every, BinaryStates):
        return None
    aligned = segment.roll_up(day_spans(days, every_day, every_day))
    return (
        BinaryMargins.of_decisions(aligned.margins.confusion),
        BinaryMargins.of_decisions(every.margins.confusion),
    )


def _values(
    question: PromotionQuestion, whole: ScoreGroup, shared: Contenders[ScoreStates]
) -> Iterator[Gain]:
    """Business value per labeled row: by cell, and by expression if traffic is split."""
    rows = _labelled(shared)
    if question.cells is not None:
        days = [_cell_values(question.cells, side) for side in (shared.left, shared.right)]
        found = _mean_difference([one for one in days if one is not None])
        if found is not None:
            yield _gain("value", CONFUSION_VALUE, (ALL, ALL), found, "higher", rows)
    required = {one.metric: one.better for one in question.requirements}
    for name in whole.names("value") if question.design != SHADOW else ():
        if name not in required:
            continue
        states = whole.states("value", name)
        if states is not None:
            of = [_expressed(states.of_due, shared.days, one) for one in question.versions]
            found = _mean_difference(of)
            if found is not None:
                yield _gain("value", name, (ALL, ALL), found, required[name], rows)


def _cell_values(cells: Mapping[str, float], side: ScoreStates) -> tuple[Floats, Counts] | None:
    """The sum of values of each day, and its decided rows with a label."""
    if not isinstance(side, BinaryStates):
        return None
    names = ("true_negative", "false_positive", "false_negative", "true_positive")
    counted = outcomes(side.margins)
    worth = sum(cells[name] * of.astype(float) for name, of in zip(names, counted, strict=True))
    return np.asarray(worth), np.sum(counted, axis=0)


def _expressed(states: ScopeStates, days: AnyArray, version: str) -> tuple[Floats, Counts]:
    """The same of an expression, for one version."""
    mine = states.take((states.versions == version) & np.isin(states.days, days))
    value, held = np.zeros(len(days)), np.zeros(len(days), dtype=np.int64)
    found, counts, sums = mine.by_day()
    at = np.searchsorted(days, found)
    if len(found):
        value[at], held[at] = value_sums(sums), counts[:, 1]
    return value, held


def _mean_difference(sides: Sequence[tuple[Floats, Counts]]) -> DayDifference | None:
    """The difference of two means of rows, from sums and rows of the same days; None for fewer than
    two."""
    if len(sides) < 2:
        return None
    whole, without = [], []
    for value, held in sides:
        total, rows = value.sum(), held.sum()
        with np.errstate(divide="ignore", invalid="ignore"):
            whole.append(values(np.array([total / rows]), (np.array([rows == 0]), _NO_VALUE)))
            without.append((total - value) / (rows - held))
    return difference_of((whole[0], whole[1]), (without[0], without[1]))


def _estimates(question: PromotionQuestion, whole: ScoreGroup) -> Iterator[Gain]:
    """Gains that are expected where labels are not due, from scores calibrated on due rows."""
    due, open_rows = question.contenders(whole), question.contenders(whole, due=False)
    keys = [key for key in question.metrics if key in ESTIMATED]
    if due is None or open_rows is None or not keys:
        return
    found = []
    for known, unknown in ((due.left, open_rows.left), (due.right, open_rows.right)):
        if not isinstance(known, BinaryStates) or not isinstance(unknown, BinaryStates):
            return
        calibration = fit_calibration(known)
        found.append(
            (
                _estimated(unknown.total(), calibration, keys),
                _estimated(unknown.without_each(), calibration, keys),
            )
        )
    rows = int(open_rows.left.rows.sum())
    for key in keys:
        of = difference_of(
            (found[0][0][key], found[1][0][key]),
            (found[0][1][key].value, found[1][1][key].value),
        )
        yield _gain(ESTIMATE, key, (ALL, ALL), of, PERFORMANCE[key].better, rows)


def _estimated(
    states: BinaryStates, calibration: Calibration, keys: Sequence[str]
) -> dict[str, Values]:
    found = estimates(expected(states, calibration), keys)
    return {key: estimate.values for key, estimate in found.items()}


def _gain(
    area: PromotionArea,
    metric: str,
    segment: tuple[str, str],
    found: DayDifference,
    better: Better,
    rows: int,
) -> Gain:
    mean = -found.difference if better == "lower" else found.difference
    low, high = PERFORMANCE[metric].range if metric in PERFORMANCE else (-math.inf, math.inf)
    return Gain(
        area,
        metric,
        *segment,
        found.champion,
        found.challenger,
        mean,
        rows,
        1.0 if area == "fairness" else high - low,
        found.reason,
    )


def _labelled(shared: Contenders[ScoreStates]) -> int:
    """Labeled rows that are compared: shared ones, or those of both versions."""
    both = int(shared.left.labelled.sum()), int(shared.right.labelled.sum())
    return both[0] if shared.design == SHADOW else sum(both)
