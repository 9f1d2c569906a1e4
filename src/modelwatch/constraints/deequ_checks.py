"""Export a contract as Deequ checks: the text of a Python module for pydeequ."""

from __future__ import annotations

from collections.abc import Iterator

from modelwatch.model.config.document import place_of
from modelwatch.model.contracts.clauses import clause_name
from modelwatch.model.contracts.contract import WEEKDAYS, Contract, Relation
from modelwatch.model.contracts.expectations import Untranslated
from modelwatch.model.contracts.rules import row_conditions

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
