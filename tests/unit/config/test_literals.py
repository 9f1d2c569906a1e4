"""Numbers of the configuration keep their digits, and meet data in the type of the column."""

from __future__ import annotations

import struct
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.model.config.document import read_document
from modelwatch.model.config.literals import bound_sql, exact_of, held_by, number_of, typed_sql
from modelwatch.model.config.parsing import parse_config
from modelwatch.model.contracts.clauses import constraints_of
from modelwatch.model.contracts.reading import parse_contract
from modelwatch.model.contracts.rules import rules_of_contract
from modelwatch.model.profile.features import features_of

INPUTS = """
monitor: shop
output: {path: /out}
inputs: {table: {path: /inputs}, id: id, day: {column: day}}
references: [{name: first, days: 2024-01-01..2024-01-28}]
"""
BIG = 1_750_000_000_000_000_059


def float32(value: float) -> float:
    return float(struct.unpack("f", struct.pack("f", value))[0])


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12))
def test_a_decimal_of_a_document_is_exactly_what_was_written(value: Decimal) -> None:
    document = read_document(f"x: {value:f}")
    assert exact_of(number_of(document.value["x"])) == value


@given(st.integers(-(10**37), 10**37))
def test_an_integer_of_a_document_is_exactly_what_was_written(value: int) -> None:
    assert exact_of(number_of(read_document(f"x: {value}").value["x"])) == value


def test_bounds_beyond_what_a_double_holds_keep_their_digits() -> None:
    text = f"constraints: [{{name: r, kind: range, column: t, lower: {BIG - 59}, upper: {BIG}}}]"
    (constraint,) = parse_config(INPUTS + text).constraints
    assert constraint.kind == "range"
    assert (exact_of(constraint.lower), exact_of(constraint.upper)) == (BIG - 59, BIG)  # type: ignore[arg-type]


@pytest.mark.parametrize("given", ["yes", "true", "null", "[1]", ".inf", ".nan"])
def test_a_bound_that_is_no_number_is_refused(given: str) -> None:
    text = f"constraints: [{{name: r, kind: range, column: t, lower: 1, upper: {given}}}]"
    if given == "null":
        parse_config(INPUTS + text)
        return
    with pytest.raises(Exception, match=r"must be a (finite )?number"):
        parse_config(INPUTS + text)


HELD: list[tuple[str, Any, Any]] = [
    ("float", -99.9, float32(-99.9)),
    ("float", 1, 1.0),
    ("double", -99.9, -99.9),
    ("bigint", BIG, BIG),
    ("bigint", 2**63, None),
    ("bigint", 1.5, None),
    ("tinyint", 128, None),
    ("tinyint", -128, -128),
    ("decimal(6,1)", -99.9, Decimal("-99.9")),
    ("decimal(6,1)", -99.95, None),
    ("decimal(38,6)", Decimal("1750000000000000000.000059"), Decimal("1750000000000000000.000059")),
    ("boolean", True, True),
    ("int", True, None),
    ("string", "a", "a"),
]


@pytest.mark.parametrize(("spark_type", "literal", "held"), HELD)
def test_a_literal_is_what_a_column_of_its_type_holds(
    spark_type: str, literal: Any, held: Any
) -> None:
    assert held_by(spark_type, literal) == held


@pytest.mark.parametrize(
    ("spark_type", "literal", "sql"),
    [
        ("float", -99.9, "CAST('-99.9' AS FLOAT)"),
        ("double", 0.1, "CAST('0.1' AS DOUBLE)"),
        ("bigint", BIG, str(BIG)),
        ("bigint", -(2**63), "-9223372036854775808"),
        ("bigint", 0.5, None),
        ("decimal(10,2)", 0.25, "CAST('0.25' AS DECIMAL(3,2))"),
        ("string", 5, "'5'"),
        ("string", True, "'true'"),
        ("boolean", True, "true"),
    ],
)
def test_a_literal_in_sql_has_the_type_of_its_column(
    spark_type: str, literal: Any, sql: str | None
) -> None:
    assert typed_sql(spark_type, literal) == sql


def test_a_bound_of_integers_is_compared_exactly_and_one_of_floats_as_a_float() -> None:
    assert bound_sql("bigint", BIG) == str(BIG)
    assert bound_sql("bigint", 0.5) == "CAST('0.5' AS DECIMAL(2,1))"
    assert bound_sql("float", 0.9) == "CAST('0.9' AS FLOAT)"


@pytest.mark.parametrize(
    ("spark_type", "held"),
    [
        ("float", (float32(-99.9), float(BIG))),
        ("double", (-99.9, float(BIG))),
        ("decimal(38,1)", (Decimal("-99.9"), Decimal(BIG))),
    ],
)
def test_special_values_are_those_that_the_column_holds(
    spark_type: str, held: tuple[Any, ...]
) -> None:
    text = f"features: {{columns: {{x: {{special_values: [-99.9, {BIG}]}}}}}}"
    schema = {"id": "bigint", "day": "date", "x": spark_type}
    (feature,), _ = features_of(parse_config(INPUTS + text), {"inputs": schema})
    if spark_type == "float":
        held = (held[0], float32(BIG))
    assert feature.special_values == held


CONTRACT = f"""
contract: c
version: 1
columns:
  x: {{range: [0.1, {BIG}], sentinels: [-99.9], domain: [0.9, 1], treatment: warn}}
"""


def test_clauses_of_a_contract_compare_in_the_type_of_the_column() -> None:
    contract = parse_contract(CONTRACT)
    conditions = {
        rule.name.rpartition(".")[2]: rule.must
        for rule in rules_of_contract(contract, {"x": "float"})
    }
    assert conditions["range"].endswith(
        f"`x` >= CAST('0.1' AS FLOAT) AND `x` <= CAST('{BIG}' AS FLOAT))"
    )
    assert "`x` IN (CAST('-99.9' AS FLOAT))" in conditions["domain"]
    assert conditions["domain"].endswith("`x` IN (CAST('0.9' AS FLOAT), CAST('1' AS FLOAT))")
    (asked,) = {one.where for one in constraints_of(contract, {"x": "float"}, "inputs")} - {None}
    assert asked == "`x` IS NULL OR `x` NOT IN (CAST('-99.9' AS FLOAT))"


def test_a_domain_of_numbers_that_an_integer_cannot_be_allows_none() -> None:
    text = "contract: c\nversion: 1\ncolumns: {x: {domain: [0.5], treatment: warn}}"
    (rule,) = rules_of_contract(parse_contract(text), {"x": "int"})
    assert rule.must == "`x` IS NULL OR false"
