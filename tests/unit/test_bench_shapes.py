"""The benchmark of shapes: its axes, the description of growth, and failed runs."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from scripts.bench.__main__ import chosen
from scripts.bench.process import watched
from scripts.bench.shapes.growth import Point, growth_of
from scripts.bench.shapes.page import BEGIN, END, as_markdown, interpretation, written
from scripts.bench.shapes.shape import AXES, BASE, QUICK_AXES, Shape, chosen_axes, shapes_of
from scripts.bench.shapes.trial import (
    RunMeasurements,
    TableSize,
    Trial,
    keep_trials,
    kept_trials,
    measurements_of,
    stages_of,
)
from scripts.bench.shapes.world import configuration, day_tables, fresh_world

from modelwatch.model.config.configuration import parse_config

DAYS = next(axis for axis in AXES if axis.name == "days")
SLICES = next(axis for axis in AXES if axis.name == "slices")
SMALL = Shape(rows_per_day=30, days=4, features=6, segments=3)
SIZES = (30.0, 274.0, 1000.0)


def points(*values: float) -> list[Point]:
    return [Point(size, value) for size, value in zip(SIZES, values, strict=True)]


def test_the_axes_hold_the_sizes_that_the_bench_is_asked_for() -> None:
    values = {axis.name: set(axis.values) for axis in AXES}
    assert {100, 1_000_000} <= values["rows"]
    assert values["days"] == {30, 274, 1000}
    assert values["features"] == {5, 25, 200}
    assert values["segments"] == {0, 11, 100}
    assert values["due"] == {"delay", "column"}
    assert values["slices"] == {"none", "default", "all"}
    assert values["task"] == {"binary", "multiclass", "regression"}


def test_a_shape_of_an_axis_differs_from_its_base_in_one_field_only() -> None:
    for axis in AXES:
        for value, shape in zip(axis.values, axis.shapes, strict=True):
            assert shape == replace(axis.base, **{axis.field: value})


def test_a_shape_that_several_axes_share_is_tried_once() -> None:
    shapes = shapes_of(AXES)
    assert len(set(shapes)) == len(shapes)
    assert shapes.count(BASE) == 1
    assert len({shape.name for shape in shapes}) == len(shapes)


def test_words_name_all_axes_or_single_ones() -> None:
    assert chosen_axes(["shapes"]) == AXES
    assert [axis.name for axis in chosen_axes(["shapes:task", "shapes:days"])] == ["days", "task"]
    with pytest.raises(ValueError, match=r"'weeks'.*days"):
        chosen_axes(["shapes:weeks"])


def test_only_names_measures_and_axes_side_by_side() -> None:
    measures, axes = chosen(frozenset({"scan", "shapes:rows"}), AXES)
    assert [m.name for m in measures] == ["scan"]
    assert [axis.name for axis in axes] == ["rows"]
    with pytest.raises(ValueError, match="no such measure: sacn"):
        chosen(frozenset({"sacn"}), AXES)


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.7])
def test_the_exponent_is_found_beneath_a_fixed_cost(exponent: float) -> None:
    growth = growth_of(points(*(40.0 + 2.0 * n**exponent for n in SIZES)), 0.1)
    assert growth.exponent == pytest.approx(exponent, abs=0.011)
    assert growth.fixed == pytest.approx(40.0, rel=0.1)


def test_a_straight_line_is_at_most_linear_with_a_marginal_ratio_of_one() -> None:
    growth = growth_of(points(*(40.0 + 0.5 * n for n in SIZES)), 0.1)
    assert growth.verdict == "at most linear"
    assert growth.marginal_ratio == pytest.approx(1.0)


def test_a_square_is_more_than_linear() -> None:
    growth = growth_of(points(*(40.0 + 0.001 * n**2 for n in SIZES)), 0.1)
    assert growth.verdict == "more than linear"


def test_a_square_is_seen_when_small_sizes_drown_in_the_fixed_cost() -> None:
    found = growth_of([Point(n, 60.0 + 1e-9 * n**2) for n in (1e2, 1e4, 1e5, 1e6)], 0.1, 5.0)
    assert found.verdict == "more than linear"


def test_a_line_with_noise_is_hardly_ever_taken_for_more() -> None:
    random = np.random.default_rng(1)
    verdicts = [
        growth_of(
            points(*((50.0 + 0.2 * n) * random.uniform(0.9, 1.1) for n in SIZES)), 0.1, 5.0
        ).verdict
        for _ in range(60)
    ]
    assert "more than linear" not in verdicts


def test_values_within_their_noise_do_not_grow() -> None:
    assert growth_of(points(50.0, 52.0, 55.0), 0.1).verdict == "none"
    assert growth_of(points(0.1, 0.5, 2.0), 0.1, floor=5.0).verdict == "none"


def test_a_run_that_was_ended_is_more_than_linear_only_beyond_the_line() -> None:
    ended = [Point(30, 40.0), Point(274, 60.0)]
    assert growth_of([*ended, Point(1000, 600.0, at_least=True)], 0.1).verdict == "more than linear"
    assert growth_of([*ended, Point(1000, 110.0, at_least=True)], 0.1).verdict == "undetermined"


def test_fewer_than_three_sizes_show_no_growth() -> None:
    assert growth_of(points(1.0, 2.0, 3.0)[:2], 0.1).verdict == "undetermined"


def test_stages_are_read_from_what_a_run_says() -> None:
    text = "r1 looking at it\nr1   plan took 1.5 s\nr1 x took 3 s\n  source health took 12.0 s\n"
    assert stages_of(text) == {"plan": 1.5, "source health": 12.0}


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("due", ["delay", "column"])
def test_the_configuration_of_a_shape_is_one(task, due) -> None:
    for slices in ("none", "default", "all"):
        shape = replace(SMALL, task=task, due=due, slices=slices)
        config = parse_config(json.dumps(configuration(shape, Path("/x"))), "shape")
        assert config.performance is not None
        assert config.performance.task == task


def test_a_day_of_a_shape_is_the_same_whenever_it_is_made() -> None:
    first, again = day_tables(SMALL, 3), day_tables(SMALL, 3)
    assert all(first[name].equals(again[name]) for name in first)
    assert first["inputs"].num_rows == SMALL.rows_per_day
    assert not first["inputs"].equals(day_tables(SMALL, 2)["inputs"])


def test_a_world_holds_its_days_and_the_labels_known_by_then(tmp_path: Path) -> None:
    world = fresh_world(replace(SMALL, due="column"), tmp_path)
    held = {name: DeltaTable(str(world.folder / name)).to_pyarrow_table() for name in ("inputs",)}
    labels = DeltaTable(str(world.folder / "labels")).to_pyarrow_table()
    assert held["inputs"].num_rows == SMALL.rows_per_day * SMALL.days
    assert max(labels["known"].to_pylist()) < world.first_as_of == date(2024, 1, 5)


def test_the_next_day_is_appended_and_leaves_the_made_tables_alone(tmp_path: Path) -> None:
    world = fresh_world(SMALL, tmp_path)
    before = DeltaTable(str(world.folder / "labels")).to_pyarrow_table().num_rows
    world.add_next_day()
    labels = DeltaTable(str(world.folder / "labels")).to_pyarrow_table()
    # Labels are known two days later: those of one day have come in.
    assert labels.num_rows == before + SMALL.rows_per_day
    assert pq.read_table(world.folder / "next-inputs.parquet").num_rows == SMALL.rows_per_day
    again = DeltaTable(str(fresh_world(SMALL, tmp_path).folder / "labels")).to_pyarrow_table()
    assert again.num_rows == before


def test_a_run_beyond_the_limit_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    code = "import os, time; os.fork(); print('  plan took 1.0 s', flush=True); time.sleep(60)"
    log = tmp_path / "log"
    ended = watched([sys.executable, "-c", code], log, {}, 2.0)
    measurements = measurements_of(ended, "looking\n  plan took 1.0 s\n")
    assert measurements.code is None
    assert measurements.failure == "not done after 2 s; the last stage that ended: plan"
    assert measurements.driver_bytes > 0
    assert measurements.workers_bytes > 0
    assert ended.seconds < 30


def run(seconds: float, code: int | None = 0, failure: str | None = None) -> RunMeasurements:
    return RunMeasurements(
        seconds, seconds, code, 1 << 30, 1 << 28, 1 << 28, 3 << 29, {"plan": 2.0}, failure
    )


def trials() -> dict[Shape, Trial]:
    found = {}
    for shape, seconds in zip(DAYS.shapes, (40.0, 64.4, 137.0), strict=True):
        size = TableSize(shape.days, shape.days * 1000, shape.days * 5000)
        found[shape] = Trial(shape, run(seconds), run(40.0), {"verdicts": size})
    return found


def test_trials_of_an_earlier_run_are_kept(tmp_path: Path) -> None:
    keep_trials(tmp_path / "shapes.json", trials())
    assert kept_trials(tmp_path / "shapes.json") == trials()
    assert kept_trials(tmp_path / "none.json") == {}


def test_the_page_shows_the_growth_of_each_metric() -> None:
    page = as_markdown(AXES, trials())
    assert "| first run: seconds | 40.0 | 64.4 | 137 | 1.00 |" in page
    assert "| daily run: seconds | 40.0 | 40.0 | 40.0 | none |" in page
    assert "| `verdicts` | 0.03 / 0.15 | 0.27 / 1.37 | 1.00 / 5.00 | 1.00 |" in page
    assert "No output table grows more than linearly." in page
    assert "Segments" not in page


def test_a_shape_that_did_not_end_is_a_row_that_says_so() -> None:
    found = trials()
    last = DAYS.shapes[-1]
    failure = "not done after 900 s; the last stage that ended: bins"
    found[last] = Trial(last, run(900.0, None, failure))
    page = as_markdown(AXES, found)
    assert "| first run: seconds | 40.0 | 64.4 | > 900 | **more than linear** |" in page
    assert f"**Not all shapes ended**: at 1,000, first run: {failure}." in page


def test_of_two_sizes_no_growth_is_claimed() -> None:
    found = trials()
    del found[DAYS.shapes[-1]]
    wording = interpretation(DAYS, found)
    assert "No output table" not in wording
    assert "do not determine" in wording


def test_an_axis_without_sizes_is_reported_by_ratios() -> None:
    held = {
        shape: Trial(shape, run(seconds), run(20.0))
        for shape, seconds in zip(SLICES.shapes, (40.0, 60.0, 80.0), strict=True)
    }
    wording = interpretation(SLICES, held)
    assert "Compared with `none`, `all` takes 2.00 times the processor time" in wording


def test_the_page_has_a_place_for_the_shapes() -> None:
    path = Path(__file__).parents[2] / "docs" / "appendices" / "benchmark.md"
    text = written(path.read_text(encoding="utf-8"), "measurements\n")
    assert f"{BEGIN}\nmeasurements\n{END}" in text
    with pytest.raises(ValueError, match="markers"):
        written("a page", "measurements\n")


def test_the_quick_matrix_is_two_tiny_shapes() -> None:
    shapes = shapes_of(QUICK_AXES)
    assert len(shapes) == 2
    assert all(shape.rows_per_day * shape.days <= 2_000 for shape in shapes)
