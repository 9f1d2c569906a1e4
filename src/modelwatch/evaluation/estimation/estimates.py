"""Performance estimated for predictions whose labels are not due, and its reliability."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from modelwatch.errors import instance_of
from modelwatch.evaluation.performance.business_values import CONFUSION_VALUE
from modelwatch.evaluation.performance.question import Answers, ScoreQuestion
from modelwatch.evaluation.performance.score_groups import Days, View
from modelwatch.model.planning.retention import BACK_TEST_DAYS
from modelwatch.stats.arrays import AnyArray, Floats, Spans
from modelwatch.stats.drift.comparison import Values
from modelwatch.stats.estimation.calibration import fit_calibration
from modelwatch.stats.estimation.estimates import (
    ASSUMPTION,
    ESTIMATED,
    FEW_WINDOWS,
    BackTest,
    Estimate,
    back_test,
    business_value,
    estimates,
    expected,
    expected_rates,
    interval,
)
from modelwatch.stats.estimation.expected_loss import (
    LOSS_ASSUMPTION,
    SIDES,
    SUMS,
    LossRegressor,
    LossStates,
    loss_estimates,
    no_loss_estimates,
)
from modelwatch.stats.estimation.multiclass import estimates_multiclass, fit_multiclass
from modelwatch.stats.estimation.usual_estimates import UsualEstimates, usual_estimates
from modelwatch.stats.performance.decisions import outcomes
from modelwatch.stats.performance.metrics import PERFORMANCE, ScoreStates, performance
from modelwatch.stats.states.binary import BinaryStates
from modelwatch.stats.states.multiclass import MulticlassStates
from modelwatch.stats.weekdays import window_weekdays

_METHOD = "confidence"
NOT_TESTED = BackTest(0, np.nan, np.nan, np.nan, np.nan, FEW_WINDOWS)
_SHORT = {
    "true_negative": "tn",
    "false_positive": "fp",
    "false_negative": "fn",
    "true_positive": "tp",
}
_LOSS_METHOD = "direct_loss"


def expected_metrics(question: ScoreQuestion, view: View, spans: Spans) -> dict[str, Floats]:
    """The metrics that the labeled rows of spans of due days would have if their scores, or the
    regressor of the loss, were as right as in the reference that was fitted; (W,) by key.

    Empty if nothing was fitted.
    """
    due, fitted = view.due, question.fitted_days
    if question.task == "regression":
        if question.loss_regressor is None:
            return {}
        regressor = question.loss_regressor
        losses = _day_losses(question, view, regressor, due.days, due_only=True).roll_up(spans)
        found = loss_estimates(losses, regressor, labelled_only=True)
        return {key: one.values.value for key, one in found.items()}
    if fitted is None or _has_no_scores(due.stack):
        return {}
    reference = due.stack.take((due.days >= fitted[0]) & (due.days <= fitted[1]))
    windows = due.stack.roll_up(spans)
    found = _estimated(question, reference, windows, labelled_only=True)
    metrics = {key: one.values.value for key, one in found.items()}
    if isinstance(windows, BinaryStates) and isinstance(reference, BinaryStates):
        metrics |= expected_rates(expected(windows, fit_calibration(reference), labelled_only=True))
    return metrics


def _has_no_scores(stack: ScoreStates) -> bool:
    return isinstance(stack, MulticlassStates) and not stack.histograms.shape[1]


def add_estimates(rows: Answers, question: ScoreQuestion, view: View) -> None:
    """Add estimates for the windows of the view over all their predictions, with or without
    labels."""
    if question.fitted_days is None or question.task == "regression":
        return
    every, due = view.every, view.due
    if _has_no_scores(every.stack):
        return
    first, last = question.fitted_days
    reference = due.stack.take((due.days >= first) & (due.days <= last))
    spans = question.spans(every.days, view.windows)
    found = _estimated(question, reference, every.stack.roll_up(spans), labelled_only=False)

    def tests(blocks: Spans) -> Mapping[str, BackTest]:
        return _tested(question, reference, due.stack.roll_up(blocks))

    def of_days(days: ScoreStates) -> dict[str, Estimate]:
        return _estimated(question, reference, days, labelled_only=False)

    fitted = (every.days >= first) & (every.days <= last)
    usual = usual_estimates(
        every.stack.take(fitted), every.days[fitted], of_days, **assumed_effect(question)
    )
    origin = {"method": _METHOD, "assumption": ASSUMPTION}
    add_tested(rows, question, view, found, tests, usual, origin)


def add_tested(
    rows: Answers,
    question: ScoreQuestion,
    view: View,
    found: Mapping[str, Estimate],
    tests: Callable[[Spans], Mapping[str, BackTest]],
    usual: Mapping[str, UsualEstimates],
    origin: Mapping[str, object],
) -> None:
    """Add estimates for the windows of the view, with intervals from a back-test.

    ``tests``: the back-test on matured windows, which are runs of due days. ``usual``: by metric,
    the values on the days of the reference. ``origin``: columns of every row.
    """
    spans = question.spans(view.every.days, view.windows)
    days = spans[:, 1] - spans[:, 0]
    lengths = question.lengths[view.windows]
    for length in np.unique(lengths):
        chosen = np.flatnonzero(lengths == length)
        tests_of_length = tests(_blocks(question, view.due, int(length)))
        for key, estimate in found.items():
            tested = tests_of_length.get(key, NOT_TESTED)
            mine = _taken(estimate, chosen)
            bounds = PERFORMANCE[key].range if key in PERFORMANCE else (-np.inf, np.inf)
            lower, upper = interval(mine, tested, range=bounds)
            p_value = np.full(len(chosen), np.nan)
            if key in usual and key in PERFORMANCE:
                weekdays = window_weekdays(question.starts[view.windows[chosen]], lengths[chosen])
                p_value = usual[key].p_values(mine, days[chosen], weekdays)
            rows.add(
                "performance_estimates",
                len(chosen),
                **view.scope,
                **question.window_columns(view.windows[chosen]),
                metric=key,
                value=mine.values.value,
                reason=mine.values.reason,
                lower=lower,
                upper=upper,
                p_value=p_value,
                row_count=mine.rows.astype(np.int64),
                back_test_windows=tested.windows,
                back_test_bias=_number(tested.bias),
                back_test_error=_number(tested.absolute_error),
                **origin,
            )


def assumed_effect(question: ScoreQuestion) -> dict[str, float]:
    """The design effect that is assumed for a short reference, if the parameters have one."""
    effect = question.assumed_design_effect
    return {} if effect is None else {"assumed_design_effect": effect}


def _tested(
    question: ScoreQuestion, reference: ScoreStates, windows: ScoreStates
) -> dict[str, BackTest]:
    """Estimates of matured windows compared with their labels."""
    if not len(windows):
        return {}
    held = _estimated(question, reference, windows, labelled_only=True)
    truth = _realised(question, windows, held)
    return {key: back_test(estimate, truth[key]) for key, estimate in held.items()}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value


def _taken(estimate: Estimate, chosen: AnyArray) -> Estimate:
    found = Values(estimate.values.value[chosen], estimate.values.reason[chosen])
    return Estimate(found, estimate.sampling_sd[chosen], estimate.rows[chosen])


def _estimated(
    question: ScoreQuestion, reference: ScoreStates, windows: ScoreStates, *, labelled_only: bool
) -> dict[str, Estimate]:
    if isinstance(windows, MulticlassStates) and isinstance(reference, MulticlassStates):
        calibrations = fit_multiclass(reference)
        return estimates_multiclass(windows, calibrations, labelled_only=labelled_only)
    windows = instance_of(windows, BinaryStates)
    reference = instance_of(reference, BinaryStates)
    expectations = expected(windows, fit_calibration(reference), labelled_only=labelled_only)
    found = {key: value for key, value in estimates(expectations).items() if key in ESTIMATED}
    if question.cells is not None:
        cells = {_SHORT[name]: worth for name, worth in question.cells.items()}
        found[CONFUSION_VALUE] = business_value(expectations, cells)
    return found


def _realised(
    question: ScoreQuestion, windows: ScoreStates, held: Mapping[str, Estimate]
) -> dict[str, Values]:
    found = performance(windows, [key for key in held if key in PERFORMANCE])
    if CONFUSION_VALUE in held and isinstance(windows, BinaryStates) and question.cells:
        worth = np.zeros(len(windows))
        for name, count in zip(_SHORT, outcomes(windows.margins), strict=True):
            worth += question.cells[name] * count
        found[CONFUSION_VALUE] = Values(worth, np.full(len(worth), None, dtype=object))
    return found


def _blocks(question: ScoreQuestion, due: Days, length: int) -> Spans:
    """Runs of days before the as-of day whose labels are due, outside of the reference."""
    first, last = question.fitted_days or (0, -1)
    until = question.as_of_day - question.delay
    starts = np.arange(until - BACK_TEST_DAYS, until - length + 1, length)
    ends = starts + length - 1
    apart = (ends < first) | (starts > last)
    spans: Spans = due.spans(starts[apart], ends[apart])
    whole: Spans = spans[spans[:, 1] - spans[:, 0] == length]
    return whole


def add_loss_estimates(rows: Answers, question: ScoreQuestion, view: View) -> None:
    """Add estimated errors for the windows of the view over all their predictions."""
    if question.task != "regression":
        return
    origin = {"method": _LOSS_METHOD, "assumption": LOSS_ASSUMPTION}
    regressor = question.loss_regressor
    if regressor is None:
        reason = question.loss_reason or "there is no regressor of the loss"
        nothing = no_loss_estimates(len(view.windows), reason)
        add_tested(rows, question, view, nothing, lambda _: {}, {}, origin)
        return
    every, due = view.every, view.due
    spans = question.spans(every.days, view.windows)
    expected = _day_losses(question, view, regressor, every.days, due_only=False)
    found = loss_estimates(expected.roll_up(spans), regressor)
    matured = _day_losses(question, view, regressor, due.days, due_only=True)

    def tests(blocks: Spans) -> dict[str, BackTest]:
        if not len(blocks):
            return {}
        held = loss_estimates(matured.roll_up(blocks), regressor, labelled_only=True)
        truth = performance(due.stack.roll_up(blocks), list(held))
        return {key: back_test(estimate, truth[key]) for key, estimate in held.items()}

    usual: dict[str, UsualEstimates] = {}
    if question.fitted_days is not None:
        first, last = question.fitted_days
        fitted = (every.days >= first) & (every.days <= last)

        def of_days(days: LossStates) -> dict[str, Estimate]:
            return loss_estimates(days, regressor)

        usual = usual_estimates(
            expected.take(fitted), every.days[fitted], of_days, **assumed_effect(question)
        )
    origin = {**origin, "loss_model": regressor.version}
    add_tested(rows, question, view, found, tests, usual, origin)


def _day_losses(
    question: ScoreQuestion,
    view: View,
    regressor: LossRegressor,
    days: AnyArray,
    *,
    due_only: bool,
) -> LossStates:
    """Expected losses of each day."""
    counts = np.zeros((len(days), SIDES), dtype=np.int64)
    sums = np.zeros((len(days), SUMS), dtype=np.int64)
    states = view.others("expected_loss", regressor.version)
    if states is not None and due_only:
        states = states.of_due
    if states is not None and len(states):
        found, held, powers = states.by_day()
        # Days with expected losses are a subset of the days with states of the task.
        at = np.searchsorted(days, found)
        counts[at], sums[at] = held, powers
    return LossStates(counts, sums, question.binning.scale, regressor.version)
