"""What a first configuration guesses from the look of the tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.model.config.columns import check_columns
from modelwatch.model.config.configuration import (
    BinningOptions,
    IncidentRules,
    Pairs,
    Verdicts,
    parse_config,
)
from modelwatch.model.days import DayRange
from modelwatch.model.errors import SourceError
from modelwatch.model.onboarding.column_guess import sentinels
from modelwatch.model.onboarding.day_guess import DayGuess
from modelwatch.model.onboarding.draft import draft, output_of
from modelwatch.model.onboarding.guess import guess, monitor_name
from modelwatch.model.onboarding.table_facts import ColumnFacts, PartitionDistance, TableFacts
from modelwatch.model.planning.window_specs import DEFAULT_THRESHOLDS
from modelwatch.model.sources.tables import TableAddress

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
        ([("birth_date", "date"), ("event_time", "timestamp")], (), DayGuess("event_time", True)),
        ([("load_date", "date"), ("sent_at", "timestamp")], (), DayGuess("sent_at", True)),
        ([("loaded_at", "timestamp"), ("sent_at", "timestamp")], (), DayGuess("sent_at", True)),
        ([("loaded_at", "timestamp")], (), DayGuess("loaded_at", True)),
        ([("load_date", "date"), ("p", "date")], ("load_date", "p"), DayGuess("p", False)),
    ],
)
def test_the_day_is_a_partition_or_a_column_of_that_name(
    columns: list[tuple[str, str]], partitions: tuple[str, ...], expected: DayGuess
) -> None:
    guessed = guess(table(("amount", "int"), *columns, partitions=partitions))
    assert guessed.day == expected


def test_a_table_without_a_day_is_refused_by_name() -> None:
    with pytest.raises(SourceError, match=r"var/shop/inputs: has no date or timestamp column"):
        guess(table(("amount", "int"), ("day", "string")))


@pytest.mark.parametrize(
    "column", [("dt", "string"), ("order_date", "int"), ("yyyymmdd", "bigint")]
)
def test_a_partition_of_text_or_integers_is_the_day_where_nothing_else_can_be(
    column: tuple[str, str],
) -> None:
    facts = table(column, ("shop", "string"), ("year", "int"), partitions=(column[0], "year"))
    assert guess(facts).day == DayGuess(column[0], time=False)


def test_parts_of_a_day_are_refused_with_advice() -> None:
    parts = (("year", "int"), ("month", "int"), ("day", "int"))
    wording = r"made from its partition by year \(int\), month \(int\), day \(int\)"
    with pytest.raises(SourceError, match=wording):
        guess(table(*parts, ("shop", "string"), partitions=("year", "month", "day")))


def partitioned(
    partition: str, time: str, *others: tuple[str, str], seen: tuple[int, int, int] | None
) -> TableFacts:
    """Of 240 rows, ``seen`` are without a time, in another partition, and more than a day apart."""
    facts = table(
        ("amount", "int"),
        (partition, "date"),
        (time, "timestamp"),
        *others,
        partitions=(partition,),
    )
    if seen is None:
        return facts
    return replace(facts, distance=PartitionDistance(time, partition, 240, *seen))


def day_lines(facts: TableFacts) -> list[str]:
    """What the draft says of the day, below the comment that is always there."""
    lines = draft(guess(facts), DAYS).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("  # A date column"))
    return lines[start + 1 : lines.index("", start)]


def test_a_partition_of_loads_is_declared_beside_the_time_of_the_event_that_it_keeps_to() -> None:
    facts = partitioned("load_date", "event_time", seen=(0, 90, 0))
    assert guess(facts).day == DayGuess("event_time", True, "load_date")
    assert day_lines(facts) == [
        "  # In all 240 rows with event_time, load_date is within one day of it.",
        "  # Remove load_date if rows can be written later: a run would miss them.",
        "  # If the partition is the day of the event: {column: load_date}",
        "  day: {time_column: event_time, partition_column: load_date}",
    ]


def test_a_partition_from_which_a_row_is_days_apart_is_not_declared() -> None:
    facts = partitioned("load_date", "event_time", seen=(0, 90, 1))
    assert guess(facts).day == DayGuess("event_time", True)
    assert day_lines(facts) == [
        "  # The partition load_date is not used: in 1 of 240 rows it is more",
        "  # than one day from event_time, and a run would miss these rows.",
        "  # If the partition is the day of the event: {column: load_date}",
        "  day: {time_column: event_time}",
    ]


def test_a_partition_that_was_not_compared_with_the_time_is_not_declared() -> None:
    facts = partitioned("load_date", "event_time", seen=None)
    assert day_lines(facts) == [
        "  # Add partition_column: load_date if it is always within one day of event_time.",
        "  # If the partition is the day of the event: {column: load_date}",
        "  day: {time_column: event_time}",
    ]


@pytest.mark.parametrize(
    ("partition", "time", "seen", "expected"),
    [
        # The day, as far as can be seen.
        ("day", "event_time", (0, 0, 0), DayGuess("day", False)),
        ("day", "event_time", None, DayGuess("day", False)),
        # Surely an event's time, and seen to differ.
        ("dt", "event_time", (0, 1, 0), DayGuess("event_time", True, "dt")),
        ("dt", "event_time", (0, 9, 9), DayGuess("event_time", True)),
        # A time of anything.
        ("dt", "created_at", (0, 1, 0), DayGuess("dt", False)),
        ("load_date", "created_at", (0, 1, 0), DayGuess("created_at", True, "load_date")),
        ("load_date", "created_at", (0, 9, 9), DayGuess("load_date", False)),
        ("load_date", "created_at", None, DayGuess("load_date", False)),
        # Rows without a time would have no day.
        ("dt", "event_time", (1, 9, 0), DayGuess("dt", False)),
        ("load_date", "event_time", (1, 9, 0), DayGuess("load_date", False)),
        # No time of an event at all.
        ("load_date", "loaded_at", None, DayGuess("load_date", False)),
    ],
)
def test_a_time_beside_the_partition_is_the_day_by_its_name_and_by_what_was_seen(
    partition: str, time: str, seen: tuple[int, int, int] | None, expected: DayGuess
) -> None:
    assert guess(partitioned(partition, time, seen=seen)).day == expected


def test_a_time_that_shows_another_day_than_the_partition_is_offered() -> None:
    assert day_lines(partitioned("dt", "created_at", seen=(2, 9, 0))) == [
        "  # Of 240 rows, 9 have a different day in created_at, and",
        "  # 2 have no value there. If that is the event time: "
        "{time_column: created_at, partition_column: dt}",
        "  day: {column: dt}",
    ]


def test_a_date_of_the_event_is_the_day_rather_than_that_of_the_load() -> None:
    facts = partitioned("load_date", "loaded_at", ("event_date", "date"), seen=None)
    assert day_lines(facts) == [
        "  # The partition load_date is not used: partition_column requires time_column.",
        "  # If the partition is the day of the event: {column: load_date}",
        "  day: {column: event_date}",
    ]


def test_a_day_that_may_be_that_of_the_load_is_reported() -> None:
    assert day_lines(partitioned("load_date", "loaded_at", seen=None)) == [
        "  # Its name suggests the day on which rows were written, not the day of the event.",
        "  day: {column: load_date}",
    ]


def test_partitions_of_text_and_parts_of_dates_are_no_features_and_not_declared() -> None:
    facts = table(
        ("scored_at", "timestamp"),
        ("year", "int"),
        ("dt", "string"),
        ("country", "string"),
        partitions=("year", "dt", "country"),
    )
    assert day_lines(facts) == [
        "  # The partition year is not a date but int, so it cannot be the partition_column.",
        "  # The partition dt is not a date but string: if it contains the day (yyyymmdd), set "
        "it as partition_column.",
        "  day: {time_column: scored_at}",
    ]
    assert dict(guess(facts).excluded) == dict.fromkeys(("year", "dt"), "changes with the calendar")


def test_predictions_go_by_the_time_of_the_inputs_if_they_have_it() -> None:
    columns = [("order_id", "string"), ("day", "date"), ("p", "double"), ("sent_at", "timestamp")]
    inputs = table(("order_id", "string"), ("sent_at", "timestamp"), ("amount", "double"))
    guessed = guess(inputs, table(*columns))
    assert guessed.predictions_day == DayGuess("sent_at", time=True)
    text = draft(guess(inputs, table(*columns[:3])), DAYS)
    assert "joined by id and day, so this must be the same day as in the inputs" in text


def test_tables_without_a_common_id_need_to_be_named() -> None:
    other = table(("key", "string"), ("day", "date"), ("p", "double"), path="p")
    with pytest.raises(SourceError, match="use --id COLUMN"):
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
def test_codes_are_distinguished_from_quantities_by_the_gap_beside_them(
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
        "comment": "every row has a different value",
        "created_at": "changes with the calendar",
    }


def test_whole_numbers_with_the_name_of_a_code_are_categories() -> None:
    guessed = guess(table(("day", "date"), ("shop_code", "int"), ("weekday", "int"), ("n", "int")))
    assert guessed.codes == ("shop_code", "weekday")


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


@pytest.mark.parametrize(
    ("address", "output"),
    [
        (TableAddress(path="lake/payments/inputs"), "lake/payments_monitoring"),
        (TableAddress(path="lake/sales/visits/"), "lake/sales_monitoring/visits"),
        (TableAddress(path="/lake/visits"), "/lake_monitoring/visits"),
        (TableAddress(path="visits"), "monitoring/visits"),
        (TableAddress(path="./visits"), "./monitoring/visits"),
        (TableAddress(path="s3://bucket/visits"), "s3://bucket/monitoring/visits"),
        (TableAddress(path="s3://bucket/shop/inputs"), "s3://bucket/shop_monitoring"),
        (TableAddress(name="main.scoring.inputs"), "main.scoring_monitoring"),
        (TableAddress(name="visits"), "default_monitoring"),
    ],
)
def test_results_are_beside_the_sources_and_not_among_them(
    address: TableAddress, output: str
) -> None:
    assert output_of(address) == output


def schema(facts: TableFacts) -> dict[str, str]:
    return {column.name: column.spark_type for column in facts.columns}


def test_a_draft_has_paths_relative_to_its_folder_and_results_beside_the_sources() -> None:
    config = parse_config(draft(guess(INPUTS, PREDICTIONS), DAYS, folder="conf"))
    assert config.inputs.table.path == f"../{INPUTS.address.path}"
    assert config.predictions is not None
    assert config.predictions.table is not None
    assert config.predictions.table.path == f"../{PREDICTIONS.address.path}"
    assert config.output.path == "../var/shop_monitoring"
    assert config.notify[0].path == "../var/shop_monitoring/messages.jsonl"  # type: ignore[union-attr]
    assert config.report is not None
    assert config.report.path == "../var/shop_monitoring/report"
    assert config.monitor == "shop"


def test_a_draft_fits_the_tables_it_was_made_for() -> None:
    config = parse_config(draft(guess(INPUTS, PREDICTIONS), DAYS))
    schemas = {"inputs": schema(INPUTS), "predictions": schema(PREDICTIONS)}
    assert check_columns(config, schemas) == ()
    assert config.monitor == "shop"
    assert str(config.output) == "var/shop_monitoring"
    assert config.predictions is not None
    assert config.predictions.score == ("probability",)
    assert config.references[0].first_days == 28


def test_a_draft_leaves_every_default_of_the_verdicts_as_it_is() -> None:
    config = parse_config(draft(guess(INPUTS, PREDICTIONS), DAYS), "draft")
    assert config.effective_thresholds == DEFAULT_THRESHOLDS
    assert config.verdicts == Verdicts()
    assert config.incidents == IncidentRules()
    assert config.binning == BinningOptions()
    assert config.pairs == Pairs()


def test_a_draft_shows_thresholds_with_their_defaults() -> None:
    (line,) = [row for row in draft(guess(INPUTS), DAYS).splitlines() if "thresholds:" in row]
    assert line.startswith("# thresholds: {")
    shown = yaml.safe_load(line.removeprefix("# thresholds: "))
    assert shown == {key: DEFAULT_THRESHOLDS[key] for key in shown}


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


def distance_of(facts: TableFacts) -> PartitionDistance | None:
    """Of the first timestamp and the first partition, which lies a day beside it."""
    times = [c.name for c in facts.columns if c.spark_type == "timestamp"]
    if not times or not facts.partitions:
        return None
    return PartitionDistance(times[0], facts.partitions[0], facts.rows, elsewhere=1)


@given(
    st.dictionaries(NAMES, TYPES, max_size=8),
    st.lists(NUMBERS, min_size=4, max_size=4),
    st.booleans(),
    st.booleans(),
)
def test_any_draft_can_be_read_and_fits_its_tables(
    columns: dict[str, str], metrics: list[float | None], two_tables: bool, by_date: bool
) -> None:
    distinct = {name.lower(): (name, spark_type) for name, spark_type in columns.items()}
    distinct |= {"id": ("id", "bigint"), "day": ("day", "date"), "amount": ("amount", "double")}
    low, high, second_low, second_high = metrics
    inputs = table(
        *(
            ColumnFacts(name, kind, 0, 30, low, high, second_low, second_high)
            for name, kind in distinct.values()
        ),
        unique=("id",),
        partitions=tuple(name for name, kind in distinct.values() if kind == "date") * by_date,
    )
    inputs = replace(inputs, distance=distance_of(inputs))
    predictions = table(("id", "bigint"), ("day", "date"), ("p", "double")) if two_tables else None
    guessed = guess(inputs, predictions)
    config = parse_config(draft(guessed, DAYS))
    schemas = {"inputs": schema(inputs)}
    if predictions is not None:
        schemas["predictions"] = schema(predictions)
    assert check_columns(config, schemas) == ()
