"""The stages of a run that hold predictions against labels, and evaluate windows of that."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date

from pyspark.sql import functions as F

from modelwatch.errors import present
from modelwatch.evaluation.performance.question import ANSWERS, TABLE, ScoreQuestion
from modelwatch.io.store.output_tables import Store
from modelwatch.model.config.configuration import MonitorConfig, labels_fingerprint
from modelwatch.model.days import DayRange, shifted
from modelwatch.model.planning.retention import BACK_TEST_DAYS
from modelwatch.pipelines.estimation.loss_models import NO_LOSSES, Losses, with_losses
from modelwatch.pipelines.planning.evaluation import days_needed, window_references
from modelwatch.pipelines.runs.history import of_days, of_runs
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.pipelines.states.day_states import StatesOf
from modelwatch.pipelines.states.label_states import (
    LabelFacts,
    label_facts,
    label_states,
    score_plans,
)
from modelwatch.spark.performance.evaluated_windows import performance_rows
from modelwatch.spark.persisted import persisted
from modelwatch.tables import TABLES

STATES = "performance_states"


def write_performance(run: Run, store: Store, request: Request, states: StatesOf) -> Request:
    """States of the days that labels make due, and performance of the windows that they touch.

    The request as it was carried out: a regressor of the loss that is new makes all days due.
    """
    if not request.plan.labels:
        return request
    request, losses = with_losses(run, store, request, states)
    labels = request.plan.labels
    days = tuple(labels.days)
    with ThreadPoolExecutor(max_workers=1) as beside:
        dated: Future[LabelFacts] | None = None
        if days:
            with run.stage(
                "labels", f"comparing the predictions of {len(days)} days with their labels"
            ):
                frame = label_states(
                    states, request.sources, days, request.plan.as_of, losses.model(run.spark)
                )
                run.append(store, request.config, STATES, frame)
            dated = beside.submit(_label_days, run, store, request)
        if labels.windows:
            with run.stage(
                "performance", f"evaluating the performance of {len(labels.windows)} windows"
            ):
                _write_answers(run, store, request, states, losses)
        if dated is not None:
            run.label_days, run.label_values = dated.result()
    return request


def _label_days(run: Run, store: Store, request: Request) -> LabelFacts:
    config, days = request.config, tuple(request.plan.labels.days)
    written = store.read(STATES).where(
        (F.col("monitor") == config.monitor) & (F.col("run_id") == run.run_id)
    )
    return label_facts(of_days(written, days), days)


def _write_answers(
    run: Run, store: Store, request: Request, states: StatesOf, losses: Losses
) -> None:
    config, plan = request.config, request.plan
    fingerprint = present(labels_fingerprint(config), "fingerprint")
    generation = request.history.run_of_label_day(fingerprint)
    generation |= dict.fromkeys(plan.labels.days, run.run_id)
    question = question_of(states, request, losses)
    wanted = days_needed(config, plan.labels.windows).union(_back_test_days(config, plan.as_of))
    needed = {day: held for day, held in generation.items() if day in wanted}
    mine = store.read(STATES).where(F.col("monitor") == config.monitor)
    stored = of_runs(of_days(mine, needed), needed)
    with persisted(performance_rows(stored, question)) as answers:
        frames = {
            name: answers.where(F.col(TABLE) == name).select(*TABLES[name].own_names)
            for name in ANSWERS
        }
        run.append_all(store, config, frames)


def question_of(states: StatesOf, request: Request, losses: Losses = NO_LOSSES) -> ScoreQuestion:
    """What a run asks of the states of performance."""
    config, windows = states.config, request.plan.labels.windows
    labels, performance = config.labels, config.performance
    labels = present(labels, "labels")
    performance = present(performance, "performance")
    plans = score_plans(states)
    plan = plans[0]
    own = {reference.name for reference in config.references if reference.table is None}
    comparison = config.comparison
    fitted = config.binning_reference
    return ScoreQuestion(
        as_of=request.plan.as_of,
        task=performance.task,
        binning=plan.binning,
        windows=windows,
        references=tuple(r for r in window_references(config, windows) if r.name in own),
        classes=plan.classes,
        cells=performance.values.cells,
        slices=plan.slices,
        causes=performance.causes,
        challengers=tuple(challenger.name for challenger in config.challengers),
        shadow_binnings=tuple(
            held.challenger_binning for held in plans if held.challenger_binning is not None
        ),
        comparison=None
        if comparison is None
        else (comparison.champion, comparison.challenger, comparison.expected_share),
        known=labels.known is not None,
        fitted=(fitted.days.first, fitted.days.last)
        if fitted.table is None and fitted.days is not None
        else None,
        delay=labels.due.delay_days or 0,
        loss_regressor=losses.regressor,
        loss_reason=losses.reason,
        assumed_design_effect=config.verdicts.assumed_design_effect,
    )


def _back_test_days(config: MonitorConfig, as_of: date) -> DayRange:
    """Days on which estimates are compared with what labels told later."""
    labels = present(config.labels, "labels")
    until = shifted(as_of, -1 - (labels.due.delay_days or 0))
    return DayRange(shifted(until, 1 - BACK_TEST_DAYS), until)
