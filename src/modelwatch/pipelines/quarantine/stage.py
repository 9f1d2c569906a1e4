"""The stage of a run that applies rules to rows: it counts them, keeps bad rows out, or stops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame, Row

from modelwatch.constraints import ConstraintRow
from modelwatch.io.store.output_tables import Store
from modelwatch.model.config.configuration import MonitorConfig, lines_of
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.plain_text import counted
from modelwatch.model.planning.plan import Plan
from modelwatch.model.quarantine.rules import (
    RowAccount,
    Rule,
    RuleCount,
    exceeded,
    passed,
    stop_message,
    stopping,
)
from modelwatch.model.runs.stages import Stage
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.pipelines.sources.frames import Sources
from modelwatch.spark.days import DAY
from modelwatch.spark.local_frames import frame_of
from modelwatch.spark.quarantine.row_rules import account_rows
from modelwatch.spark.quarantine.rows import ROLES, quarantine_rows
from modelwatch.tables import TABLES

ACCOUNTS, QUARANTINE = "row_accounts", "quarantine"
RULE = "rule"
"""Kind of the results of rules among those of constraints, and the prefix of their names."""
DaysOf = Mapping[str, Sequence[date]]


def days_of(config: MonitorConfig, plan: Plan) -> DaysOf:
    """The days whose rows of each role a run uses."""
    roles = {"inputs": plan.dates, "labels": sorted(plan.labels.days)}
    if config.two_tables:
        roles["predictions"] = plan.dates
    return {role: days for role, days in roles.items() if days and config.rules_of(role)}


def added_label_days(days: DaysOf, config: MonitorConfig, plan: Plan) -> DaysOf:
    """Days of labels that a run reads in addition to those treated already."""
    read = days_of(config, plan).get("labels", ())
    more = [day for day in read if day not in days.get("labels", ())]
    return {"labels": more} if more else {}


def treat_rows(run: Run, store: Store, request: Request, days: DaysOf) -> tuple[RowAccount, ...]:
    """Apply the rules to the rows of some days of each role, and write the results.

    No Spark job without rules; one aggregation of rows per table with rules. Rows for the
    quarantine are read again, but only on days that have some. SourceError if a rule stops the run;
    then nothing is written.
    """
    if not days:
        return ()
    rules = sum(len(request.config.rules_of(role)) for role in days)
    with run.stage(Stage.RULES, f"checking rows against {counted(rules, 'rule')}"):
        accounts = tuple(
            account
            for role in ROLES
            if role in days
            for account in accounts_of(request.sources, role, days[role])
        )
        _stop(request, accounts)
        _write(run, store, request.config, request.sources, accounts)
    return accounts


def accounts_of(sources: Sources, role: str, days: Sequence[date]) -> list[RowAccount]:
    """The account of each day with rows, in order."""
    check = sources.row_check(role, days)
    found = account_rows(sources.arrived(role, days), check).collect()
    return [_account(row, role, check.rules) for row in sorted(found, key=lambda r: r[DAY])]


def rule_results(config: MonitorConfig, accounts: Iterable[RowAccount]) -> list[ConstraintRow]:
    """The results of rules on days with states, as results of constraints: shares that pass."""
    by_name = {rule.name: rule for rule in config.rules}
    found = []
    for account in accounts:
        for count in account.rules:
            rule = by_name[count.rule]
            if rule.table == "labels" or not count.judged:
                continue
            ill = exceeded(account, rule) is not None
            found.append(
                ConstraintRow(
                    day=account.day,
                    constraint=f"{RULE}.{rule.name}",
                    kind=RULE,
                    column=None,
                    where=rule.where,
                    severity="warn",
                    lower=1.0 - rule.tolerance,
                    upper=None,
                    observed=1.0 - count.failed / count.judged,
                    verdict="warn" if ill else "pass",
                    reason=_reason(count.failed, rule.treatment),
                    rows=count.judged,
                    role=rule.table,
                )
            )
    return found


def rows_read(
    config: MonitorConfig, accounts: Sequence[RowAccount], state_rows: Mapping[str, int | None]
) -> dict[str, int]:
    """Rows of inputs and predictions that were read, including those that were kept out.

    ``state_rows``: rows in the states. SourceError if a different number passed the rules, because
    a row was lost or evaluated differently.
    """
    read = {}
    for role, name in (("inputs", "input_rows"), ("predictions", "prediction_rows")):
        own = [account for account in accounts if account.role == config.table_role(role)]
        if not own or state_rows.get(name) is None:
            continue
        let, states = passed(own, config.table_role(role)), state_rows[name]
        if let != states or not all(account.adds_up for account in own):
            message = (
                f"{let} rows of the {role} passed the rules, and the states are of {states}: a "
                "rule must be deterministic, so it cannot use rand(), now() or similar "
                "functions. Nothing is published"
            )
            raise SourceError([Problem("rules", None, message)])
        read[name] = sum(account.rows_in for account in own)
    return read


def _account(row: Row, role: str, rules: Sequence[Rule]) -> RowAccount:
    counts = (
        RuleCount(
            rule.name,
            rule.treatment,
            row[f"judged_{i}"],
            row[f"failed_{i}"],
            row[f"example_{i}"],
        )
        for i, rule in enumerate(rules)
    )
    count_columns = ("rows_in", "passed", "quarantined", "excluded", "released", "warned")
    return RowAccount(
        day=row[DAY], role=role, rules=tuple(counts), **{name: row[name] for name in count_columns}
    )


def _stop(request: Request, accounts: Sequence[RowAccount]) -> None:
    config, lines = request.config, lines_of(request.config_text)
    problems = []
    for rule, account, count in stopping(accounts, config.rules):
        place = f"rules[{config.rules.index(rule)}]"
        # A rule that comes from a contract has no line in the configuration.
        place = place if place in lines else ""
        source = request.sources.opened[account.role]
        message = stop_message(rule, account, count, str(source.address), source.version)
        problems.append(Problem(place, lines.get(place), message))
    if problems:
        raise SourceError(problems)


def _write(
    run: Run, store: Store, config: MonitorConfig, sources: Sources, accounts: Sequence[RowAccount]
) -> None:
    if not accounts:
        return
    table = TABLES[ACCOUNTS]
    names = table.own_names
    accounted = [
        tuple(
            [(c.rule, c.treatment, c.judged, c.failed) for c in account.rules]
            if name == "rules"
            else getattr(account, name)
            for name in names
        )
        for account in accounts
    ]
    frame = frame_of(run.spark, accounted, table.ddl(*names))
    run.append(store, config, ACCOUNTS, frame)
    apart = [
        _set_apart(sources, role, [a.day for a in accounts if a.role == role and a.in_quarantine])
        for role in ROLES
        if any(a.role == role and a.in_quarantine for a in accounts)
    ]
    if apart:
        run.append(store, config, QUARANTINE, reduce(DataFrame.unionByName, apart))


def _set_apart(sources: Sources, role: str, days: Sequence[date]) -> DataFrame:
    source = sources.opened[role]
    rows = sources.arrived(role, days, with_file=True)
    return quarantine_rows(rows, sources.row_check(role, days), str(source.address), source.version)


def _reason(failed: int, treatment: str) -> str | None:
    rows = f"{counted(failed, 'row')} {'fails' if failed == 1 else 'fail'}"
    return f"{rows}: {treatment}" if failed else None
