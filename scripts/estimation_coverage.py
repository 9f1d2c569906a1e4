"""Measure how often the interval of an estimate covers the realized value, by simulation.

Simulates a reference of 28 days, 12 weeks with matured labels, and the week that is estimated. Each
day shifts the log odds of the outcome at random, and after the reference also by a constant drift.
Prints a table for docs/decisions/0007-estimates-from-states.md.

Run: OPENBLAS_NUM_THREADS=1 python scripts/estimation_coverage.py [--repeats 400]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from modelwatch.stats.estimation.calibration import fit_calibration
from modelwatch.stats.estimation.estimates import (
    ESTIMATED,
    back_test,
    estimates,
    expected,
    interval,
)
from modelwatch.stats.performance.metrics import performance
from modelwatch.stats.states.binary import BinaryStates, positions
from modelwatch.stats.states.binning import fit_numeric

SEED = 20130208
REFERENCE_DAYS, WEEKS, ROWS = 28, 12, 300
KEYS = ("accuracy", "roc_auc", "brier")
SCORES = np.arange(101) / 100
BINNING = fit_numeric(SCORES, 0.0, 1.0, bins=202)


def days_of(random: np.random.Generator, days: int, spread: float, drift: float) -> BinaryStates:
    """States of the given number of days."""
    score = random.beta(1.3, 1.7, (days, ROWS)).round(2)
    odds = np.log(np.clip(score, 0.005, 0.995) / np.clip(1 - score, 0.005, 0.995))
    moved = odds + drift + random.normal(0, spread, (days, 1))
    label = (random.random(score.shape) < 1 / (1 + np.exp(-moved))).astype(int) + 1
    counts = np.zeros((days, 2, 3, BINNING.length), dtype=np.int64)
    sums, losses = np.zeros_like(counts), np.zeros((days, 3, 2), dtype=np.int64)
    day = np.broadcast_to(np.arange(days)[:, None], score.shape)
    at = positions(BINNING, score.ravel(), None).reshape(score.shape)
    cells = (day, (score >= 0.5).astype(int), label, at)
    np.add.at(counts, cells, 1)
    np.add.at(sums, cells, np.rint(score * 2**30).astype(np.int64))
    np.add.at(losses[..., 0], (day, label), np.rint(score**2 * 2**30).astype(np.int64))
    return BinaryStates(counts=counts, score_sums=sums, loss_sums=losses, binning=BINNING)


def held(random: np.random.Generator, spread: float, drift: float) -> np.ndarray:
    """Whether the last week is in the interval of sampling and in that with the back-test, and the
    widths of both, by metric."""
    calibration = fit_calibration(days_of(random, REFERENCE_DAYS, spread, 0.0))
    days = days_of(random, 7 * (WEEKS + 1), spread, drift)
    weeks = days.roll_up(np.array([[7 * w, 7 * w + 7] for w in range(WEEKS + 1)]))
    past, last = weeks.take(np.arange(WEEKS)), weeks.take(np.array([WEEKS]))
    before, after = expected(past, calibration), expected(last, calibration)
    found = []
    for key in KEYS:
        truth = performance(past, [key])[key], performance(last, [key])[key].value[0]
        tested = back_test(estimates(before, [key])[key], truth[0])
        now = estimates(after, [key])[key]
        ends = [interval(now, each, range=ESTIMATED[key].range) for each in (None, tested)]
        found.append(
            [bool(low[0] <= truth[1] <= high[0]) for low, high in ends]
            + [float(high[0] - low[0]) for low, high in ends]
        )
    return np.array(found, dtype=float)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=400)
    repeats = parser.parse_args().repeats
    random = np.random.default_rng(SEED)
    print("| day effect | drift | metric | sampling alone | width | with back-test | width |")
    print("|---|---|---|---|---|---|---|")
    for spread, drift in ((0.0, 0.0), (0.3, 0.0), (0.6, 0.0), (0.3, -0.4)):
        mean = np.mean([held(random, spread, drift) for _ in range(repeats)], axis=0)
        for key, row in zip(KEYS, mean, strict=True):
            print(
                f"| {spread} | {drift} | {key} | {row[0]:.3f} | {row[2]:.4f} "
                f"| {row[1]:.3f} | {row[3]:.4f} |"
            )


if __name__ == "__main__":
    main()
