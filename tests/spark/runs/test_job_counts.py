"""The number of Spark jobs of a run does not depend on how much it computes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from tests.conftest import CountJobs

FIRST = date(2024, 1, 1)
ROWS_A_DAY = 20
# Stages of a run share tables and run at the same time: which one comes first moves a few jobs.
# A job for each day, segment or column would be far more.
JOBS_OF_CHANCE = 6


@dataclass(frozen=True)
class Jobs:
    """Spark jobs of the first run of a monitor, and of the run that finds one more day."""

    first: int
    next: int


Monitored = Callable[..., Jobs]


@pytest.fixture(scope="module")
def jobs_of_runs(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[int, int, int], Jobs]:
    from modelwatch.io.session.effort import effort
    from modelwatch.model.config.configuration import parse_config
    from modelwatch.pipelines.runs.monitor import run_monitor

    known: dict[tuple[int, int, int], Jobs] = {}

    def jobs(columns: int, days: int, segments: int) -> Jobs:
        scale = (columns, days, segments)
        if scale not in known:
            folder = tmp_path_factory.mktemp("jobs")
            rows = table_of(spark, columns, days + 1, segments)
            rows.coalesce(1).write.format("delta").partitionBy("day").save(str(folder / "table"))
            text = config_of(folder)
            config = parse_config(text, "jobs")
            counts = []
            for seen in (days, days + 1):
                before = effort(spark)
                as_of = FIRST + timedelta(days=seen)
                run_monitor(spark, config, config_text=text, as_of=as_of)
                done = effort(spark).minus(before).jobs
                assert done is not None
                counts.append(done)
            known[scale] = Jobs(*counts)
        return known[scale]

    return jobs


def table_of(spark: SparkSession, columns: int, days: int, segments: int) -> DataFrame:
    rows = spark.range(ROWS_A_DAY * days)
    day = F.date_add(F.lit(FIRST.isoformat()).cast("date"), (F.col("id") / ROWS_A_DAY).cast("int"))
    return rows.select(
        day.alias("day"),
        F.concat(F.lit("s"), F.col("id") % segments).alias("segment"),
        *((F.col("id") * (at + 3) % 17).cast("double").alias(f"x{at}") for at in range(columns)),
    )


def config_of(folder: Path) -> str:
    return f"""
monitor: jobs
output: {{path: "{folder / "output"}"}}
inputs: {{table: {{path: "{folder / "table"}"}}, day: {{column: day}}}}
features: {{exclude: [segment]}}
segments: [{{name: segment, columns: segment, max_values: 20}}]
references: [{{name: first, days: {FIRST}..{FIRST}}}]
"""


@pytest.mark.parametrize(
    "scale",
    [
        pytest.param((400, 1, 1), id="400 columns", marks=pytest.mark.slow),
        pytest.param((5, 60, 20), id="60 days of 20 segments", marks=pytest.mark.slow),
    ],
)
def test_runs_take_as_many_jobs_as_those_of_five_columns_one_day_and_one_segment(
    jobs_of_runs: Monitored, scale: tuple[int, int, int]
) -> None:
    large, small = jobs_of_runs(*scale), jobs_of_runs(5, 1, 1)
    assert large.first == pytest.approx(small.first, abs=JOBS_OF_CHANCE)
    assert large.next == pytest.approx(small.next, abs=JOBS_OF_CHANCE)


@pytest.mark.parametrize(("columns", "days", "segments"), [(5, 1, 1), (60, 10, 20)])
def test_states_are_one_scan_and_one_shuffle(
    spark: SparkSession, count_jobs: CountJobs, columns: int, days: int, segments: int
) -> None:
    from modelwatch.evaluation.states.batches import BatchLayout
    from modelwatch.spark.states.aggregation import Scored, merged_states
    from modelwatch.stats.states.batch import BatchColumn, SegmentationCodes, TallyPlan
    from modelwatch.stats.states.binning import fit_numeric

    rows = table_of(spark, columns, days, segments).select(
        "day",
        F.lit("v1").alias("version"),
        "segment",
        *(f"x{at}" for at in range(columns)),
    )
    binning = fit_numeric(np.arange(17.0), 0.0, 16.0)
    plan = TallyPlan(
        tuple(BatchColumn(f"x{at}", 0, binning) for at in range(columns)),
        (SegmentationCodes("segment", tuple(f"s{at}" for at in range(segments))),),
    )
    layout = BatchLayout(
        day=0,
        version=1,
        present=(None, None),
        copies=(None, None),
        segments=((2,),),
        columns=tuple(range(3, 3 + columns)),
    )
    with count_jobs() as counted:
        states = merged_states(Scored(rows, layout, plan)).collect()
    assert len(states) >= columns * days * 2
    # With adaptive execution each shuffle is a job of its own: rows to states, states merged.
    assert counted.jobs == 2


def test_the_next_run_of_a_small_monitor_takes_few_jobs(jobs_of_runs: Monitored) -> None:
    assert jobs_of_runs(5, 1, 1).next < 40
