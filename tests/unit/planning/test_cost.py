"""The cost of a run: estimates close to those of real runs, and correctly named causes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.model.config.configuration import parse_config
from modelwatch.model.planning.cost import Cost, cost_of
from modelwatch.model.planning.cost_drivers import Measure, drivers_of, shares_of
from modelwatch.model.planning.cost_summary import (
    MOST_RESULT_ROWS,
    cost_line,
    cost_summary,
    slice_summary,
    warnings_of,
)
from modelwatch.model.planning.plan import Published, plan_of
from modelwatch.model.planning.window_specs import DEFAULT_THRESHOLDS
from modelwatch.model.planning.workload import (
    FeatureSize,
    KnownSizes,
    LabelWork,
    ReferenceUse,
    SplitSize,
    WindowCount,
    Workload,
    segmentation_slice,
    workload_of,
)
from modelwatch.model.profile.features import Feature
from modelwatch.model.sources.change import SourceChange

NUMERIC = (343, 330, 298, 289, 117, 115, 115, 115, 111, 109, 107, 103, 95)
CATEGORICAL = (103, 103, 103, 12, 11, 11, 10, 9, 8, 7, 6, 5, 5)
WINDOWS = (WindowCount("day", 274), WindowCount("week", 40, True), WindowCount("month", 9, True))
FEATURES = (
    *(FeatureSize(f"number {i}", "numeric", bins) for i, bins in enumerate(NUMERIC)),
    *(FeatureSize(f"text {i}", "categorical", bins) for i, bins in enumerate(CATEGORICAL)),
)
LABELS = LabelWork(
    task="binary",
    days=274,
    windows=WINDOWS,
    slices={
        **{feature.name: feature.slices for feature in FEATURES[:3] + FEATURES[4:25]},
        segmentation_slice("channel"): 11,
        segmentation_slice("site"): 5,
    },
    score_bins=289,
    challengers=1,
    due_by_row=True,
    waiting_days=90,
)
BOOKINGS = Workload(
    days=274,
    rows_per_day=160.2,
    features=FEATURES,
    splits=(SplitSize("channel", 8), SplitSize("site", 2)),
    windows=WINDOWS,
    references=(
        ReferenceUse("winter", carries_bins=True),
        ReferenceUse("previous", fixed=False, segments=False),
    ),
    two_tables=True,
    pair_features=12,
    top_pairs=20,
    thresholds=frozenset(DEFAULT_THRESHOLDS),
    labels=LABELS,
)
"""A monitor of hotel bookings: 43,886 rows, labels due at the date of departure of each."""
MEASURES: dict[str, Measure] = {
    "states": lambda cost: float(cost.state_bytes),
    "results": lambda cost: float(cost.result_rows),
    "seconds": lambda cost: cost.seconds,
}


METRICS: dict[str, Measure] = {
    "rows of feature_states": lambda cost: cost.feature_states.rows,
    "bytes of feature_states": lambda cost: cost.feature_states.bytes,
    "rows of performance_states": lambda cost: cost.performance_states.rows,
    "bytes of performance_states": lambda cost: cost.performance_states.bytes,
    "profile_metrics": lambda cost: cost.results["profile_metrics"],
    "drift_metrics": lambda cost: cost.results["drift_metrics"],
    "verdicts": lambda cost: cost.results["verdicts"],
    "performance": lambda cost: cost.results["performance"],
}


@pytest.mark.parametrize(
    ("metric", "written", "factor"),
    [
        ("rows of feature_states", 74_622, 1.2),
        ("bytes of feature_states", 29.4e6, 1.5),
        ("rows of performance_states", 34_086, 1.5),
        ("bytes of performance_states", 38e6, 1.5),
        ("profile_metrics", 1_381_471, 1.05),
        # 1,742,262 were written without stale_share; its rows are as many as those of any other.
        ("drift_metrics", 1_843_038, 1.05),
        ("verdicts", 806_747, 1.2),
        ("performance", 299_815, 1.3),
    ],
)
def test_a_run_of_274_days_writes_about_what_is_estimated(
    metric: str, written: float, factor: float
) -> None:
    estimated = METRICS[metric](cost_of(BOOKINGS))
    assert written / factor <= estimated <= written * factor


@pytest.mark.parametrize(
    ("metric", "written", "factor"),
    [
        ("rows of feature_states", 12_128, 1.2),
        ("rows of performance_states", 6_593, 1.6),
        ("profile_metrics", 230_958, 1.05),
        ("drift_metrics", 308_124, 1.05),
        ("verdicts", 134_584, 1.2),
        ("performance", 44_248, 1.6),
    ],
)
def test_a_run_of_its_first_45_days_writes_about_what_is_estimated(
    metric: str, written: float, factor: float
) -> None:
    windows = (WindowCount("day", 45), WindowCount("week", 7, True), WindowCount("month", 2, True))
    labels = replace(LABELS, days=45, waiting_days=45, windows=windows)
    few = replace(BOOKINGS, days=45, windows=windows, labels=labels)
    estimated = METRICS[metric](cost_of(few))
    assert written / factor <= estimated <= written * factor


TEN_MILLION_ROWS = Workload(
    days=30,
    rows_per_day=1e7 / 30,
    features=(
        *(FeatureSize(f"number {i}", "numeric", 250) for i in range(20)),
        *(FeatureSize(f"text {i}", "categorical", 30) for i in range(5)),
    ),
    windows=(WindowCount("day", 30), WindowCount("week", 5, True), WindowCount("month", 1, True)),
    references=(ReferenceUse("first"), ReferenceUse("previous", fixed=False, segments=False)),
    pair_features=20,
    top_pairs=20,
)
"""The benchmark of docs/appendices/benchmark.md."""


@pytest.mark.parametrize(
    ("work", "seconds"),
    [
        (TEN_MILLION_ROWS, 18.5),
        (replace(TEN_MILLION_ROWS, splits=(SplitSize("a", 10), SplitSize("b", 10))), 28.1),
        (replace(TEN_MILLION_ROWS, two_tables=True), 43.1),
    ],
)
def test_seconds_of_two_cores_in_a_warm_session_are_right_within_a_factor_of_two(
    work: Workload, seconds: float
) -> None:
    start = cost_of(Workload(0, 0.0, ())).seconds
    estimated = cost_of(work).seconds - start
    assert 2 * seconds / 2 <= estimated <= 2 * seconds * 2


def test_a_long_first_run_takes_as_long_as_estimated_within_a_factor_of_two() -> None:
    assert 222 / 2 <= cost_of(BOOKINGS).seconds <= 2 * 222 * 2


kinds = st.sampled_from(["numeric", "categorical"])
feature_sizes = st.builds(FeatureSize, st.text("abc"), kinds, st.integers(3, 400))
window_counts = st.builds(
    WindowCount, st.sampled_from(["day", "week", "own"]), st.integers(0, 300), st.booleans()
)
label_work = st.builds(
    LabelWork,
    task=st.sampled_from(["binary", "multiclass", "regression"]),
    days=st.integers(100, 400),
    windows=st.lists(window_counts, max_size=3).map(tuple),
    slices=st.dictionaries(st.sampled_from("pqrs"), st.integers(2, 100)),
    score_bins=st.integers(3, 400),
    classes=st.integers(2, 10),
    challengers=st.integers(0, 3),
    values=st.integers(0, 3),
    due_by_row=st.just(True),
    waiting_days=st.integers(0, 90),
)
workloads = st.builds(
    Workload,
    days=st.integers(0, 400),
    rows_per_day=st.floats(1, 1e7),
    features=st.lists(feature_sizes, max_size=5).map(tuple),
    splits=st.lists(
        st.builds(SplitSize, st.sampled_from("xyz"), st.integers(1, 100)),
        max_size=3,
        unique_by=lambda split: split.name,
    ).map(tuple),
    windows=st.lists(window_counts, max_size=3).map(tuple),
    references=st.lists(
        st.builds(ReferenceUse, st.sampled_from("uvw"), st.booleans(), st.booleans()), max_size=3
    ).map(tuple),
    own_days=st.integers(0, 3),
    two_tables=st.booleans(),
    versions=st.integers(1, 3),
    pair_features=st.integers(0, 64),
    top_pairs=st.integers(1, 50),
    thresholds=st.just(frozenset(DEFAULT_THRESHOLDS)),
    labels=st.none() | label_work,
)


def grown(work: Workload, part: str) -> Workload | None:
    """The workload with more of one part; None if it has no such part."""
    labels = work.labels
    if part in ("days", "own_days", "versions", "pair_features", "top_pairs"):
        return replace(work, **{part: getattr(work, part) + 1})
    if part == "rows_per_day":
        return replace(work, rows_per_day=1.5 * work.rows_per_day)
    if part == "two_tables":
        return replace(work, two_tables=True)
    if part == "features":
        return replace(work, features=(*work.features, FeatureSize("more", "numeric", 9)))
    if part == "splits":
        return replace(work, splits=(*work.splits, SplitSize("more", 3)))
    if part == "segments":
        splits = tuple(replace(one, segments=one.segments + 1) for one in work.splits)
        return replace(work, splits=splits)
    if part == "bins":
        return replace(work, features=tuple(replace(f, bins=f.bins + 9) for f in work.features))
    if part == "windows":
        return replace(work, windows=(*work.windows, WindowCount("more", 2, True)))
    if part == "references":
        return replace(work, references=(*work.references, ReferenceUse("more")))
    if labels is None:
        return None
    if part == "slices":
        more = replace(labels, slices={**labels.slices, "more": 4})
    elif part == "label windows":
        more = replace(labels, windows=(*labels.windows, WindowCount("more", 2, True)))
    else:
        name = part.removeprefix("label ")
        more = replace(labels, **{name: getattr(labels, name) + 1})
    return replace(work, labels=more)


PARTS = (
    "days",
    "own_days",
    "versions",
    "pair_features",
    "top_pairs",
    "rows_per_day",
    "two_tables",
    "features",
    "splits",
    "segments",
    "bins",
    "windows",
    "references",
    "slices",
    "label windows",
    "label days",
    "label score_bins",
    "label classes",
    "label challengers",
    "label values",
    "label waiting_days",
)


def metrics(cost: Cost) -> list[float]:
    states = (cost.feature_states, cost.performance_states)
    return [
        *(float(n) for one in states for n in (one.rows, one.bytes)),
        *map(float, cost.results.values()),
        cost.seconds,
    ]


@pytest.mark.parametrize("part", PARTS)
@given(work=workloads)
def test_more_work_never_costs_less(part: str, work: Workload) -> None:
    more = grown(work, part)
    if more is not None:
        pairs = zip(metrics(cost_of(work)), metrics(cost_of(more)), strict=True)
        assert all(less <= greater * (1 + 1e-9) for less, greater in pairs)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
@given(work=workloads)
def test_the_first_cause_is_the_one_without_which_a_run_costs_least(
    measure: Measure, work: Workload
) -> None:
    shares = shares_of(work, measure)
    if shares:
        least = min(measure(cost_of(cause.without)) for cause in drivers_of(work))
        assert measure(cost_of(shares[0].cause.without)) == least


@given(work=workloads)
def test_nothing_that_is_taken_away_makes_a_run_dearer(work: Workload) -> None:
    whole = metrics(cost_of(work))
    for cause in drivers_of(work):
        pairs = zip(metrics(cost_of(cause.without)), whole, strict=True)
        assert all(less <= greater * (1 + 1e-9) for less, greater in pairs), cause.what


def test_what_makes_results_many_is_named_with_what_it_saves() -> None:
    first, second, *_ = shares_of(BOOKINGS, MEASURES["results"])
    assert [first.cause.what, second.cause.what] == ["window day", "segmentation channel"]
    text = cost_summary(BOOKINGS)
    assert "84% less without window day, 69% less without segmentation channel" in text


def test_slices_and_due_dates_of_rows_are_causes_of_states() -> None:
    shares = shares_of(BOOKINGS, METRICS["bytes of performance_states"])
    found = {share.cause.what: share.saved for share in shares}
    assert found["slices of 24 features"] > 0.3
    assert found["a due date per row"] > 0.15


def test_a_run_within_its_bounds_is_not_warned_of() -> None:
    assert list(warnings_of(BOOKINGS)) == []
    assert "warning" not in cost_summary(BOOKINGS)


def test_a_run_beyond_a_bound_is_warned_of_with_the_key_to_change() -> None:
    many = replace(BOOKINGS, splits=(SplitSize("channel", 1000, bound=True),))
    assert cost_of(many).result_rows > MOST_RESULT_ROWS
    (text,) = [line for line in warnings_of(many) if line.startswith("results")]
    assert "less without segmentation channel (`segments`)" in text
    assert "--days" in text


def test_segments_that_are_not_known_are_reported_as_a_bound() -> None:
    many = replace(BOOKINGS, splits=(SplitSize("channel", 22, bound=True),))
    assert "at most" in cost_summary(many)
    assert "as many segments as max_values allows: channel 22" in cost_summary(many)
    assert "at most" not in cost_summary(BOOKINGS)


def test_the_log_has_one_line_of_it() -> None:
    line = cost_line(BOOKINGS)
    assert "\n" not in line
    assert f"{cost_of(BOOKINGS).result_rows:,} rows of results" in line


CONFIG = parse_config(
    "monitor: m\noutput: {path: o}\ninputs: {table: {path: i}, id: id, day: {column: d}}\n"
    "predictions: {score: s}\nreferences: [{name: fixed, days: 2020-01-01..2020-01-05}]\n"
    "windows: [day, week]\nsegments: [{name: country, columns: country, max_values: 4}]\n"
    "labels: {table: {path: l}, id: id, day: {column: d}, label: y, due: {column: due}}\n"
    "performance: {task: binary, score: s, decision: {threshold: 0.5}}\n"
)
PLANNED = (
    *(Feature(f"f{i}", "inputs", f"f{i}", "numeric", "double", bins=20) for i in range(22)),
    Feature("paid", "inputs", "paid", "categorical", "boolean"),
    Feature("s", "predictions", "s", "numeric", "double"),
)
DAYS = frozenset(date(2020, 1, 1) + timedelta(n) for n in range(10))
PLAN = plan_of(
    CONFIG,
    PLANNED,
    [
        SourceChange("inputs", "i", 1, None, present=DAYS),
        SourceChange("labels", "l", 1, None, DAYS),
    ],
    Published(),
    date(2020, 2, 1),
)


def test_a_workload_has_the_days_windows_and_slices_of_the_plan() -> None:
    work = workload_of(CONFIG, PLAN, KnownSizes(50.0))
    assert (work.days, work.rows_per_day) == (10, 50.0)
    assert work.windows == (WindowCount("day", 10), WindowCount("week", 2, True))
    assert work.splits == (SplitSize("country", 6, bound=True),)
    assert work.labels is not None
    assert (work.labels.days, work.labels.due_by_row) == (10, True)
    assert len(work.labels.slices) == 20 + 1


def test_stored_bins_replace_what_settings_lead_to_expect() -> None:
    known = KnownSizes(50.0, {("inputs", "f0"): 77, ("inputs", "paid"): 5}, {"country": 3})
    work = workload_of(CONFIG, PLAN, known)
    assert work.features[0].bins == 77
    assert work.splits == (SplitSize("country", 3),)


def test_a_plan_says_by_which_features_performance_is_kept_and_by_which_not() -> None:
    text = slice_summary(CONFIG, PLANNED)
    assert "performance by 20 of 23 features: f0, f1" in text
    assert "not by f20, f21, paid (`performance.slices`)" in text
