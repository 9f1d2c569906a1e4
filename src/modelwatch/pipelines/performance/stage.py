"""The stages of a run that compare predictions with labels and evaluate the performance of
windows."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import functions as F

from modelwatch.errors import present
from modelwatch.evaluation.batch_functions import answers_of
from modelwatch.evaluation.performance.evaluated_windows import answering
from modelwatch.evaluation.performance.question import (
    ANSWERS,
    OF_TABLE,
    ScoreQuestion,
    answer_schema,
)
from modelwatch.evaluation.performance.score_groups import STATE_ORDER
from modelwatch.io.delta.snapshot import RowFilter
from modelwatch.io.store.output_tables import Store
from modelwatch.model.config.configuration import MonitorConfig, labels_fingerprint
from modelwatch.model.days import DayRange, shifted
from modelwatch.model.plain_text import counted
from modelwatch.model.planning.plan import Plan
from modelwatch.model.planning.retention import BACK_TEST_DAYS
from modelwatch.model.runs.stages import Stage
from modelwatch.pipelines.estimation.loss_models import NO_LOSSES, Losses, with_losses
from modelwatch.pipelines.planning.evaluation import days_needed, window_references
from modelwatch.pipelines.runs.history import of_days, of_runs, rows_of_runs
from modelwatch.pipelines.runs.row_limits import MOST_STATE_BYTES, answers_few_rows
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.pipelines.states.day_states import StatesOf
from modelwatch.pipelines.states.label_states import (
    LabelDayFacts,
    describes_labels,
    label_facts,
    label_states,
    score_plans,
)
from modelwatch.spark.performance.evaluated_windows import performance_rows
from modelwatch.spark.persisted import persisted
from modelwatch.stats.value_names import ALL
from modelwatch.tables import TABLES

STATES = "performance_states"


def write_performance(run: Run, store: Store, request: Request, states: StatesOf) -> Request:
    """Write the states of days with new labels, and the performance of the affected windows.

    Returns the request as executed: if a new loss regressor was fitted, all days are due.
    """
    if not request.plan.labels:
        return request
    request, losses = with_losses(run, store, request, states)
    labels = request.plan.labels
    days = tuple(labels.days)
    with ThreadPoolExecutor(max_workers=1) as beside:
        dated: Future[LabelDayFacts] | None = None
        if days:
            with run.stage(
                Stage.LABELS,
                f"comparing predictions of {counted(len(days), 'day')} with their labels",
            ):
                frame = label_states(
                    states, request.sources, days, request.plan.as_of, losses.model(run.spark)
                )
                run.append(store, request.config, STATES, frame)
            dated = beside.submit(_label_days, run, store, request.config, request.plan)
        if labels.windows:
            with run.stage(
                Stage.PERFORMANCE,
                f"evaluating the performance of {counted(len(labels.windows), 'window')}",
            ):
                _write_answers(run, store, request, states, losses)
        if dated is not None:
            run.label_days, run.label_values = dated.result()
    return request


def _label_days(run: Run, store: Store, config: MonitorConfig, plan: Plan) -> LabelDayFacts:
    days = tuple(plan.labels.days)
    names = ("day", "kind", "name", "positions", "counts", "due_days", "last_known", "next_known")
    wanted = RowFilter(
        {
            "monitor": [config.monitor],
            "run_id": [run.run_id],
            "segmentation": [ALL],
            "day": days,
        }
    )
    held = store.few(STATES, wanted, MOST_STATE_BYTES, *names)
    if held is not None:
        return label_facts(held.to_pylist(), days)
    written = store.read(STATES).where(
        (F.col("monitor") == config.monitor)
        & (F.col("run_id") == run.run_id)
        & (F.col("segmentation") == ALL)
        & describes_labels(F.col("kind"))
    )
    rows = of_days(written, days).select(*names).collect()
    return label_facts((row.asDict() for row in rows), days)


def _write_answers(
    run: Run, store: Store, request: Request, states: StatesOf, losses: Losses
) -> None:
    config, plan = request.config, request.plan
    fingerprint = present(labels_fingerprint(config), "fingerprint")
    generation = request.history.run_of_label_day(fingerprint)
    generation |= dict.fromkeys(plan.labels.days, run.run_id)
    question = question_of(states, request.plan, losses)
    wanted = days_needed(config, plan.labels.windows).union(_back_test_days(config, plan.as_of))
    needed = {day: held for day, held in generation.items() if day in wanted}
    held = _held_states(run, store, request.config, needed)
    if held is not None and answers_few_rows(request.plan, states):
        rows = answers_of(held, STATE_ORDER, answering(question), answer_schema())
        tables = {
            name: rows.filter(pc.field(OF_TABLE) == name).select(list(TABLES[name].own_names))
            for name in ANSWERS
        }
        run.append_all(store, config, tables)
        return
    mine = store.read(STATES).where(F.col("monitor") == config.monitor)
    stored = of_runs(of_days(mine, needed), needed)
    with persisted(performance_rows(stored, question)) as answers:
        frames = {
            name: answers.where(F.col(OF_TABLE) == name).select(*TABLES[name].own_names)
            for name in ANSWERS
        }
        run.append_all(store, config, frames)


def _held_states(
    run: Run, store: Store, config: MonitorConfig, needed: Mapping[date, str]
) -> pa.Table | None:
    """Return the current states of some days, read by the driver; None if they are too large."""
    wanted = RowFilter(
        {
            "monitor": [config.monitor],
            "run_id": {*needed.values()},
            "day": list(needed),
        }
    )
    held = store.few(STATES, wanted, MOST_STATE_BYTES, *TABLES[STATES].names)
    if held is None or not needed:
        return None
    return rows_of_runs(held, ["day"], {(day,): run_id for day, run_id in needed.items()})


def question_of(states: StatesOf, plan: Plan, losses: Losses = NO_LOSSES) -> ScoreQuestion:
    """Return the parameters of the performance evaluation of a run."""
    config, windows = states.config, plan.labels.windows
    labels, performance = config.labels, config.performance
    labels = present(labels, "labels")
    performance = present(performance, "performance")
    plans = score_plans(states)
    score_plan = plans[0]
    own = {reference.name for reference in config.references if reference.table is None}
    comparison = config.comparison
    fitted = config.binning_reference
    return ScoreQuestion(
        as_of=plan.as_of,
        task=performance.task,
        binning=score_plan.binning,
        windows=windows,
        references=tuple(r for r in window_references(config, windows) if r.name in own),
        classes=score_plan.classes,
        cells=performance.values.cells,
        slices=score_plan.slices,
        attributed_metrics=performance.attributed_metrics,
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
    """Return the days on which estimates are compared with labels that arrived later."""
    labels = present(config.labels, "labels")
    until = shifted(as_of, -1 - (labels.due.delay_days or 0))
    return DayRange(shifted(until, 1 - BACK_TEST_DAYS), until)
