"""The clauses of a contract with a treatment, as rules of the monitor."""

from __future__ import annotations

from collections.abc import Iterator

from modelwatch.model.config.column_types import FLOATING_TYPES, outer_type
from modelwatch.model.config.literals import bound_sql, sql_in, sql_literal
from modelwatch.model.contracts.clauses import clause_name, length_regex, quoted_column
from modelwatch.model.contracts.contract import ColumnClauses, Contract
from modelwatch.model.profile.features import Schema, find_column
from modelwatch.model.quarantine.rules import Rule


def rules_of_contract(contract: Contract, schema: Schema) -> tuple[Rule, ...]:
    """A rule for each clause on single rows whose column or relation has a treatment.

    Columns that the table does not have are skipped; the clause on the schema reports them.
    """
    found = []
    for column, clauses in contract.columns.items():
        spelled = find_column(schema, column)
        if spelled is None or clauses.treatment is None:
            continue
        for clause, must in row_conditions(clauses, spelled, schema[spelled]):
            share = 1.0 if clause == "nullable" else clauses.share
            keys = {"treatment": clauses.treatment, "must": must, "tolerance": _tolerance(share)}
            found.append(_rule(contract, (column, clause), keys))
    for relation in contract.relations:
        if relation.treatment is not None:
            keys = {
                "treatment": relation.treatment,
                "must": relation.predicate,
                "where": relation.where,
                "tolerance": _tolerance(relation.at_least),
            }
            found.append(_rule(contract, ("relations", relation.name), keys))
    return tuple(found)


def _rule(contract: Contract, parts: tuple[str, ...], keys: dict[str, object]) -> Rule:
    rule = Rule.model_validate({"name": "clause", "table": contract.of, **keys})
    # The name contains that of a column, which may contain any character.
    return rule.model_copy(update={"name": clause_name(contract, *parts)})


def _tolerance(share: float) -> float:
    return round(1.0 - share, 12)


def row_conditions(
    clauses: ColumnClauses, column: str, spark_type: str
) -> Iterator[tuple[str, str]]:
    """By clause, SQL that is true for valid rows. Missing values and sentinels are valid."""
    name, floating = quoted_column(column), outer_type(spark_type) in FLOATING_TYPES
    missing = f"{name} IS NULL" + (f" OR isnan({name})" if floating else "")
    if not clauses.nullable:
        yield "nullable", f"NOT ({missing})"
    if clauses.sentinels:
        missing += f" OR {sql_in(name, spark_type, clauses.sentinels)}"
    if clauses.domain is not None:
        yield "domain", f"{missing} OR {sql_in(name, spark_type, clauses.domain)}"
    if clauses.range is not None:
        low, high = clauses.range
        within = [f"{name} >= {bound_sql(spark_type, low)}"] if low is not None else []
        within += [f"{name} <= {bound_sql(spark_type, high)}"] if high is not None else []
        yield "range", f"{missing} OR ({' AND '.join(within)})"
    if clauses.pattern is not None:
        yield "pattern", f"{missing} OR {name} RLIKE {sql_literal(clauses.pattern)}"
    if clauses.length is not None:
        yield "length", f"{missing} OR {name} RLIKE {sql_literal(length_regex(clauses.length))}"
