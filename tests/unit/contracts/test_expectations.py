"""A contract goes to Great Expectations and back; its own package reads and runs what we write."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from modelwatch.model.contracts.contract import Contract
from modelwatch.model.contracts.expectation_import import contract_of_suite
from modelwatch.model.contracts.expectations import suite_of
from modelwatch.model.contracts.reading import parse_contract
from modelwatch.model.errors import ConfigurationError

SAID = """\
contract: shop
version: 4
columns:
  id: {type: string, nullable: false, unique: true}
  amount: {type: double, completeness: 0.5, range: [0, 100], share: 0.6}
  region: {domain: [north, south], severity: warn}
  code: {pattern: "^[A-Z]{2}$", length: [2, 2]}
  height: {range: [null, 9]}
other_columns: warn
rows: {unique: [id, region], volume: {monday: [1, 9], tuesday: [1, 9], wednesday: [1, 9],
  thursday: [1, 9], friday: [1, 9], saturday: [1, 9], sunday: [1, 9]}}
relations:
  - {name: height at most amount,
     predicate: "`height` IS NULL OR `amount` IS NULL OR `height` <= `amount`"}
"""
GOOD = {
    "id": ["a", "b", "c", "d"],
    "amount": [10.0, 200.0, 30.0, None],
    "region": ["north", "south", "north", "south"],
    "code": ["AB", "CD", "EF", "GH"],
    "height": [1.0, 2.0, 3.0, None],
}


@pytest.fixture(scope="module")
def gx() -> Iterator[Any]:
    """The real package, without its telemetry and its own warnings."""
    patch = pytest.MonkeyPatch()
    patch.setenv("GX_ANALYTICS_ENABLED", "false")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations

        yield great_expectations
    patch.undo()


def failing(gx: Any, contract: Contract, rows: dict[str, list[Any]]) -> set[str]:
    """Clauses that the package finds broken in rows of pandas, which knows no types of Spark."""
    suite, _ = suite_of(contract)
    wording = [one for one in suite["expectations"] if "of_type" not in one["type"]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from great_expectations.data_context.types.base import ProgressBarsConfig

        read = gx.ExpectationSuite(name=suite["name"], expectations=wording, meta=suite["meta"])
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        asset = context.data_sources.add_pandas("p").add_dataframe_asset("a")
        batch = asset.add_batch_definition_whole_dataframe("b").get_batch(
            {"dataframe": pd.DataFrame(rows)}
        )
        found = batch.validate(read)
    assert "'raised_exception': True" not in str([one.exception_info for one in found.results])
    return {
        one.expectation_config.meta["modelwatch"]["clause"].removeprefix("contract.shop.")
        for one in found.results
        if not one.success
    }


def test_the_package_finds_good_rows_good(gx: Any) -> None:
    assert failing(gx, parse_contract(SAID), GOOD) == set()


@pytest.mark.parametrize(
    ("column", "values", "broken"),
    [
        ("id", ["a", "b", "c", None], {"id.nullable"}),
        ("id", ["a", "b", "c", "c"], {"id.unique"}),
        ("amount", [None, None, None, 1.0], {"amount.completeness"}),
        ("amount", [200.0, 200.0, 30.0, 40.0], {"amount.range"}),
        ("region", ["north", "south", "north", "east"], {"region.domain"}),
        ("code", ["AB", "CD", "EF", "G1"], {"code.pattern"}),
        ("code", ["AB", "CD", "EF", "GHI"], {"code.pattern", "code.length"}),
        ("height", [1.0, 2.0, 3.0, 10.0], {"height.range"}),
        ("height", [8.0, 9.0, 9.0, 9.0], set()),
        ("amount", [0.5, 20.0, 30.0, 40.0], {"relations.height at most amount"}),
        ("new", [1, 2, 3, 4], {"schema"}),
    ],
)
def test_the_package_finds_the_clause_that_rows_break(
    gx: Any, column: str, values: list[Any], broken: set[str]
) -> None:
    assert failing(gx, parse_contract(SAID), {**GOOD, column: values}) == broken


def test_rows_are_counted(gx: Any) -> None:
    contract = parse_contract(SAID.replace("[1, 9]", "[1, 3]"))
    assert failing(gx, contract, GOOD) == {"volume"}


def test_a_suite_of_the_package_becomes_the_contract_that_it_came_from(gx: Any) -> None:
    contract = parse_contract(SAID)
    suite, left = suite_of(contract)
    assert left == ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = gx.ExpectationSuite(name=suite["name"], expectations=suite["expectations"])
        text = json.dumps(read.to_json_dict())
    found, untold = contract_of_suite(text, version=4)
    assert untold == ()
    assert found == contract


def test_what_a_suite_can_t_say_is_listed() -> None:
    contract = parse_contract(
        "contract: c\nversion: 1\ncolumns:\n"
        '  x: {type: "array<int>", range: [0, 1], sentinels: [-1], treatment: exclude}\n'
        "rows: {freshness_days: 1, volume: {monday: [1, 2]}}\n"
        "relations: [{name: r, predicate: x < 1, at_least: 0.5}]\n"
    )
    _, left = suite_of(contract)
    assert [one.place for one in left] == [
        "columns.x.type",
        "columns.x.range",
        "columns.x.treatment",
        "rows.volume",
        "rows.freshness_days",
        "relations[0]",
    ]


def imported(*expectations: dict[str, Any], **suite: Any) -> tuple[Contract, list[str]]:
    whole = {"name": "s", "expectations": list(expectations), **suite}
    contract, left = contract_of_suite(json.dumps(whole))
    return contract, [str(one) for one in left]


def expect(kind: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": f"expect_{kind}", "kwargs": kwargs}


def test_a_suite_of_the_old_form_is_read() -> None:
    old = {"expectation_type": "expect_column_values_to_not_be_null", "kwargs": {"column": "x"}}
    text = json.dumps({"expectation_suite_name": "my.suite", "expectations": [old]})
    contract, _ = contract_of_suite(text)
    assert contract.contract == "my_suite"
    assert not contract.columns["x"].nullable


def test_severity_that_is_not_critical_warns() -> None:
    one = {**expect("column_values_to_not_be_null", column="x"), "severity": "info"}
    assert imported(one)[0].columns["x"].severity == "warn"


def test_two_ranges_are_one_that_keeps_both() -> None:
    contract, left = imported(
        expect("column_values_to_be_between", column="x", min_value=0, max_value=10),
        expect("column_max_to_be_between", column="x", max_value=5),
    )
    assert contract.columns["x"].range == (0, 5)
    assert not left


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (expect("column_mean_to_be_between", column="x", min_value=1), "no such clause"),
        (
            expect("column_values_to_be_between", column="x", min_value=0, strict_min=True),
            "strict_min",
        ),
        (expect("column_values_to_be_between", column="x", min_value="2020-01-01"), "numbers"),
        (
            expect("column_values_to_be_in_set", column="x", value_set=[1], row_condition="y>0"),
            "some rows only",
        ),
        (expect("column_values_to_be_in_set", column="x", value_set=[[1]]), "not a string"),
        (expect("column_values_to_be_of_type", column="x", type_="Money"), "not a single"),
        (expect("column_values_to_be_between", min_value=1), "has no 'column'"),
        ({"type": "expect_x", "kwargs": []}, "not an expectation with kwargs"),
        (
            expect("table_columns_to_match_ordered_list", column_list=["a", "b"]),
            "their order is not",
        ),
    ],
)
def test_what_a_contract_can_t_say_is_listed_with_its_reason(one: dict[str, Any], why: str) -> None:
    _, left = imported(one)
    assert len(left) == 1
    assert left[0].startswith("expectations[0] expect_")
    assert why in left[0]


def test_forbidden_values_and_patterns_become_relations() -> None:
    contract, left = imported(
        expect("column_values_to_not_be_in_set", column="x", value_set=["it's", 2]),
        expect("column_values_to_not_match_regex", column="x", regex="^-"),
    )
    assert not left
    assert [one.predicate for one in contract.relations] == [
        "`x` IS NULL OR `x` NOT IN ('it\\'s', 2)",
        "`x` IS NULL OR NOT `x` RLIKE '^-'",
    ]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"expectations": 3}', "[" * 100_000, '{"expectations": [' + "1" * 9999],
)
def test_what_is_no_suite_is_reported(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"suite\.json"):
        contract_of_suite(text, "suite.json")


def test_a_suite_of_nonsense_is_listed_and_harms_nobody() -> None:
    contract, left = imported(*[{"type": 3}, {}, "x", None, 5])  # type: ignore[arg-type]
    assert contract.columns == {}
    assert len(left) == 5
