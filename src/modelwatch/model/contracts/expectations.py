"""A contract as a Great Expectations suite, and what a suite cannot express."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from modelwatch.model.config.document import Path, place_of
from modelwatch.model.config.yaml_text import value_text
from modelwatch.model.contracts.clauses import clause_name, plain_type
from modelwatch.model.contracts.contract import (
    WEEKDAYS,
    ColumnClauses,
    Contract,
    Relation,
    VolumeClause,
)

SPARK_TYPES: Mapping[str, str] = {
    "string": "StringType",
    "boolean": "BooleanType",
    "tinyint": "ByteType",
    "smallint": "ShortType",
    "int": "IntegerType",
    "bigint": "LongType",
    "float": "FloatType",
    "double": "DoubleType",
    "date": "DateType",
    "timestamp": "TimestampType",
    "timestamp_ntz": "TimestampNTZType",
    "binary": "BinaryType",
}
"""Great Expectations' name of a type on Spark, by Spark's simple name."""
SEVERITIES = {"fail": "critical", "warn": "warning"}
_ORDER = re.compile(
    r"(?:(`(?:[^`]|``)+`|\w+) IS NULL OR (`(?:[^`]|``)+`|\w+) IS NULL OR )?"
    r"(`(?:[^`]|``)+`|\w+) (<=?|>=?) (`(?:[^`]|``)+`|\w+)"
)


@dataclass(frozen=True)
class Untranslated:
    """What could not be expressed in the other format: its place, and the reason."""

    place: str
    reason: str

    def __str__(self) -> str:
        """Its line in the output."""
        return f"{self.place}: {self.reason}"


Translation = tuple[Path, str, dict[str, Any]] | tuple[Path, str]
"""Place, and either type and arguments of an expectation, or the reason why there is none."""


def suite_of(contract: Contract) -> tuple[dict[str, Any], tuple[Untranslated, ...]]:
    """The contract as the JSON of an ExpectationSuite of version 1, and what it does not contain.

    Types are those of Spark's engine. ``meta`` of an expectation has the name of its clause.
    """
    expectations: list[dict[str, Any]] = []
    left: list[Untranslated] = []
    for place, severity, translation in _all(contract):
        if len(translation) == 2:
            left.append(Untranslated(place_of(translation[0]), translation[1]))
            continue
        _, kind, kwargs = translation
        expectations.append(
            {
                "type": kind,
                "kwargs": kwargs,
                "severity": SEVERITIES[severity],
                "meta": {"modelwatch": {"clause": clause_name(contract, *place)}},
            }
        )
    suite = {
        "name": contract.contract,
        "expectations": expectations,
        "meta": {
            "modelwatch": {
                "contract": contract.contract,
                "version": contract.version,
                "of": contract.of,
                "fingerprint": contract.fingerprint,
            }
        },
        "notes": contract.description or None,
    }
    return suite, tuple(left)


def _all(contract: Contract) -> Iterator[tuple[tuple[str, ...], str, Translation]]:
    for column, clauses in contract.columns.items():
        for translation in _of_column(column, clauses):
            yield (column, str(translation[0][-1])), clauses.severity, translation
    rows = contract.rows
    if len(rows.unique) == 1:
        alone = {"column": rows.unique[0]}
        yield ("unique",), rows.severity, (_UNIQUE, "expect_column_values_to_be_unique", alone)
    elif rows.unique:
        unique = "expect_compound_columns_to_be_unique"
        several = {"column_list": list(rows.unique)}
        yield ("unique",), rows.severity, (_UNIQUE, unique, several)
    if rows.volume is not None:
        yield ("volume",), rows.severity, _of_volume(rows.volume)
    if rows.freshness_days is not None:
        why = "a suite has no as-of day"
        yield ("freshness",), rows.severity, (("rows", "freshness_days"), why)
    if contract.other_columns != "allowed":
        exact = {"column_set": list(contract.columns), "exact_match": True}
        columns = "expect_table_columns_to_match_set"
        yield ("schema",), contract.other_columns, (("other_columns",), columns, exact)
    for at, relation in enumerate(contract.relations):
        path = ("relations", at)
        yield ("relations", relation.name), relation.severity, _of_relation(path, relation)


_UNIQUE: Path = ("rows", "unique")


def _of_column(column: str, clauses: ColumnClauses) -> Iterator[Translation]:
    def at(key: str) -> Path:
        return ("columns", column, key)

    of: dict[str, Any] = {"column": column}
    mostly = {} if clauses.share == 1.0 else {"mostly": clauses.share}
    yield at("type"), "expect_column_to_exist", of
    if clauses.type is not None:
        known = SPARK_TYPES.get(plain_type(clauses.type))
        if known is None:
            yield at("type"), f"Great Expectations has no name for the type {clauses.type}"
        else:
            kwargs = {**of, "type_": known}
            yield at("type"), "expect_column_values_to_be_of_type", kwargs
    if not clauses.nullable:
        yield at("nullable"), "expect_column_values_to_not_be_null", of
    elif clauses.completeness is not None:
        share = {**of, "mostly": clauses.completeness}
        yield at("completeness"), "expect_column_values_to_not_be_null", share
    if clauses.unique:
        yield at("unique"), "expect_column_values_to_be_unique", of
    if clauses.domain is not None:
        values = [_plain(value) for value in (*clauses.domain, *clauses.sentinels)]
        kwargs = {**of, "value_set": values, **mostly}
        yield at("domain"), "expect_column_values_to_be_in_set", kwargs
    for key in ("range", "pattern", "length"):
        if getattr(clauses, key) is not None and clauses.sentinels:
            codes = ", ".join(value_text(value) for value in clauses.sentinels)
            yield at(key), f"an expectation can't leave out the sentinels {codes}"
        elif getattr(clauses, key) is not None:
            yield at(key), *_VALUES[key](getattr(clauses, key), {**of, **mostly})
    if clauses.treatment is not None:
        yield at("treatment"), "a suite cannot say what happens to single rows"


def _between(ends: tuple[Any, Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    low, high = (None if end is None else _plain(end) for end in ends)
    bounds = {"min_value": low, "max_value": high}
    return {**kwargs, **{key: end for key, end in bounds.items() if end is not None}}


def _regex(pattern: str) -> str:
    """The pattern for engines that match from the start, such as that of pandas, instead of
    searching."""
    anchored = pattern.startswith(("^", r"\A", "(?s)\\A"))
    return pattern if anchored else f".*(?:{pattern})"


_VALUES: dict[str, Any] = {
    "range": lambda ends, of: ("expect_column_values_to_be_between", _between(ends, of)),
    "length": lambda ends, of: ("expect_column_value_lengths_to_be_between", _between(ends, of)),
    "pattern": lambda pattern, of: (
        "expect_column_values_to_match_regex",
        {**of, "regex": _regex(pattern)},
    ),
}


def _of_volume(volume: VolumeClause) -> Translation:
    bounds = {getattr(volume, day) for day in WEEKDAYS}
    ends = next(iter(bounds))
    if len(bounds) > 1 or ends is None:
        return ("rows", "volume"), "a suite has no weekdays"
    return ("rows", "volume"), "expect_table_row_count_to_be_between", _between(ends, {})


def _of_relation(path: Path, relation: Relation) -> Translation:
    if relation.at_least < 1.0:
        return path, f"a condition cannot apply to {relation.at_least:.6g} of the rows"
    order = _ORDER.fullmatch(relation.predicate.strip())
    if order is not None and relation.where is None:
        one, other, a, sign, b = order.groups()
        if one is not None and {one, other} == {a, b}:
            low, high = (a, b) if sign.startswith("<") else (b, a)
            kwargs = {
                "column_A": _unquoted(high),
                "column_B": _unquoted(low),
                "or_equal": sign.endswith("="),
                "ignore_row_if": "either_value_is_missing",
            }
            return path, "expect_column_pair_values_a_to_be_greater_than_b", kwargs
    where = f"({relation.where}) AND " if relation.where is not None else ""
    query = f"SELECT * FROM {{batch}} WHERE {where}(({relation.predicate}) IS NOT TRUE)"
    if "{" in query.replace("{batch}", "") or "}" in query.replace("{batch}", ""):
        return path, "a query of a suite can't hold braces"
    return path, "unexpected_rows_expectation", {"unexpected_rows_query": query}


def _unquoted(name: str) -> str:
    return name[1:-1].replace("``", "`") if name.startswith("`") else name


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, (str, bool, int, float)) else str(value)
