"""The job: finds what is new or changed, computes its states, evaluates windows, publishes."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from modelwatch.deequ import ConstraintRow
from modelwatch.evaluation.drift.question import Evaluation
from modelwatch.io.delta.alterations import check_unaltered
from modelwatch.io.failures import typed
from modelwatch.io.session.spark_session import code_generation, rows_per_batch
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
from modelwatch.model.planning.plan import plan_of
from modelwatch.model.planning.window_volumes import silent_windows
from modelwatch.model.profile.features import features_of
from modelwatch.model.states.binned import binned
from modelwatch.model.states.shared_bins import shared_bin_lines
from modelwatch.pipelines.config.validation import schemas_of
from modelwatch.pipelines.contracts.check import checked_rows
from modelwatch.pipelines.contracts.files import (
    check_versions,
    contract_files,
    held_to,
    write_contracts,
)
from modelwatch.pipelines.incidents.feature_importance import feature_importances
from modelwatch.pipelines.incidents.stage import write_incidents
from modelwatch.pipelines.notification.announcement import announced
from modelwatch.pipelines.outliers.stage import write_outliers
from modelwatch.pipelines.performance.stage import write_performance
from modelwatch.pipelines.planning.cost import estimate_line, plan_text
from modelwatch.pipelines.planning.evaluation import evaluation_of, states_needed
from modelwatch.pipelines.planning.reference_rows import check_references
from modelwatch.pipelines.quarantine.releases import (
    NOTHING_PENDING,
    pending_days,
    releases_at,
    with_pending,
)
from modelwatch.pipelines.quarantine.stage import (
    days_of,
    days_since,
    rows_read,
    rule_results,
    treat_rows,
)
from modelwatch.pipelines.retraining.stage import write_decisions
from modelwatch.pipelines.runs.batch_rows import batch_rows
from modelwatch.pipelines.runs.ending import ending, leave
from modelwatch.pipelines.runs.few_rows import reads_few_rows, writes_few_rows
from modelwatch.pipelines.runs.findings import Finding, finding_lines, findings_of
from modelwatch.pipelines.runs.history import RunHistory, history_of
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.pipelines.sources.arrivals import judged_lines, with_ages, with_arrivals
from modelwatch.pipelines.sources.durations import write_durations
from modelwatch.pipelines.sources.frames import Sources, opened_sources, source_changes
from modelwatch.pipelines.sources.health import joined_days, write_source_health
from modelwatch.pipelines.sources.outside_windows import is_news, rows_outside_windows
from modelwatch.pipelines.states.binnings import BINNING_COLUMNS, binnings_of
from modelwatch.pipelines.states.day_states import StatesOf, day_states, reference_states
from modelwatch.pipelines.verdicts.day_series import row_counts, row_totals
from modelwatch.pipelines.verdicts.plain_faults import plain_findings
from modelwatch.pipelines.verdicts.stage import write_verdicts
from modelwatch.spark.drift.evaluated_windows import drift_rows, profile_rows
from modelwatch.spark.local_frames import frame_of
from modelwatch.spark.persisted import persisted
from modelwatch.tables import TABLES

EXIT_QUIET, EXIT_LOOK, EXIT_FAILED = 0, 1, 2


@dataclass(frozen=True)
class RunReport:
    """How a run ended: its exit code, and what to tell a person."""

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
    """One run of a monitor; every check comes before the first write.

    ``as_of``: days before it are considered; today in the monitor's time zone if left out.
    ``days``: compute these, changed or not. ``folder``: of the configuration's file, from which
    the paths of contracts begin; the current one if left out. ``config_path``: the file as
    commands in messages name it. Raises SourceError for what does not
    fit the tables, RunLostError for what died under the run; a run that fails later leaves a row
    that says so, and nothing else that a view shows.
    """
    as_of = as_of or datetime.now(ZoneInfo(config.time_zone)).date()
    run, store = Run(spark), Store(spark, config.output)
    # What is planned are queries on tables of few rows, whatever the sources hold.
    with (
        ending(run, store, config, config_text, as_of) as watchdog,
        code_generation(spark, wanted=False),
    ):
        with run.stage("plan", "looking for new and changed days"):
            request = _request(spark, config, config_text, store, as_of, days, folder)
        if dry_run:
            planned = f"{plan_text(request)}{judged_lines(request)}"
            return RunReport(EXIT_QUIET, with_ages(request, planned))
        # Whoever asks for days may be about to compute anew what a removed table held.
        store.prepare(written=() if days else request.history.written)
        news = is_news(request.sources, request.history, request.outside)
        if request.plan.nothing_to_do and not request.missing and not news:
            row = run.row(request, "nothing_to_do", EXIT_QUIET)
            store.publish({**row, "message": "no day is new or changed"})
            text = with_ages(request, plan_text(request))
            ending_lines = announced(run, store, request, config_path)
            return RunReport(EXIT_QUIET, f"{text.rstrip()}\n{ending_lines}", run.run_id)
        try:
            report = carried_out(run, store, request)
        except Exception as error:
            if watchdog.lost(error) or not watchdog.leave(typed(error)):
                raise
            row = run.row(request, "failed", EXIT_FAILED)
            read = {*request.days, *request.plan.labels.days}
            explained = isinstance(error, ProblemsError)
            broken = request.sources.broken_file(read) if read and not explained else None
            message = broken or (str(error) if explained else typed(error))
            leave(watchdog, store, {**row, "message": message})
            if broken:
                raise SourceError([Problem("", None, broken)]) from error
            raise
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
    sources = held_to(sources, contracts)
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
    """What a run is asked, given the tables that it reads and the runs that it knows of.

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
    asked = Request(config, config_text, sources, history, plan, days, contracts, outside=outside)
    return with_arrivals(asked, changes, published.days)


