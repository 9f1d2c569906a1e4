"""Bad rows of a shop: set apart, explained, released, and never lost or doubled."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from modelwatch.model.days import DayRange
from modelwatch.model.errors import SourceError
from modelwatch.pipelines.quarantine.actions import Chosen, explained, listed, recorded_release
from shop import ROWS, Shop, config_of, day

AMOUNT = {"name": "amount known", "treatment": "quarantine", "must": "amount is not null"}
LOW = {"name": "low", "treatment": "exclude", "must": "height < 2", "where": "region = 'south'"}
SCORED = {"name": "scored", "treatment": "warn", "without": "predictions"}
SURE = {"name": "sure", "table": "predictions", "treatment": "exclude", "must": "score > 0"}
LOW_ROWS = sum(i % 3 == 1 and i * i % 7 >= 2 for i in range(ROWS))
BY_DAY = "SELECT * FROM row_accounts_current ORDER BY day, role"
ROLES = {"inputs": (1, LOW_ROWS), "predictions": (0, 1)}


@dataclass
class Treated:
    """A shop with rules and what its runs left: accounts and rows in quarantine, run by run."""

    shop: Shop
    accounts: dict[str, list[Any]] = field(default_factory=dict)
    held: dict[str, list[Any]] = field(default_factory=dict)
    recorded_release: dict[str, str] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def run(self, name: str) -> None:
        self.shop.run(as_of=day(4))
        self.runs[name] = self.shop.runs()[-1]
        self.accounts[name] = self.ask(BY_DAY)
        self.held[name] = self.ask("SELECT * FROM quarantine_current ORDER BY day, row_key")

    def ask(self, query: str) -> list[Any]:
        """Rows of a query on the views."""
        return self.shop.ask(query)

    def say(self, name: str, word: str, chosen: Chosen) -> None:
        config = self.shop.parsed()
        self.recorded_release[name] = recorded_release(
            self.shop.spark, config, word, chosen, "me", "looked at it"
        )


@pytest.fixture(scope="module")
def treated(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Treated:
    """Three days: a row is released, and held again when one of another day is mended and a rule
    is released for the third."""
    folder: Path = tmp_path_factory.mktemp("quarantine")
    rules = [AMOUNT, LOW, SCORED, SURE]
    shop = Shop(spark, folder, config_of(folder, rules=rules, windows=["day"]))
    shop.open(day(1), day(2), day(3))
    treated = Treated(shop)
    treated.run("first")
    key = treated.held["first"][0]["row_key"]
    treated.say("released", "release", Chosen((key[:12],)))
    treated.run("released")
    treated.run("again")
    treated.say("withdrawn", "withdraw", Chosen((key,)))
    days = DayRange(day(3), day(3))
    treated.say("by rule", "release", Chosen(days=days, rule=AMOUNT["name"]))
    shop.delete("inputs", f"day = '{day(2)}' and amount is null")
    mended = {
        "id": [f"{day(2)}-0"],
        "day": pa.array([day(2)], pa.date32()),
        "amount": [1.0],
        "height": [0.0],
        "region": ["north"],
        "extra": [0.0],
    }
    shop.add("inputs", pa.table(mended))
    treated.run("mended")
    return treated


def test_every_row_of_every_day_is_accounted_for(treated: Treated) -> None:
    for name in ("first", "released", "mended"):
        accounts = treated.accounts[name]
        assert [(a.day, a.role) for a in accounts] == [
            (day(n), role) for n in (1, 2, 3) for role in ("inputs", "predictions")
        ]
        for account in accounts:
            assert account.rows_in == ROWS, name
            assert account.rows_in == account.passed + account.quarantined + account.excluded
            held = [r for r in treated.held[name] if (r.day, r.role) == (account.day, account.role)]
            assert account.quarantined == sum(row.state == "held" for row in held)
            assert account.released == sum(row.state == "released" for row in held)
    for account in treated.accounts["first"]:
        assert (account.quarantined, account.excluded) == ROLES[account.role]


def test_states_are_of_the_rows_that_passed(treated: Treated) -> None:
    sums = treated.ask(
        "SELECT day, sum(counts[1]), sum(counts[2]) FROM feature_states_current "
        "WHERE kind = 'rows' GROUP BY day ORDER BY day"
    )
    passed = {(a.day, a.role): a.passed for a in treated.accounts["mended"]}
    assert [tuple(row) for row in sums] == [
        (day(n), passed[day(n), "inputs"], passed[day(n), "predictions"]) for n in (1, 2, 3)
    ]


def test_a_run_shows_rows_that_it_read_and_not_only_those_that_passed(treated: Treated) -> None:
    assert treated.runs["first"]["input_rows"] == 3 * ROWS
    assert treated.runs["first"]["prediction_rows"] == 3 * ROWS


def test_a_row_in_quarantine_says_what_it_was_why_and_where_it_is(treated: Treated) -> None:
    row = treated.held["first"][0]
    values = json.loads(row.row_json)
    assert values["id"] == f"{day(1)}-0"
    assert values["amount"] is None
    assert row.rules == ["amount known"]
    assert row.reasons == ["amount known: not (amount is not null)"]
    assert [(part.column_name, part.value) for part in row.row_id] == [("id", f"{day(1)}-0")]
    assert row.source_table == str(treated.shop.folder / "inputs")
    assert row.source_version == 2
    assert f"day={day(1)}" in row.source_file


def test_what_rules_find_is_judged_as_constraints_are(treated: Treated) -> None:
    found = treated.ask(
        "SELECT constraint_name, verdict, observed, row_count FROM constraints_current "
        f"WHERE kind = 'rule' AND day = DATE '{day(2)}' ORDER BY constraint_name"
    )
    assert [tuple(row) for row in found] == [
        ("rule.amount known", "pass", 1.0, ROWS),
        ("rule.low", "warn", 1 - LOW_ROWS / 4, 4),
        ("rule.scored", "pass", 1.0, ROWS),
        ("rule.sure", "warn", 1 - 1 / ROWS, ROWS),
    ]


def test_rows_that_fail_are_reported_with_their_first_day(treated: Treated) -> None:
    found = treated.ask(
        "SELECT day, rule_name, failed, onset FROM rule_failures WHERE rule_name = 'low'"
    )
    assert sorted(map(tuple, found)) == [(day(n), "low", LOW_ROWS, day(1)) for n in (1, 2, 3)]


def test_the_next_run_lets_a_released_row_through_and_computes_its_day_only(
    treated: Treated,
) -> None:
    assert treated.recorded_release["released"] == "The next run will release 1 row of 1 day.\n"
    assert treated.runs["released"]["days"] == [day(1)]
    first = treated.accounts["released"][0]
    assert (first.quarantined, first.released) == (0, 1)
    assert first.passed == treated.accounts["first"][0].passed + 1
    states = [row.state for row in treated.held["released"]]
    assert states == ["released", "held", "held"]


def test_a_release_that_is_done_makes_nothing_due(treated: Treated) -> None:
    assert treated.runs["again"]["outcome"] == "nothing_to_do"


def test_a_release_is_taken_back_and_a_rule_released_of_days(treated: Treated) -> None:
    assert treated.runs["mended"]["days"] == [day(1), day(2), day(3)]
    states = {row.day: row.state for row in treated.held["mended"]}
    assert states == {day(1): "held", day(3): "released"}


def test_rows_that_are_mended_leave_the_quarantine(treated: Treated) -> None:
    assert day(2) not in {row.day for row in treated.held["mended"]}
    (second,) = (
        account
        for account in treated.accounts["mended"]
        if (account.day, account.role) == (day(2), "inputs")
    )
    assert (second.rows_in, second.passed) == (ROWS, ROWS - LOW_ROWS)


def test_the_quarantine_is_listed_and_explained_in_words(treated: Treated) -> None:
    shop, config = treated.shop, treated.shop.parsed()
    lines = listed(shop.spark, config, Chosen()).splitlines()
    assert [line.split()[:2] for line in lines[2:]] == [[str(day(n)), "inputs"] for n in (1, 3)]
    key = treated.held["mended"][1]["row_key"]
    for word in (key[:8], f"{day(3)}-0"):
        text = explained(shop.spark, config, Chosen((word,)))
        assert text.startswith(f"{key} released: a row of the inputs of {day(3)} id={day(3)}-0\n")
        assert "amount known: not (amount is not null)" in text
    with pytest.raises(SourceError, match="no row 'nobody' is in quarantine"):
        explained(shop.spark, config, Chosen(("nobody",)))


def test_nothing_is_released_by_a_mistake(treated: Treated) -> None:
    shop = treated.shop
    with pytest.raises(SourceError, match="name rows by their keys, or select all rows"):
        recorded_release(shop.spark, shop.parsed(), "release", Chosen(), None, None)
    with pytest.raises(SourceError, match="no row of rule 'low' is held"):
        recorded_release(shop.spark, shop.parsed(), "release", Chosen(rule="low"), None, None)


def test_a_rule_that_fails_stops_the_run_before_anything_is_written(
    spark: SparkSession, tmp_path: Path
) -> None:
    shop = Shop(spark, tmp_path, config_of(tmp_path, rules=[{**AMOUNT, "treatment": "fail"}]))
    shop.open(day(1))
    wording = (
        "rules.0.: rule 'amount known' stops the run: 1 of 12 rows of .*inputs at version 0 on"
    )
    with pytest.raises(SourceError, match=wording):
        shop.run()
    (run,) = shop.runs()
    assert (run["outcome"], run["exit_code"]) == ("failed", 2)
    assert f'such as {{"id":"{day(1)}-0"' in run["message"]
    assert {name: v for name, v in shop.versions().items() if v and name != "runs"} == {}


@pytest.mark.slow
def test_a_rule_that_gives_two_answers_publishes_nothing(
    spark: SparkSession, tmp_path: Path
) -> None:
    rule = {"name": "dice", "treatment": "exclude", "must": "rand() < 0.5 or rand() > 0.9"}
    shop = Shop(spark, tmp_path, config_of(tmp_path, rules=[rule]))
    shop.open(*(day(n) for n in range(1, 4)))
    with pytest.raises(SourceError, match=r"rules\[0\].must: .*the same"):
        shop.run()
