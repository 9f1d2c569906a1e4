"""Rows are held to rules: which they fail, what becomes of them, and that none is lost."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from tests.conftest import CountJobs

from modelwatch.model.config.configuration import Rule
from modelwatch.model.quarantine.releases import Released
from modelwatch.pipelines.quarantine.stage import accounts_of
from modelwatch.spark.days import DAY
from modelwatch.spark.quarantine.row_rules import (
    EXCLUDED,
    FATE,
    PASSED,
    QUARANTINED,
    RowCheck,
    judged,
    passing,
)
from modelwatch.spark.quarantine.rows import FILE, quarantine_rows
from monitored import TWO_TABLES, monitor, sources_of

DAY_1, DAY_2 = date(2013, 2, 1), date(2013, 2, 2)
SCHEMA = "id string, day date, amount double, kind string"
ROWS = [
    ("a", DAY_1, 1.0, "x"),
    ("b", DAY_1, -1.0, "x"),
    ("c", DAY_1, None, "y"),
    ("a", DAY_2, -5.0, None),
    ("a", DAY_2, 7.0, "z"),
]


def rule(name: str, treatment: str = "quarantine", **more: Any) -> Rule:
    return Rule.model_validate({"name": name, "treatment": treatment, **more})


POSITIVE = rule("positive", must="amount > 0")
KNOWN = rule("known", "exclude", must="kind is not null")
ONCE = rule("once", "exclude", duplicates={"key": ("id",)})


def check(*rules: Rule, **more: Any) -> RowCheck:
    columns = tuple(part.split()[0] for part in SCHEMA.split(", "))
    return RowCheck("inputs", rules, columns, ("id",), **more)


def frame_of(spark: SparkSession, rows: list[tuple[Any, ...]] = ROWS) -> DataFrame:
    return spark.createDataFrame(rows, SCHEMA).withColumn(DAY, F.col("day"))


def fates(frame: DataFrame, held_to: RowCheck) -> Counter[tuple[Any, ...]]:
    found = judged(frame, held_to).select("id", "day", "amount", FATE).collect()
    return Counter((r["id"], r["day"], r["amount"], r[FATE]) for r in found)


def test_a_row_that_a_condition_is_not_true_of_is_treated_as_the_rule_says(
    spark: SparkSession,
) -> None:
    """Null is not true. What fails a rule for the quarantine lies there, whatever else it fails."""
    assert fates(frame_of(spark), check(POSITIVE, KNOWN)) == Counter(
        [
            ("a", DAY_1, 1.0, PASSED),
            ("b", DAY_1, -1.0, QUARANTINED),
            ("c", DAY_1, None, QUARANTINED),
            ("a", DAY_2, -5.0, QUARANTINED),
            ("a", DAY_2, 7.0, PASSED),
        ]
    )


def test_only_rows_of_which_where_is_true_are_judged(spark: SparkSession) -> None:
    found = fates(
        frame_of(spark), check(rule("p", "exclude", must="amount > 0", where="kind = 'x'"))
    )
    assert [key[0] for key in found if key[3] == EXCLUDED] == ["b"]


def test_of_rows_of_a_key_those_that_no_other_rule_sets_apart_are_kept(
    spark: SparkSession,
) -> None:
    """Otherwise a bad row could push out the good one of its key."""
    found = fates(frame_of(spark), check(POSITIVE, ONCE))
    assert found["a", DAY_2, 7.0, PASSED] == 1
    assert found["a", DAY_2, -5.0, QUARANTINED] == 1


@pytest.mark.parametrize(("keep", "left"), [("last", [3.0]), ("first", [1.0]), ("none", [])])
def test_of_duplicates_the_last_the_first_or_none_is_kept(
    spark: SparkSession, keep: str, left: list[float]
) -> None:
    rows = [(datetime(2013, 2, 1, n), float(n)) for n in (2, 1, 3)]
    frame = spark.createDataFrame(rows, "at timestamp, n double")
    frame = frame.withColumn(DAY, F.to_date("at")).withColumn("id", F.lit("k"))
    once = rule("once", "exclude", duplicates={"key": ("id",), "keep": keep})
    held_to = RowCheck("inputs", (once,), ("id", "at", "n"), ("id",), "at")
    kept = passing(frame, held_to)
    assert [row.n for row in kept.collect()] == left
    assert kept.columns == frame.columns


def test_rows_without_a_key_are_no_duplicates(spark: SparkSession) -> None:
    rows = [(None, DAY_1, 1.0, "x")] * 3
    assert passing(frame_of(spark, rows), check(ONCE)).count() == 3


def test_rows_without_others_are_found_by_id_and_day(spark: SparkSession) -> None:
    config = monitor(
        TWO_TABLES,
        rules=[
            {"name": "scored", "treatment": "exclude", "without": "predictions"},
            {"name": "orphan", "table": "predictions", "treatment": "warn", "without": "inputs"},
        ],
    )
    predictions = [("a", DAY_1, 0.1, "v"), ("a", DAY_1, 0.2, "v"), ("z", DAY_1, 0.3, "v")]
    sources = sources_of(
        config,
        inputs=spark.createDataFrame(ROWS, SCHEMA),
        predictions=spark.createDataFrame(
            predictions, "id string, day date, score double, model string"
        ),
    )
    left = sources.rows("inputs", [DAY_1, DAY_2])
    assert [(row.id, row.day) for row in left.collect()] == [("a", DAY_1)]
    assert sources.rows("predictions", [DAY_1, DAY_2]).count() == 3
    (account,) = accounts_of(sources, "predictions", [DAY_1, DAY_2])
    assert (account.rows_in, account.passed, account.warned) == (3, 3, 1)


def test_all_rules_of_a_table_are_one_scan(spark: SparkSession, count_jobs: CountJobs) -> None:
    """Nothing without rules; and with many as many Spark jobs as with one."""
    jobs = {}
    for rules in (0, 1, 20):
        config = monitor(
            TWO_TABLES,
            rules=[
                {"name": f"r{n}", "treatment": "quarantine", "must": f"amount > {n}"}
                for n in range(rules)
            ],
        )
        sources = sources_of(config, inputs=spark.createDataFrame(ROWS, SCHEMA))
        with count_jobs() as counted:
            if config.rules:
                assert len(accounts_of(sources, "inputs", [DAY_1, DAY_2])) == 2
            else:
                kept = sources.rows("inputs", [DAY_1, DAY_2])
        jobs[rules] = counted.jobs
    assert kept.columns == [*spark.createDataFrame(ROWS, SCHEMA).columns, DAY]
    assert jobs[0] == 0
    assert jobs[1] == jobs[20] <= 2


def test_rows_are_released_by_key_or_by_rule_and_day(spark: SparkSession) -> None:
    frame = frame_of(spark).withColumn(FILE, F.lit(None).cast("string"))
    held_to = check(POSITIVE, KNOWN)
    rows = quarantine_rows(frame, held_to, "t", 1).collect()
    key = next(row.row_key for row in rows if row.row_id[0].value == "b")
    by_key = replace(held_to, released=Released(keys=frozenset({key})))
    assert fates(frame, by_key)["b", DAY_1, -1.0, PASSED] == 1
    by_rule = replace(held_to, released=Released({"positive": frozenset({DAY_1, DAY_2})}))
    found = fates(frame, by_rule)
    assert found["b", DAY_1, -1.0, PASSED] == found["c", DAY_1, None, PASSED] == 1
    # Another rule still excludes it.
    assert found["a", DAY_2, -5.0, EXCLUDED] == 1
    states = Counter(row.state for row in quarantine_rows(frame, by_rule, "t", 1).collect())
    assert states == {"released": 3}


def test_a_row_in_quarantine_can_be_read_again_to_the_last_digit(spark: SparkSession) -> None:
    names = (
        "id string, day date, f float, d decimal(38,18), l bigint, n double, z double, at timestamp"
    )
    schema = f"{names}, raw binary, `odd ``name` array<struct<a:int,b:string>>, m map<string,date>"
    row = (
        "k\u0000\"'\u202e",
        DAY_1,
        float(np.float32(0.1)),
        Decimal("12345678901234567890.123456789012345678"),
        2**63 - 1,
        float("nan"),
        -0.0,
        datetime(2013, 2, 1, 23, 59, 59, 123456),
        b"\x00\xff",
        [(1, None), None],
        {"a": DAY_2, "": None},
    )
    frame = spark.createDataFrame([row, row], schema)
    held_to = RowCheck("inputs", (rule("never", must="false"),), tuple(frame.columns))
    rows = frame.withColumn(DAY, F.col("day")).withColumn(FILE, F.lit("f"))
    (kept, other) = quarantine_rows(rows, held_to, "t", 3).collect()
    assert {kept.copy, other.copy} == {1, 2}
    assert kept.row_key == other.row_key
    assert (kept.reasons, kept.source_version, kept.source_file) == (["never: not (false)"], 3, "f")
    text = spark.createDataFrame([(kept.row_json,)], "row string")
    again = text.select(F.from_json("row", kept.row_type).alias("r")).select("r.*")
    assert again.schema.simpleString() == frame.schema.simpleString()
    whole = F.md5(F.to_json(F.struct(*(F.col(f"`{c.replace('`', '``')}`") for c in again.columns))))
    assert again.select(whole).first() == frame.select(whole).first()
    assert json.loads(kept.row_json)["l"] == 2**63 - 1


@pytest.mark.parametrize("seed", range(4))
def test_no_row_is_lost_and_none_doubled(spark: SparkSession, seed: int) -> None:
    """The law: rows in = passed + quarantined + excluded, by day, as a naive count has it too."""
    random = np.random.default_rng(seed)
    rows = [
        (
            None if random.random() < 0.1 else f"i{random.integers(12)}",
            DAY_1 if random.random() < 0.5 else DAY_2,
            None if random.random() < 0.1 else float(random.integers(-3, 4)),
            [None, "x", "y"][random.integers(3)],
        )
        for _ in range(80)
    ]
    treatments = random.permutation(["quarantine", "exclude", "warn", "quarantine"])
    config = monitor(
        TWO_TABLES,
        rules=[
            {"name": "positive", "treatment": treatments[0], "must": "amount >= 0"},
            {"name": "known", "treatment": treatments[1], "must": "kind is not null"},
            {
                "name": "few",
                "treatment": treatments[2],
                "duplicates": {"more_than": int(random.integers(1, 4))},
            },
            {"name": "scored", "treatment": treatments[3], "without": "predictions"},
        ],
    )
    predictions = [(f"i{n}", DAY_1, 0.5, "v") for n in range(0, 12, 2)] * 2
    sources = sources_of(
        config,
        inputs=spark.createDataFrame(rows, SCHEMA).repartition(1 + seed),
        predictions=spark.createDataFrame(
            predictions, "id string, day date, score double, model string"
        ),
    )
    days = [DAY_1, DAY_2]
    accounts = accounts_of(sources, "inputs", days)
    held = quarantine_rows(
        sources.arrived("inputs", days, with_file=True), sources.row_check("inputs", days), "t", 0
    ).collect()
    left = Counter(
        (row.id, row.day, row.amount, row.kind) for row in sources.rows("inputs", days).collect()
    )
    came = Counter(rows)
    assert not left - came
    apart = Counter(
        (r["id"], date.fromisoformat(r["day"]), r["amount"], r["kind"])
        for r in (json.loads(row.row_json) for row in held)
    )
    assert not apart - (came - left)
    assert len({(row.day, row.row_key, row.copy) for row in held}) == len(held)
    for account in accounts:
        of_day = sum(n for row, n in came.items() if row[1] == account.day)
        passed = sum(n for row, n in left.items() if row[1] == account.day)
        assert account.rows_in == of_day == account.passed + account.quarantined + account.excluded
        assert account.passed == passed
        assert account.quarantined == sum(row.day == account.day for row in held)
        by_rule = {count.rule: count.failed for count in account.rules}
        assert by_rule["positive"] == sum(
            n
            for row, n in came.items()
            if row[1] == account.day and not (row[2] or -1) >= 0 and row[2] != 0
        )
