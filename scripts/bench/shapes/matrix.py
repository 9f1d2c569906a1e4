"""Trials of all shapes of the given axes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from scripts.bench.shapes.shape import Axis, Shape, shapes_of
from scripts.bench.shapes.trial import Trial, keep_trials, kept_trials, tried


def measured_axes(
    axes: Sequence[Axis], root: Path, limit: float, *, brief: bool, keep: bool
) -> dict[Shape, Trial]:
    """Trials of the shapes of the given axes, and with ``keep`` also those of earlier runs.

    If the run of a shape fails or exceeds the limit, the others are still measured. ``brief``: with
    Spark properties for small tables. Trials are in ``root/shapes.json``, also after an
    interruption.
    """
    path = root / "shapes.json"
    trials = kept_trials(path) if keep else {}
    shapes = shapes_of(axes)
    for number, shape in enumerate(shapes, 1):
        began = time.monotonic()
        trial = tried(shape, root, limit, brief=brief)
        trials[shape] = trial
        keep_trials(path, trials)
        seconds = time.monotonic() - began
        reported = trial.failure or f"first run {trial.first.seconds:.0f} s"
        if trial.failure is None and trial.daily is not None:
            reported += f", daily run {trial.daily.seconds:.0f} s"
        print(f"{number} of {len(shapes)}, {shape.name}: {reported} ({seconds:.0f} s)", flush=True)
    return trials