def _history(store: Store, monitor: str) -> RunHistory:
    if not store.exists("runs"):
        return RunHistory(())
    history = history_of(store.runs(monitor))
    check_unaltered(store, history.written)
    return history


def carried_out(run: Run, store: Store, request: Request) -> RunReport:
    """Compute, judge and publish what a request asks; no sink is notified."""
    with ExitStack() as until_done:
        until_done.enter_context(code_generation(run.spark, wanted=not reads_few_rows(request)))
        return _carried_out(run, store, request, until_done)


def _carried_out(run: Run, store: Store, request: Request, until_done: ExitStack) -> RunReport:
    config, plan, days = request.config, request.plan, request.days
    treated = days_of(request)
    accounts = treat_rows(run, store, request, treated)
    # Half of a small run is planning of queries, which one core does while the other waits: what
    # needs nothing of the next stage goes on beside it.
    with ThreadPoolExecutor(max_workers=2) as beside:
        reading = beside.submit(_stored_bins, store, request)
        checking: Future[list[ConstraintRow]] = beside.submit(
            checked_rows, request.sources, days, request.contracts, plan.sources, plan.as_of
        )
        write_contracts(run, store, request)
        with run.stage("bins", "reading the frozen bins"):
            states = _states_of(run, store, request, reading.result())
        LOG.info("%s", estimate_line(request, states))
        until_done.enter_context(rows_per_batch(run.spark, batch_rows(request, states)))
        if not writes_few_rows(request, states):
            until_done.enter_context(code_generation(run.spark, wanted=True))
        performing = beside.submit(write_performance, run, store, request, states)
        if days or plan.references:
            with run.stage("states", f"computing the states of {len(days)} days"):
                _write_states(run, store, request, states)
        evaluated = None
        if plan.windows:
            needed = until_done.enter_context(persisted(_states_needed(run, store, request)))
            evaluated = needed, _write_metrics(run, store, request, states, needed)
        request = performing.result()
        accounts += treat_rows(run, store, request, days_since(treated, request))
        counting = beside.submit(row_counts, run, store, request)
        weighing = beside.submit(feature_importances, run, store, request)
        with run.stage("constraints", f"checking {len(config.constraints)} constraints"):
            plain = plain_findings(request, evaluated)
            checked = [*checking.result(), *rule_results(config, accounts), *plain.faults]
            _write_constraints(run, store, config, checked)
        with run.stage("verdicts", "evaluating thresholds"):
            by_day = counting.result()
            write_verdicts(run, store, request, checked, by_day)
        by_day = {day: by_day[day] for day in days if day in by_day}
        looking = beside.submit(_looked_into, run, store, request, states, evaluated, by_day)
        with run.stage("incidents", "updating the incidents"):
            importance = weighing.result()
            found = write_incidents(run, store, request, states, importance)
        with run.stage("retraining", "evaluating the retraining policies"):
            decided = write_decisions(run, store, request, found.all, importance)
        findings = (*looking.result(), *plain.warnings)
    counts = row_totals(config, by_day) if days else {}
    counts |= rows_read(config, accounts, counts)
    retrain = [one for one in decided if one.decision == "retrain"]
    look = bool(retrain) or any(one.calls for one in found.all)
    exit_code = EXIT_LOOK if look else EXIT_QUIET
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


