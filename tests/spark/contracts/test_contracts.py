"""Data checked against contracts, in a monitor and in any table; contracts proposed from states."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyspark.sql import SparkSession

from modelwatch.cli import main
from modelwatch.model.contracts.contract import Contract
from modelwatch.model.contracts.reading import parse_contract
from modelwatch.model.errors import ConfigurationError, SourceError
from modelwatch.model.sources.tables import TableAddress
from modelwatch.pipelines.contracts.check import checked_table
from modelwatch.pipelines.contracts.proposal import proposal, table_proposal
from shop import Shop, day, inputs_of, predictions_of

CLAUSES = """\
contract: shop
version: 1
columns:
  id: {type: string, nullable: false, pattern: "^2013-"}
  amount: {type: double, completeness: 0.9, range: [0, 100]}
  height: {type: double, range: [1, null], sentinels: [0]}
  region: {type: string, domain: [north, south], length: [5, 5]}
rows: {unique: id, freshness_days: 3, volume: {monday: [1, 11], tuesday: [1, 20]}}
relations:
  - {name: small, predicate: amount < height, severity: warn}
"""


@pytest.fixture
def shop(spark: SparkSession, tmp_path: Path) -> Shop:
    shop = Shop(spark, tmp_path)
    shop.config["contracts"] = [{"path": "contracts/shop.yaml"}]
    shop.open(day(1), day(2))
    write(shop, CLAUSES)
    return shop


def write(shop: Shop, text: str, name: str = "shop.yaml") -> Path:
    path = shop.folder / "contracts" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def verdicts(shop: Shop, of: Any) -> dict[str, str]:
    return {
        row["constraint_name"].removeprefix("contract.shop."): row["verdict"]
        for row in shop.table("constraint_results")
        if row["day"] == of and row["constraint_name"].startswith("contract.shop.")
    }


def test_a_monitor_holds_each_day_to_its_contract(shop: Shop) -> None:
    shop.run(folder=shop.folder)
    assert verdicts(shop, day(1)) == {
        "id.nullable": "pass",
        "id.pattern": "pass",
        "amount.completeness": "pass",
        "amount.range": "pass",
        "height.range": "pass",
        "region.domain": "pass",
        "region.length": "pass",
        "unique": "pass",
        "volume": "fail",
        "relations.small": "warn",
        "schema": "pass",
    }
    second = verdicts(shop, day(2))
    assert second["volume"] == "pass"
    # Rows of the ninth day are asked for, and the newest are of the second.
    assert second["freshness"] == "fail"
    said = {
        (row["subject"], row["verdict"])
        for row in shop.table("verdicts")
        if row["source"] == "constraint"
    }
    assert ("contract.shop.volume", "fail") in said
    [run] = shop.runs()
    contract = parse_contract(CLAUSES)
    used = {"name": "shop", "version": 1, "fingerprint": contract.fingerprint}
    assert run["contracts"] == [used]
    breaches = {row["constraint_name"] for row in shop.ask("SELECT * FROM contract_breaches")}
    assert "contract.shop.volume" in breaches


@pytest.mark.slow
def test_the_native_engine_holds_a_day_to_the_same_without_pydeequ(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "pydeequ"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pydeequ", None)
    shop.run(folder=shop.folder)
    of_engine: dict[str | None, set[str]] = {}
    for row in shop.table("constraint_results"):
        of_engine.setdefault(row["engine"], set()).add(row["kind"])
    assert {"completeness", "pattern", "uniqueness", "predicate"} <= of_engine["native"]
    assert of_engine.keys() == {"native", None}
    assert of_engine[None] == {"schema", "freshness"}
    assert verdicts(shop, day(1))["relations.small"] == "warn"
    shop.config["constraint_engine"] = "deequ"
    with pytest.raises(
        SourceError,
        match=r"constraint_engine: (pydeequ cannot be imported|Deequ is used with Spark 3.5)",
    ):
        shop.run(folder=shop.folder)
    shop.config["constraint_engine"] = "auto"
    text = proposal(shop.spark, shop.parsed(), shop.text())
    assert "# Deequ" not in text


@pytest.mark.slow
def test_a_version_is_stored_once_and_never_changes(shop: Shop) -> None:
    shop.run(folder=shop.folder)
    shop.open(day(3))
    shop.run(folder=shop.folder)
    [stored] = shop.ask("SELECT * FROM contracts_current")
    assert stored["contract_yaml"] == CLAUSES
    assert stored["run_id"] == shop.runs()[0]["run_id"]
    before = shop.versions()
    write(shop, CLAUSES.replace("0.9", "0.8"))
    with pytest.raises(ConfigurationError, match=r"shop\.yaml:2: version: .*make it version 2"):
        shop.run(folder=shop.folder)
    assert shop.versions() == before
    write(shop, CLAUSES.replace("0.9", "0.8").replace("version: 1", "version: 2"))
    shop.open(day(4))
    shop.run(folder=shop.folder)
    found = shop.ask("SELECT version FROM contracts_current ORDER BY version")
    assert [row["version"] for row in found] == [1, 2]


@pytest.mark.slow
def test_a_schema_that_moved_is_reported_and_the_rest_is_still_checked(shop: Shop) -> None:
    text = CLAUSES.replace("height:", "gone:").replace(
        "amount: {type: double", "amount: {type: int"
    )
    write(shop, text.replace("amount < height", "amount < gone"))
    shop.run(folder=shop.folder)
    rows = {row["constraint_name"]: row for row in shop.table("constraint_results")}
    wording = rows["contract.shop.schema"]
    assert wording["verdict"] == "fail"
    assert wording["observed"] == 2
    assert wording["reason"] == "'amount' is double, not int; 'gone' is missing"
    assert rows["contract.shop.relations.small"]["verdict"] == "undefined"
    assert rows["contract.shop.region.domain"]["verdict"] == "pass"


def test_a_broken_contract_is_reported_before_any_work(shop: Shop) -> None:
    write(shop, CLAUSES.replace("amount < height", "amount <"))
    with pytest.raises(SourceError, match=r"relations\[0\]\.predicate: is not SQL"):
        shop.run(folder=shop.folder)
    assert shop.runs() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "wording"),
    [
        (None, "cannot be read"),
        (CLAUSES.replace("range:", "rnage:"), "rnage: is not a known key"),
        (CLAUSES.replace("version: 1", "version: 1\nof: labels"), "is of labels"),
    ],
)
def test_a_contract_that_can_t_serve_is_reported(
    shop: Shop, text: str | None, wording: str
) -> None:
    path = write(shop, text or "")
    if text is None:
        path.unlink()
    with pytest.raises(ConfigurationError, match=wording):
        shop.run(folder=shop.folder)


def check(shop: Shop, text: str, table: str = "inputs", **options: Any) -> dict[str, Any]:
    asked = {"day": None, "days": None, "as_of": day(9), "time_zone": "UTC", **options}
    address = TableAddress(path=str(shop.folder / table))
    found = checked_table(shop.spark, parse_contract(text), address, **asked)
    return {row.constraint.removeprefix("contract.shop."): row for row in found.rows}


def test_a_whole_table_is_checked_without_days(shop: Shop) -> None:
    found = check(shop, CLAUSES)
    assert "volume" not in found
    assert "freshness" not in found
    assert found["unique"].rows == 24
    assert found["amount.completeness"].observed == pytest.approx(22 / 24)


def test_training_is_checked_against_what_serving_promises(shop: Shop) -> None:
    rows = inputs_of(day(1), rows=20, nulls=10).drop_columns(["extra"])
    height = pa.array(["tall"] * 20)
    shop.add("training", rows.set_column(rows.schema.get_field_index("height"), "height", height))
    found = check(shop, CLAUSES, "training", day="day")
    assert found["schema"].reason == "'height' is string, not double"
    assert found["amount.completeness"].verdict == "fail"
    assert found["volume"].kind == "volume"
    assert found["volume"].verdict == "fail"
    assert found["freshness"].observed == 7


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "wording"),
    [
        ({"day": "surprise"}, "has no column 'surprise'"),
        ({"day": "region"}, "can be parsed"),
        ({"day": "day", "as_of": day(1)}, "has no rows before"),
    ],
)
def test_a_table_that_can_t_be_checked_is_reported(
    shop: Shop, options: dict[str, Any], wording: str
) -> None:
    with pytest.raises(SourceError, match=wording):
        check(shop, CLAUSES, **options)


@pytest.mark.slow
def test_the_command_says_what_is_broken_by_its_exit_code(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    file, table = write(shop, CLAUSES), str(shop.folder / "inputs")
    assert main(["contract", "check", "--contract", str(file), "--table", table]) == 1
    wording = capsys.readouterr().out
    assert "against shop, version 1: 1 warn" in wording
    assert "relations.small" in wording
    good = write(shop, CLAUSES.partition("relations:")[0], "good.yaml")
    assert main(["contract", "check", "--contract", str(good), "--table", table]) == 0
    gone = str(shop.folder / "nowhere")
    assert main(["contract", "check", "--contract", str(good), "--table", gone]) == 2


def proposed(shop: Shop, **options: Any) -> tuple[Contract, str]:
    text = proposal(shop.spark, shop.parsed(), shop.text(), suggest=False, **options)
    return parse_contract(text), text


@pytest.fixture
def busy(spark: SparkSession, tmp_path: Path) -> Shop:
    """A shop with rows enough to tell form from chance."""
    shop = Shop(spark, tmp_path)
    for number in (1, 2):
        rows = inputs_of(day(number), rows=200, nulls=60)
        more = pc.add(rows["amount"], 1.0)
        shop.add("inputs", rows.append_column("more", more))
        shop.add("predictions", predictions_of(day(number), rows=200))
    shop.config["features"] = {"exclude": "extra", "columns": {"height": {"special_values": [0]}}}
    shop.config["references"][0]["days"] = f"{day(1)}..{day(2)}"
    return shop


def test_a_contract_is_what_its_reference_shows(busy: Shop) -> None:
    contract, text = proposed(busy)
    columns = contract.columns
    assert list(columns) == ["id", "day", "amount", "height", "region", "extra", "more"]
    assert columns["id"].pattern == r"^[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{1,3}$"
    assert not columns["id"].nullable
    assert contract.rows.unique == ("id",)
    assert 0.55 < (columns["amount"].completeness or 0) < 0.7
    assert columns["height"].sentinels == (0.0,)
    assert columns["region"].domain == ("north", "south")
    low, high = columns["amount"].range or (None, None)
    assert low is not None and high is not None and low <= 61 and high >= 200.25
    assert contract.rows.volume is not None
    assert contract.rows.volume.of(0) is not None
    assert contract.rows.volume.of(2) is None
    assert {one.name for one in contract.relations} == {
        "amount at most more",
        "amount and more together",
    }
    assert "400 rows of 2013-02-04..2013-02-05" in text


@pytest.mark.slow
def test_the_rows_that_a_contract_was_proposed_from_keep_it(busy: Shop) -> None:
    _, text = proposed(busy)
    found = check(busy, text, day="day", as_of=day(3))
    assert {name for name, row in found.items() if row.verdict != "pass"} == set()
    for role in ("predictions",):
        contract, text = proposed(busy, role=role)
        assert contract.contract == "shop-predictions"
        assert contract.columns["score"].range == (0.0, 1.0)
        found = check(busy, text, role, day="day", as_of=day(3))
        assert {row.verdict for row in found.values()} == {"pass"}


@pytest.mark.slow
def test_stored_states_say_what_the_rows_would(busy: Shop) -> None:
    before, _ = proposed(busy)
    busy.run(as_of=day(3))
    assert proposed(busy)[0] == before


@pytest.mark.slow
def test_a_table_that_nobody_watches_has_a_contract_too(busy: Shop) -> None:
    address = TableAddress(path=str(busy.folder / "inputs"))
    contract = parse_contract(table_proposal(busy.spark, address, name="alone", suggest=False))
    assert contract.contract == "alone"
    assert contract.columns["region"].domain == ("north", "south")


def test_an_unknown_reference_is_reported(busy: Shop) -> None:
    with pytest.raises(SourceError, match="there is no reference 'x'"):
        proposed(busy, reference="x")
