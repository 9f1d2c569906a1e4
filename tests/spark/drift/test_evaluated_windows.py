"""Profiles and drift read off stored states are those of the rows of the windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from modelwatch.model.days import DayRange
from modelwatch.model.planning.window_specs import DEFAULT_THRESHOLDS
from modelwatch.model.planning.windows import Window, windows_of
from modelwatch.pipelines.planning.evaluation import evaluation_of, states_needed
from modelwatch.pipelines.states.day_states import day_states, reference_states
from modelwatch.spark.drift.evaluated_windows import drift_rows, profile_rows
from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.statistics import drift, error_bounds
from modelwatch.stats.profile.metrics import METRICS, profile
from modelwatch.stats.states.categorical import categorical_stack
from modelwatch.stats.states.distinct import hash_of_text, hashes_of_doubles, smallest
from modelwatch.stats.states.numeric import numeric_stack
from modelwatch.stats.states.pairs import PairStates, cross_products, standardised
from modelwatch.stats.verdicts.chance import OWN_CHANCE
from monitored import ONE_TABLE, monitor, sources_of, states_of
from samples import (
    categorical_binning,
    categorical_state,
    numeric_binning,
    numeric_state,
)

FIRST, LAST = date(2013, 1, 28), date(2013, 2, 14)
AS_OF = date(2013, 2, 15)
EMPTY = date(2013, 2, 5)
DAYS = tuple(day for day in DayRange(FIRST, LAST) if day != EMPTY)
SCHEMA = (
    "day date, amount double, height double, word string, score double, model string, region string"
)
CONFIG = {
    **ONE_TABLE,
    "predictions": {"score": "score", "model_version": {"column": "model"}},
    "features": {
        "exclude": "region",
        "columns": {"amount": {"special_values": [-999]}},
    },
    "segments": [{"name": "region", "columns": "region"}],
    "windows": [
        "day",
        "week",
        "month",
        {"name": "last 3", "trailing_days": 3},
        {"name": "storm", "from": "2013-02-08", "to": "2013-02-09"},
    ],
    "references": [
        {"name": "start", "days": "2013-01-28..2013-02-03"},
        {"name": "previous", "previous_windows": 1},
        {"name": "week before", "lag_days": 7, "segments": True},
        {"name": "trailing", "trailing_days": 5},
        {"name": "training", "table": {"path": "training"}},
        {
            "name": "old",
            "table": {"path": "old"},
            "days": "2012-01-01..2012-01-02",
            "day": {"column": "on"},
        },
    ],
    "thresholds": {"psi": 0.3, "null_share_change": None},
}


@dataclass(frozen=True)
class Given:
    """A row of the watched table."""

    day: date
    amount: float | None
    height: float | None
    word: str | None
    score: float | None
    model: str
    region: str | None


def made_rows() -> list[Given]:
    """Two model versions that overlap on a day, and a region that is gone at the end."""
    random = np.random.default_rng(5)
    rows = []
    for n, day in enumerate(DAYS):
        versions = ["v1"] if day < date(2013, 2, 8) else ["v2"]
        for i in range(25):
            model = ["v1", "v2"][i % 2] if day == date(2013, 2, 8) else versions[0]
            amount = [None, -999.0, float("nan"), float("inf")][i] if i < 4 else random.normal(n)
            word = [None, "a", "b", f"new {n % 3}"][int(random.integers(4))]
            region = ["north", "south", None][i % (2 if day > date(2013, 2, 9) else 3)]
            if region == "south" and day > date(2013, 2, 9):
                region = "north"
            rows.append(
                Given(day, amount, i / 4 + n / 9, word, float(random.random()), model, region)
            )
    return rows


ROWS = made_rows()
TRAINING = [(float(k) / 7, k / 16, ["a", "b", "c"][k % 3]) for k in range(90)]
OLD = [(date(2012, 1, 1 + k % 3), float(k % 5), 0.5, "north") for k in range(30)]
AMOUNT = numeric_binning([k / 7 - 3 for k in range(200)], special=(-999.0,))
HEIGHT = numeric_binning([k / 16 for k in range(100)])
SCORE = numeric_binning([k / 100 for k in range(100)])
WORD = categorical_binning(["a", "a", "b", "b", "c"], max_values=2)
BINS: dict[Any, Any] = {
    ("inputs", "amount"): AMOUNT,
    ("inputs", "height"): HEIGHT,
    ("inputs", "word"): WORD,
    ("predictions", "score"): SCORE,
    ("segments", "region"): categorical_binning(["north", "south"]),
}
FEATURES = {"amount": AMOUNT, "height": HEIGHT, "word": WORD, "score": SCORE}
MONITOR = monitor(CONFIG)
WINDOWS = (
    *(w for spec in MONITOR.windows for w in windows_of(spec, DAYS, AS_OF)),
    Window("day", EMPTY, EMPTY),
)
OF_THE_BLOCK = {"relation_error_change"}
"""Statistics of a feature beside the others: tests/spark/drift/test_relations_evaluated.py."""
Cells = Mapping[tuple[Any, ...], Mapping[str, Any]]


@dataclass(frozen=True)
class Found:
    """Rows by scope, window (and reference), then by metric or statistic."""

    profile: Cells
    drift: Cells


@pytest.fixture(scope="module")
def found(spark: SparkSession) -> Found:
    sources = sources_of(
        MONITOR,
        inputs=spark.createDataFrame([tuple(vars(row).values()) for row in ROWS], SCHEMA),
        training=spark.createDataFrame(TRAINING, "amount double, height double, word string"),
        old=spark.createDataFrame(OLD, "on date, amount double, score double, region string"),
    )
    states = states_of(MONITOR, sources, BINS)
    parts = [
        day_states(states, sources, DAYS),
        reference_states(states, sources, "training"),
        reference_states(states, sources, "old"),
    ]
    stored = parts[0].unionByName(parts[1]).unionByName(parts[2])
    stored = stored.withColumn("monitor", F.lit("shop")).withColumn("run_id", F.lit("r"))
    kept = stored.localCheckpoint()
    needed = states_needed(
        MONITOR,
        states.features,
        kept,
        WINDOWS,
        dict.fromkeys(DAYS, "r"),
        {"reference:training": "r", "reference:old": "r"},
    )
    evaluation = evaluation_of(states, WINDOWS)
    profiles: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in profile_rows(needed, evaluation).collect():
        cells = profiles.setdefault((*_scope(row), row.window_name, row.window_start), {})
        assert row.metric not in cells
        cells[row.metric] = row
    drifts: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in drift_rows(needed, evaluation).collect():
        feature = row.feature if row.feature_b is None else (row.feature, row.feature_b)
        scope = (*_scope(row)[:-1], feature)
        cells = drifts.setdefault((*scope, row.window_name, row.window_start, row.reference), {})
        assert row.statistic not in cells
        cells[row.statistic] = row
    return Found(profiles, drifts)


def _scope(row: Any) -> tuple[str, ...]:
    return row.model_version, row.segmentation, row.segment, row.role, row.feature


def rows_of(
    days: tuple[date, date], version: str = "*", segment: str | None = "all"
) -> list[Given]:
    return [
        row
        for row in ROWS
        if days[0] <= row.day <= days[1]
        and version in ("*", row.model)
        and (segment == "all" or segment == ("(null)" if row.region is None else row.region))
    ]


def state(feature: str, values: list[Any]) -> Any:
    of = categorical_state if feature == "word" else numeric_state
    return of(FEATURES[feature], values)  # type: ignore[arg-type]


def stack(feature: str, several: list[list[Any]]) -> Any:
    of = categorical_stack if feature == "word" else numeric_stack
    return of([state(feature, values) for values in several])  # type: ignore[arg-type, operator]


def sketch(feature: str, values: list[Any]) -> Any:
    held = [v for v in values if v is not None]
    if feature == "word":
        return smallest(np.array([hash_of_text(v) for v in held], dtype=np.uint64))
    numbers = np.array(held, dtype=np.float64)
    return smallest(hashes_of_doubles(numbers[~np.isnan(numbers)]))


def same(value: float | None, expected: float) -> bool:
    return value is None if np.isnan(expected) else value == expected


def alike(value: float | None, expected: float) -> bool:
    """Numpy adds up the groups of several windows in another order than those of one."""
    return value is None if np.isnan(expected) else bool(np.isclose(value, expected, 1e-12, 1e-14))


@pytest.mark.parametrize("feature", FEATURES)
def test_the_profile_of_a_window_is_that_of_its_rows(found: Found, feature: str) -> None:
    """To the last bit: for every kind of window, model version, segment and metric."""
    checked = 0
    for key, cells in found.profile.items():
        version, segmentation, segment, _, name, window, start = key
        if name != feature:
            continue
        end = next(w.end for w in WINDOWS if (w.name, w.start) == (window, start))
        values = [getattr(r, feature) for r in rows_of((start, end), version, segment)]
        whole = segmentation == "all"
        expected = profile(
            state(feature, values),
            distinct=[sketch(feature, values)] if whole else None,
            keys=[metric for metric in METRICS if metric in cells],
        )
        assert cells.keys() == expected.keys()
        for metric, row in cells.items():
            one = expected[metric]
            assert same(row.value, one.value[0]), (key, metric)
            assert (row.text, row.reason) == (one.text[0], one.reason[0]), (key, metric)
            assert same(row.error_bound, one.error_bound[0]), (key, metric)
            assert row.row_count == len(values)
            checked += 1
    assert checked > 1000


def reference_rows(
    name: str, feature: str, window: Window, segment: str
) -> tuple[list[Any], tuple[date | None, date | None]] | None:
    """Values and days of a reference, by its definition; None if it has no such rows."""
    if name == "training":
        at = ["amount", "height", "word"]
        if feature not in at or segment != "all":
            return None
        return [row[at.index(feature)] for row in TRAINING], (None, None)
    if name == "old":
        at = ["on", "amount", "score"]
        days = date(2012, 1, 1), date(2012, 1, 2)
        if feature not in at or segment not in ("all", "north"):
            return None
        return [row[at.index(feature)] for row in OLD if days[0] <= row[0] <= days[1]], days
    first, last = window.start, window.end
    length = last - first + timedelta(days=1)
    before = first - timedelta(days=1)
    days = {
        "start": (date(2013, 1, 28), date(2013, 2, 3)),
        "previous": (
            (before.replace(day=1), before) if window.name == "month" else (first - length, before)
        ),
        "week before": (first - timedelta(days=7), last - timedelta(days=7)),
        "trailing": (first - timedelta(days=5), before),
    }[name]
    return [getattr(row, feature) for row in rows_of(days, segment=segment)], days


@pytest.mark.parametrize("reference", [str(ref["name"]) for ref in CONFIG["references"]])  # type: ignore[attr-defined, index]
def test_the_drift_of_a_window_is_that_of_its_rows_against_those_of_the_reference(
    found: Found, reference: str
) -> None:
    """For every kind of window, feature, model version and segment."""
    checked = set()
    for key, cells in found.drift.items():
        version, _, segment, _, feature, name, start, against = key
        if against != reference or feature not in FEATURES:
            continue
        window = next(w for w in WINDOWS if (w.name, w.start) == (name, start))
        values = [getattr(r, feature) for r in rows_of((start, window.end), version, segment)]
        compared = reference_rows(reference, feature, window, segment)
        assert compared is not None, key
        others, days = compared
        comparison = Comparison(state(feature, values), state(feature, others))
        expected = drift(comparison)
        bounds = error_bounds(comparison, expected)
        assert cells.keys() - OF_THE_BLOCK == expected.keys()
        for statistic, one in expected.items():
            row = cells[statistic]
            if statistic in OWN_CHANCE and row.p_value is not None:
                # Its model chooses what is judged: tests/unit say what.
                assert 0.0 <= row.value <= 1.0
                assert 0.0 <= row.p_value <= 1.0
            else:
                assert alike(row.value, one.value[0]), (key, statistic)
                assert alike(row.error_bound, bounds[statistic][0]), (key, statistic)
            assert row.reason == one.reason[0], (key, statistic)
            assert (row.row_count, row.reference_rows) == (len(values), len(others)), key
            assert (row.reference_start, row.reference_end) == days
        checked.add((name, feature, segment))
    features = {"training": {"amount", "height", "word"}, "old": {"amount", "score"}}
    assert {feature for _, feature, _ in checked} == features.get(reference, set(FEATURES))
    assert {name for name, _, _ in checked} == {"day", "week", "month", "last 3", "storm"}
    moving = reference in ("previous", "trailing")
    without = {"all"} if moving or reference == "training" else {"all", "north"}
    assert without <= {segment for _, _, segment in checked}
    if moving:
        assert {segment for _, _, segment in checked} == {"all"}


def block_of(rows: list[Given] | list[tuple[Any, ...]]) -> PairStates:
    numbers = [(r.amount, r.height) if isinstance(r, Given) else r[:2] for r in rows]
    raw = np.array(numbers, dtype=np.float64).reshape(-1, 2)
    finite = np.isfinite(raw)
    z = np.zeros_like(raw)
    for j, binning in enumerate((AMOUNT, HEIGHT)):
        held = np.where(finite[:, j], raw[:, j], binning.center)
        z[:, j] = standardised(held, binning.center, binning.scale)
    products = cross_products(z, finite, finite.all(axis=0))[None]
    return PairStates(("amount", "height"), "block", products)


@pytest.mark.parametrize("reference", ["start", "previous", "training"])
def test_correlations_and_components_are_those_of_the_rows(found: Found, reference: str) -> None:
    for window in WINDOWS:
        if window.start == EMPTY:
            continue
        version = "*" if window.start <= date(2013, 2, 8) <= window.end else None
        for key, cells in found.drift.items():
            same_window = key[5:] == (window.name, window.start, reference)
            if not same_window or key[4] not in ("*", ("amount", "height")):
                continue
            if version and key[0] != version:
                continue
            current = block_of(rows_of((window.start, window.end), key[0]))
            if reference == "training":
                others = block_of(TRAINING)
            else:
                _, days = reference_rows(reference, "amount", window, "all") or ([], (None, None))
                others = block_of(rows_of(days))  # type: ignore[arg-type]
            expected = drift(Comparison(current, others))
            for statistic, row in cells.items():
                assert alike(row.value, expected[statistic].value.reshape(-1)[0]), (key, statistic)


def test_all_versions_together_come_where_there_are_several(found: Found) -> None:
    both = date(2013, 2, 8)
    for window in WINDOWS:
        versions = {
            key[0]
            for key in found.profile
            if key[1:] == ("all", "all", "inputs", "amount", window.name, window.start)
        }
        models = {row.model for row in rows_of((window.start, window.end))}
        assert versions == (models if len(models) == 1 else {"*", *models})
    assert any(key[0] == "*" and key[-1] == both for key in found.profile)


def test_a_window_without_rows_says_so(found: Found) -> None:
    cells = found.profile["*", "all", "all", "inputs", "amount", "day", EMPTY]
    assert (cells["rows"].value, cells["mean"].value) == (0.0, None)
    assert cells["mean"].reason is not None
    psi = found.drift["*", "all", "all", "inputs", "amount", "day", EMPTY, "start"]["psi"]
    assert (psi.value, psi.reason) == (None, "current window has no rows")


def test_a_segment_that_is_gone_says_so(found: Found) -> None:
    row = found.drift["*", "region", "south", "inputs", "amount", "day", LAST, "start"]["psi"]
    assert (row.value, row.reason, row.row_count) == (None, "current window has no rows", 0)
    assert row.reference_rows == len(rows_of((FIRST, date(2013, 2, 3)), segment="south"))


def test_a_reference_before_all_data_says_so(found: Found) -> None:
    row = found.drift["v1", "all", "all", "inputs", "word", "day", FIRST, "previous"]["psi"]
    assert (row.value, row.reason) == (None, "reference has no rows")


def test_thresholds_stand_beside_fixed_references_only(found: Found) -> None:
    thresholds = {
        (key[-1], statistic): row.threshold
        for key, cells in found.drift.items()
        for statistic, row in cells.items()
        if row.threshold is not None
    }
    assert {name for name, _ in thresholds} == {"start", "training", "old"}
    assert {statistic for _, statistic in thresholds} == set(DEFAULT_THRESHOLDS) - {
        "null_share_change"
    }
    assert thresholds["start", "psi"] == 0.3


def test_a_window_that_is_not_over_is_partial(found: Found) -> None:
    partial: Callable[[Any], bool] = lambda key: next(iter(found.profile[key].values())).partial
    scope = ("v2", "all", "all", "inputs", "amount")
    assert partial((*scope, "week", date(2013, 2, 11)))
    assert not partial((*scope, "day", LAST))