def _looked_into(
    run: Run,
    store: Store,
    request: Request,
    states: StatesOf,
    evaluated: tuple[DataFrame, Evaluation] | None,
    by_day: Mapping[date, tuple[int, ...]],
) -> tuple[Finding, ...]:
    """What the verdicts found, with the outliers of failing days and the health of the sources.

    ``evaluated``: the states that the windows needed, and what was asked of them. ``by_day``: the
    account of the rows of the days computed.
    """
    config = request.config
    with run.stage("findings", "collecting the findings"):
        judged = store.read("verdicts").where(F.col("monitor") == config.monitor)
        findings = findings_of(judged.where(F.col("run_id") == run.run_id))
    if evaluated is not None:
        with run.stage("outliers", "looking for outliers"):
            fails = (f for f in findings if f.severity == "fail" and f.window == "day")
            found = sorted({f.window_start for f in fails}.intersection(request.days))
            write_outliers(run, store, request, states, *evaluated, found)
    with run.stage("source health", "checking the health of the sources"):
        joined = joined_days(by_day) if config.two_tables else {}
        write_source_health(run, store, request, joined)
        write_durations(run, store, request)
    return findings


def _stored_bins(store: Store, request: Request) -> list[Row]:
    """Rows of the table binnings that published runs wrote, oldest first."""
    published = {row["run_id"] for row in request.history.runs}
    if not published:
        return []
    stored = store.read("binnings").where(F.col("monitor") == request.config.monitor)
    # Ordered here: the rows are few, and Spark would sample them first and then sort.
    rows = [row for row in stored.collect() if row["run_id"] in published]
    return sorted(rows, key=lambda row: (row["created_at"], row["run_id"]))


def _states_of(run: Run, store: Store, request: Request, stored: Sequence[Row]) -> StatesOf:
    """Features with their frozen bins, of the rows stored; those that are new are fitted and
    written."""
    config, features = request.config, request.plan.features
    binnings = binnings_of(config, binned(config, features), features, stored, request.sources)
    run.shared_bins = binnings.shared
    if binnings.fitted:
        fitted = [tuple(row[name] for name in BINNING_COLUMNS) for row in binnings.fitted]
        schema = TABLES["binnings"].ddl(*BINNING_COLUMNS)
        run.append(store, config, "binnings", frame_of(run.spark, fitted, schema))
    return StatesOf(config, features, binnings.by_key)


def _write_states(run: Run, store: Store, request: Request, states: StatesOf) -> None:
    if request.days:
        frame = day_states(states, request.sources, request.days)
        run.append(store, request.config, "feature_states", frame)
    for reference in request.plan.references:
        frame = reference_states(states, request.sources, reference.name)
        run.append(store, request.config, "feature_states", frame)


def _states_needed(run: Run, store: Store, request: Request) -> DataFrame:
    """The states that the windows of the run need, its own ones among them."""
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
    """Write profile and drift of the windows, off the states needed; what was asked of them."""
    config, plan = request.config, request.plan
    evaluation = evaluation_of(states, plan.windows)
    with run.stage("profile", f"profiling {len(plan.windows)} windows"):
        run.append(store, config, "profile_metrics", profile_rows(needed, evaluation))
    with run.stage("drift", f"comparing them with {len(config.references)} references"):
        run.append(store, config, "drift_metrics", drift_rows(needed, evaluation))
    return evaluation


def _write_constraints(
    run: Run, store: Store, config: MonitorConfig, checked: Sequence[ConstraintRow]
) -> None:
    if not checked:
        return
    table = TABLES["constraint_results"]
    rows = [tuple(getattr(one, name) for name in table.own_names) for one in checked]
    frame = frame_of(run.spark, rows, table.ddl(*table.own_names))
    run.append(store, config, table.name, frame)
