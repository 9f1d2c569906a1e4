"""Two causes that begin on one Monday, as a run reports them, without configured segments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from modelwatch.pipelines.runs.monitor import RunReport
from shop import Shop

FIRST = date(2025, 1, 6)  # a Monday
ROWS = 400
QUIET_DAYS = 21
CATEGORIES = ("books", "food", "fuel", "games", "health", "travel")
COUNTRIES = ("DE", "ES", "FR", "IT")


def day(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


def payments(days: Iterable[date], *, broken: bool = False) -> pa.Table:
    """Payments of some days; broken: cents for travel, and no age of the account in Germany."""
    return pa.concat_tables([_payments(of, broken) for of in days])


def _payments(of: date, broken: bool) -> pa.Table:
    random = np.random.default_rng(of.toordinal())
    category = random.choice(CATEGORIES, ROWS, p=[0.2, 0.3, 0.15, 0.1, 0.15, 0.1])
    country = random.choice(COUNTRIES, ROWS, p=[0.35, 0.25, 0.25, 0.15])
    amount = np.round(np.exp(random.normal(3.5, 0.6, ROWS)), 2)
    amount = np.where(broken & (category == "travel"), 100.0 * amount, amount)
    age = np.floor(np.exp(random.normal(6.0, 0.5, ROWS)))
    return pa.table(
        {
            "payment": [f"{of:%Y%m%d}-{n}" for n in range(ROWS)],
            "day": pa.array([of] * ROWS, pa.date32()),
            "amount": pa.array(amount),
            "account_age": pa.array(age, mask=broken & (country == "DE")),
            "category": pa.array(category),
            "country": pa.array(country),
            "score": pa.array(random.beta(2.0, 5.0, ROWS)),
        }
    )


@dataclass
class Watched:
    """A payment service with its runs: reports, and open incidents after each."""

    shop: Shop
    reports: dict[str, RunReport] = field(default_factory=dict)
    incidents: dict[str, list[Any]] = field(default_factory=dict)

    def run(self, name: str, last_day: int) -> None:
        self.reports[name] = self.shop.run(as_of=day(last_day + 1))
        self.incidents[name] = self.shop.ask("SELECT * FROM open_incidents ORDER BY subject")


@pytest.fixture(scope="module")
def watched(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """Three weeks as before, and three days on which two columns are broken."""
    folder = tmp_path_factory.mktemp("payments")
    shop = Shop(
        spark,
        folder,
        {
            "monitor": "payments",
            "output": {"path": str(folder / "monitor")},
            "inputs": {
                "table": {"path": str(folder / "inputs")},
                "id": "payment",
                "day": {"column": "day"},
            },
            "predictions": {"score": "score"},
            "windows": ["day"],
            "references": [{"name": "start", "days": f"{day(1)}..{day(14)}"}],
            "binning": {"bins": 50},
        },
    )
    shop.add("inputs", payments(map(day, range(1, QUIET_DAYS + 1))))
    watched = Watched(shop)
    shop.add("inputs", payments(map(day, (22, 23)), broken=True))
    watched.run("broken", QUIET_DAYS + 2)
    shop.add("inputs", payments([day(24)], broken=True))
    watched.run("lasting", QUIET_DAYS + 3)
    return watched


def test_two_causes_of_one_day_are_two_incidents(watched: Watched) -> None:
    found = {(one.subject, one.kind, one.onset) for one in watched.incidents["broken"]}
    assert found == {("account_age", "nulls", day(22)), ("amount", "scale_change", day(22))}
    assert "2 incidents need attention:" in watched.reports["broken"].text


def test_each_is_reported_with_its_own_evidence_and_advice(watched: Watched) -> None:
    age, amount = watched.incidents["broken"]
    assert "of `account_age` became null" in age.evidence
    assert "of `amount` is 100x larger" in amount.evidence
    assert "Check what fills the column upstream." in age.sentence
    assert "Check the upstream currency or unit conversion." in amount.sentence
    assert "account_age" not in amount.sentence
    assert "amount" not in age.sentence


def test_each_names_the_value_of_another_column_that_carries_it(watched: Watched) -> None:
    age, amount = watched.incidents["broken"]
    assert (age.carrier_column, age.carrier_value) == ("country", "DE")
    assert (amount.carrier_column, amount.carrier_value) == ("category", "travel")
    assert amount.carrier_changed_share > 0.9
    assert amount.carrier_row_share == pytest.approx(0.1, abs=0.03)
    assert " for `category = travel`, " in watched.reports["broken"].text


def test_they_stay_the_same_while_they_last(watched: Watched) -> None:
    first = {(one.incident_id, one.carrier_value) for one in watched.incidents["broken"]}
    later = {(one.incident_id, one.carrier_value) for one in watched.incidents["lasting"]}
    assert later == first
