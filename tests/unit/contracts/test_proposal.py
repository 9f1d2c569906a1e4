"""A contract is proposed from what a reference shows, with room where chance needs it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from scipy.stats import binomtest

from modelwatch.model.contracts.contract import Contract
from modelwatch.model.contracts.facts import ObservedRelation, ReferenceColumn, ReferenceTable
from modelwatch.model.contracts.proposal import proposed, volume_of, widened
from modelwatch.model.contracts.reading import parse_contract
from modelwatch.model.onboarding.text_shape import TextShapes
from modelwatch.stats.shares import seen_share, wilson_interval

MONDAY = date(2013, 2, 4)


def column(name: str = "x", spark_type: str = "double", **facts: Any) -> ReferenceColumn:
    return ReferenceColumn(name, spark_type, **{"by_day": ((1000, 0), (1000, 0)), **facts})


def proposal(*columns: ReferenceColumn, **more: Any) -> Contract:
    contract, text = proposed(ReferenceTable("inputs", "some rows", columns, **more), "c")
    assert parse_contract(text) == contract
    return contract


def clauses(*columns: ReferenceColumn) -> dict[str, Any]:
    [(_, found)] = proposal(*columns).columns.items()
    return found.model_dump(exclude_defaults=True)


def test_a_column_that_is_always_there_is_not_nullable() -> None:
    assert clauses(column())["nullable"] is False


def test_completeness_is_bounded_by_the_worst_day_and_its_rows() -> None:
    found = clauses(column(by_day=((1000, 100), (1000, 300), (100, 5))))
    worst = binomtest(700, 1000).proportion_ci(0.998, "wilson")
    assert found["completeness"] == pytest.approx(worst.low, abs=0.001)
    assert found["completeness"] <= worst.low


def test_a_column_that_is_never_there_promises_its_type_only() -> None:
    assert clauses(column(by_day=((10, 10),))) == {"type": "double"}


def test_values_that_repeat_are_a_domain() -> None:
    values = {"a": 1000, "b": 1000}
    assert clauses(column(spark_type="string", values=values))["domain"] == ("a", "b")


def test_codes_are_numbers_in_their_domain() -> None:
    values = {"10": 1000, "9": 1000}
    assert clauses(column(spark_type="int", values=values))["domain"] == (9, 10)


def test_values_seen_once_say_how_many_new_ones_will_come() -> None:
    values = {"a": 1990, **{f"rare{i}": 1 for i in range(10)}}
    found = clauses(column(spark_type="string", values=values))
    assert found["share"] == pytest.approx(0.980, abs=0.005)


def test_values_that_hardly_repeat_are_no_domain() -> None:
    values = {f"v{i}": 1 for i in range(100)}
    found = clauses(column(spark_type="string", values=values, length=(2, 3)))
    assert found["length"] == (1, 13)
    assert "domain" not in found


def test_texts_of_one_form_have_a_pattern() -> None:
    texts = TextShapes(frozenset({"A9", "A99"}), "A1", "B22")
    found = clauses(column(spark_type="string", length=(2, 3), texts=texts))
    assert found["pattern"] == "^[A-Z][0-9]{1,2}$"
    assert "length" not in found


def test_a_number_has_a_range_with_room() -> None:
    assert clauses(column(lowest=10.0, highest=60.0))["range"] == (5.0, 65.0)


def test_a_code_at_the_end_is_a_sentinel_and_not_in_the_range() -> None:
    ends = {"lowest": -999.0, "second_lowest": 20.0, "highest": 80.0, "distinct": 50.0}
    found = clauses(column(spark_type="int", **ends))
    assert found["sentinels"] == (-999,)
    assert found["range"] == (14, 86)


def test_of_sensitive_columns_no_value_is_reported() -> None:
    hidden = column(spark_type="string", values={"secret": 2000}, sensitive=True)
    contract, text = proposed(ReferenceTable("inputs", "some rows", (hidden,)), "c")
    assert "secret" not in text
    assert contract.columns["x"].domain is None


@pytest.mark.parametrize(
    ("low", "high", "ends"),
    [
        (0.02, 0.95, (0.0, 1.0)),
        (12.0, 100.0, (0.0, 100.0)),
        (0.0, 4963.0, (0.0, 5500.0)),
        (-40.0, -3.0, (-44.0, 0.0)),
        (5.0, 5.0, (4.5, 5.5)),
        (0.0, 0.0, (0.0, 0.0)),
    ],
)
def test_ranges_end_at_round_numbers_and_keep_their_sign(
    low: float, high: float, ends: tuple[float, float]
) -> None:
    assert widened(low, high) == ends


def test_volume_follows_the_weekday_and_holds_all_days() -> None:
    days = [MONDAY + timedelta(days=i) for i in range(28)]
    rows = {day: (200 if day.weekday() >= 5 else 1000) + day.day % 3 * 10 for day in days}
    found = volume_of(rows)
    low, high = found["saturday"]
    assert high < 500 < found["monday"][0]
    for day, count in rows.items():
        low, high = found[f"{day:%A}".lower()]
        assert low <= count <= high
    assert found["monday"][0] > 0.7 * 1000


def test_a_weekday_without_rows_has_no_volume() -> None:
    assert set(volume_of({MONDAY: 10, MONDAY + timedelta(days=1): 0})) == {"monday"}


def test_relations_warn_until_a_person_says_more() -> None:
    relation = ObservedRelation("a at most b", "`a` <= `b`", 100)
    found = proposal(column(), relations=(relation,), id=("x",), freshness_days=3)
    assert found.relations[0].severity == "warn"
    assert found.rows.unique == ("x",)
    assert found.rows.freshness_days == 3


def test_suggestions_are_comments_only() -> None:
    code = 'isComplete("x")  # it is\nnot: yaml'
    table = ReferenceTable("inputs", "rows", (column(),), suggestions={"x": (code,)})
    contract, text = proposed(table, "c")
    assert "it is" in text
    assert parse_contract(text) == contract


@pytest.mark.parametrize(("hits", "rows"), [(0, 10), (10, 10), (3, 7), (999, 1000)])
def test_the_interval_of_a_share_is_wilson_s(hits: int, rows: int) -> None:
    known = binomtest(hits, rows).proportion_ci(0.95, "wilson")
    assert wilson_interval(hits, rows) == pytest.approx((known.low, known.high))


def test_without_rows_a_share_may_be_anything() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert seen_share([]) == 0.0


@pytest.mark.parametrize("low", [10**13, 1_750_000_000_000_000_000, -(2**63)])
def test_a_proposed_range_of_large_integers_holds_all_of_them(low: int) -> None:
    below, above = widened(low, low + 50)
    assert isinstance(below, int) and isinstance(above, int)
    assert low - 10 <= below < low and low + 50 < above <= low + 60
    assert widened(float(2**43) + 0.5, float(2**43) + 50.5)[0] < 2**43 + 0.5
