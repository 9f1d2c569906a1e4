"""The contracts of a run: read, compared with used versions, and stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from modelwatch.capabilities import resolved
from modelwatch.io.failures import first_line
from modelwatch.io.store.output_tables import Store
from modelwatch.io.text_files import text_of_file
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.config.document import place_of
from modelwatch.model.config.parsing import lines_of
from modelwatch.model.contracts.contract import Contract, ContractFile
from modelwatch.model.contracts.reading import parse_contract
from modelwatch.model.contracts.rules import rules_of_contract
from modelwatch.model.errors import ConfigurationError, Problem, SourceError
from modelwatch.model.quarantine.rules import Rule
from modelwatch.pipelines.config.expressions import refusal
from modelwatch.pipelines.config.validation import schemas_of
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.pipelines.sources.frames import Sources
from modelwatch.spark.local_frames import frame_of
from modelwatch.tables import TABLES

_STORED = TABLES["contracts"].own_names


def contract_files(
    config: MonitorConfig, folder: Path, lines: Mapping[str, int]
) -> tuple[ContractFile, ...]:
    """The contracts of a configuration; ConfigurationError with all of their problems.

    ``folder``: of the configuration file, where their paths begin.
    """
    found: list[ContractFile] = []
    wrong: list[ConfigurationError] = []
    problems: list[Problem] = []
    for at, place in enumerate(config.contracts):
        path = folder / place.path
        try:
            text = text_of_file(path)
            file = ContractFile(place.path, text, parse_contract(text, str(path)))
        except ConfigurationError as error:
            wrong.append(error)
            continue
        wording = _unfit(config, file.contract, [other.contract for other in found])
        if wording is not None:
            named = f"contracts[{at}].path"
            problems.append(Problem(named, lines.get(named), f"{place.path}: {wording}"))
        found.append(file)
    if wrong and not problems and len(wrong) == 1:
        raise wrong[0]
    problems += [Problem("", None, line) for error in wrong for line in str(error).splitlines()]
    if problems:
        raise ConfigurationError(problems)
    return tuple(found)


def _unfit(config: MonitorConfig, contract: Contract, others: Iterable[Contract]) -> str | None:
    if any(other.contract == contract.contract for other in others):
        return f"another contract has the name {contract.contract!r}: rename one of them"
    if contract.of == "predictions" and config.predictions is None:
        return "is a contract of predictions, but there is no section predictions"
    if contract.of == "labels":
        return (
            "is a contract of labels, which arrive after the day is evaluated: remove it here and "
            "check it with `modelwatch contract check`"
        )
    return None


def check_versions(
    files: Sequence[ContractFile], store: Store, monitor: str, published: Iterable[str]
) -> None:
    """Raises ConfigurationError if a version was used before with other clauses."""
    if not files or not store.exists("contracts"):
        return
    problems = []
    stored = _of_runs(store, monitor, published)
    for file in files:
        contract = file.contract
        held = [row for row in stored if row["contract"] == contract.contract]
        same = next((row for row in held if row["version"] == contract.version), None)
        if same is not None and same["fingerprint"] != contract.fingerprint:
            newest = max(row["version"] for row in held)
            line = lines_of(file.text).get("version")
            wording = (
                f"version {contract.version} of {contract.contract!r} was used since "
                f"{same['first_used_at']:%Y-%m-%d}, and had other clauses: make it version "
                f"{newest + 1}, or restore the file"
            )
            where = f"{file.path}:{line}: version" if line else f"{file.path}: version"
            problems.append(Problem(where, None, wording))
    if problems:
        raise ConfigurationError(problems)


def write_contracts(run: Run, store: Store, request: Request) -> None:
    """Store the contracts whose version no published run has used."""
    if not request.contracts:
        return
    published = [row["run_id"] for row in request.history.runs]
    held = _of_runs(store, request.config.monitor, published)
    stored = {(row["contract"], row["version"]) for row in held}
    rows = [
        (c.contract, c.version, c.fingerprint, c.of, file.path, file.text, run.started_at)
        for file in request.contracts
        if ((c := file.contract).contract, c.version) not in stored
    ]
    if rows:
        frame = frame_of(run.spark, rows, TABLES["contracts"].ddl(*_STORED))
        run.append(store, request.config, "contracts", frame)


def stored_contracts(
    store: Store, monitor: str, used: Iterable[Row] | None
) -> tuple[ContractFile, ...]:
    """The contracts that a run used, from its row in ``runs``, for a replay."""
    wanted = {(one["name"], one["fingerprint"]) for one in used or ()}
    if not wanted:
        return ()
    mine = store.read("contracts").where(F.col("monitor") == monitor)
    rows = {(row["contract"], row["fingerprint"]): row for row in mine.collect()}
    return tuple(
        ContractFile(row["path"], row["contract_yaml"], parse_contract(row["contract_yaml"]))
        for row in (rows[key] for key in sorted(wanted) if key in rows)
    )


def with_contract_rules(sources: Sources, files: Sequence[ContractFile]) -> Sources:
    """The sources, with the contract clauses on single rows among their rules.

    SourceError with all conditions that are not valid SQL for their table.
    """
    config, schemas = sources.config, schemas_of(sources.frames)
    rules: list[Rule] = []
    problems: list[Problem] = []
    for file in files:
        home = config.table_role(file.contract.of)
        problems += _relation_problems(file, sources.frames[home])
        rules += rules_of_contract(file.contract, schemas[home])
    if problems:
        raise SourceError(problems)
    if not rules:
        return sources
    return replace(sources, config=config.model_copy(update={"rules": (*config.rules, *rules)}))


def _relation_problems(file: ContractFile, frame: DataFrame) -> list[Problem]:
    """Relations whose SQL Spark cannot parse, or which name a column without a clause."""
    lines, problems = lines_of(file.text), []
    known = {name.lower() for name in frame.columns}
    gone = any(name.lower() not in known for name in file.contract.columns)
    for at, relation in enumerate(file.contract.relations):
        for key in ("predicate", "where"):
            sql, place = getattr(relation, key), place_of(("relations", at, key))
            if sql is None:
                continue
            wording = refusal(frame, sql)
            try:
                resolved(frame.where(F.expr(sql)))
            except PySparkException as error:
                unresolved = "UNRESOLVED" in str(error.getErrorClass() or "")
                if not (unresolved and gone):
                    wording = f"is not SQL: {first_line(error)}"
            if wording is not None:
                where = f"{file.path}:{lines.get(place, 0)}: {place}"
                problems.append(Problem(where, None, wording))
    return problems


def _of_runs(store: Store, monitor: str, published: Iterable[str]) -> list[Row]:
    wanted = set(published)
    rows = store.read("contracts").where(F.col("monitor") == monitor).collect()
    return [row for row in rows if row["run_id"] in wanted]
