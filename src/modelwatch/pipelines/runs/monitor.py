"""The job: finds new and changed days, computes their states, evaluates windows, and publishes."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pyspark.sql import DataFrame, SparkSession

from modelwatch.constraints import ConstraintRow
from modelwatch.evaluation.drift.question import Evaluation
from modelwatch.io.delta.alterations import check_unaltered
from modelwatch.io.delta.snapshot import RowFilter
from modelwatch.io.failures import typed_message
from modelwatch.io.session.spark_session import code_generation, rows_per_batch
from modelwatch.io.store.arrow_rows import rows_of
from modelwatch.io.store.output_tables import Store
from modelwatch.log import LOG
from modelwatch.model.config.configuration import (
    MonitorConfig,
    labels_fingerprint,
    lines_of,
    states_fingerprint,
)
from modelwatch.model.config.sensitive import keyed, secrets_of
from modelwatch.model.contracts.contract import ContractFile
from modelwatch.model.days import DayRange
from modelwatch.model.errors import Problem, ProblemsError, SourceError
from modelwatch.model.performance.value_accounts import unmapped_lines, unmapped_values
from modelwatch.model.plain_text import counted
from modelwatch.model.planning.plan import plan_of
from modelwatch.model.planning.window_volumes import silent_windows
from modelwatch.model.profile.features import features_of
from modelwatch.model.runs.exit_codes import EXIT_ATTENTION, EXIT_FAILED, EXIT_SUCCESS
from modelwatch.model.runs.stages import Stage
from modelwatch.model.states.binned import binned
from modelwatch.model.states.shared_bins import shared_bin_lines
from modelwatch.pipelines.config.validation import schemas_of
from modelwatch.pipelines.contracts.check import checked_rows
from modelwatch.pipelines.contracts.files import (
    check_versions,
    contract_files,
    with_contract_rules,
    write_contracts,
)
from modelwatch.pipelines.incidents.stage import feature_importances, write_incidents
from modelwatch.pipelines.notification.announcement import announced
from modelwatch.pipelines.outliers.stage import write_outliers
from modelwatch.pipelines.performance.stage import write_performance
from modelwatch.pipelines.planning.cost import estimate_line, plan_text
from modelwatch.pipelines.planning.evaluation import evaluation_of, states_needed
from modelwatch.pipelines.quarantine.releases import (
    NOTHING_PENDING,
    pending_days,
    releases_at,
    with_pending,
)
from modelwatch.pipelines.quarantine.stage import (
    added_label_days,
    days_of,
    rows_read,
    rule_results,
    treat_rows,
)
from modelwatch.pipelines.retraining.stage import write_decisions
from modelwatch.pipelines.runs.ending import ending, leave
from modelwatch.pipelines.runs.findings import FINDING_VERDICTS, Finding, finding_lines, findings_of
from modelwatch.pipelines.runs.history import RunHistory, stored_history
from modelwatch.pipelines.runs.publication import keep_current
from modelwatch.pipelines.runs.row_limits import batch_rows, reads_few_rows, writes_few_rows
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.pipelines.sources.arrivals import judged_lines, with_ages, with_arrivals
from modelwatch.pipelines.sources.frames import (
    Sources,
    check_references,
    opened_sources,
    source_changes,
)
from modelwatch.pipelines.sources.health import joined_days, write_durations, write_source_health
from modelwatch.pipelines.sources.outside_windows import has_new_failures, rows_outside_windows
from modelwatch.pipelines.states.binnings import BINNING_COLUMNS, binnings_of, stored_bins
from modelwatch.pipelines.states.day_states import StatesOf, scored_days, scored_reference
from modelwatch.pipelines.verdicts.day_series import row_counts, row_totals
from modelwatch.pipelines.verdicts.plain_faults import plain_findings
from modelwatch.pipelines.verdicts.stage import write_verdicts
from modelwatch.spark.drift.evaluated_windows import drift_rows, profile_rows
from modelwatch.spark.persisted import persisted
from modelwatch.spark.states.aggregation import merged_states
from modelwatch.tables import TABLES
from modelwatch.tables.table import field_of


@dataclass(frozen=True)
class RunReport:
    """The end of a run: its exit code, and a text for people."""

    exit_code: int
    text: str
    run_id: str | None = None
    findings: tuple[Finding, ...] = ()


def run_monitor(
    spark: SparkSession,
    config: MonitorConfig,
    *,
    config_text: str,
    as_of: date | None = None,
    days: DayRange | None = None,
    dry_run: bool = False,
    folder: Path | None = None,
    config_path: str = "CONFIG",
) -> RunReport:
    """One run of a monitor. All checks precede the first write.

    ``as_of``: evaluate the days before it; by default today in the monitor's time zone. ``days``:
    compute these, changed or not. ``folder``: of the configuration file, where paths of contracts
    begin; by default the current one. ``config_path``: the path of the file in the commands of
    messages. Raises SourceError if the configuration does not fit the tables, and RunLostError if
    something died. A run that fails later leaves a row that says so, and nothing else that a view
    shows.
    """
    as_of = as_of or datetime.now(ZoneInfo(config.time_zone)).date()
    run, store = Run(spark), Store(spark, config.output)
    # Planning only queries tables with few rows, regardless of the size of the sources.
    with (
        ending(run, store, config, config_text, as_of) as watchdog,
        code_generation(spark, wanted=False),
    ):
        with run.stage(Stage.PLAN, "looking for new and changed days"):
            request = _request(spark, config, config_text, store, as_of, days, folder)
        run.say_where(config)
        if dry_run:
            planned = f"{plan_text(request.sources, request.plan)}{judged_lines(request)}"
            return RunReport(EXIT_SUCCESS, with_ages(request, planned))
        # A run of requested days may restore what a removed table contained.
        store.prepare(written=() if days else request.history.written)
        news = has_new_failures(request.sources, request.history, request.outside)
        if request.plan.nothing_to_do and not request.missing and not news:
            row = run.row(request, "nothing_to_do", EXIT_SUCCESS)
            store.publish({**row, "message": "no day is new or changed"})
            text = with_ages(request, plan_text(request.sources, request.plan))
            keep_current(run, store, config)
            ending_lines = announced(run, store, request, config_path)
            return RunReport(EXIT_SUCCESS, f"{text.rstrip()}\n{ending_lines}", run.run_id)
        try:
            report = computed_and_published(run, store, request)
        except Exception as error:
            if watchdog.lost(error) or not watchdog.leave(typed_message(error)):
                raise
            row = run.row(request, "failed", EXIT_FAILED)
            read = {*request.days, *request.plan.labels.days}
            explained = isinstance(error, ProblemsError)
            broken = request.sources.broken_file(read) if read and not explained else None
            message = broken or (str(error) if explained else typed_message(error))
            leave(watchdog, store, {**row, "message": message})
            if broken:
                raise SourceError([Problem("", None, broken)]) from error
            raise
        keep_current(run, store, config)
        ending_lines = announced(run, store, request, config_path)
        return replace(report, text=f"{report.text.rstrip()}\n{ending_lines}")


def _request(
    spark: SparkSession,
    config: MonitorConfig,
    config_text: str,
    store: Store,
    as_of: date,
    days: DayRange | None,
    folder: Path | None,
) -> Request:
    lines = lines_of(config_text)
    contracts = contract_files(config, folder or Path(), lines)
    with ThreadPoolExecutor(max_workers=1) as beside:
        reading = beside.submit(_history, store, config.monitor)
        sources = opened_sources(spark, config, lines)
        history = reading.result()
    check_versions(contracts, store, config.monitor, [row["run_id"] for row in history.runs])
    sources = with_contract_rules(sources, contracts)
    releases = releases_at(store, sources.config)
    pending = pending_days(store, sources.config, history, releases)
    sources = sources.completed(releases)
    return request_of(
        sources.config, config_text, sources, history, as_of, days, contracts, pending
    )


def request_of(
    config: MonitorConfig,
    config_text: str,
    sources: Sources,
    history: RunHistory,
    as_of: date,
    days: DayRange | None,
    contracts: tuple[ContractFile, ...] = (),
    pending: Mapping[str, Collection[date]] = NOTHING_PENDING,
) -> Request:
    """The request of a run, given its tables and the known runs.

    ``pending``: by role, days of which people have released rows since they were computed.
    """
    lines = lines_of(config_text)
    secrets = secrets_of(config, os.environ, lines)
    sources = sources.completed(secrets=secrets)
    features, not_profiled = features_of(config, schemas_of(sources.frames))
    features = keyed(features, secrets)
    changes = with_pending(source_changes(sources, history), pending)
    published = history.published(states_fingerprint(config), labels_fingerprint(config))
    plan = plan_of(config, features, changes, published, as_of, days, not_profiled)
    check_references(sources, changes, published, plan, lines)
    outside = rows_outside_windows(sources, history, changes, as_of)
    request = Request(config, config_text, sources, history, plan, days, contracts, outside=outside)
    return with_arrivals(request, changes, published.days)


def _history(store: Store, monitor: str) -> RunHistory:
    if not store.exists("runs"):
        return RunHistory(())
    history = stored_history(store, monitor)
    check_unaltered(store, history.written)
    return history


def computed_and_published(run: Run, store: Store, request: Request) -> RunReport:
    """Compute, judge, and publish a request, without notifications."""
    with ExitStack() as until_done:
        until_done.enter_context(
            code_generation(run.spark, wanted=not reads_few_rows(request.sources, request.plan))
        )
        return _computed(run, store, request, until_done)


def _computed(run: Run, store: Store, request: Request, until_done: ExitStack) -> RunReport:
    config, plan, days = request.config, request.plan, request.days
    treated = days_of(config, plan)
    accounts = treat_rows(run, store, request, treated)
    # Half of the time of a small run is query planning on one core, so independent stages run in
    # parallel.
    with ThreadPoolExecutor(max_workers=2) as beside:
        reading = beside.submit(stored_bins, store, config.monitor, request.history)
        checking: Future[list[ConstraintRow]] = beside.submit(
            checked_rows, request.sources, days, request.contracts, plan.sources, plan.as_of
        )
        write_contracts(run, store, request)
        with run.stage(Stage.BINS, "reading the frozen bins"):
            states = _states_of(run, store, request, reading.result())
        LOG.info("%s", estimate_line(request.sources, plan, states))
        until_done.enter_context(rows_per_batch(run.spark, batch_rows(plan, states)))
        if not writes_few_rows(plan, states):
            until_done.enter_context(code_generation(run.spark, wanted=True))
        performing = beside.submit(write_performance, run, store, request, states)
        if days or plan.references:
            with run.stage(Stage.STATES, f"computing the states of {counted(len(days), 'day')}"):
                _write_states(run, store, request, states)
        evaluated = None
        if plan.windows:
            needed = until_done.enter_context(persisted(_states_needed(run, store, request)))
            evaluated = needed, _write_metrics(run, store, request, states, needed)
        request = performing.result()
        accounts += treat_rows(run, store, request, added_label_days(treated, config, request.plan))
        counting = beside.submit(row_counts, run, store, request)
        weighing = beside.submit(feature_importances, run, store, request)
        constraints = counted(len(config.constraints), "constraint")
        with run.stage(Stage.CONSTRAINTS, f"checking {constraints}"):
            plain = plain_findings(request, evaluated)
            checked = [*checking.result(), *rule_results(config, accounts), *plain.faults]
            _write_constraints(run, store, config, checked)
        with run.stage(Stage.VERDICTS, "evaluating thresholds"):
            by_day = counting.result()
            write_verdicts(run, store, request, checked, by_day)
        by_day = {day: by_day[day] for day in days if day in by_day}
        looking = beside.submit(_examined, run, store, request, states, evaluated, by_day)
        with run.stage(Stage.INCIDENTS, "updating the incidents"):
            importance = weighing.result()
            found = write_incidents(run, store, request, states, importance)
        with run.stage(Stage.RETRAINING, "evaluating the retraining policies"):
            decided = write_decisions(run, store, request, found.all, importance)
        findings = (*looking.result(), *plain.warnings)
    counts = row_totals(config, by_day) if days else {}
    counts |= rows_read(config, accounts, counts)
    retrain = [one for one in decided if one.decision == "retrain"]
    needs_attention = bool(retrain) or any(one.needs_attention for one in found.all)
    exit_code = EXIT_ATTENTION if needs_attention else EXIT_SUCCESS
    text = finding_lines(config, plan, found, retrain, silent_windows(config, request.volume))
    text += plain.text + unmapped_lines(unmapped_values(config, run.label_values), config)
    text += shared_bin_lines(run.shared_bins)
    store.publish(
        {
            **run.row(request, "published", exit_code),
            "message": text.splitlines()[0],
            "findings": [finding.as_dict() for finding in findings],
            **counts,
        }
    )
    return RunReport(exit_code, with_ages(request, text), run.run_id, findings)


def _examined(
    run: Run,
    store: Store,
    request: Request,
    states: StatesOf,
    evaluated: tuple[DataFrame, Evaluation] | None,
    by_day: Mapping[date, tuple[int, ...]],
) -> tuple[Finding, ...]:
    """The findings of the verdicts, with outliers of failing days and source health.

    ``evaluated``: the states that the windows needed, and their evaluation. ``by_day``: the account
    of the rows of the computed days.
    """
    config = request.config
    with run.stage(Stage.FINDINGS, "collecting the findings"):
        wanted = {"monitor": [config.monitor], "run_id": [run.run_id], "verdict": FINDING_VERDICTS}
        findings = findings_of(store.rows("verdicts", RowFilter(wanted)))
    if evaluated is not None:
        with run.stage(Stage.OUTLIERS, "looking for outliers"):
            fails = (f for f in findings if f.severity == "fail" and f.window == "day")
            found = sorted({f.window_start for f in fails}.intersection(request.days))
            write_outliers(run, store, request, states, *evaluated, found)
    with run.stage(Stage.SOURCE_HEALTH, "checking the health of the sources"):
        joined = joined_days(by_day) if config.two_tables else {}
        write_source_health(run, store, request, joined)
        write_durations(run, store, request)
    return findings


def _states_of(
    run: Run, store: Store, request: Request, stored: Sequence[Mapping[str, Any]]
) -> StatesOf:
    """Features with their frozen bins from stored rows; new ones are fitted and written."""
    config, features = request.config, request.plan.features
    binnings = binnings_of(config, binned(config, features), features, stored, request.sources)
    run.shared_bins = binnings.shared
    if binnings.fitted:
        fitted = [tuple(row[name] for name in BINNING_COLUMNS) for row in binnings.fitted]
        rows = rows_of(TABLES["binnings"], BINNING_COLUMNS, fitted)
        run.append(store, config, "binnings", rows)
    return StatesOf(config, features, binnings.by_key)


def _write_states(run: Run, store: Store, request: Request, states: StatesOf) -> None:
    if request.days:
        scored, reads = scored_days(states, request.sources, request.days)
        run.reads += reads
        run.append(store, request.config, "feature_states", merged_states(scored))
    for reference in request.plan.references:
        scored, reads = scored_reference(states, request.sources, reference.name)
        run.reads += reads
        run.append(store, request.config, "feature_states", merged_states(scored))


def _states_needed(run: Run, store: Store, request: Request) -> DataFrame:
    """The states that the windows of the run need, including its own."""
    config, plan, history = request.config, request.plan, request.history
    fingerprint = states_fingerprint(config)
    own_references = [f"reference:{reference.name}" for reference in plan.references]
    return states_needed(
        config,
        plan.features,
        store.read("feature_states"),
        plan.windows,
        history.run_of_day(fingerprint) | dict.fromkeys(request.days, run.run_id),
        history.run_of_reference(fingerprint) | dict.fromkeys(own_references, run.run_id),
    )


def _write_metrics(
    run: Run, store: Store, request: Request, states: StatesOf, needed: DataFrame
) -> Evaluation:
    """Write profile and drift of the windows from their states; returns their evaluation."""
    config, plan = request.config, request.plan
    evaluation = evaluation_of(states, plan.windows)
    with run.stage(Stage.PROFILE, f"profiling {counted(len(plan.windows), 'window')}"):
        run.append(store, config, "profile_metrics", profile_rows(needed, evaluation))
    references = counted(len(config.references), "reference")
    with run.stage(Stage.DRIFT, f"comparing them with {references}"):
        run.append(store, config, "drift_metrics", drift_rows(needed, evaluation))
    return evaluation


def _write_constraints(
    run: Run, store: Store, config: MonitorConfig, checked: Sequence[ConstraintRow]
) -> None:
    if not checked:
        return
    table = TABLES["constraint_results"]
    rows = [tuple(getattr(one, field_of(name)) for name in table.own_names) for one in checked]
    run.append(store, config, table.name, rows_of(table, table.own_names, rows))
