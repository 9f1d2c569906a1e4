"""The states of a pass over Spark's rows are those of the rows, to the last bit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession

from modelwatch.capabilities import sql_settings
from modelwatch.evaluation.states import aggregation
from modelwatch.model.profile.features import features_of
from modelwatch.pipelines.config.validation import schemas_of
from modelwatch.pipelines.states import day_states as pipelines_states
from modelwatch.stats.states.batch import BatchColumn, Block, SegmentationCodes, TallyPlan
from monitored import (
    ONE_TABLE,
    TWO_TABLES,
    account,
    as_naive,
    day_number,
    kept_states,
    monitor,
    sources_of,
    states_of,
)
from naive_states import assert_same_states, naive_states
from samples import categorical_binning, numeric_binning

FIRST = date(2013, 2, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(3)]
AMOUNT = numeric_binning([0.0, 1.0, 1.5, 2.0, 7.0, 100.0], special=(-999.0,))
HEIGHT = numeric_binning([k / 8 for k in range(300)])
WORD = categorical_binning(["a", "a", "a", "b", "b", "c", "d", "ä"], max_values=3)
SCORE = numeric_binning([0.0, 0.25, 0.5, 1.0])
REGIONS = categorical_binning(["north", "north", "south", "south", "west"], max_values=2)
CROSSED = categorical_binning(["north × a", "north × (null)"])

INPUTS = "id string, at timestamp, amount double, height float, word string, region string"
PREDICTIONS = "id string, at timestamp, score double, model string"
IN_TWO_TABLES = {
    "time_zone": "America/New_York",
    "inputs": {**TWO_TABLES["inputs"], "day": {"time_column": "at"}},
    "predictions": {**TWO_TABLES["predictions"], "day": {"time_column": "at"}},
    "features": {
        "exclude": "region",
        "columns": {"amount": {"special_values": [-999]}},
    },
    "segments": [
        {"name": "region", "columns": "region", "max_values": 2},
        {"name": "region and word", "columns": ["region", "word"]},
        {"name": "dear", "predicate": "amount > 5"},
    ],
}
BINS = {
    ("inputs", "amount"): AMOUNT,
    ("inputs", "height"): HEIGHT,
    ("inputs", "word"): WORD,
    ("predictions", "score"): SCORE,
    ("segments", "region"): REGIONS,
    ("segments", "region and word"): CROSSED,
}
PLAN = TallyPlan(
    (
        BatchColumn("amount", 0, AMOUNT),
        BatchColumn("height", 0, HEIGHT),
        BatchColumn("word", 0, WORD),
        BatchColumn("score", 1, SCORE),
    ),
    (
        SegmentationCodes("region", REGIONS.values),
        SegmentationCodes("region and word", CROSSED.values),
        SegmentationCodes("dear", ("false", "true")),
    ),
    (Block(0, (0, 1)),),
)
AWKWARD = [0.0, -0.0, 7.5, -999.0, 1e308, 2.0**53 + 2, float("nan"), float("inf"), -float("inf")]


def late(day: date, minute: int = 0) -> datetime:
    """A moment that is the day in New York and the next one in UTC."""
    return datetime(day.year, day.month, day.day, 2, minute) + timedelta(days=1)


def made_rows() -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], list[Any]]:
    """Rows of inputs and of predictions, and what is left once they are joined."""
    words = ["a", "b", "c", "ä", "a\u0308", "🛫", "", None, "new"]
    regions = ["north", "south", "west", None]
    inputs: list[tuple[Any, ...]] = []
    predictions: list[tuple[Any, ...]] = []
    joined: list[Any] = []
    for d, day in enumerate(DAYS):
        for i in range(36):
            key = f"{i}"  # the same on every day
            amount = None if i % 11 == 5 else AWKWARD[i % 9] if i % 2 else float(i)
            height = None if i % 7 == 3 else i / 8
            word, region = words[(i + d) % 9], regions[i % 4]
            score, model = (None if i == 8 else i / 36), (None if i % 5 == 0 else f"v{1 + i % 2}")
            present = (i % 6 != 1, i % 6 != 2)
            copies = [int(present[0]), int(present[1])]
            if present[0]:
                inputs.append((key, late(day, 5), amount, height, word, region))
                if i % 9 == 0:  # an earlier version of the row
                    inputs += [(key, late(day, k), 1.0, 1.0, "d", "west") for k in (1, 2)]
                    copies[0] += 2
            if present[1]:
                predictions.append((key, late(day, 9), score, model))
                if i % 8 == 0:
                    predictions.append((key, late(day, 3), 0.99, "v0"))
                    copies[1] += 1
            crossing = " × ".join("(null)" if v is None else v for v in (region, word))
            dear = None if amount is None else str(bool(amount > 5 or amount != amount)).lower()
            segments = (region, crossing, dear) if present[0] else (None, "(null) × (null)", None)
            joined.append(
                as_naive(
                    day,
                    *(amount, height, word, score),
                    version=(model if present[1] else None) or "(none)",
                    segments=segments,
                    present=present,
                    copies=tuple(copies),
                )
            )
    return inputs, predictions, joined


@pytest.mark.parametrize("partitions", [1, 2, 7])
def test_two_tables_give_the_states_of_their_joined_rows_however_they_are_partitioned(
    spark: SparkSession, partitions: int
) -> None:
    inputs, predictions, joined = made_rows()
    config = monitor(TWO_TABLES, **IN_TWO_TABLES)
    sources = sources_of(
        config,
        inputs=spark.createDataFrame(inputs, INPUTS).repartition(partitions),
        predictions=spark.createDataFrame(predictions, PREDICTIONS).repartition(partitions),
    )
    with sql_settings(spark, {"spark.sql.shuffle.partitions": str(partitions)}):
        found = kept_states(states_of(config, sources, BINS), sources, DAYS)
    assert_same_states(found, naive_states(joined, PLAN))


@pytest.mark.parametrize("tasks", [2, 5])
def test_days_that_are_dealt_whole_give_the_states_of_their_rows(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, tasks: int
) -> None:
    monkeypatch.setattr(pipelines_states, "day_tasks", lambda *_: tasks)
    inputs, predictions, joined = made_rows()
    config = monitor(TWO_TABLES, **IN_TWO_TABLES)
    sources = sources_of(
        config,
        inputs=spark.createDataFrame(inputs, INPUTS).repartition(3),
        predictions=spark.createDataFrame(predictions, PREDICTIONS).repartition(2),
    )
    found = kept_states(states_of(config, sources, BINS), sources, DAYS)
    assert_same_states(found, naive_states(joined, PLAN))


@pytest.mark.parametrize(
    ("days", "rows", "tasks"),
    [(15, 10**9, None), (16, None, 4), (16, 10**6, 4), (30, 10**7, 30), (300, 10**7, 40)],
)
def test_many_days_are_dealt_whole_to_as_many_tasks_as_their_rows_need(
    days: int, rows: int | None, tasks: int | None
) -> None:
    assert pipelines_states.day_tasks(days, rows, least=4) == tasks


def test_a_task_that_holds_too_much_hands_it_on_in_parts(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aggregation, "MOST_LONGS_HELD", 0)
    monkeypatch.setattr(aggregation, "_LONGS_A_BATCH", 100)
    inputs, predictions, joined = made_rows()
    config = monitor(TWO_TABLES, **IN_TWO_TABLES)
    sources = sources_of(
        config,
        inputs=spark.createDataFrame(inputs, INPUTS).coalesce(1),
        predictions=spark.createDataFrame(predictions, PREDICTIONS),
    )
    with sql_settings(spark, {"spark.sql.execution.arrow.maxRecordsPerBatch": "10"}):
        found = kept_states(states_of(config, sources, BINS), sources, DAYS)
    assert_same_states(found, naive_states(joined, PLAN))


def test_rows_of_other_days_are_left_out(spark: SparkSession) -> None:
    inputs, predictions, joined = made_rows()
    config = monitor(TWO_TABLES, **IN_TWO_TABLES)
    sources = sources_of(
        config,
        inputs=spark.createDataFrame(inputs, INPUTS),
        predictions=spark.createDataFrame(predictions, PREDICTIONS),
    )
    found = kept_states(states_of(config, sources, BINS), sources, [DAYS[0], DAYS[2]])
    expected = [row for row in joined if row.day != day_number(DAYS[1])]
    assert_same_states(found, naive_states(expected, PLAN))


def test_predictions_in_the_table_of_the_inputs_need_no_id(spark: SparkSession) -> None:
    rows = [
        (day, float(i), None if i == 3 else i / 9, ["yes", "no", None][i % 3], f"v{i % 2}")
        for day in DAYS[:2]
        for i in range(9)
    ]
    frame = spark.createDataFrame(
        rows, "day date, amount double, score double, said string, model string"
    )
    predictions = {"score": "score", "decision": "said", "model_version": {"column": "model"}}
    config = monitor(predictions=predictions, segments=[{"name": "answer", "columns": "said"}])
    said = categorical_binning(["yes", "yes", "no"])
    bins = {
        ("inputs", "amount"): AMOUNT,
        ("predictions", "score"): SCORE,
        ("predictions", "said"): said,
        ("segments", "answer"): categorical_binning(["yes"]),
    }
    sources = sources_of(config, inputs=frame)
    plan = TallyPlan(
        (
            BatchColumn("amount", 0, AMOUNT),
            BatchColumn("score", 1, SCORE),
            BatchColumn("said", 1, said),
        ),
        (SegmentationCodes("answer", ("yes",)),),
    )
    expected = [
        as_naive(day, amount, score, answer, version=model, segments=(answer,))
        for day, amount, score, answer, model in rows
    ]
    found = kept_states(states_of(config, sources, bins), sources, DAYS)
    assert_same_states(found, naive_states(expected, plan))


def test_a_version_may_be_one_literal_for_all_rows(spark: SparkSession) -> None:
    config = monitor(predictions={"score": "score", "model_version": {"literal": "v7"}})
    frame = spark.createDataFrame([(FIRST, 1.0, 0.5)], "day date, amount double, score double")
    sources = sources_of(config, inputs=frame)
    found = kept_states(states_of(config, sources, BINS), sources, [FIRST])
    assert {key[1] for key in found} == {"v7"}


MOMENT = datetime(2013, 2, 1, 12, 30, 0, 123456)
MICROS = (MOMENT - datetime(1970, 1, 1)) // timedelta(microseconds=1)
TYPES = [
    ("tinyint", -7, -7.0),
    ("smallint", -700, -700.0),
    ("int", 70_000, 70_000.0),
    ("bigint", 2**53 + 1, float(2**53 + 1)),
    ("bigint", -(2**63), -float(2**63)),
    ("float", 0.1, float(np.float32(0.1))),
    ("float", float("nan"), float("nan")),
    ("double", -float("inf"), -float("inf")),
    ("decimal(38,10)", Decimal("12345678901234567890.0123456789"), 1.2345678901234567e19),
    ("date", date(2013, 2, 1), float(day_number(date(2013, 2, 1)))),
    ("timestamp", MOMENT.replace(tzinfo=timezone.utc), float(MICROS)),
    ("timestamp_ntz", MOMENT, float(MICROS)),
    ("boolean", True, "true"),
    ("string", "Zürich", "Zürich"),
]


BEYOND_DOUBLES = {"c3", "c4", "c8"}


def test_every_type_is_counted_by_its_value(spark: SparkSession) -> None:
    """Longs beyond 2^53 as the nearest double, but for the sketch of their different values, which
    is of all their digits; dates as days, timestamps as microseconds."""
    names = [f"c{i}" for i in range(len(TYPES))]
    schema = ", ".join(f"{n} {kind}" for n, (kind, _, _) in zip(names, TYPES, strict=True))
    rows = [
        (FIRST, *(value for _, value, _ in TYPES)),
        (FIRST, *(None for _ in TYPES)),
    ]
    config = monitor(pairs={"max_features": 0})
    sources = sources_of(config, inputs=spark.createDataFrame(rows, f"day date, {schema}"))
    words, numbers = categorical_binning(["true"]), numeric_binning([0.0, 10.0, 20.0])
    bins = {
        ("inputs", name): words if isinstance(counted, str) else numbers
        for name, (_, _, counted) in zip(names, TYPES, strict=True)
    }
    expected = [
        as_naive(FIRST, *(counted for _, _, counted in TYPES)),
        as_naive(FIRST, *(None for _ in TYPES)),
    ]
    plan = TallyPlan(tuple(BatchColumn(name, 0, bins["inputs", name]) for name in names))
    found = dict(kept_states(states_of(config, sources, bins), sources, [FIRST]))
    expected_states = naive_states(expected, plan)
    for key, state in expected_states.items():
        if key[-1] in BEYOND_DOUBLES:
            assert list(found[key].sketch) != list(state.sketch)
            found[key] = replace(found[key], sketch=state.sketch)
    assert_same_states(found, expected_states)


def test_a_number_may_be_counted_by_its_values(spark: SparkSession) -> None:
    config = monitor(features={"columns": {"code": {"type": "categorical"}}})
    sources = sources_of(
        config, inputs=spark.createDataFrame([(FIRST, 2**53 + 1)], "day date, code bigint")
    )
    code = categorical_binning([str(2**53 + 1), str(2**53)])
    found = kept_states(states_of(config, sources, {("inputs", "code"): code}), sources, [FIRST])
    counted = found[day_number(FIRST), "(none)", 0, "all", "all", "code"].counts
    assert dict(zip(["null", "other", "unseen", *code.values], counted.tolist(), strict=True)) == {
        "null": 0,
        "other": 0,
        "unseen": 0,
        str(2**53): 0,
        str(2**53 + 1): 1,
    }


def test_arrays_and_structs_are_named_as_not_profiled(spark: SparkSession) -> None:
    schema = "day date, x double, items array<int>, place struct<x:int>, m map<string,int>"
    config = monitor()
    sources = sources_of(config, inputs=spark.createDataFrame([], schema))
    features, left_out = features_of(config, schemas_of(sources.frames))
    assert [feature.name for feature in features] == ["x"]
    assert {one.column: one.reason for one in left_out} == {
        "items": "type array; name values in it, as items[0]",
        "place": "type struct; name its fields, as place.x",
        "m": "type map; name values in it, as m['key']",
    }


def test_an_empty_day_leaves_no_state(spark: SparkSession) -> None:
    config = monitor()
    frame = spark.createDataFrame([(FIRST, 1.0)], "day date, amount double")
    sources = sources_of(config, inputs=frame)
    assert kept_states(states_of(config, sources, BINS), sources, [DAYS[1]]) == {}


def test_a_column_without_any_value_is_counted_as_null(spark: SparkSession) -> None:
    config = monitor(segments=[{"name": "region", "columns": "word"}])
    rows = [(FIRST, None, None)] * 3
    frame = spark.createDataFrame(rows, "day date, amount double, word string")
    sources = sources_of(config, inputs=frame)
    found = kept_states(states_of(config, sources, BINS), sources, [FIRST])
    plan = TallyPlan(
        (BatchColumn("amount", 0, AMOUNT), BatchColumn("word", 0, WORD)),
        (SegmentationCodes("region", REGIONS.values),),
    )
    expected = [as_naive(FIRST, None, None, segments=(None,))] * 3
    assert_same_states(found, naive_states(expected, plan))


ODD = ["a.b", "a b", "a`b", "it's", 'say "hi"', "größe", "日本", "semi;colon", "(x)", "SELECT", "`"]


def test_names_of_columns_may_hold_any_character(spark: SparkSession) -> None:
    """Those of features, ids, days, scores, versions and segments."""
    quoted = ["`" + name.replace("`", "``") + "`" for name in ODD]
    inputs = ", ".join(f"{name} double" for name in quoted)
    config = monitor(
        TWO_TABLES,
        inputs={"table": {"path": "i"}, "id": "the `id`", "day": {"column": "the.day"}},
        predictions={
            "table": {"path": "p"},
            "id": "its.`id`",
            "day": {"column": "its day"},
            "score": "the.score",
            "decision": "it's said",
            "model_version": {"column": "model.`version`"},
        },
        segments=[{"name": "said", "columns": ["it's said", "a.b"]}],
        pairs={"max_features": 0},
    )
    sources = sources_of(
        config,
        inputs=spark.createDataFrame(
            [("k", FIRST, *(float(i) for i, _ in enumerate(ODD)))],
            f"`the ``id``` string, `the.day` date, {inputs}",
        ),
        predictions=spark.createDataFrame(
            [("k", FIRST, 0.5, "yes", "v1")],
            "`its.``id``` string, `its day` date, `the.score` double, `it's said` string, "
            "`model.``version``` string",
        ),
    )
    said = categorical_binning(["yes"])
    bins = {("inputs", name): AMOUNT for name in ODD}
    bins |= {("predictions", "the.score"): SCORE, ("predictions", "it's said"): said}  # type: ignore[dict-item]
    bins["segments", "said"] = categorical_binning(["yes × 0.0"])  # type: ignore[assignment]
    plan = TallyPlan(
        (
            *(BatchColumn(name, 0, AMOUNT) for name in ODD),
            BatchColumn("the.score", 1, SCORE),
            BatchColumn("it's said", 1, said),
        ),
        (SegmentationCodes("said", ("yes × 0.0",)),),
    )
    values = [*(float(i) for i, _ in enumerate(ODD)), 0.5, "yes"]
    expected = [as_naive(FIRST, *values, version="v1", segments=("yes × 0.0",))]
    found = kept_states(states_of(config, sources, bins), sources, [FIRST])
    assert_same_states(found, naive_states(expected, plan))


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2013, 3, 10), "America/New_York", 23),
        (date(2013, 11, 3), "America/New_York", 25),
        (date(2013, 7, 1), "America/New_York", 24),
        (date(2018, 11, 4), "America/Sao_Paulo", 23),  # clocks skip midnight
        (date(2018, 2, 17), "America/Sao_Paulo", 25),  # 23 to 24 o'clock comes twice
        (date(2013, 10, 27), "Atlantic/Azores", 25),  # midnight comes twice
        (date(2013, 2, 1), "Asia/Kathmandu", 24),
        (date(2011, 12, 29), "Pacific/Apia", 24),  # the 30th was left out
    ],
)
@pytest.mark.parametrize("kind", ["timestamp", "timestamp_ntz"])
def test_a_day_has_the_hours_that_clocks_say(
    spark: SparkSession, day: date, zone: str, hours: int, kind: str
) -> None:
    moments = spark.sql(
        f"SELECT explode(sequence(timestamp'{day - timedelta(days=2)} 00:00:00', "
        f"timestamp'{day + timedelta(days=3)} 00:00:00', interval 15 minutes)) AS at"
    ).selectExpr(f"cast(at as {kind}) at", "cast(cast(at as date) as date) part", "1.0D amount")
    source = {"time_column": "at", "partition_column": "part"}
    config = monitor(
        time_zone=zone,
        inputs={"table": {"path": "i"}, "day": source},
        features={"include": "amount"},
    )
    sources = sources_of(config, inputs=moments.drop("__day"))
    found = kept_states(states_of(config, sources, {("inputs", "amount"): AMOUNT}), sources, [day])
    assert {key[0] for key in found} == {day_number(day)}
    # A time without a zone has no clock that changes.
    assert account(found, day)["rows"] == 4 * (hours if kind == "timestamp" else 24)


def test_repeated_rows_of_one_moment_are_one_row_whatever_the_order_of_files(
    spark: SparkSession,
) -> None:
    rows = [("k", FIRST, float(i)) for i in range(20)]
    config = monitor(TWO_TABLES)
    predictions = spark.createDataFrame([], "id string, day date, score double, model string")
    chosen = set()
    for order in (rows, rows[::-1]):
        inputs = spark.createDataFrame(order, "id string, day date, amount double").coalesce(1)
        sources = sources_of(config, inputs=inputs, predictions=predictions)
        found = kept_states(states_of(config, sources, BINS), sources, [FIRST])
        assert account(found, FIRST) == {
            "rows": 1,
            "inputs": 1,
            "predictions": 0,
            "both": 0,
            "repeated inputs": 19,
            "repeated predictions": 0,
        }
        chosen.add(found[day_number(FIRST), "(none)", 0, "all", "all", "amount"].minimum)
    assert len(chosen) == 1


def test_all_versions_of_a_monitor_in_one_table_without_predictions_are_none(
    spark: SparkSession,
) -> None:
    config = monitor(ONE_TABLE)
    frame = spark.createDataFrame([(FIRST, 1.0)], "day date, amount double")
    sources = sources_of(config, inputs=frame)
    found = kept_states(states_of(config, sources, BINS), sources, [FIRST])
    assert {key[1] for key in found} == {"(none)"}
