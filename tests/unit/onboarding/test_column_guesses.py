"""Guessed roles of single columns, from their names and statistics."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from modelwatch.model.onboarding.column_guess import (
    code_reason,
    exclusion_reason,
    segmentations,
    sentinels,
)
from modelwatch.model.onboarding.column_names import (
    is_answer_name,
    is_code_name,
    is_score_name,
    is_truth_name,
    plain_name,
)
from modelwatch.model.onboarding.table_facts import ColumnFacts, TableFacts
from modelwatch.model.sources.tables import TableAddress
from modelwatch.spark.days import DAY
from modelwatch.spark.onboarding.sample_facts import column_facts, facts_of_batches

FIRST = date(2024, 1, 29)
ROWS = 4000


def seen(values: Any, name: str = "x", spark_type: str = "bigint") -> ColumnFacts:
    """What rows of forty days show of a column."""
    array = pa.array(values)
    days = [FIRST + timedelta(days=n * 40 // len(array)) for n in range(len(array))]
    facts = column_facts(pa.table({name: array, DAY: pa.array(days, pa.date32())}), name)
    wording = tuple((value, rows) for value, rows in facts.get("values", ()))
    return ColumnFacts(name, spark_type, **{**facts, "values": wording})


def table_of(column: ColumnFacts, *, unique: bool = False) -> TableFacts:
    names = frozenset({column.name} if unique else ())
    return TableFacts(TableAddress(path="t"), (column,), rows=ROWS, unique=names)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def zipf(rng: np.random.Generator, values: np.ndarray) -> np.ndarray:
    share = 1.0 / np.arange(1, len(values) + 1)
    return rng.choice(rng.permutation(values), ROWS, p=share / share.sum())


@pytest.mark.parametrize(
    ("name", "plain"),
    [("eventTime", "event_time"), ("Y Pred", "y_pred"), ("HTTPCode", "http_code"), ("a.b", "a_b")],
)
def test_names_are_compared_in_one_spelling(name: str, plain: str) -> None:
    assert plain_name(name) == plain


@pytest.mark.parametrize("name", ["y_true", "yTrue", "target", "ground_truth", "actual", "truth"])
def test_a_ground_truth_is_known_by_its_name(name: str) -> None:
    assert is_truth_name(name)
    assert not is_answer_name(name)


@pytest.mark.parametrize(
    "name", ["y_pred", "y_hat", "yhat", "pred", "prediction", "score", "proba_3", "probability"]
)
def test_a_score_is_known_by_its_name(name: str) -> None:
    assert is_score_name(name)


@pytest.mark.parametrize("name", ["target_pred", "predicted_label"])
def test_a_prediction_of_the_target_is_no_ground_truth(name: str) -> None:
    assert not is_truth_name(name)


def test_agent_numbers_with_nulls_are_codes(rng: np.random.Generator) -> None:
    agents = zipf(rng, np.arange(1, 330)).astype(float)
    column = seen([None if n % 7 == 0 else a for n, a in enumerate(agents)], "agent", "double")
    assert code_reason(column, ROWS) is not None


def test_zip_codes_under_any_name_are_codes(rng: np.random.Generator) -> None:
    column = seen(zipf(rng, np.array([8001, 8004, 8032, 3011, 4051, 1201, 9000, 6003])), "area")
    assert code_reason(column, ROWS) is not None


@pytest.mark.parametrize("name", ["zipCode", "product_code", "mcc"])
def test_codes_without_gaps_are_codes_by_their_name(name: str, rng: np.random.Generator) -> None:
    evenly = rng.integers(8000, 8300, ROWS)
    assert code_reason(seen(evenly, name), ROWS) is not None
    assert code_reason(seen(evenly, "elevation"), ROWS) is None


@pytest.mark.parametrize(
    ("name", "draw"),
    [
        ("nights", lambda rng: rng.poisson(3, ROWS)),
        ("lead_days", lambda rng: rng.gamma(1, 90, ROWS).astype(int)),
        ("degrees", lambda rng: rng.integers(0, 36, ROWS) * 10),
        ("pressure", lambda rng: rng.normal(1013, 9, ROWS).round().astype(int)),
        ("number_of_items", lambda rng: rng.poisson(2, ROWS)),
        ("cents", lambda rng: (rng.lognormal(8, 1, ROWS)).astype(int)),
    ],
)
def test_counts_and_rounded_quantities_are_no_codes(
    rng: np.random.Generator, name: str, draw: Any
) -> None:
    assert code_reason(seen(draw(rng), name), ROWS) is None


@pytest.mark.parametrize("name", ["num_agents", "days_in_shop", "count_of_type"])
def test_a_count_of_things_has_no_name_of_a_code(name: str) -> None:
    assert not is_code_name(name)


def test_a_sentinel_below_negative_quantities_is_found(rng: np.random.Generator) -> None:
    degrees = rng.normal(2, 9, ROWS).round(1)
    degrees[::50] = -999
    assert sentinels(seen(degrees, "temperature", "double")) == (-999.0,)
    assert sentinels(seen(degrees[1:50], "temperature", "double")) == ()


@pytest.mark.parametrize(
    ("part", "wording"),
    [
        (lambda d: d.month, "month"),
        (lambda d: d.timetuple().tm_yday, "day of the year"),
        (lambda d: d.isocalendar().week, "ISO week"),
        (lambda d: d.day, "day of the month"),
    ],
)
def test_a_part_of_the_date_is_no_feature(part: Any, wording: str) -> None:
    days = [FIRST + timedelta(days=n * 40 // ROWS) for n in range(ROWS)]
    column = seen([part(day) for day in days], "k")
    assert column.calendar == wording
    reason = exclusion_reason(column, table_of(column))
    assert reason is not None
    assert wording in reason


@pytest.mark.parametrize("form", ["%b", "%B"])
def test_the_name_of_the_month_is_no_feature(form: str) -> None:
    days = [FIRST + timedelta(days=n * 40 // ROWS) for n in range(ROWS)]
    column = seen([day.strftime(form) for day in days], "mnth", "string")
    assert column.calendar == "month"
    assert exclusion_reason(column, table_of(column)) is not None
    assert (
        seen(["may" if n % 2 else "will" for n in range(ROWS)], "verb", "string").calendar is None
    )


def test_a_number_that_rises_from_day_to_day_and_not_within_is_no_feature() -> None:
    at = np.arange(ROWS) * 40 // ROWS
    column = seen(2016.5 + at / 366, "date_num", "double")
    assert column.calendar == "day as a number"
    assert exclusion_reason(column, table_of(column)) is not None


def test_a_number_that_rises_within_a_day_too_is_a_feature(rng: np.random.Generator) -> None:
    at = np.arange(ROWS) * 40 // ROWS
    assert seen(at + rng.random(ROWS), "level", "double").calendar is None
    assert seen(np.where(at < 20, at, 40 - at) + 0.5, "daily_rate", "double").calendar is None


def test_a_weekday_comes_back_each_week_and_is_a_feature() -> None:
    days = [FIRST + timedelta(days=n * 40 // ROWS) for n in range(ROWS)]
    column = seen([day.weekday() for day in days], "k")
    assert exclusion_reason(column, table_of(column)) is None


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([20240101 + n % 28 for n in range(ROWS)], "bigint"),
        ([f"2024-01-{1 + n % 28:02d}" for n in range(ROWS)], "string"),
        ([f"2024-01-{1 + n % 28:02d} 10:00" for n in range(ROWS)], "string"),
    ],
)
def test_dates_as_integers_or_text_are_no_features(values: list[Any], kind: str) -> None:
    column = seen(values, "since", kind)
    assert column.spells_days
    assert exclusion_reason(column, table_of(column)) == "changes with the calendar"


def test_eight_digit_numbers_that_are_no_dates_do_not_spell_days(rng: np.random.Generator) -> None:
    assert not seen(rng.integers(10_000_000, 99_999_999, ROWS)).spells_days


def test_a_row_number_is_no_feature() -> None:
    column = seen(list(range(70_000, 70_000 + ROWS)), "sequence")
    reason = exclusion_reason(column, table_of(column, unique=True))
    assert reason == "every row has a different value: it is a row counter"


def test_text_that_nearly_repeats_the_id_is_no_feature() -> None:
    column = seen([f"ref {n % (ROWS - 9)}" for n in range(ROWS)], "reference", "string")
    assert exclusion_reason(column, table_of(column)) == "nearly every row has a different value"


def test_columns_of_few_values_with_enough_rows_each_are_segments() -> None:
    half = ColumnFacts("lot", "string", 0, 2, values=(("city", 600), ("resort", 400)))
    rare = ColumnFacts("kind", "string", 0, 2, values=(("a", 995), ("b", 5)))
    many = ColumnFacts("town", "string", 0, 300)
    country = replace(half, name="country")
    found = segmentations((half, rare, many, country), 1000, rows_of_a_window=1000.0, least=100)
    assert found == ("country", "lot")
    assert segmentations((half, country), 1000, rows_of_a_window=150.0, least=100) == ()


def test_no_more_than_three_columns_are_segments() -> None:
    columns = tuple(
        ColumnFacts(f"c{n}", "string", 0, 2, values=(("a", 500), ("b", 500))) for n in range(9)
    )
    assert len(segmentations(columns, 1000, 1000.0, 100)) == 3


def test_a_task_shows_facts_of_columns_of_every_type() -> None:
    values = {
        "flag": [True, None, False],
        "n": pa.array([1, 2, None], pa.int32()),
        "price": pa.array([Decimal("1.50"), None, Decimal("2.50")], pa.decimal128(10, 2)),
        "share": [0.5, float("nan"), float("inf")],
        "word": ["a", None, "é"],
        "seen": pa.array([datetime(2024, 1, 1, 5)] * 3, pa.timestamp("us", "UTC")),
        "nothing": pa.array([None] * 3, pa.string()),
    }
    rows = pa.table({**values, DAY: pa.array([FIRST] * 3, pa.date32())})
    (wording,) = facts_of_batches(list(values))(rows.to_batches())
    facts = dict(
        zip(
            wording.column(0).to_pylist(),
            map(json.loads, wording.column(1).to_pylist()),
            strict=True,
        )
    )
    assert facts[DAY] == {"rows": 3}
    assert facts["flag"]["values"] == [[False, 1], [True, 1]]
    assert (facts["price"]["lowest"], facts["price"]["highest"]) == (1.5, 2.5)
    assert (facts["share"]["lowest"], facts["share"]["highest"]) == (0.5, 0.5)
    assert facts["word"] == {
        "nulls": 1,
        "distinct": 2,
        "values": [["a", 1], ["é", 1]],
        "spells_days": False,
    }
    assert facts["seen"]["distinct"] == 1
    assert facts["nothing"] == {"nulls": 3, "distinct": 0, "spells_days": False}


def test_a_task_without_rows_shows_nothing() -> None:
    assert list(facts_of_batches(["n"])(())) == []
