"""Compare false alarms and delay of the adaptive window with windows of fixed length.

Days have 500 rows, and a mean that varies between days according to a design effect. After 60 days,
the mean changes abruptly, within 30 days, or not at all. The adaptive window reports a change when
it drops days. A fixed window reports a change when its mean differs from that of the first 28 days
by more than chance explains on one day in 500, with the same design effect. An alarm before the
change, or without a change, is a false alarm.
Run: python -m scripts.adaptive_window
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from modelwatch.stats.special import normal_quantile
from modelwatch.stats.verdicts.adaptive_window import CONFIDENCE, adaptive_windows

SEED = 20130502
ROWS = 500
DAYS, MOVED, REFERENCE, RAMP = 120, 60, 28, 30
EFFECTS = (1, 3, 10, 30)
SIZES = (0.0, 0.1, 0.25, 0.5, 1.0)
Alarms = Callable[[np.ndarray, np.ndarray, float], np.ndarray]


def draw(
    effect: float, size: float, ramp: bool, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Sums of values and of squares by day."""
    days = np.arange(DAYS)
    level = size * (np.clip((days - MOVED) / RAMP, 0, 1) if ramp else (days >= MOVED))
    level = level + np.sqrt((effect - 1.0) / ROWS) * random.standard_normal(DAYS)
    rows = random.standard_normal((DAYS, ROWS)) + level[:, None]
    return rows.sum(axis=1), (rows**2).sum(axis=1)


def adaptive(sums: np.ndarray, squares: np.ndarray, effect: float) -> np.ndarray:
    """Days on which the adaptive window drops days."""
    found = adaptive_windows(np.full(DAYS, ROWS), sums, squares, design_effect=effect)
    return np.flatnonzero(found.cut)


def fixed(length: int) -> Alarms:
    """Days on which the trailing window differs too much from the first days."""

    def alarms(sums: np.ndarray, squares: np.ndarray, effect: float) -> np.ndarray:
        running = np.concatenate([[0.0], np.cumsum(sums)])
        before = running[REFERENCE] / (REFERENCE * ROWS)
        sd = np.sqrt(squares[:REFERENCE].sum() / (REFERENCE * ROWS) - before**2)
        ends = np.arange(REFERENCE + length, DAYS + 1)
        mean = (running[ends] - running[ends - length]) / (length * ROWS)
        error = sd * np.sqrt(effect / ROWS * (1.0 / length + 1.0 / REFERENCE))
        reach = normal_quantile(1.0 - CONFIDENCE / 2.0) * error
        return ends[np.abs(mean - before) > reach] - 1

    return alarms


WAYS: dict[str, Alarms] = {
    "adaptive": adaptive,
    **{f"last {length} days": fixed(length) for length in (1, 7, 28)},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=200, help="series per line")
    arguments = parser.parse_args()
    random = np.random.default_rng(SEED)
    heads = ["design effect", "change in sd", "how", "window"]
    heads += ["series with a false alarm", "found", "median delay in days"]
    print("| " + " | ".join(heads) + " |")
    print("|" + "---|" * len(heads))
    for effect in EFFECTS:
        for size in SIZES:
            for ramp in (False, True) if size else (False,):
                drawn = [draw(effect, size, ramp, random) for _ in range(arguments.series)]
                for way, alarms in WAYS.items():
                    reported = [alarms(sums, squares, effect) for sums, squares in drawn]
                    last = MOVED if size else DAYS
                    false = np.mean([bool((days < last).any()) for days in reported])
                    after = [days[days >= MOVED] for days in reported]
                    delay = [int(days[0]) - MOVED for days in after if len(days)]
                    how = ("30 days" if ramp else "at once") if size else "none"
                    found = f"{len(delay) / len(drawn):.2f}" if size else ""
                    median = f"{np.median(delay):.0f}" if size and delay else ""
                    cells = [effect, size, how, way, f"{false:.3f}", found, median]
                    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


if __name__ == "__main__":
    main()
