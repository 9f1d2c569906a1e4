"""What is said of windows is the same to the last digit, however the source rows are cut."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from labelled import LABELLED
from modelwatch.capabilities import sql_settings
from modelwatch.evaluation.performance.question import ANSWERS, OF_TABLE
from modelwatch.model.planning.label_plan import LabelPlan
from modelwatch.model.planning.plan import Plan
from modelwatch.model.planning.windows import windows_of
from modelwatch.pipelines.performance.stage import question_of
from modelwatch.pipelines.planning.evaluation import evaluation_of, states_needed
from modelwatch.pipelines.sources.frames import Sources, day_source
from modelwatch.pipelines.states.day_states import day_states, reference_states
from modelwatch.pipelines.states.label_states import label_states
from modelwatch.spark.drift.evaluated_windows import drift_rows, profile_rows
from modelwatch.spark.performance.evaluated_windows import performance_rows
from monitored import InMemory, monitor, states_of
from samples import categorical_binning, numeric_binning

PARTITIONS = (1, 2, 7)
DAYS = tuple(date(2013, 2, 1) + timedelta(days=n) for n in range(6))
AS_OF = date(2013, 2, 14)
"""Labels of the last two days are not due yet."""
ROWS = 40
IDENTITY = "id string, day date"
SCHEMAS = {
    "inputs": f"{IDENTITY}, amount double, height double, word string, region string",
    "predictions": f"{IDENTITY}, score double, model string",
    "challenger:shadow": f"{IDENTITY}, score double",
    "labels": f"{IDENTITY}, label int, known date",
    "reference:training": "amount double, word string",
}
CONFIG = monitor(
    LABELLED,
    features={"exclude": "region", "columns": {"amount": {"special_values": [-999]}}},
    windows=["day", {"name": "whole", "from": str(DAYS[0]), "to": str(DAYS[-1])}],
    references=[
        {"name": "start", "days": f"{DAYS[0]}..{DAYS[1]}", "segments": True},
        {"name": "previous", "previous_windows": 1},
        {"name": "training", "table": {"path": "training"}},
    ],
    challengers=[
        {
            "name": "shadow",
            "table": {"path": "shadow"},
            "id": "id",
            "day": {"column": "day"},
            "score": "score",
        }
    ],
    comparison={"champion": "v1", "challenger": "v2", "expected_share": 0.5},
)
WINDOWS = tuple(window for spec in CONFIG.windows for window in windows_of(spec, DAYS[3:], AS_OF))
SAMPLE = np.random.default_rng(1).normal(3.0, 1.7, 300)
BINS: dict[tuple[str, str], Any] = {
    ("inputs", "amount"): numeric_binning(SAMPLE.tolist(), special=(-999.0,)),
    ("inputs", "height"): numeric_binning((SAMPLE / 3.0).tolist()),
    ("inputs", "word"): categorical_binning(["a", "a", "b", "b", "c"], max_values=2),
    ("predictions", "score"): numeric_binning([k / 100 for k in range(100)]),
    ("score", "score"): numeric_binning([k / 100 for k in range(100)]),
    ("segments", "region"): categorical_binning(["north", "south"]),
}
Said = Mapping[str, list[str]]


def made_rows() -> dict[str, list[tuple[Any, ...]]]:
    """Rows by role; sums of their values depend on the order of the rows, in the last digits."""
    random = np.random.default_rng(2)
    rows: dict[str, list[tuple[Any, ...]]] = {role: [] for role in SCHEMAS}
    for n, day in enumerate(DAYS):
        for i in range(ROWS):
            key = (f"{n}-{i}", day)
            amount = [None, -999.0, float("nan"), float("inf")][i] if i < 4 else random.normal(n)
            word = [None, "a", "b", f"new {n % 3}"][int(random.integers(4))]
            height = float(np.exp(random.normal()))
            rows["inputs"].append((*key, amount, height, word, ["north", "south", None][i % 3]))
            score = float(random.random())
            rows["predictions"].append((*key, score, f"v{1 + i % 2}"))
            rows["challenger:shadow"].append((*key, float(random.random())))
            if i % 9:
                known = day + timedelta(days=1 + i % 8)
                rows["labels"].append((*key, int(random.random() < score), known))
    rows["reference:training"] = [(float(x), "abc"[i % 3]) for i, x in enumerate(SAMPLE)]
    return rows


def shuffled_into(partitions: int) -> dict[str, str]:
    """Shuffles have this many partitions, none of which are put together."""
    return {
        "spark.sql.shuffle.partitions": str(partitions),
        "spark.sql.adaptive.coalescePartitions.enabled": "false",
    }


def of_features(sources: Sources) -> dict[str, list[str]]:
    """Profile and drift."""
    states = states_of(CONFIG, sources, BINS)
    traffic = day_states(states, sources, DAYS)
    stored = traffic.unionByName(reference_states(states, sources, "training"))
    stored = stored.withColumn("monitor", F.lit("shop")).withColumn("run_id", F.lit("r"))
    needed = states_needed(
        CONFIG,
        states.features,
        stored.localCheckpoint(),
        WINDOWS,
        dict.fromkeys(DAYS, "r"),
        {"reference:training": "r"},
    )
    evaluation = evaluation_of(states, WINDOWS)
    return {
        "profile": in_order(profile_rows(needed, evaluation).collect()),
        "drift": in_order(drift_rows(needed, evaluation).collect()),
    }


def of_labels(sources: Sources) -> dict[str, list[str]]:
    """Answers that are read off the states of performance, by table."""
    states = states_of(CONFIG, sources, BINS)
    plan = Plan(CONFIG.monitor, AS_OF, labels=LabelPlan({}, WINDOWS))
    question = question_of(states, plan)
    answers = performance_rows(label_states(states, sources, DAYS, AS_OF), question).collect()
    return {name: in_order(row for row in answers if row[OF_TABLE] == name) for name in ANSWERS}


def in_order(rows: Iterable[Row]) -> list[str]:
    """Rows as text, which distinguishes doubles that differ in their last bit."""
    return sorted(map(repr, rows))


def cut(frame: DataFrame, role: str, partitions: int) -> InMemory:
    return InMemory(frame.repartition(partitions), day_source(CONFIG, role))


@pytest.fixture(scope="module")
def said(spark: SparkSession) -> dict[int, Said]:
    """Rows by table, under several partitionings."""
    frames = {
        role: spark.createDataFrame(rows, SCHEMAS[role]) for role, rows in made_rows().items()
    }
    found: dict[int, Said] = {}
    for n in PARTITIONS:
        sources = Sources(CONFIG, {role: cut(frame, role, n) for role, frame in frames.items()})
        with sql_settings(spark, shuffled_into(n)):
            found[n] = {**of_features(sources), **of_labels(sources)}
    return found


@pytest.mark.parametrize("partitions", PARTITIONS[1:])
@pytest.mark.parametrize("table", ["profile", "drift", *ANSWERS])
def test_rows_are_the_same_to_the_last_digit_however_their_source_is_cut(
    said: dict[int, Said], table: str, partitions: int
) -> None:
    assert said[1][table]
    assert said[partitions][table] == said[1][table]
