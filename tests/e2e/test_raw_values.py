"""Numbers that doubles cannot tell apart, and literals that meet them, through a whole run."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from shop import Shop, day

pytestmark = pytest.mark.slow

ROWS = 60
DAYS = 18
MOVED = 15
"""Day from which the nanoseconds are 2000 more."""
BIG = 1_750_000_000_000_000_000
SD = 17.464249196572981
"""Of the integers from 0 to 59."""


def rows_of(number: int) -> pa.Table:
    of, steps = day(number), range(ROWS)
    moved = 2000 if number >= MOVED else 0
    codes = [-99.9 if k < 10 else 30.0 for k in steps]
    return pa.table(
        {
            "id": [f"{of}-{k}" for k in steps],
            "day": pa.array([of] * ROWS, pa.date32()),
            "nanos": pa.array([BIG + moved + k for k in steps], pa.int64()),
            "wide": pa.array([Decimal(10**22 + k).scaleb(-6) for k in steps], pa.decimal128(38, 6)),
            "greatest": pa.array([2**63 - 1 - k for k in steps], pa.int64()),
            "ends": pa.array([k - 2**63 if k % 2 else 2**63 - 1 - k for k in steps], pa.int64()),
            "narrow": pa.array(codes, pa.float32()),
            "coded": pa.array([Decimal(str(code)) for code in codes], pa.decimal128(6, 1)),
            "huge": pa.array([-1.7e308 if k % 2 else 1.7e308 for k in steps]),
            "small": pa.array([5e-324 * k for k in steps]),
            "tiny": pa.array([1e-200 * k for k in steps]),
            "score": pa.array([0.9 if k % 3 == 0 else 0.5 for k in steps], pa.float32()),
        }
    )


def labels_of(number: int) -> pa.Table:
    of = day(number)
    return pa.table(
        {
            "id": [f"{of}-{k}" for k in range(ROWS)],
            "day": pa.array([of] * ROWS, pa.date32()),
            "label": pa.array([float(k % 3 == 0) for k in range(ROWS)], pa.float32()),
            "known": pa.array([of] * ROWS, pa.date32()),
        }
    )


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder: Path = tmp_path_factory.mktemp("raw")
    between = {"kind": "range", "lower": BIG, "upper": BIG + 59}
    shop = Shop(
        spark,
        folder,
        {
            "monitor": "raw",
            "output": {"path": str(folder / "monitor")},
            "inputs": {"table": {"path": str(folder / "inputs")}, "id": "id"}
            | {"day": {"column": "day"}},
            "predictions": {"score": "score"},
            "features": {
                "columns": {
                    "narrow": {"special_values": [-99.9]},
                    "coded": {"special_values": [-99.9]},
                }
            },
            "windows": ["day"],
            "references": [{"name": "start", "days": f"{day(1)}..{day(14)}"}],
            "constraints": [
                {"name": "nanos", "column": "nanos", **between},
                {"name": "codes", "column": "narrow", "kind": "domain", "values": [-99.9, 30]},
                {"name": "spread", "column": "nanos", "kind": "sd", "upper": 100},
                {"name": "least", "column": "narrow", "kind": "range", "lower": -99.9},
            ],
            "labels": {
                "table": {"path": str(folder / "labels")},
                "id": "id",
                "day": {"column": "day"},
                "label": "label",
                "known": {"column": "known"},
                "due": {"delay_days": 0},
            },
            "performance": {"task": "binary", "score": "score"}
            | {"decision": {"threshold": 0.9}, "positive": [1]},
        },
    )
    shop.add("inputs", pa.concat_tables([rows_of(n) for n in range(1, DAYS + 1)]))
    shop.add("labels", pa.concat_tables([labels_of(n) for n in range(1, DAYS + 1)]))
    shop.run(as_of=day(DAYS + 1))
    return shop


def profile_of(shop: Shop, feature: str, number: int = 1) -> dict[str, object]:
    """The profile of a day: a metric's text, or else its value, or else why it has none."""
    rows = shop.ask(
        "SELECT metric, coalesce(text, value, reason) AS result FROM profile_metrics "
        f"WHERE feature = '{feature}' AND segment = 'all' AND window_name = 'day' "
        f"AND window_start = DATE '{day(number)}'"
    )
    return {row["metric"]: row["result"] for row in rows}


