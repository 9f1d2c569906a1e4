"""How far features are from where the others say, read off the stored states of a block."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from modelwatch.model.planning.window_specs import DEFAULT_THRESHOLDS
from modelwatch.model.planning.windows import windows_of
from modelwatch.pipelines.planning.evaluation import evaluation_of, states_needed
from modelwatch.pipelines.states.day_states import day_states
from modelwatch.spark.drift.evaluated_windows import drift_rows
from modelwatch.stats.arrays import Floats
from modelwatch.stats.drift.relation import error_changes
from modelwatch.stats.states.pairs import PairStates, cross_products, standardised
from modelwatch.stats.verdicts.relation_null import relation_nulls
from monitored import ONE_TABLE, monitor, sources_of, states_of
from samples import numeric_binning

KEY = "relation_error_change"
FIRST, BEFORE, DAYS, ROWS = date(2024, 1, 1), 10, 13, 60
NAMES = ("inside", "outside", "alone")
MONITOR = monitor(
    {
        **ONE_TABLE,
        "windows": ["day"],
        "references": [
            {"name": "start", "days": "2024-01-01..2024-01-10"},
            {"name": "previous", "previous_windows": 1},
        ],
    }
)
BINNING = numeric_binning([k / 50 - 3 for k in range(300)])


def rows_of_days() -> list[Floats]:
    """Two thermometers and a column of its own; on the last day one thermometer is broken."""
    random = np.random.default_rng(3)
    days = []
    for n in range(DAYS):
        inside = random.normal(n % 3, 0.5, ROWS)
        outside = inside + random.normal(0.0, 0.1, ROWS) + (n == DAYS - 1)
        days.append(np.column_stack([inside, outside, random.normal(size=ROWS)]))
    return days


def block(rows: Floats) -> PairStates:
    z = np.column_stack(
        [standardised(rows[:, j].copy(), BINNING.center, BINNING.scale) for j in range(3)]
    )
    present = np.ones(z.shape, dtype=bool)
    return PairStates(NAMES, "block", cross_products(z, present, present.all(axis=0))[None])


@pytest.fixture(scope="module")
def found(spark: SparkSession) -> list[Row]:
    rows = [
        (FIRST + timedelta(days=n), *map(float, row))
        for n, of_day in enumerate(rows_of_days())
        for row in of_day
    ]
    columns = ", ".join(f"{name} double" for name in NAMES)
    frame = spark.createDataFrame(rows, f"day date, {columns}")
    bins: dict[Any, Any] = {("inputs", name): BINNING for name in NAMES}
    sources = sources_of(MONITOR, inputs=frame)
    states = states_of(MONITOR, sources, bins)
    days = [FIRST + timedelta(days=n) for n in range(DAYS)]
    stored = day_states(states, sources, days)
    stored = stored.withColumn("monitor", F.lit("shop")).withColumn("run_id", F.lit("r"))
    windows = windows_of(MONITOR.windows[0], days, FIRST + timedelta(days=DAYS))
    needed = states_needed(MONITOR, states.features, stored, windows, dict.fromkeys(days, "r"), {})
    drift = drift_rows(needed, evaluation_of(states, tuple(windows)))
    return drift.where(F.col("statistic") == KEY).collect()


def against(found: list[Row], reference: str) -> dict[tuple[str, int], Row]:
    return {
        (row.feature, (row.window_start - FIRST).days): row
        for row in found
        if row.reference == reference
    }


def test_errors_and_their_chance_are_those_of_the_rows(found: list[Row]) -> None:
    days = rows_of_days()
    current = PairStates(NAMES, "block", np.concatenate([block(day).products for day in days]))
    reference = current.take(np.arange(BEFORE))
    values = error_changes(current, block(np.concatenate(days[:BEFORE])))
    nulls = relation_nulls(reference, np.arange(BEFORE) + (FIRST - date(1970, 1, 1)).days)
    rows = against(found, "start")
    assert {feature for feature, _ in rows} == {"inside", "outside"}
    for (feature, n), row in rows.items():
        value = values[n, NAMES.index(feature)]
        assert row.value == pytest.approx(value, rel=1e-9, abs=1e-12)
        assert row.threshold == DEFAULT_THRESHOLDS[KEY]
        p = nulls[feature].p_values(
            values[[n], NAMES.index(feature)],
            np.ones(1),
            np.array([(FIRST + timedelta(days=n)).weekday()]),
            np.array([ROWS]),
            ROWS * BEFORE,
        )
        assert row.p_value == pytest.approx(p[0], rel=1e-6)


def test_the_broken_day_stands_out_and_no_other(found: list[Row]) -> None:
    rows = against(found, "start")
    failing = {
        n
        for (_, n), row in rows.items()
        if row.value >= DEFAULT_THRESHOLDS[KEY] and row.p_value < 0.01
    }
    assert failing == {DAYS - 1}


def test_a_reference_that_moves_has_neither_threshold_nor_chance(found: list[Row]) -> None:
    rows = [row for row in against(found, "previous").values() if row.value is not None]
    assert rows
    assert all(row.threshold is None and row.p_value is None for row in rows)
