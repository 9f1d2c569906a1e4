"""Errors of a regression estimated from expected losses, for predictions whose labels are not
due."""

from __future__ import annotations

import numpy as np

from modelwatch.evaluation.estimation.estimates import add_tested, assumed_effect
from modelwatch.evaluation.performance.question import Answers, ScoreQuestion
from modelwatch.evaluation.performance.score_groups import View
from modelwatch.stats.arrays import AnyArray, Spans
from modelwatch.stats.estimation.estimates import BackTest, Estimate, back_test
from modelwatch.stats.estimation.expected_loss import (
    LOSS_ASSUMPTION,
    SIDES,
    SUMS,
    LossRegressor,
    LossStates,
    loss_estimates,
    no_loss_estimates,
)
from modelwatch.stats.estimation.usual_estimates import UsualEstimates, usual_estimates
from modelwatch.stats.performance.metrics import performance

_METHOD = "direct_loss"


def add_loss_estimates(rows: Answers, question: ScoreQuestion, view: View) -> None:
    """Add estimated errors for the windows of the view over all their predictions."""
    if question.task != "regression":
        return
    origin = {"method": _METHOD, "assumption": LOSS_ASSUMPTION}
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
