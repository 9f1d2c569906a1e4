"""Clauses become constraints, rules and what is wrong with a schema."""

from __future__ import annotations

from modelwatch.model.contracts.clauses import constraints_of, mismatch_summary, schema_mismatches
from modelwatch.model.contracts.contract import Contract
from modelwatch.model.contracts.reading import parse_contract
from modelwatch.model.contracts.rules import rules_of_contract
from modelwatch.pipelines.contracts.check import covered_schema

SCHEMA = {"x": "double", "Name": "string", "a`b": "int", "day": "date"}


def contract(columns: str, rest: str = "") -> Contract:
    return parse_contract(f"contract: c\nversion: 1\ncolumns:\n{columns}\n{rest}")


def asked(of: Contract) -> dict[str, str]:
    return {one.name: one.kind for one in constraints_of(of, SCHEMA, "inputs")}


def test_each_clause_is_a_constraint_that_bears_its_name() -> None:
    clauses = (
        "  x: {completeness: 0.9, range: [0, 1], sentinels: [-1], unique: true}\n"
        '  name: {nullable: false, domain: [a], pattern: "^a", length: [1, 2]}'
    )
    rows = "rows: {unique: [x, name], volume: {monday: [1, 2]}}\n"
    relations = "relations: [{name: r, predicate: x < 1}]"
    assert asked(contract(clauses, rows + relations)) == {
        "contract.c.x.completeness": "completeness",
        "contract.c.x.unique": "uniqueness",
        "contract.c.x.range": "range",
        "contract.c.name.nullable": "completeness",
        "contract.c.name.domain": "domain",
        "contract.c.name.pattern": "pattern",
        "contract.c.name.length": "pattern",
        "contract.c.unique": "uniqueness",
        "contract.c.volume": "rows",
        "contract.c.relations.r": "predicate",
    }


def test_sentinels_are_left_out_of_the_rows_that_are_asked() -> None:
    found = constraints_of(
        contract("  a`b: {range: [0, 1], sentinels: [-1, -2], share: 0.5}"), SCHEMA, "inputs"
    )
    assert found[0].where == "`a``b` IS NULL OR `a``b` NOT IN (-1, -2)"
    assert found[0].bounds == (0.5, None)


def test_columns_that_are_gone_are_asked_nothing_and_reported() -> None:
    of = contract("  gone: {nullable: false}\n  x: {type: int}")
    assert asked(of) == {}
    misfits = schema_mismatches(of, SCHEMA)
    assert [one.wording for one in misfits] == ["'gone' is missing", "'x' is double, not int"]


def test_a_schema_is_compared_by_spark_s_names_in_any_case() -> None:
    of = contract('  NAME: {type: String}\n  "a`b": {type: integer}\n  x: {type: "Double"}')
    assert schema_mismatches(of, SCHEMA) == ()


def test_other_columns_are_reported_where_they_matter() -> None:
    found = schema_mismatches(contract("  x: {}", "other_columns: warn"), SCHEMA)
    assert [(one.column, one.severity) for one in found] == [
        ("Name", "warn"),
        ("a`b", "warn"),
        ("day", "warn"),
    ]


def test_many_misfits_are_reported_in_one_bounded_sentence() -> None:
    of = contract("\n".join(f"  gone{i}: {{}}" for i in range(50)))
    wording = mismatch_summary(schema_mismatches(of, {}))
    assert wording.endswith("; and 40 more")


def test_clauses_with_a_treatment_are_rules_on_single_rows() -> None:
    of = contract(
        "  x: {nullable: false, range: [0, null], share: 0.9, treatment: exclude}\n"
        '  name: {domain: ["it\'s"], sentinels: [none], treatment: quarantine}\n'
        "  day: {nullable: false}",
        "relations: [{name: r, predicate: x < 1, where: x > 0, treatment: fail}]",
    )
    rules = {rule.name: rule for rule in rules_of_contract(of, SCHEMA)}
    assert {name: (rule.treatment, rule.tolerance) for name, rule in rules.items()} == {
        "contract.c.x.nullable": ("exclude", 0.0),
        "contract.c.x.range": ("exclude", 0.1),
        "contract.c.name.domain": ("quarantine", 0.0),
        "contract.c.relations.r": ("fail", 0.0),
    }
    assert rules["contract.c.x.nullable"].must == "NOT (`x` IS NULL OR isnan(`x`))"
    assert rules["contract.c.name.domain"].must == (
        "`Name` IS NULL OR `Name` IN ('none') OR `Name` IN ('it\\'s')"
    )
    assert rules["contract.c.relations.r"].where == "x > 0"


def test_a_schema_is_held_as_it_is_stored_with_the_paths_that_the_contract_names() -> None:
    stored = {"ds": "string", "customer": "struct<age:int>", "x": "double"}
    taken = {**stored, "ds": "date", "customer.age": "int", "customer.name": "string"}
    of = contract("  ds: {type: string}\n  customer.age: {type: int}\n  x: {type: double}")
    held = covered_schema(of, taken, stored)
    assert held == {**stored, "customer.age": "int"}
    assert schema_mismatches(of, held) == ()
