"""What a first configuration guesses from the look of the tables."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwatch.model.columns import check_columns
from modelwatch.model.config import parse_config
from modelwatch.model.days import DayRange
from modelwatch.model.draft import draft
from modelwatch.model.errors import SourceError
from modelwatch.model.guess import (
    ColumnFacts,
    DayGuess,
    TableFacts,
    guess,
    monitor_name,
    reference_days,
    sentinels,
)
from modelwatch.model.sources import TableAddress

DAYS = DayRange(date(2020, 1, 1), date(2020, 3, 31))


def table(
    *columns: ColumnFacts | tuple[str, str],
    unique: tuple[str, ...] = (),
    partitions: tuple[str, ...] = (),
    path: str = "var/shop/inputs",
) -> TableFacts:
    facts = [c if isinstance(c, ColumnFacts) else ColumnFacts(*c, distinct=30) for c in columns]
    return TableFacts(
        TableAddress(path=path), tuple(facts), partitions, rows=1000, unique=frozenset(unique)
    )


INPUTS = table(
    ("order_id", "string"),
    ("day", "date"),
    ("amount", "double"),
    ("country", "string"),
    unique=("order_id",),
)
PREDICTIONS = table(
    ("order_id", "string"),
    ("day", "date"),
    ("probability", "double"),
    ("accepted", "boolean"),
    ("model_version", "string"),
    path="var/shop/predictions",
)


def test_two_tables_are_joined_by_the_id_that_both_have() -> None:
    guessed = guess(INPUTS, PREDICTIONS)
    assert guessed.id == ("order_id",)
    assert guessed.day == guessed.predictions_day == DayGuess("day", time=False)
    assert guessed.score == ("probability",)
    assert guessed.decision == ("accepted",)
    assert guessed.model_version == "model_version"


def test_a_table_with_scores_in_it_needs_no_second() -> None:
    guessed = guess(
        table(
            ("day", "date"),
            ("amount", "double"),
            ("fraud_score", "float"),
            ("decision", "int"),
            ("version", "string"),
        )
    )
    assert (guessed.score, guessed.decision) == (("fraud_score",), ("decision",))
    assert guessed.model_version == "version"


def test_a_table_without_scores_watches_inputs() -> None:
    guessed = guess(INPUTS)
    assert (guessed.score, guessed.decision, guessed.model_version) == ((), (), None)


@pytest.mark.parametrize(
    ("columns", "partitions", "expected"),
    [
        ([("birth", "date"), ("p", "date")], ("p",), DayGuess("p", False)),
        ([("birth", "date"), ("event_date", "date")], (), DayGuess("event_date", False)),
        ([("birth", "date"), ("created_at", "timestamp")], (), DayGuess("created_at", True)),
        ([("birth", "date")], (), DayGuess("birth", False)),
        ([("x", "timestamp_ntz")], (), DayGuess("x", True)),
    ],
)
def test_the_day_is_a_partition_or_a_column_of_that_name(
    columns: list[tuple[str, str]], partitions: tuple[str, ...], expected: DayGuess
) -> None:
    guessed = guess(table(("amount", "int"), *columns, partitions=partitions))
    assert guessed.day == expected


def test_a_table_without_a_day_is_refused_by_name() -> None:
    with pytest.raises(SourceError, match=r"var/shop/inputs: has no column of type date"):
        guess(table(("amount", "int"), ("day", "string")))


def test_tables_without_a_common_id_need_to_be_told() -> None:
    other = table(("key", "string"), ("day", "date"), ("p", "double"), path="p")
    with pytest.raises(SourceError, match="say --id COLUMN"):
        guess(INPUTS, other)
    assert guess(INPUTS, other, ["order_id"]).id == ("order_id",)


@pytest.mark.parametrize(
    ("lowest", "second_lowest", "second_highest", "highest", "expected"),
    [
        (-999, 0, 80, 90, (-999,)),
        (-1, 0, 80, 90, (-1,)),
        (0, 1, 95, 9999, (9999,)),
        (-999, 0, 95, 9999, (-999, 9999)),
        (-999, -998, 80, 90, ()),
        (0, 1, 998, 999, ()),
        (-50, -49, 80, 90, ()),
        (None, None, None, None, ()),
        (-999, None, None, -999, ()),
    ],
)
def test_codes_are_told_from_quantities_by_the_gap_beside_them(
    lowest: float | None,
    second_lowest: float | None,
    second_highest: float | None,
    highest: float | None,
    expected: tuple[float, ...],
) -> None:
    column = ColumnFacts("age", "int", 0, 50, lowest, highest, second_lowest, second_highest)
    assert sentinels(column) == expected


def test_minus_one_is_no_code_in_a_column_of_signs() -> None:
    assert sentinels(ColumnFacts("sign", "int", 0, 3, -1, 1, 0, 0)) == ()


def test_columns_that_cannot_drift_in_a_useful_way_are_left_out() -> None:
    guessed = guess(
        table(
            ("day", "date"),
            ("order_id", "string"),
            ("comment", "string"),
            ("created_at", "timestamp"),
            ("amount", "double"),
            unique=("order_id", "comment"),
        )
    )
    assert dict(guessed.excluded) == {
        "comment": "every row has another value",
        "created_at": "moves with the calendar",
    }


def test_whole_numbers_with_the_name_of_a_code_are_categories() -> None:
    guessed = guess(table(("day", "date"), ("shop_code", "int"), ("weekday", "int"), ("n", "int")))
    assert guessed.codes == ("shop_code", "weekday")


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (None, None),
        (DAYS, DayRange(date(2020, 1, 1), date(2020, 1, 28))),
        (DayRange(DAYS.first, date(2020, 1, 10)), DayRange(DAYS.first, date(2020, 1, 5))),
        (DayRange(DAYS.first, DAYS.first), DayRange(DAYS.first, DAYS.first)),
    ],
)
def test_the_first_weeks_are_the_first_reference(
    days: DayRange | None, expected: DayRange | None
) -> None:
    assert reference_days(days) == expected


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (TableAddress(path="var/flights/inputs"), "flights"),
        (TableAddress(path="s3://bucket/some shop/inputs/"), "some_shop"),
        (TableAddress(path="inputs"), "inputs"),
        (TableAddress(name="main.scoring.inputs"), "scoring"),
        (TableAddress(path="列/列"), "monitor"),
    ],
)
def test_a_monitor_is_named_after_what_holds_its_tables(address: TableAddress, name: str) -> None:
    assert monitor_name(address) == name


def schema(facts: TableFacts) -> dict[str, str]:
    return {column.name: column.spark_type for column in facts.columns}


def test_a_draft_fits_the_tables_it_was_made_for() -> None:
    config = parse_config(draft(guess(INPUTS, PREDICTIONS), DAYS))
    schemas = {"inputs": schema(INPUTS), "predictions": schema(PREDICTIONS)}
    assert check_columns(config, schemas) == ()
    assert config.monitor == "shop"
    assert str(config.output) == "var/shop/monitor"
    assert config.predictions is not None
    assert config.predictions.score == ("probability",)
    assert str(config.references[0].days) == "2020-01-01..2020-01-28"


def test_a_draft_of_an_empty_table_is_right_but_for_its_reference() -> None:
    text = draft(guess(INPUTS), None)
    assert "The table has no rows yet" in text
    assert parse_config(text).references


NAMES = st.text(min_size=1, max_size=12).filter(str.strip) | st.sampled_from(
    ["a.b", "a b", "`", '"', "'", "null", "no", "123", "# x", "a: b", "{", "é", "😀", "[x]", "*"]
)
TYPES = st.sampled_from(
    ["int", "bigint", "double", "string", "boolean", "timestamp", "date", "decimal(10,2)", "binary"]
)
NUMBERS = st.none() | st.sampled_from([-999.0, -1.0, 0.0, 0.5, 1.0, 90.0, 9999.0, 9999999.0])


@settings(max_examples=150)
@given(
    st.dictionaries(NAMES, TYPES, max_size=8),
    st.lists(NUMBERS, min_size=4, max_size=4),
    st.booleans(),
)
def test_any_draft_can_be_read_and_fits_its_tables(
    columns: dict[str, str], figures: list[float | None], two_tables: bool
) -> None:
    distinct = {name.lower(): (name, spark_type) for name, spark_type in columns.items()}
    distinct |= {"id": ("id", "bigint"), "day": ("day", "date"), "amount": ("amount", "double")}
    low, high, second_low, second_high = figures
    inputs = table(
        *(
            ColumnFacts(name, kind, 0, 30, low, high, second_low, second_high)
            for name, kind in distinct.values()
        ),
        unique=("id",),
    )
    predictions = table(("id", "bigint"), ("day", "date"), ("p", "double")) if two_tables else None
    guessed = guess(inputs, predictions)
    config = parse_config(draft(guessed, DAYS))
    schemas = {"inputs": schema(inputs)}
    if predictions is not None:
        schemas["predictions"] = schema(predictions)
    assert check_columns(config, schemas) == ()
