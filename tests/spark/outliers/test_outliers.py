"""The share of rows beyond the fences is that of the rows, and the farthest rows are found."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from modelwatch.evaluation.drift.question import Evaluation
from modelwatch.evaluation.outliers import outlying_rows as outliers
from modelwatch.evaluation.outliers.bounds import FencedBy
from modelwatch.evaluation.outliers.outlying_rows import OutlierQuestion
from modelwatch.model.planning.windows import windows_of
from modelwatch.pipelines.planning.evaluation import evaluation_of, states_needed
from modelwatch.pipelines.states.day_states import StatesOf, day_states
from modelwatch.spark.outliers.outliers import (
    ROW_COLUMNS,
    outlier_bounds,
    outlying_rows,
    share_rows,
)
from modelwatch.stats.outliers.fences import fences
from modelwatch.stats.outliers.mahalanobis import distances
from modelwatch.stats.states.numeric import numeric_stack
from modelwatch.tables import TABLES
from monitored import ONE_TABLE, monitor, sources_of, states_of
from samples import categorical_binning, numeric_binning, numeric_state

DAYS = tuple(date(2013, 2, 1) + timedelta(days=n) for n in range(10))
BAD = date(2013, 2, 10)
SCHEMA = "id long, day date, a double, b double, code int, on date, word string"
CONFIG = monitor(
    {
        **ONE_TABLE,
        "inputs": {"table": {"path": "inputs"}, "id": "id", "day": {"column": "day"}},
        "features": {"exclude": "id", "columns": {"a": {"special_values": [-999]}}},
        "references": [{"name": "start", "days": "2013-02-01..2013-02-09"}],
        "windows": ["day"],
        "outliers": {"fence": 1.5},
        "pairs": {"columns": ["a", "b", "code", "on"]},
    }
)


def made_rows() -> list[tuple[Any, ...]]:
    """Two features that say the same, a code and a date; on the bad day some rows contradict."""
    random = np.random.default_rng(7)
    rows: list[tuple[Any, ...]] = []
    for n, day in enumerate(DAYS):
        for i in range(60):
            x = float(random.normal())
            on = date(2013, 1, 1) + timedelta(days=int(random.integers(20)))
            code = int(random.integers(10))
            rows.append((100 * n + i, day, x, x + 0.1 * float(random.normal()), code, on, "w"))
    first = len(rows) - 60
    day = BAD
    rows[first] = (900, day, 2.0, -2.0, 5, date(2013, 1, 9), "w")
    rows[first + 1] = (901, day, 0.0, 0.0, 500, date(2013, 1, 9), "w")
    rows[first + 2] = (902, day, None, 0.0, 5, date(2013, 6, 1), "w")
    rows[first + 3] = (903, day, -999.0, 0.0, 5, date(2013, 1, 9), "w")
    rows[first + 4] = (904, day, float("nan"), None, None, None, None)
    rows[first + 5] = (905, day, float("inf"), 0.0, 5, date(2013, 1, 9), "w")
    return rows


ROWS = made_rows()
COLUMNS = {name: at for at, name in enumerate(("id", "day", "a", "b", "code", "on", "word"))}


def number(row: tuple[Any, ...], name: str) -> float | None:
    value = row[COLUMNS[name]]
    return float((value - date(1970, 1, 1)).days) if isinstance(value, date) else value


def values(name: str, *days: date) -> list[float | None]:
    return [number(row, name) for row in ROWS if row[1] in days]


BINS: dict[Any, Any] = {
    ("inputs", name): numeric_binning(
        [v for v in values(name, *DAYS[:-1]) if v is not None],
        special=(-999.0,) if name == "a" else (),
    )
    for name in ("a", "b", "code", "on")
} | {("inputs", "word"): categorical_binning(["w"])}


class Asked:
    """The states of the rows, and what is asked of them."""

    def __init__(self, spark: SparkSession) -> None:
        self.rows = spark.createDataFrame(ROWS, SCHEMA)
        self.sources = sources_of(CONFIG, inputs=self.rows)
        self.states: StatesOf = states_of(CONFIG, self.sources, BINS)
        windows = [w for spec in CONFIG.windows for w in windows_of(spec, DAYS, date(2013, 2, 11))]
        stored = day_states(self.states, self.sources, DAYS)
        marked = stored.withColumn("monitor", F.lit("shop")).withColumn("run_id", F.lit("r"))
        held = dict.fromkeys(DAYS, "r")
        self.needed: DataFrame = states_needed(
            CONFIG, self.states.features, marked.localCheckpoint(), windows, held, {}
        )
        self.evaluation: Evaluation = evaluation_of(self.states, windows)
        self.by = FencedBy(self.evaluation.references[0], CONFIG.outliers.fence)
        bounds = outlier_bounds(self.needed, self.evaluation, self.by)
        assert bounds.center is not None
        self.center = bounds.center
        by_name = {f.name: f for f in self.states.features}
        features = tuple(by_name[name] for name in self.center.features)
        bins = tuple(BINS["inputs", f.name] for f in features)
        self.question = OutlierQuestion("start", features, bins, bounds, ("id",), 4)

    def farthest(self, inputs: DataFrame | None = None, **changes: Any) -> list[Row]:
        rows = self.sources.rows("inputs", [BAD]) if inputs is None else inputs
        found = outlying_rows(rows, replace(self.question, **changes))
        assert found is not None
        return found.orderBy("rank").collect()


@pytest.fixture(scope="module")
def asked(spark: SparkSession) -> Asked:
    return Asked(spark)


@pytest.fixture(scope="module")
def shares(asked: Asked) -> dict[Any, Row]:
    rows = share_rows(asked.needed, asked.evaluation, asked.by).collect()
    found = {(row.kind, row.feature, row.window_start): row for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.mark.parametrize("feature", ["a", "b", "code", "on"])
@pytest.mark.parametrize("day", [DAYS[0], BAD])
def test_a_share_is_that_of_the_rows_beyond_the_fences(
    shares: dict[Any, Row], feature: str, day: date
) -> None:
    binning = BINS["inputs", feature]
    reference = numeric_stack([numeric_state(binning, values(feature, *DAYS[:-1]))])
    fenced = fences(reference, 1.5)
    known = [v for v in values(feature, day) if v is not None and v == v and v != -999.0]
    beyond = [v for v in known if v < fenced.lower or v >= fenced.upper]
    row = shares["share", feature, day]
    assert (row.lower, row.upper) == (fenced.lower, fenced.upper)
    assert row.value == pytest.approx(len(beyond) / len(known))
    assert row.expected is not None
    assert row.row_count == 60


def test_texts_have_no_fences(shares: dict[Any, Row]) -> None:
    assert {feature for _, feature, _ in shares} == {"a", "b", "code", "on", "*"}


def test_a_window_that_lies_elsewhere_has_a_large_distance(shares: dict[Any, Row]) -> None:
    usual = [shares["distance", "*", day].value for day in DAYS[:-1]]
    assert np.median(usual) == pytest.approx(1.0, abs=0.3)
    assert shares["distance", "*", BAD].value > 2 * max(usual)


def test_the_farthest_rows_come_first_with_what_makes_them_so(asked: Asked) -> None:
    found = asked.farthest()
    assert [row.row_id[0].value for row in found] == ["905", "901", "900", "902"]
    assert [row.rank for row in found] == [1, 2, 3, 4]
    assert {row.row_count for row in found} == {60}
    strongest = [row.contributions[0] for row in found]
    assert [cause.feature for cause in strongest][1::2] == ["code", "on"]
    assert [cause.value for cause in strongest][1::2] == ["500", "2013-06-01"]
    assert {cause.feature for cause in found[2].contributions} == {"a", "b"}
    assert all(row.value > row.expected for row in found)


def test_a_cause_shows_the_fences_that_it_is_beyond(asked: Asked) -> None:
    (cause,) = [c for c in asked.farthest()[1].contributions if c.feature == "code"]
    assert cause.lower <= 0 <= 9 <= cause.upper < 500
    assert cause.share == pytest.approx(1.0, abs=0.05)


def test_a_distance_is_that_of_the_values_that_a_row_has(asked: Asked) -> None:
    row = next(row for row in asked.farthest() if row.row_id[0].value == "902")
    given = next(r for r in ROWS if r[0] == 902)
    scaled = [
        np.nan
        if number(given, name) is None
        else (float(number(given, name) or 0) - BINS["inputs", name].center)
        / BINS["inputs", name].scale
        for name in asked.center.features
    ]
    exact = distances(np.array([scaled]), asked.center)
    assert row.value == pytest.approx(float(np.sqrt(exact.square[0])))
    assert exact.values[0] == 3


def test_rows_are_the_same_however_they_are_spread(asked: Asked) -> None:
    rows = asked.sources.rows("inputs", [BAD])
    together, apart = asked.farthest(rows.coalesce(1)), asked.farthest(rows.repartition(7))
    assert together == apart


def test_one_row_is_the_farthest_of_all(asked: Asked) -> None:
    assert [row.row_id[0].value for row in asked.farthest(most=1)] == ["905"]


def test_a_day_on_which_nothing_lies_far_out_has_no_rows(asked: Asked) -> None:
    rows = asked.sources.rows("inputs", [DAYS[0]]).where("abs(a) < 1 and abs(a - b) < 0.2")
    assert rows.count() > 20
    assert asked.farthest(rows) == []


def test_rows_without_an_id_are_reported_by_their_causes(asked: Asked) -> None:
    first = asked.farthest(ids=())[0]
    assert first.row_id is None
    assert first.contributions[0].feature in ("a", "b")


def test_rows_are_read_once_and_only_the_farthest_move_between_tasks(asked: Asked) -> None:
    found = outlying_rows(asked.sources.rows("inputs", [BAD]), asked.question)
    assert found is not None
    plan = found._jdf.queryExecution().executedPlan().toString()
    assert plan.count("MapInArrow") == 1
    assert plan.count("Exchange hashpartitioning") == 1
    assert plan.index("Exchange hashpartitioning") < plan.index("MapInArrow")


def test_rows_fit_the_table(asked: Asked) -> None:
    found = outlying_rows(asked.sources.rows("inputs", [BAD]), asked.question)
    assert found is not None
    table = TABLES["outliers"]
    types = dict(found.dtypes)
    assert types == {name: table.column(name).type for name in ROW_COLUMNS}


def test_values_are_written_as_people_write_them() -> None:
    assert outliers._text(15706.0, "date") == "2013-01-01"
    assert outliers._text(1.5e6, "timestamp") == "1970-01-01T00:00:01.500000+00:00"
    assert outliers._text(3.0, "int") == "3"
    assert outliers._text(float("inf"), "date") == "inf"
    assert outliers._text(0.1, "double") == "0.1"
