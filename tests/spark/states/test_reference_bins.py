"""Bins are fitted on all rows of a reference, and come out the same however it is partitioned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.evaluation.states import reference_bins
from modelwatch.evaluation.states.reference_bins import binning_of
from modelwatch.evaluation.states.reference_sample import Field
from modelwatch.spark.states.aggregation import fitted_binnings
from modelwatch.stats.states.binning import Binning, CategoricalBinning, NumericBinning
from modelwatch.stats.states.distinct import hash_of_text
from samples import categorical_binning, numeric_binning

NUMERIC = Field((0,), True, 200, 100)


def fitted(frame: DataFrame, fields: Sequence[Field]) -> dict[int, tuple[Binning, int]]:
    """Bins and rows by field."""
    return {
        row.field: (
            binning_of(
                row.asDict() | {"known_hashes": row.known_hashes and bytes(row.known_hashes)},
                fields[row.field].special_values,
            ),
            row.fitted_rows,
        )
        for row in fitted_binnings(frame, fields).collect()
    }


def same(first: Binning, second: Binning) -> bool:
    if isinstance(first, NumericBinning) and isinstance(second, NumericBinning):
        return first.fingerprint == second.fingerprint
    return isinstance(first, CategoricalBinning) and first.fingerprint == second.fingerprint


VALUES = [float("nan"), float("inf"), -999.0, None, *(k / 3 for k in range(500)), *([7.0] * 40)]
WORDS = ["a", "b", None, "ä", "", *(f"w{k % 9}" for k in range(30))]


def test_a_reference_of_few_rows_is_fitted_on_all_of_them(spark: SparkSession) -> None:
    rows = [(value, WORDS[i % len(WORDS)], WORDS[i % 3]) for i, value in enumerate(VALUES)]
    fields = [
        Field((0,), True, 200, 100, (-999.0,)),
        Field((1,), False, 200, 5),
        Field((1, 2), False, 2, 4),
    ]
    words = [row[1] for row in rows]
    crossed = [" × ".join("(null)" if v is None else v for v in row[1:]) for row in rows]
    expected = [
        numeric_binning([v for v in VALUES if v is not None], special=(-999.0,)),
        categorical_binning(words, max_values=5),
        categorical_binning(crossed, max_values=4),
    ]
    for partitions in (1, 2, 7):
        frame = spark.createDataFrame(rows, "x double, w string, v string").repartition(partitions)
        found = fitted(frame, fields)
        for at, binning in enumerate(expected):
            assert same(found[at][0], binning), (partitions, at)
            assert found[at][1] == len(rows)


def test_a_reference_of_many_rows_is_sampled_alike_however_it_is_partitioned(
    spark: SparkSession,
) -> None:
    many = spark.range(60_000).select((F.rand(7) * F.col("id")).alias("x")).localCheckpoint()
    prints = {
        fitted(many.repartition(partitions), [NUMERIC])[0][0].fingerprint
        for partitions in (1, 2, 7)
    }
    assert len(prints) == 1


def test_equal_rows_are_sampled_as_often_as_they_occur(spark: SparkSession) -> None:
    """Rows that are equal have one hash: none of them may crowd out the others."""
    frame = spark.range(90_000).select((F.col("id") % 300).cast("double").alias("x"))
    binning = fitted(frame, [NUMERIC])[0][0]
    assert isinstance(binning, NumericBinning)
    counts = binning.counts_of(np.arange(300.0).repeat(300))
    assert counts.max() <= 3 * 300


def test_a_value_of_few_is_given_a_bin_of_its_own_although_rows_are_many(
    spark: SparkSession,
) -> None:
    few = F.when(F.col("id") < 3, 5.0).otherwise((F.col("id") % 4).cast("double"))
    binning = fitted(spark.range(90_000).select(few.alias("x")), [NUMERIC])[0][0]
    assert isinstance(binning, NumericBinning)
    assert [value for value in (0.0, 1.0, 2.0, 3.0, 5.0) if not binning.has_own_bin(value)] == []


@pytest.mark.parametrize("partitions", [1, 2, 7])
def test_more_texts_than_are_remembered_are_known_alike_however_they_are_partitioned(
    monkeypatch: pytest.MonkeyPatch, partitions: int
) -> None:
    """Those with the smallest hashes, each with all of its rows; the bound is made small here."""
    monkeypatch.setattr(reference_bins, "_MAX_VALUES", 200)
    texts = Counter({f"t{k}": 1 + k % 5 for k in range(900)})
    rows = list(texts.elements())
    Random(partitions).shuffle(rows)
    fields = [Field((0,), False, 2, 20)]
    summaries = [
        summary
        for task in range(partitions)
        for summary in reference_bins.summaries_of(fields)(batches(rows[task::partitions]))
    ]
    (found,) = [
        row
        for record in reference_bins.fits_of(fields)(iter(summaries))
        for row in record.to_pylist()
    ]
    remembered = sorted(texts, key=hash_of_text)[:200]
    ranked = sorted(remembered, key=lambda value: (-texts[value], value))
    assert found["categories"] == sorted(ranked[:20])
    assert found["known_hashes"] is None


def batches(rows: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Rows as Spark hands them on, a hundred at a time."""
    for at in range(0, len(rows), 100):
        some = rows[at : at + 100]
        yield pa.record_batch([pa.array(some), pa.array(np.arange(len(some)))], names=["w", "h"])


@pytest.mark.parametrize(
    "values", [[None] * 5, [float("nan")] * 5, [3.25] * 5], ids=["null", "NaN", "one value"]
)
def test_a_column_without_spread_has_bins_that_see_a_change(
    spark: SparkSession, values: list[float | None]
) -> None:
    frame = spark.createDataFrame([(value,) for value in values], "x double")
    binning, rows = fitted(frame, [NUMERIC])[0]
    assert isinstance(binning, NumericBinning)
    assert rows == 5
    counts = binning.counts_of(np.array([3.25, 30.0, 1e6, -1e6]))
    assert (counts <= 1).all()


def test_a_text_column_without_any_value_has_no_kept_value(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(None,)] * 3, "w string")
    binning, rows = fitted(frame, [Field((0,), False, 2, 5)])[0]
    assert (same(binning, categorical_binning([])), rows) == (True, 3)


def test_a_reference_without_rows_fits_nothing(spark: SparkSession) -> None:
    frame = spark.createDataFrame([], "x double, w string")
    found = fitted(frame, [NUMERIC, Field((1,), False, 2, 5)])
    assert all(rows == 0 for _, rows in found.values())


def test_values_that_are_not_kept_are_known_all_the_same(spark: SparkSession) -> None:
    frame = spark.createDataFrame([("a",), ("a",), ("b",)], "w string")
    binning, _ = fitted(frame, [Field((0,), False, 2, 1)])[0]
    assert isinstance(binning, CategoricalBinning)
    codes = [binning.code_of(value, hash_of_text(value)) for value in ("a", "b", "c")]
    assert codes == [3, 1, 2]
