"""Verdicts on metrics: which comparisons belong together, and the content of a row."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from modelwatch.evaluation.verdicts.judgement import Strictness
from modelwatch.evaluation.verdicts.metric_values import METRIC_VALUE_COLUMNS, METRIC_VALUE_SCHEMA
from modelwatch.spark.verdicts.judgement import verdict_rows
from modelwatch.stats.verdicts.multiplicity import adjusted

STRICT = Strictness(level=0.05, min_rows=100, correction="benjamini_hochberg")
DAY = date(2024, 3, 1)


def metric(**changes: Any) -> tuple[Any, ...]:
    whole = {
        "source": "drift",
        "role": "inputs",
        "subject": "amount",
        "metric": "psi",
        "model_version": "v1",
        "segmentation": "all",
        "segment": "all",
        "window_name": "day",
        "window_start": DAY,
        "window_end": DAY,
        "partial": False,
        "reference": "january",
        "value": 0.5,
        "threshold": 0.2,
        "worse": 0,
        "p_value": 0.001,
        "row_count": 1000,
        "reference_rows": 30_000,
    } | changes
    return tuple(whole.get(name) for name in METRIC_VALUE_COLUMNS)


def verdicts(spark: SparkSession, *metrics: tuple[Any, ...], partitions: int = 2) -> list[Row]:
    frame = spark.createDataFrame(
        list(metrics), from_arrow_schema(METRIC_VALUE_SCHEMA)
    ).repartition(partitions)
    return sorted(
        verdict_rows(frame, STRICT).collect(), key=lambda row: (row.window_start, row.subject)
    )


def test_a_metric_beyond_its_threshold_and_beyond_chance_fails(spark: SparkSession) -> None:
    (row,) = verdicts(spark, metric())
    assert (row.verdict, row.effect, row.comparisons) == ("fail", 2.5, 1)
    assert row.reason is None


def test_an_effect_below_its_threshold_passes_however_sure_it_is(spark: SparkSession) -> None:
    (row,) = verdicts(spark, metric(value=0.1, p_value=1e-12))
    assert row.verdict == "pass"


def test_comparisons_of_one_window_are_corrected_together(spark: SparkSession) -> None:
    p = np.array([0.001, 0.02, 0.04, 0.3])
    rows = verdicts(spark, *(metric(subject=str(i), p_value=float(one)) for i, one in enumerate(p)))
    assert [row.adjusted_p for row in rows] == pytest.approx(list(adjusted(p)))
    assert {row.comparisons for row in rows} == {4}


def test_windows_are_families_of_their_own(spark: SparkSession) -> None:
    days = [date(2024, 3, 1 + n) for n in range(20)]
    rows = verdicts(spark, *(metric(window_start=d, window_end=d, p_value=0.04) for d in days))
    assert [row.verdict for row in rows] == ["fail"] * 20


def test_segments_do_not_hide_what_is_plain_of_all_traffic(spark: SparkSession) -> None:
    segments = [
        metric(subject=f"s{i}", segmentation="carrier", segment=str(i), p_value=0.9)
        for i in range(50)
    ]
    whole, *others = verdicts(spark, metric(p_value=0.04), *segments)
    assert (whole.verdict, whole.comparisons) == ("fail", 1)
    assert {row.comparisons for row in others} == {50}


@pytest.mark.parametrize("partitions", [1, 7])
def test_the_cut_of_the_rows_does_not_matter(spark: SparkSession, partitions: int) -> None:
    metrics = [metric(subject=f"f{i:03}", p_value=(i + 1) / 500) for i in range(300)]
    assert verdicts(spark, *metrics, partitions=partitions) == verdicts(spark, *metrics)


def test_a_standard_error_stands_in_for_a_p_value(spark: SparkSession) -> None:
    (row,) = verdicts(spark, metric(p_value=None, value=0.5, error=0.5 / 1.959963984540054))
    assert row.p_value == pytest.approx(0.05)


def test_a_change_for_the_better_does_not_fail(spark: SparkSession) -> None:
    (row,) = verdicts(spark, metric(source="performance", value=0.5, worse=-1))
    assert (row.verdict, row.effect) == ("pass", 0.0)


def test_a_metric_that_chance_is_unknown_for_is_undefined(spark: SparkSession) -> None:
    (row,) = verdicts(spark, metric(p_value=None))
    assert row.verdict == "undefined"
    assert row.reason is not None


def test_rows_of_the_reference_that_are_not_known_are_no_reason(spark: SparkSession) -> None:
    (row,) = verdicts(spark, metric(reference_rows=None))
    assert row.verdict == "fail"


def test_too_few_rows_are_no_comparison(spark: SparkSession) -> None:
    few, enough = verdicts(spark, metric(subject="a", row_count=99), metric(subject="b"))
    assert few.verdict == "too_few_rows"
    assert enough.comparisons == 1
