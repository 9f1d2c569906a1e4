"""The bench of shapes, end to end on two tiny shapes."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripts.bench.shapes.matrix import measured_axes
from scripts.bench.shapes.shape import QUICK_AXES, shapes_of


@pytest.mark.slow
def test_two_tiny_shapes_are_run_twice_each_and_their_metrics_kept(tmp_path: Path) -> None:
    trials = measured_axes(QUICK_AXES, tmp_path, 600, brief=True, keep=False)
    assert tuple(trials) == shapes_of(QUICK_AXES)
    for trial in trials.values():
        assert trial.failure is None
        assert trial.daily is not None
        for run in (trial.first, trial.daily):
            assert {"plan", "bins", "states", "labels", "performance", "verdicts"} <= set(
                run.stages
            )
            assert min(run.java_bytes, run.driver_bytes, run.workers_bytes) > 10_000_000
            assert run.processor_seconds > 5
        assert {"feature_states", "verdicts", "performance_metrics"} <= set(trial.tables)
    assert (tmp_path / "shapes.json").is_file()