@pytest.mark.parametrize(
    ("feature", "least", "unit"),
    [
        ("nanos", str(BIG), 1.0),
        ("wide", "10000000000000000", 1e-6),
        ("greatest", str(2**63 - 60), 1.0),
    ],
)
def test_large_numbers_keep_their_values_and_moments(
    shop: Shop, feature: str, least: str, unit: float
) -> None:
    found = profile_of(shop, feature)
    assert float(str(found["distinct"])) == ROWS
    assert float(str(found["sd"])) == pytest.approx(SD * unit, rel=1e-9, abs=0)
    assert float(str(found["mode_share"])) == pytest.approx(1 / ROWS)
    assert found["min"] == least


def test_both_ends_of_the_longs_are_counted_apart(shop: Shop) -> None:
    found = profile_of(shop, "ends")
    assert float(str(found["distinct"])) == ROWS
    assert float(str(found["sd"])) == pytest.approx(2.0**63 * np.sqrt(60 / 59), rel=1e-9)


def test_a_shift_of_nanoseconds_is_no_code(shop: Shop) -> None:
    assert profile_of(shop, "nanos", MOVED)["mean"] == str(Decimal(BIG) + Decimal("2029.5"))
    (shift,) = shop.ask(
        "SELECT value FROM drift_metrics WHERE feature = 'nanos' AND statistic = "
        f"'mean_change_in_sd' AND segment = 'all' AND window_start = DATE '{day(MOVED)}'"
    )
    assert shift["value"] == pytest.approx(2000 / 17.32, rel=0.01)
    incidents = shop.ask("SELECT subject, kind, sentence FROM incidents")
    assert "nanos" in {one["subject"] for one in incidents}
    assert not [one for one in incidents if "code" in one["sentence"]]


def test_a_deviation_that_doubles_lose_is_unknown_and_not_zero(shop: Shop) -> None:
    rows = shop.ask(
        "SELECT observed, verdict FROM constraint_results WHERE constraint_name = 'spread'"
    )
    assert {(row["observed"], row["verdict"]) for row in rows} == {(None, "undefined")}


def test_bounds_are_compared_with_longs_exactly(shop: Shop) -> None:
    rows = shop.ask(
        "SELECT day, constraint_name, observed FROM constraint_results "
        "WHERE constraint_name IN ('nanos', 'codes', 'least')"
    )
    found = {(row["constraint_name"], row["day"]): row["observed"] for row in rows}
    assert found["nanos", day(1)] == 1.0 and found["nanos", day(MOVED)] == 0.0
    assert found["codes", day(1)] == 1.0 and found["least", day(1)] == 1.0


@pytest.mark.parametrize("feature", ["narrow", "coded"])
def test_a_special_value_is_found_in_floats_and_decimals(shop: Shop, feature: str) -> None:
    found = profile_of(shop, feature)
    assert float(str(found["mean"])) == pytest.approx(30.0)
    assert float(str(found["special_share"])) == pytest.approx(1 / 6)


def test_rows_at_the_threshold_are_positive_and_labels_of_floats_are_read(shop: Shop) -> None:
    rows = shop.ask(
        "SELECT metric, value FROM performance_metrics WHERE segment = 'all' "
        f"AND window_name = 'day' AND window_start = DATE '{day(1)}' "
        "AND metric IN ('precision', 'recall', 'base_rate') "
        "AND reference IS NULL"
    )
    found = {row["metric"]: row["value"] for row in rows}
    assert found["recall"] == found["precision"] == 1.0
    assert found["base_rate"] == pytest.approx(1 / 3)


def test_extreme_doubles_have_moments_or_a_reason(shop: Shop) -> None:
    huge, small, tiny = (profile_of(shop, name) for name in ("huge", "small", "tiny"))
    assert float(str(huge["distinct"])) == 2
    assert float(str(huge["mean"])) == pytest.approx(0.0, abs=1e295)
    assert "equal" not in str(huge["skewness"])
    assert float(str(tiny["sd"])) == pytest.approx(SD * 1e-200, rel=1e-6, abs=0)
    assert float(str(tiny["mean"])) == pytest.approx(29.5e-200, rel=1e-9, abs=0)
    assert float(str(small["mean"])) == pytest.approx(29.5 * 5e-324, rel=0.02, abs=0)
    assert float(str(small["distinct"])) == ROWS
