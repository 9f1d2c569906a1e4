"""Export a contract as Deequ checks, the text of a Python module for pydeequ, and return the
constraints that Deequ suggests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.constraints.deequ_aggregates import import_pydeequ
from modelwatch.constraints.source import first_line, quoted
from modelwatch.model.config.document import place_of
from modelwatch.model.contracts.clauses import clause_name
from modelwatch.model.contracts.contract import WEEKDAYS, Contract, Relation
from modelwatch.model.contracts.expectations import Untranslated
from modelwatch.model.contracts.rules import row_conditions
from modelwatch.query_failures import QUERY_FAILURES

_HEAD = '''"""{title}, as checks of Deequ.

    from pydeequ.verification import VerificationResult, VerificationSuite
    suite = VerificationSuite(spark).onData(rows)
    for check in checks(spark):
        suite = suite.addCheck(check)
    result = suite.run()

Where there are assertions (lambdas), pydeequ starts a callback server, and the process does not end
before `spark.sparkContext._gateway.shutdown_callback_server()`.
"""

from pydeequ.checks import Check, CheckLevel


def checks(spark):
    """A check of errors and one of warnings."""
'''
MAX_COLUMNS = 50
"""Maximum columns profiled by Deequ, which takes three scans and more."""
_PROFILED = ("string", "boolean", "double", "float", "int", "bigint", "smallint", "tinyint")


def checks_of(contract: Contract) -> tuple[str, tuple[Untranslated, ...]]:
    """Return the text of a module with a function ``checks(spark)``, and what it omits.

    Shares are of all rows: rows without a value pass where the clause is about values.
    """
    left: list[Untranslated] = []
    calls: dict[str, list[str]] = {"fail": [], "warn": []}
    for severity, call in _calls(contract, left):
        calls[severity].append(call)
    title = f"Contract {contract.contract}, version {contract.version}"
    lines = [_HEAD.format(title=title)]
    named = []
    for severity, name, level in (("fail", "errors", "Error"), ("warn", "warnings", "Warning")):
        if calls[severity]:
            lines.append(f"    {name} = Check(spark, CheckLevel.{level}, {title!r})\n")
            lines += [f"    {name} = {name}.{call}\n" for call in calls[severity]]
            named.append(name)
    lines.append(f"    return [{', '.join(named)}]\n")
    return "".join(lines), tuple(left)


def _calls(contract: Contract, left: list[Untranslated]) -> Iterator[tuple[str, str]]:
    for column, clauses in contract.columns.items():
        if "." in column or "`" in column:
            why = "Deequ cannot distinguish a dot or a backtick in a column name from its syntax"
            left.append(Untranslated(place_of(("columns", column)), why))
            continue
        if clauses.type is not None:
            why = "Deequ's checks have no column types"
            left.append(Untranslated(place_of(("columns", column, "type")), why))
        conditions = dict(row_conditions(clauses, column, clauses.type or ""))
        if clauses.completeness is not None and clauses.nullable:
            whole = clauses.model_copy(update={"nullable": False})
            present = dict(row_conditions(whole, column, clauses.type or ""))["nullable"]
            name = clause_name(contract, column, "completeness")
            yield clauses.severity, _satisfies(present, name, clauses.completeness)
        if clauses.unique:
            yield clauses.severity, f"isUnique({column!r})"
        for clause, must in conditions.items():
            share = 1.0 if clause == "nullable" else clauses.share
            name = clause_name(contract, column, clause)
            yield clauses.severity, _satisfies(must, name, share)
    rows = contract.rows
    if rows.unique:
        yield rows.severity, f"hasUniqueness({list(rows.unique)!r}, lambda share: share == 1.0)"
    if rows.volume is not None:
        bounds = {getattr(rows.volume, day) for day in WEEKDAYS}
        ends = next(iter(bounds))
        if len(bounds) > 1 or ends is None:
            why = "Deequ's checks have no weekdays"
            left.append(Untranslated("rows.volume", why))
        else:
            low, high = ends
            asked = f"{low or 0} <= size" + (f" <= {high}" if high is not None else "")
            yield rows.severity, f"hasSize(lambda size: {asked})"
    if rows.freshness_days is not None:
        left.append(Untranslated("rows.freshness_days", "Deequ's checks have no as-of day"))
    if contract.other_columns != "allowed":
        left.append(Untranslated("other_columns", "Deequ's checks cannot list all columns"))
    for relation in contract.relations:
        name = clause_name(contract, "relations", relation.name)
        yield relation.severity, _satisfies(_must(relation), name, relation.at_least)


def _must(relation: Relation) -> str:
    must = f"(({relation.predicate}) IS TRUE)"
    return must if relation.where is None else f"(({relation.where}) IS NOT TRUE) OR {must}"


def _satisfies(condition: str, name: str, share: float) -> str:
    if share == 1.0:
        return f"satisfies({condition!r}, {name!r})"
    return f"satisfies({condition!r}, {name!r}, lambda share: share >= {share!r})"


def suggestions(rows: DataFrame, columns: list[str] | None = None) -> dict[str, tuple[str, ...]]:
    """Return the constraints that Deequ's rules suggest by column, each as code and description.

    ``rows`` are a small sample. Columns of types that Deequ does not profile are left out, and so
    are those beyond ``MAX_COLUMNS``. A failure of Deequ is returned under the empty name.
    """
    # Deequ interprets a dot in a name as a field of a struct, so columns are named by position.
    known = {name: kind.split("(")[0] for name, kind in rows.dtypes}
    wanted = [
        name
        for name in (columns if columns is not None else rows.columns)
        if known.get(name) in _PROFILED or known.get(name) == "decimal"
    ][:MAX_COLUMNS]
    if not wanted:
        return {}
    names = {f"c{i}": name for i, name in enumerate(wanted)}
    narrow = rows.select(*(F.col(quoted(name)).alias(alias) for alias, name in names.items()))
    found: dict[str, tuple[str, ...]] = {}
    try:
        suggested = _run(narrow)
    except QUERY_FAILURES as error:
        return {"": (f"no suggestions: {first_line(error)}",)}
    for one in suggested:
        name = names.get(one["column_name"])
        if name is not None:
            line = _suggestion_line(one, name)
            found[name] = (*found.get(name, ()), line)
    return found


def _run(rows: DataFrame) -> list[dict[str, Any]]:
    deequ = import_pydeequ("pydeequ.suggestions")
    runner = deequ.ConstraintSuggestionRunner(rows.sparkSession).onData(rows)
    result = runner.addConstraintRule(deequ.DEFAULT()).run()
    return list(result["constraint_suggestions"])


def _suggestion_line(one: dict[str, Any], name: str) -> str:
    alias = one["column_name"]
    code = str(one["code_for_constraint"]).replace(f'"{alias}"', f'"{name}"')
    code = code.replace(f"`{alias}`", f"`{name}`")
    description = str(one["description"]).replace(f"'{alias}'", f"'{name}'")
    text = f"{code}  # {description}"
    return text if len(text) <= 160 else text[:157] + "..."
