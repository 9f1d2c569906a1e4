"""A contract is read completely, and all of its problems are reported at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.model.config.document import read_document
from modelwatch.model.config.section import keys_of
from modelwatch.model.contracts.contract import (
    ColumnClauses,
    Contract,
    Relation,
    RowClauses,
    VolumeClause,
)
from modelwatch.model.contracts.reading import parse_contract
from modelwatch.model.contracts.text import contract_text
from modelwatch.model.errors import ConfigurationError

CONTRACTS = Path(__file__).parents[3] / "conf" / "contracts"

WHOLE = """\
contract: payments
version: 3
of: predictions
columns:
  amount: {type: double, completeness: 0.9, range: [0, null], sentinels: [-1], share: 0.99}
  "odd name: {}": {nullable: false, length: [2, 40], treatment: quarantine}
  country: {domain: [CH, no, 3, true, 2024-02-08], unique: true, severity: warn}
other_columns: warn
rows: {unique: [id, attempt], freshness_days: 2, volume: {monday: [10, 20], sunday: [0, null]}}
relations:
  - {name: paid, predicate: paid <= amount, where: "country = 'CH'", at_least: 0.5}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as wording:
        parse_contract(text, "c.yaml")
    return str(wording.value).splitlines()


def test_a_contract_says_what_its_file_says() -> None:
    contract = parse_contract(WHOLE)
    assert contract.columns["amount"].range == (0.0, None)
    assert contract.columns["country"].domain is not None
    assert contract.columns["country"].domain[1] == "no"
    assert contract.rows.volume is not None
    assert contract.rows.volume.of(0) == (10, 20)
    assert contract.rows.volume.of(1) is None
    assert contract.relations[0].at_least == 0.5


def test_a_contract_that_is_written_reads_as_it_was() -> None:
    contract = parse_contract(WHOLE)
    assert parse_contract(contract_text(contract)) == contract


def test_any_name_and_value_survives_being_written() -> None:
    values = ["null", "true", "1.5", "a\nb", "#", "'", '"', "\u202e", "\0", " ", "x" * 300]
    odd = {f"c{value}": {"domain": (value, *values[:3])} for value in values}
    contract = Contract.model_validate({"contract": "odd", "version": 1, "columns": odd})
    assert parse_contract(contract_text(contract)) == contract


def test_all_problems_come_at_once_with_their_places() -> None:
    text = (
        WHOLE.replace("range: [0, null]", "range: [0]")
        .replace("length", "lenght")
        .replace("[10, 20]", "[2, 1]")
    )
    assert problems(text) == [
        "c.yaml:5: columns.amount.range: must be a list of two values, minimum and maximum; null "
        "for no bound",
        "c.yaml:6: columns[\"odd name: {}\"].lenght: is not a known key; did you mean 'length'?",
        "c.yaml:9: rows.volume.monday: has minimum 2 above maximum 1",
    ]


def test_names_that_differ_in_case_only_are_one_column() -> None:
    text = "contract: a\nversion: 1\ncolumns: {x: {}, X: {}}\n"
    wording = "c.yaml:3: columns.X: duplicates 'x': names are case-insensitive"
    assert problems(text) == [wording]


def test_a_treatment_needs_a_clause_on_values() -> None:
    text = "contract: a\nversion: 1\ncolumns:\n  x: {type: int, treatment: exclude}\n"
    assert problems(text)[0].startswith("c.yaml:4: columns.x.treatment: requires nullable: false")


def test_relations_have_names_of_their_own() -> None:
    text = (
        "contract: a\nversion: 1\nrelations:\n"
        "  - {name: r, predicate: a < b}\n  - {name: r, predicate: b < c}\n"
    )
    assert problems(text) == [
        "c.yaml:5: relations[1].name: 'r' is already the name of relations[0]"
    ]


def test_what_can_be_missing_is_not_complete() -> None:
    text = "contract: a\nversion: 1\ncolumns: {x: {nullable: false, completeness: 0.5}}\n"
    assert "remove one of them" in problems(text)[0]


@pytest.mark.parametrize("text", ["", "- a\n", "contract: [\n", "contract: !!python/object:x {}\n"])
def test_what_is_no_contract_is_reported(text: str) -> None:
    assert problems(text)


@given(st.data())
def test_a_contract_of_anything_is_read_or_refused(data: st.DataObject) -> None:
    lines = WHOLE.splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines) - 1))
    cut = data.draw(st.integers(0, len(lines[at])))
    lines[at] = lines[at][:cut] + data.draw(st.text(max_size=20)) + lines[at][cut:]
    try:
        contract = parse_contract("".join(lines))
    except ConfigurationError as error:
        assert error.problems
    else:
        assert parse_contract(contract_text(contract)) == contract


def test_comments_and_layout_are_no_part_of_a_fingerprint() -> None:
    wording = parse_contract("# why\n" + WHOLE.replace("share: 0.99", "share:  0.990"))
    assert wording.fingerprint == parse_contract(WHOLE).fingerprint
    assert parse_contract(WHOLE.replace("0.99", "0.98")).fingerprint != wording.fingerprint


@pytest.mark.parametrize("name", ["example.yaml", "flights.yaml"])
def test_the_contracts_of_the_house_are_right(name: str) -> None:
    path = CONTRACTS / name
    parse_contract(path.read_text(encoding="utf-8"), str(path))


def test_the_example_names_every_key() -> None:
    value = read_document((CONTRACTS / "example.yaml").read_text(encoding="utf-8")).value
    said = {
        Contract: set(value),
        ColumnClauses: {key for column in value["columns"].values() for key in column},
        RowClauses: set(value["rows"]),
        VolumeClause: set(value["rows"]["volume"]),
        Relation: set(value["relations"][0]),
    }
    assert {section: keys for section, keys in said.items() if keys != {*keys_of(section)}} == {}
