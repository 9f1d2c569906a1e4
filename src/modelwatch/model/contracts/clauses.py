"""The checks of a contract: constraints on values, and the columns of a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from modelwatch.model.config.literals import sql_in
from modelwatch.model.contracts.constraint import (
    Completeness,
    Constraint,
    Domain,
    Pattern,
    Predicate,
    Range,
    Rows,
    Severity,
    Uniqueness,
)
from modelwatch.model.contracts.contract import ColumnClauses, Contract
from modelwatch.model.profile.features import Schema, find_column

ScannedRole = Literal["inputs", "predictions"]
_SYNONYMS = {"integer": "int", "long": "bigint", "short": "smallint", "byte": "tinyint"}
_MOST_LISTED = 10


@dataclass(frozen=True)
class SchemaMismatch:
    """A column that does not fit the contract, in words."""

    column: str
    wording: str
    severity: Severity


def clause_name(contract: Contract, *parts: str) -> str:
    """The name of a clause in the results: ``contract.<contract>.<column>.<clause>``."""
    return ".".join(("contract", contract.contract, *parts))


def constraints_of(
    contract: Contract, schema: Schema, table: ScannedRole
) -> tuple[Constraint, ...]:
    """The clauses on values as constraints, for columns that the table has.

    Missing columns are reported by ``schema_misfits``. The number of rows has no bound here,
    because it is compared with that of the weekday.
    """
    found: list[Constraint] = []

    def add(kind: Any, name: str, severity: Severity, **keys: Any) -> None:
        key = kind.model_fields["kind"].annotation.__args__[0]
        given = {"name": "clause", "kind": key, "table": table, "severity": severity, **keys}
        made = kind.model_validate(given)
        # The name contains that of a column, which may contain any character.
        found.append(made.model_copy(update={"name": name}))

    for column, clauses in contract.columns.items():
        spelled = find_column(schema, column)
        if spelled is not None:
            for clause, kind, keys in _of_column(clauses, spelled, schema[spelled]):
                add(kind, clause_name(contract, column, clause), clauses.severity, **keys)
    rows = contract.rows
    if rows.unique and all(find_column(schema, column) for column in rows.unique):
        add(Uniqueness, clause_name(contract, "unique"), rows.severity, columns=rows.unique)
    if rows.volume is not None:
        add(Rows, clause_name(contract, "volume"), rows.severity, lower=0.0)
    for relation in contract.relations:
        name = clause_name(contract, "relations", relation.name)
        asked = {"sql": relation.predicate, "where": relation.where, "lower": relation.at_least}
        add(Predicate, name, relation.severity, **asked)
    return tuple(found)


def _of_column(
    clauses: ColumnClauses, column: str, spark_type: str
) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    of = {"column": column}
    if not clauses.nullable:
        yield "nullable", Completeness, {**of, "lower": 1.0}
    elif clauses.completeness is not None:
        yield "completeness", Completeness, {**of, "lower": clauses.completeness}
    if clauses.unique:
        yield "unique", Uniqueness, {"columns": (column,)}
    asked = {**of, "where": _no_sentinel(clauses, column, spark_type)}
    share = {**asked, "lower": clauses.share}
    if clauses.domain is not None:
        yield "domain", Domain, {**share, "values": clauses.domain}
    if clauses.range is not None:
        low, high = clauses.range
        yield "range", Range, {**asked, "lower": low, "upper": high, "share": clauses.share}
    if clauses.pattern is not None:
        yield "pattern", Pattern, {**share, "regex": clauses.pattern}
    if clauses.length is not None:
        yield "length", Pattern, {**share, "regex": length_regex(clauses.length)}


def length_regex(length: tuple[int | None, int | None]) -> str:
    """A Java regular expression that matches entire strings of these lengths."""
    low, high = length
    return rf"(?s)\A.{{{low or 0},{'' if high is None else high}}}\z"


def _no_sentinel(clauses: ColumnClauses, column: str, spark_type: str) -> str | None:
    if not clauses.sentinels:
        return None
    name = quoted_column(column)
    return f"{name} IS NULL OR {sql_in(name, spark_type, clauses.sentinels, negated=True)}"


def quoted_column(column: str) -> str:
    """A column in SQL, with any characters in its name."""
    return "`" + column.replace("`", "``") + "`"


def schema_mismatches(contract: Contract, schema: Schema) -> tuple[SchemaMismatch, ...]:
    """Columns that are missing, have another type, or are new if the contract forbids it."""
    found = []
    for column, clauses in contract.columns.items():
        spelled = find_column(schema, column)
        if spelled is None:
            found.append(SchemaMismatch(column, f"{column!r} is missing", clauses.severity))
        elif clauses.type is not None and plain_type(schema[spelled]) != plain_type(clauses.type):
            wording = f"{column!r} is {schema[spelled]}, not {clauses.type}"
            found.append(SchemaMismatch(column, wording, clauses.severity))
    if contract.other_columns != "allowed":
        known = {column.lower() for column in contract.columns}
        new = (column for column in schema if column.lower() not in known)
        severity: Severity = contract.other_columns
        found += [
            SchemaMismatch(name, f"{name!r} is not in the contract", severity) for name in new
        ]
    return tuple(found)


def mismatch_summary(misfits: Iterable[SchemaMismatch]) -> str:
    """Mismatches in one sentence, the first ones by name."""
    texts = [misfit.wording for misfit in misfits]
    more = len(texts) - _MOST_LISTED
    return "; ".join(texts[:_MOST_LISTED]) + (f"; and {more} more" if more > 0 else "")


def plain_type(spark_type: str) -> str:
    """A type in a comparable form: Spark's simple name, without spaces, in lower case."""
    plain = "".join(spark_type.lower().split())
    return _SYNONYMS.get(plain, plain)
